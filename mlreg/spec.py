"""Owns the specification of a registration: a file that says what `register` takes, YAML or JSON.

    name: fraud-detector
    files:
      - model.joblib
      - {path: scaler.joblib, role: scaler}
    metrics: metrics.json
    params: {depth: 6}

Where a mapping or a list of texts is wanted, a text names a file that holds it. Paths are relative to the directory of
the specification, of one from standard input to the working directory. What is stated twice counts as it was stated
last: see `covered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mlreg.domain.names import quoted, suggestion
from mlreg.domain.record import DATASET_KEYS
from mlreg.errors import UsageError
from mlreg.intake import STDIN, find_place, read_facts, read_features, read_mapping, read_requirements
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import declared
else:
    declared = LazyModule("mlreg.declared")

_TEXTS: Final = (
    "name", "version", "bump", "framework", "type", "parent", "variant_of", "data", "feature_set", "experiment",
    "increment", "owner", "description", "stage",
)  # fmt: skip
_FILES: Final[Mapping[str, Callable[[Path], Any]]] = {
    "metrics": read_mapping,
    "params": read_mapping,
    "signature": lambda path: declared.read_signature(path).facts(),
    "features": read_features,
    "requirements": read_requirements,
}
_LISTS: Final = ("features", "requirements", "tags", "depends_on")
_MAPPINGS: Final = ("metrics", "params", "signature", "dataset", "meta")
KEYS: Final = (*_TEXTS, *_MAPPINGS, *_LISTS, "files", "follow_links")
_FILE_KEYS: Final = ("path", "role")
_DATASET_KEYS: Final = ("file", *DATASET_KEYS)
_OTHER_WORDS: Final = {
    "hyperparameters": "params",
    "lineage": "parent`, `variant_of`, `data`, `feature_set`, `experiment`, `increment` and `depends_on",
    "model": "name",
    "path": "files",
    "paths": "files",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """A specification whose keys and shapes were checked; the files that it names were not looked at yet."""

    path: Path
    values: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """The name of the model, where it is said."""
        name = self.values.get("name")
        return None if name is None else str(name)

    def arguments(self) -> dict[str, Any]:
        """Returns what it says as `Registry.register` takes it, `name`, `paths` and `companions` included.

        Raises:
            UsageError: A file that it names is not there, or holds something else.
        """
        base = Path() if self.path == STDIN else self.path.parent
        found = {key: self._read(key, value, base) for key, value in self.values.items() if key != "files"}
        paths, companions = _files(self.values.get("files", []), base)
        if "dataset" in found and "file" in found["dataset"]:
            found["dataset"] = {**found["dataset"], "file": base / found["dataset"]["file"]}
        return {**found, "paths": paths, "companions": companions}

    def _read(self, key: str, value: Any, base: Path) -> Any:
        if key in _TEXTS:
            return str(value)
        if key in _FILES and isinstance(value, str):
            return _FILES[key](base / value)
        if key == "signature":
            return declared.parsed(value, self.path, inside=[key]).facts()
        return [str(item) for item in value] if key in _LISTS else value


def read_spec(path: Path) -> Spec:
    """Returns the specification in the file `path`.

    Raises:
        UsageError: It is not there or cannot be understood; file and line are named.
    """
    values = read_facts(path, "name: fraud-detector")
    if not isinstance(values, dict):
        raise UsageError(
            f"cannot read {quoted(str(path), 200)}: it is not a mapping of names to values",
            hint="begin with a line as `name: fraud-detector`",
        )
    _Check(path).all(values)
    # a key without a value says nothing
    return Spec(path, {key: value for key, value in values.items() if value is not None})


def covered(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments `below` of a registration, covered by those of `above` that say something.

    Mappings are covered name by name, `meta` also inside; tags come together; all others, `paths` and the list of
    features too, are taken whole.
    """
    result = dict(below)
    if above.get("version") is not None or above.get("bump") is not None:
        result = {key: value for key, value in result.items() if key not in ("version", "bump")}
    for key, value in above.items():
        known = result.get(key)
        if value is None or value is False or (isinstance(value, Sized) and not len(value)):
            continue
        if isinstance(value, Mapping) and isinstance(known, Mapping):
            kept = _without_rivals(known, value) if key == "dataset" else known
            result[key] = _deeply(known, value) if key == "meta" else {**kept, **value}
        else:
            result[key] = [*(known or ()), *value] if key == "tags" else value
    return result


