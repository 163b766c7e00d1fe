"""Owns holding a table against a signature: what is wrong with which row and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from mlreg.domain.signatures import payload, types
from mlreg.domain.signatures.model import Field, Schema, Signature, by_name
from mlreg.domain.signatures.payload import Fault
from mlreg.domain.signatures.tables import Array, Row, Table

_SEEN_MAX: Final = 1_000  # of each column: many columns may be of many texts
SchemaFaults = Callable[[Any], Iterator[tuple[str, str, str]]]


class Finding(NamedTuple):
    """What is wrong with a value: row (counted from 1; None: the whole table), line of the file, and column."""

    row: int | None
    line: int | None
    column: str
    code: str
    message: str

    def document(self) -> dict[str, Any]:
        """Returns the finding as JSON shows it."""
        return {
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "message": self.message,
            **({"line": self.line} if self.line is not None else {}),
        }


@dataclass(slots=True)
class Checked:
    """What was found: the first findings, how many there are of each kind, and how many rows were looked at."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rows: int = 0


def check(
    table: Table, signature: Signature, *, limit: int, extra: bool, schema_faults: SchemaFaults | None = None
) -> Checked:
    """Returns what is wrong with `table` as inputs of `signature`; columns named as outputs are held against these.

    Args:
        limit: So many findings are kept; all are counted.
        extra: Whether columns that the signature does not have are passed over.
        schema_faults: What judges a payload where the inputs are a JSON Schema.
    """
    checked = Checked()
    for finding in _findings(table, signature, checked, extra=extra, schema_faults=schema_faults):
        checked.counts[finding.code] += 1
        if len(checked.findings) < limit:
            checked.findings.append(finding)
    return checked


def _findings(
    table: Table, signature: Signature, checked: Checked, *, extra: bool, schema_faults: SchemaFaults | None
) -> Iterator[Finding]:
    inputs = signature.inputs
    if isinstance(inputs, Schema):
        yield from _by_schema(table, inputs, checked, schema_faults or (lambda value: iter(())))
        return
    fields = inputs or ()
    if table.arrays is not None:
        yield from _arrays(table.arrays, fields, by_name(signature.outputs), checked, extra=extra)
    elif fields and fields[0].name is None:
        yield from _places(table, fields, checked)
    else:
        yield from _Rows(table, by_name(fields), by_name(signature.outputs), extra=extra).findings(checked)


class _Rows:
    """Holds rows with named columns against fields."""

    def __init__(self, table: Table, inputs: Mapping[str, Field], outputs: Mapping[str, Field], *, extra: bool) -> None:
        self._table = table
        self._inputs = inputs
        self._extra = extra
        self._fields = {**outputs, **inputs}
        self._others = outputs.keys() - inputs.keys()
        self._good: dict[str, set[str]] = {name: set() for name in self._fields}
        self._has_arrays = any(field.shape for field in self._fields.values())

    def findings(self, checked: Checked) -> Iterator[Finding]:
        """Yields what is wrong, that of the columns as a whole first."""
        columns = self._table.columns
        if columns is not None:
            for name, fault in self._of_columns(columns):
                yield Finding(None, None, name, *fault)
        for row in self._table.rows:
            checked.rows += 1
            if not isinstance(row.values, Mapping):
                yield _no_record(row, columns)
                continue
            values = {name: value for name, value in row.values.items() if name in self._fields}
            if columns is None:
                for name, fault in self._of_columns(row.values):
                    yield Finding(row.number, row.line, name, *fault)
            for name, fault in self._of_values(values):
                yield Finding(row.number, row.line, name, *fault)

    def _of_columns(self, columns: Sequence[str] | Mapping[str, Any]) -> Iterator[tuple[str, Fault]]:
        for name, one in self._inputs.items():
            if name not in columns and not one.optional:
                yield name, payload.missing_column(name, columns)
        if not self._extra:
            for name in columns:
                if name not in self._fields:
                    yield name, payload.unknown_column(name, self._inputs)

    def _of_values(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Fault]]:
        for name, value in values.items():
            fault = (
                self._text_fault(name, value) if self._table.is_text else payload.faults_of(self._fields[name], value)
            )
            if fault:
                yield name, fault
        if self._has_arrays and not self._table.is_text:
            yield from payload.unequal(self._inputs, values)

    def _text_fault(self, name: str, text: str) -> Fault | None:
        good = self._good[name]
        if text in good:
            return None
        fault = text_fault(self._fields[name], text)
        if fault is None and len(good) < _SEEN_MAX:
            good.add(text)
        return fault


