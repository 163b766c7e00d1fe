"""Owns the verbs of signatures: showing one, holding two against each other, declaring one late, validating data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from mlreg.answers.signatures import Held, Shown, SignatureSet, Validated
from mlreg.bench import Bench
from mlreg.domain import decide
from mlreg.domain.events import Draft
from mlreg.domain.names import quoted
from mlreg.domain.record import ModelVersion
from mlreg.domain.signatures import changes
from mlreg.domain.signatures.checking import check
from mlreg.domain.signatures.model import SIDES, Schema, Signature
from mlreg.domain.signatures.parsing import parse
from mlreg.domain.signatures.tables import Row, Table
from mlreg.domain.state import ModelState
from mlreg.domain.statement import check_promise
from mlreg.errors import NotFoundError, UsageError
from mlreg.inferring import signature_in
from mlreg.resolve import Found, carry_out, find_shown, joined_ref
from mlreg.tables import load_adapter, open_table

Look = Callable[[str], Shown]
"""Tells the signature of the version that a reference means; called where there is a reference."""
SHOWN_MAX = 100
_SUFFIXES = (".yaml", ".yml", ".json", ".onnx")


def show(bench: Bench, name: str, version: str | None) -> Shown:
    """Tells the signature of the version that `name` and `version`, or the reference `name`, mean."""
    found = find_shown(bench, joined_ref(name, version, bench.stages))
    record = bench.record(found.state, found.standing)
    return Shown(
        name=found.name,
        version=found.version,
        signature=_declared(record, f"{found.name}@{found.version}"),
        stated=record.signature,
        features=record.features,
        notes=found.notes,
    )


def hold(look: Look, old: str | Path, new: str | Path) -> Held:
    """Holds two signatures against each other, each a file or a reference; `look` is not called for files.

    Raises:
        NotFoundError: There is no such version, or it declares no signature.
        UsageError: A file declares none.
    """
    one, other = signature_of(look, old), signature_of(look, new)
    found = changes.compare(one, other)
    return Held(
        old=str(old),
        new=str(new),
        compatible=changes.is_compatible(found),
        bump=changes.level_of(found),
        changes=found,
    )


def declare(
    bench: Bench, name: str, version: str | None, signature: Signature | Mapping[str, Any], *, dry_run: bool
) -> SignatureSet:
    """Declares the signature of a version that was never promoted."""
    ref = joined_ref(name, version, bench.stages)
    if ref.selector is None:
        raise UsageError(
            f"which version of {ref.name}?", hint=f"name it, as in `mlreg signature set {ref.name}@VERSION FILE`"
        )
    new = signature if isinstance(signature, Signature) else parse(signature)
    # both, so that it covers all of what was declared before
    facts: dict[str, Any] = {name: new.facts().get(name) for name in SIDES}

    def wish(state: ModelState, found: Found) -> Draft | None:
        known = bench.record(state, found.standing)
        if known.signature in (facts, new.facts()):
            return None
        draft = decide.decide_signature(state, found.version, facts)
        check_promise(state, replace(known, signature=new.facts()), lambda standing: bench.record(state, standing))
        return draft

    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    return SignatureSet(
        name=ref.name,
        version=found.version,
        signature=new,
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        notes=found.notes,
        dry_run=dry_run,
    )


def validate(
    look: Look,
    reference: str | Path,
    data: Any,
    *,
    limit: int = SHOWN_MAX,
    extra: bool = False,
    format: str | None = None,
) -> Validated:
    """Holds data against the inputs of a signature: that of a version, or of a file.

    Args:
        data: The path of a table, `-` for standard input, or rows: mappings, or a data frame.
        limit: So many findings are told; all are counted.
        extra: Whether columns that the signature does not have are passed over.
        format: That of the table, where its name does not say.
    """
    if limit < 0:
        raise UsageError("the limit is less than nothing", hint="write `--limit 20`")
    signature = signature_of(look, reference)
    judge = None
    if isinstance(signature.inputs, Schema):
        judge = load_adapter("schemas", "json_schema").validator(signature.inputs.schema)
    elif signature.inputs is None:
        raise UsageError(f"the signature {quoted(str(reference))} declares no inputs", hint="there is nothing to check")
    is_path = isinstance(data, str | Path)
    with open_table(Path(data), format=format) if is_path else nullcontext(Table(rows=_rows(data))) as table:
        checked = check(table, signature, limit=limit, extra=extra, schema_faults=judge)
        said = str(data) if is_path else type(data).__name__
        return Validated(source=str(reference), data=said, checked=checked, notes=table.notes)


def is_file(place: str) -> bool:
    """Whether `place` is the path of a file, not a reference: one is there, or its name says so."""
    path = Path(place)
    return path.is_file() or (path.suffix in _SUFFIXES and "@" not in place)


def signature_of(look: Look, place: str | Path) -> Signature:
    """Returns the signature of the file or the version that `place` names.

    Raises:
        NotFoundError: There is no such version, or it declares no signature.
        UsageError: The file declares none.
    """
    if isinstance(place, Path) or is_file(place):
        return signature_in(Path(place))
    answer = look(str(place))
    if answer.signature is None:
        raise NotFoundError(
            f"{answer.name} {answer.version} declares no signature",
            hint=f"declare one with `mlreg signature set {answer.name}@{answer.version} FILE`",
            facts={"model": answer.name, "version": answer.version},
            code="no-signature",
        )
    return answer.signature


def _declared(record: ModelVersion, reference: str) -> Signature | None:
    if record.signature is None:
        return None
    try:
        return parse(record.signature)
    except UsageError as error:
        what = error.message.removeprefix("the signature cannot be understood: ")
        raise UsageError(
            f"the signature of {reference} cannot be read: {what}",
            hint=f"see it with `mlreg info {reference} --json`",
            code="signature",
        ) from error


def _rows(data: Any) -> Iterator[Row]:
    """Yields live rows, made plain: of a data frame, of mappings, or of one mapping."""
    if hasattr(data, "to_dicts"):
        records: Iterable[Any] = data.to_dicts()
    elif hasattr(data, "iloc") and hasattr(data, "columns"):
        names = [str(name) for name in data.columns]
        records = (dict(zip(names, values, strict=True)) for values in data.itertuples(index=False, name=None))
    else:
        records = [data] if isinstance(data, Mapping) else data
    for number, record in enumerate(chain(records), 1):
        is_named = isinstance(record, Mapping)
        yield Row(number, None, {str(k): _plain(v) for k, v in record.items()} if is_named else _plain(record))


def _plain(value: Any) -> Any:
    found = value.tolist() if hasattr(value, "tolist") else value
    return None if str(found) in ("<NA>", "NaT") and not isinstance(found, str) else found