def _without_rivals(dataset: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `dataset` without what `above` says in another way: a file, or digest and size."""
    ways = ({"file"}, {"digest", "size_bytes"})
    rivals = {key for way, other in (ways, ways[::-1]) if way & above.keys() for key in other}
    return {key: value for key, value in dataset.items() if key not in rivals}


def _deeply(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(known, Mapping)
        merged[key] = _deeply(known, value) if both else value  # type: ignore[arg-type]
    return merged


def _files(value: Any, base: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    paths: list[Path] = []
    companions: dict[str, list[Path]] = {}
    for item in value if isinstance(value, list) else [value]:
        path, role = (item["path"], item.get("role")) if isinstance(item, dict) else (item, None)
        (paths if role is None else companions.setdefault(str(role), [])).append(base / path)
    return paths, companions


class _Check:
    """Checks the shape of a specification and says where it is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self, values: Mapping[str, Any]) -> None:
        self._known(values, KEYS)
        for key, value in values.items():
            self._shape(key, value)
        if values.get("version") is not None and values.get("bump") is not None:
            self._fail(["bump"], "a version is stated or bumped, not both", "leave out `version` or `bump`")

    def _shape(self, key: str, value: Any) -> None:
        if value is None:
            return
        if key in _TEXTS:
            self._must(_is_text(value), [key], "a text")
        elif key in _MAPPINGS:
            self._must(isinstance(value, dict) or (key in _FILES and isinstance(value, str)), [key], "a mapping")
        elif key in _LISTS:
            is_file = key in _FILES and isinstance(value, str)
            self._must(is_file or (isinstance(value, list) and all(map(_is_text, value))), [key], "a list of texts")
        elif key == "follow_links":
            self._must(isinstance(value, bool), [key], "`true` or `false`")
        else:
            self._each_file(value)
        if key == "dataset":
            self._dataset(value)

    def _dataset(self, value: Mapping[str, Any]) -> None:
        self._known(value, _DATASET_KEYS, ("dataset",))
        self._must(isinstance(value.get("file", ""), str), ("dataset", "file"), "the path of a file")

    def _each_file(self, value: Any) -> None:
        for at, item in enumerate(value if isinstance(value, list) else [value]):
            way = ("files", str(at)) if isinstance(value, list) else ("files",)
            is_mapping = isinstance(item, dict)
            if is_mapping:
                self._known(item, _FILE_KEYS, way)
                self._must(isinstance(item.get("role", ""), str), (*way, "role"), "one word")
            if not isinstance(item.get("path") if is_mapping else item, str):
                self._fail(way, "'files' is not a list of paths, or of `{path, role}`", None)

    def _known(self, values: Mapping[str, Any], known: tuple[str, ...], way: Sequence[str] = ()) -> None:
        for key in values:
            if key not in known:
                word = None if way else _OTHER_WORDS.get(key)
                near = f"did you mean `{word}`?" if word else suggestion(key, known)
                said = quoted(".".join((*way[:1], key)))
                self._fail((*way, key), f"{said} means nothing", near or f"known are {', '.join(known)}")

    def _must(self, is_so: bool, keys: Sequence[str], what: str) -> None:
        if not is_so:
            self._fail(keys, f"{quoted(keys[-1])} is not {what}", None)

    def _fail(self, keys: Sequence[str], what: str, hint: str | None) -> NoReturn:
        place = find_place(self._path, keys)
        named = quoted(str(self._path), 200) + (f", line {place.line}" if place else "")
        raise UsageError(
            f"cannot read {named}: {what}",
            hint=hint or "see how a specification is written in `mlreg register --help`",
            facts={
                "file": str(self._path),
                "line": place.line if place else None,
                "column": place.column if place else None,
            },
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
