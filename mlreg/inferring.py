"""Owns signatures that nobody wrote: of data in memory or in files, of estimators, of files of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Final, cast

from mlreg import adapters
from mlreg.answers.signatures import Inferred as Answer
from mlreg.declared import read_signature
from mlreg.domain.names import quoted
from mlreg.domain.signatures import inferring, types
from mlreg.domain.signatures.inferring import Inferred
from mlreg.domain.signatures.model import FREE, Dimension, Field, Signature
from mlreg.domain.signatures.tables import Row, Table
from mlreg.errors import UsageError
from mlreg.intake import open_input
from mlreg.tables import load_adapter, open_table

_KIND: Final = "describing"
_MODELS: Final = {".onnx": "onnx", ".safetensors": "safetensors"}


def infer_signature(X: Any, y: Any = None) -> dict[str, Any]:
    """Returns the signature of data in memory, as `Registry.register` takes it.

        registry.register("fraud", model, signature=mlreg.infer_signature(X_train, y_train))

    Args:
        X: A data frame, an array, a mapping of arrays, a list of records; or an estimator, which knows the names of
            its features at most.
        y: What the model gives for it: a data frame, a series, an array.

    Raises:
        UsageError: It is none of these.
    """
    outputs = None if y is None else _fields(y, is_series=not _is_array(X)).fields
    return Signature(_fields(X, is_series=False).fields, outputs).written()


def infer_files(
    paths: Sequence[Path], *, targets: Sequence[str] = (), outputs: Sequence[Path] = (), format: str | None = None
) -> Answer:
    """Returns the signature that the files `paths` have: the data in them, or what a model says of itself.

    Args:
        targets: The columns that are outputs.
        outputs: Files of outputs alone.
        format: That of the data, where the names of the files do not say.

    Raises:
        UsageError: A file says nothing of inputs, or is none.
        MissingError: The package that reads it is not installed.
    """
    if not paths:
        raise UsageError("there is nothing to infer from", hint="name a file: `mlreg signature infer train.csv`")
    sources = [str(path) for path in (*paths, *outputs)]
    kind = _MODELS.get(paths[0].suffix.lower())
    if kind is not None and format is None:
        if len(sources) > 1 or targets:
            raise UsageError(f"{quoted(sources[0])} says all by itself", hint="name it alone, without `--target`")
        with open_input(paths[0]) as stream:
            signature = adapters.load(_KIND, kind).described(stream, sources[0])
        return Answer(signature=cast("Signature", signature), sources=sources)
    found = _of_files(paths, format)
    signature = inferring.divided(found, targets)
    notes = found.notes
    if outputs:
        given = _of_files(outputs, format)
        signature = Signature(signature.inputs, (*_targets(signature), *given.fields))
        notes = (*notes, *given.notes)
    return Answer(signature=signature, sources=sources, notes=notes)


def _targets(signature: Signature) -> tuple[Field, ...]:
    return signature.outputs if isinstance(signature.outputs, tuple) else ()


def signature_in(path: Path) -> Signature:
    """Returns the signature that the file `path` declares, or that it, being a model, says it has."""
    if (kind := _MODELS.get(path.suffix.lower())) is not None:
        with open_input(path) as stream:
            return cast("Signature", load_adapter(_KIND, kind).described(stream, str(path)))
    return read_signature(path)


def _of_files(paths: Sequence[Path], format: str | None) -> Inferred:
    return reduce(inferring.joined, (_of_file(path, format) for path in paths))


def _of_file(path: Path, format: str | None) -> Inferred:
    with open_table(path, format=format) as table:
        return inferring.fields_of(table)


def _fields(data: Any, *, is_series: bool) -> Inferred:
    """Returns the fields of live data; `is_series`: of a list of values, one stands beside each row."""
    if hasattr(data, "predict") or hasattr(data, "n_features_in_"):
        return _of_estimator(data)
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        return _joined_columns([_column(str(name), data.iloc[:, at]) for at, name in enumerate(data.columns)])
    if hasattr(data, "iloc"):
        return _column(None if data.name is None else str(data.name), data)
    if hasattr(data, "to_dicts"):  # polars
        return _of_rows(data.to_dicts())
    if isinstance(data, Mapping):
        return _joined_columns([_array(str(name), value) for name, value in data.items()])
    if _is_array(data):
        return _series(data) if is_series and len(data.shape) == 1 else _array(None, data)
    if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
        return _of_rows(data)
    raise UsageError(
        f"a {type(data).__name__} has no signature",
        hint="give a data frame, an array, a mapping of arrays or a list of records",
    )


def _is_array(data: Any) -> bool:
    return hasattr(data, "dtype") and hasattr(data, "shape") and not hasattr(data, "iloc")


def _array(name: str | None, value: Any) -> Inferred:
    if not _is_array(value):
        column = inferring.Column(name)
        for item in value if isinstance(value, list | tuple) else [value]:
            column.see(item)
        return column.field()
    shape: tuple[Dimension, ...] = (FREE, *map(int, value.shape[1:])) if len(value.shape) else ()
    return Inferred((Field(name, _type(value.dtype), shape),))


def _series(values: Any) -> Inferred:
    return Inferred((Field(None, _type(values.dtype)),))


def _column(name: str | None, series: Any) -> Inferred:
    """Returns the field of one column of a data frame of pandas."""
    missing = bool(series.isna().any())
    kind = types.canonical(str(series.dtype))
    if kind is None or kind == "any" or str(series.dtype) == "category":
        column = inferring.Column(name)
        for value in series:
            column.see(value.item() if hasattr(value, "item") else value)
        return column.field()
    if missing and kind in {*types.FLOATS, "float"}:
        present = series.dropna()
        if len(present) and bool((present % 1 == 0).all()):
            note = f"the column {quoted(str(name))} has whole numbers, kept as floats for its gaps: taken as int"
            return Inferred((Field(name, "int", nullable=True),), (note,))
    if missing and bool(series.isna().all()):
        return inferring.Column(name).field()
    return Inferred((Field(name, kind, nullable=missing),))


def _type(dtype: Any) -> str:
    return types.canonical(getattr(dtype, "str", "")) or types.canonical(str(dtype)) or "any"


def _of_rows(records: Sequence[Mapping[str, Any]]) -> Inferred:
    def rows() -> Iterator[Row]:
        for number, record in enumerate(records, 1):
            yield Row(number, None, {name: _plain(value) for name, value in record.items()})

    return inferring.fields_of(Table(rows=rows()))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _of_estimator(model: Any) -> Inferred:
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return Inferred(tuple(Field(str(name)) for name in names))
    count = getattr(model, "n_features_in_", None)
    if count is None:
        raise UsageError(
            f"the {type(model).__name__} does not say what it takes",
            hint="infer it from data: `mlreg.infer_signature(X, y)`",
            code="no-signature",
        )
    return Inferred((Field(None, "float", (FREE, int(count))),))


def _joined_columns(found: Sequence[Inferred]) -> Inferred:
    names = [field.name for one in found for field in one.fields]
    if doubled := sorted({str(name) for name in names if names.count(name) > 1}):
        raise UsageError(
            f"two columns are called {quoted(doubled[0])}",
            hint="give each column a name of its own",
            code="column-twice",
        )
    return Inferred(tuple(f for one in found for f in one.fields), tuple(note for one in found for note in one.notes))