def text_fault(field: Field, text: str) -> Fault | None:
    """Returns what is wrong with `text`, a cell of a table without types, as the value of `field`, or None."""
    if types.is_missing_text(field.type, text):
        return payload.faults_of(field, None)
    if field.shape is not None:
        return Fault("wrong-shape", "a cell holds a single value, and an array is declared")
    try:
        value = types.read_text(field.type, text.strip() if field.type != "str" else text)
    except ValueError:
        return Fault("wrong-type", f"{payload.shown(text)} is no {field.type}")
    return payload.faults_of(field, value)


def _no_record(row: Row, columns: Sequence[str] | None) -> Finding:
    if columns is not None and isinstance(row.values, list):
        said = f"has {len(row.values)} cells where there are {len(columns)} columns"
        return Finding(row.number, row.line, "", "wrong-cells", said)
    return Finding(row.number, row.line, "", "no-record", f"{payload.shown(row.values)} is no record")


def _places(table: Table, fields: Sequence[Field], checked: Checked) -> Iterator[Finding]:
    """Yields what is wrong with rows whose values go by their places."""
    least = sum(not field.optional for field in fields)
    for row in table.rows:
        checked.rows += 1
        values = [*row.values.values()] if isinstance(row.values, Mapping) and table.columns is not None else row.values
        if not isinstance(values, list | tuple):
            values = [values]
        if not least <= len(values) <= len(fields):
            said = f"has {len(values)} values where {len(fields)} are declared"
            yield Finding(row.number, row.line, "", "wrong-cells", said)
        for at, (one, value) in enumerate(zip(fields, values, strict=False)):
            fault = text_fault(one, value) if table.is_text else payload.faults_of(one, value)
            if fault:
                yield Finding(row.number, row.line, str(at), *fault)


def _arrays(
    arrays: Mapping[str | None, Array],
    inputs: Sequence[Field],
    outputs: Mapping[str, Field],
    checked: Checked,
    *,
    extra: bool,
) -> Iterator[Finding]:
    known = {str(at) if one.name is None else one.name: one for at, one in enumerate(inputs)}
    named = (
        dict(zip(known, arrays.values(), strict=False)) if None in arrays else {str(n): a for n, a in arrays.items()}
    )
    checked.rows = max((array.shape[0] for array in named.values() if array.shape), default=0)
    for name, one in known.items():
        if name in named:
            yield from _array(name, one, named[name])
        elif not one.optional:
            yield Finding(None, None, name, *payload.missing_column(name, named))
    for name in named.keys() - known.keys():
        if name in outputs:
            yield from _array(name, outputs[name], named[name])
        elif not extra:
            yield Finding(None, None, name, *payload.unknown_column(name, known))
    shapes = {name: array.shape for name, array in named.items()}
    yield from (Finding(None, None, name, *fault) for name, fault in payload.unequal_shapes(known, shapes))


def _array(name: str, one: Field, array: Array) -> Iterator[Finding]:
    if fault := payload.array_fault(one, array.shape):
        yield Finding(None, None, name, *fault)
        return
    is_plain = one.enum is None and one.min is None and one.max is None and (one.nullable or one.shape is not None)
    if is_plain and types.is_within(array.type, one.type):
        return
    for row, value in array.elements():
        if fault := payload.element_fault(one, value):
            yield Finding(row + 1, None, name, *fault)


def _by_schema(table: Table, inputs: Schema, checked: Checked, faults: SchemaFaults) -> Iterator[Finding]:
    kinds = {name: _type_of(part) for name, part in inputs.schema.get("properties", {}).items()}
    for row in table.rows:
        checked.rows += 1
        values = row.values
        if table.is_text and isinstance(values, Mapping):
            values = dict(_typed(values, kinds))
        for place, code, message in faults(values):
            yield Finding(row.number, row.line, place, f"schema-{code}", message)


def _type_of(schema: Any) -> str:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    found = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    return {"integer": "int", "number": "float", "boolean": "bool"}.get(str(found), "str")


def _typed(cells: Mapping[str, str], kinds: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yields the cells of a row as values of the types that the schema asks for; empty ones are left out."""
    for name, text in cells.items():
        kind = kinds.get(name, "str")
        if types.is_missing_text(kind, text):
            continue
        try:
            yield name, types.read_text(kind, text)
        except ValueError:
            yield name, text
