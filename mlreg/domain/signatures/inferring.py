"""Owns what data say of themselves: the type of a column from its values, and fields from a table.

Nothing is guessed that a value could not be read back as: `007` is a text, a column of whole numbers with gaps is one
of whole numbers, a column without any value is of any type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from mlreg.domain.names import quoted, suggestion
from mlreg.domain.signatures import types
from mlreg.domain.signatures.model import FREE, Dimension, Field, Signature
from mlreg.domain.signatures.tables import Table
from mlreg.errors import UsageError

COLUMNS_MAX: Final = 100_000
_SEEN_MAX: Final = 1_000
_WHOLE: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(
    r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?", re.I
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(_DATE.pattern + r"[T ][0-9]{2}:[0-9]{2}.*")
_WORDS: Final = frozenset(["true", "false"])


class Inferred(NamedTuple):
    """The fields that data have, and what is worth a warning."""

    fields: tuple[Field, ...]
    notes: tuple[str, ...] = ()


class Column:
    """What the values of one column have in common."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.count = 0
        self._kinds: set[str] = set()
        self._missing = self._words = 0
        self._limits = [0, 0]
        self._shapes: set[tuple[int, ...]] = set()
        self._seen: set[str] = set()
        self._has_scalars = False

    def see_text(self, text: str) -> None:
        """Takes a cell of a table without types."""
        self.count += 1
        if text in self._seen:
            return
        if not text.strip():
            self._missing += 1
        elif text.strip() in types.MISSING_WORDS:
            self._words += 1
        else:
            self._kinds.add(self._text_kind(text.strip()))
        if len(self._seen) < _SEEN_MAX:
            self._seen.add(text)

    def see(self, value: Any) -> None:
        """Takes a value that has a type."""
        self.count += 1
        if types.is_missing(value):
            self._missing += 1
        elif isinstance(value, list | tuple):
            self._see_array(value)
        else:
            self._has_scalars = True
            self._kinds.add(self._kind(value))

    def field(self) -> Inferred:
        """Returns the field that holds all of the values, and what is worth a warning."""
        label = "the values" if self.name is None else f"the column {quoted(self.name)}"
        if not self._kinds:
            return Inferred((Field(self.name, nullable=True),), (f"{label} has no value: its type is not known",))
        kind, note = self._joined()
        missing = self._missing + (0 if kind in ("str", "any") else self._words)
        found = Field(self.name, kind, self._shape(), nullable=missing > 0)
        return Inferred((found,), (f"{label} {note}",) if note else ())

    def _joined(self) -> tuple[str, str | None]:
        kinds = self._kinds
        if self._shapes and self._has_scalars:
            return "any", "has arrays and single values"
        if kinds == {"int"}:
            least, greatest = self._limits
            if least >= -(2**63) and greatest < 2**63:
                return "int", None
            return ("uint64", None) if least >= 0 and greatest < 2**64 else ("str", "has numbers too great for an int")
        if kinds <= {"int", "float"}:
            return "float", None
        if len(kinds) == 1:
            return next(iter(kinds)), None
        if kinds == {"date", "datetime64"}:
            return "datetime64", None
        if self._seen:  # of cells, texts hold all
            return "str", None
        return "any", f"has values of several types: {', '.join(sorted(kinds))}"

    def _text_kind(self, text: str) -> str:
        if _WHOLE.fullmatch(text):
            return self._whole(int(text)) if len(text) < 40 else "str"
        if _NUMBER.fullmatch(text):
            return "float"
        if text.lower() in _WORDS:
            return "bool"
        if _DATE.fullmatch(text) and types.holds("date", text):
            return "date"
        return "datetime64" if _TIME.fullmatch(text) and types.holds("datetime64", text) else "str"

    def _kind(self, value: Any) -> str:
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, int):
            return self._whole(value)
        return next((name for kind, name in _KINDS if isinstance(value, kind)), "any")

    def _whole(self, value: int) -> str:
        self._limits = [min(self._limits[0], value), max(self._limits[1], value)]
        return "int"

    def _see_array(self, value: Sequence[Any]) -> None:
        shape: list[int] = []
        inner: Sequence[Any] = [value]
        while inner and all(isinstance(item, list | tuple) for item in inner):
            sizes = {len(item) for item in inner}
            shape.append(sizes.pop() if len(sizes) == 1 else FREE)
            inner = [part for item in inner for part in item]
        self._shapes.add(tuple(shape))
        self._kinds |= {"any" if isinstance(item, list | tuple | dict) else self._kind(item) for item in inner} or {
            "any"
        }

    def _shape(self) -> tuple[Dimension, ...] | None:
        if not self._shapes or self._has_scalars or len({len(shape) for shape in self._shapes}) > 1:
            return None
        return tuple(sizes[0] if len(set(sizes)) == 1 else FREE for sizes in zip(*self._shapes, strict=True))


_KINDS: Final = (
    (float, "float"),
    (str, "str"),
    (datetime, "datetime64"),
    (date, "date"),
    (timedelta, "timedelta64"),
    (bytes, "bytes"),
    (complex, "complex128"),
)


def fields_of(table: Table) -> Inferred:
    """Returns the fields of a table: what the file states, else what its values have in common.

    Raises:
        UsageError: It has no row, or one that is none.
    """
    if table.stated is not None:
        notes = [
            f"the column {quoted(str(f.name))} has no value" for f in table.stated if f.type == "any" and f.nullable
        ]
        return Inferred(tuple(table.stated), (*table.notes, *notes))
    if table.arrays is not None:
        return Inferred(
            tuple(
                Field(name, array.type, (FREE, *array.shape[1:]) if array.shape else ())
                for name, array in table.arrays.items()
            )
        )
    columns = {name: Column(name) for name in table.columns or ()}
    rows = 0
    for row in table.rows:
        rows += 1
        for name, value in _cells(row.values, row.number):
            column = columns.setdefault(name, Column(name)) if len(columns) < COLUMNS_MAX else columns[name]
            if table.is_text:
                column.see_text(value)
            else:
                column.see(value)
    if not columns:
        raise UsageError("the data have no row", hint="give a table with at least one", code="no-rows")
    return _collected(columns, rows, table.notes)


def _cells(values: Any, number: int) -> Iterable[tuple[str, Any]]:
    if isinstance(values, Mapping):
        return ((str(name), value) for name, value in values.items())
    if isinstance(values, list):
        raise UsageError(
            f"row {number} does not have the columns of the first line", hint="mend it: every row has as many cells"
        )
    raise UsageError(f"row {number} is no record", hint="a record is written as `{age: 42, income: 1e3}`")


def _collected(columns: Mapping[str, Column], rows: int, notes: Sequence[str]) -> Inferred:
    found = [column.field() for column in columns.values()]
    fields = (
        replace(one.fields[0], optional=rows > 0 and columns[str(one.fields[0].name)].count < rows) for one in found
    )
    return Inferred(tuple(fields), (*notes, *(note for one in found for note in one.notes)))


def joined(one: Inferred, other: Inferred) -> Inferred:
    """Returns the fields that hold what both hold; what only one of them has is optional."""
    left = {field.name: field for field in one.fields}
    right = {field.name: field for field in other.fields}
    notes = [*one.notes, *other.notes]
    fields = []
    for name, field in {**left, **right}.items():
        if name not in left or name not in right:
            fields.append(replace(field, optional=True))
            continue
        kind = _wider(left[name].type, right[name].type)
        shape = _looser(left[name].shape, right[name].shape)
        nullable, optional = (getattr(left[name], f) or getattr(right[name], f) for f in ("nullable", "optional"))
        fields.append(replace(field, type=kind, shape=shape, nullable=nullable, optional=optional))
    return Inferred(tuple(fields), tuple(dict.fromkeys(notes)))


def _wider(one: str, other: str) -> str:
    if types.is_within(one, other):
        return one if one == "any" else other
    if types.is_within(other, one):
        return one
    return "float" if {one, other} <= types.NUMBERS | {"int", "float"} else "any"


def _looser(one: tuple[Dimension, ...] | None, other: tuple[Dimension, ...] | None) -> tuple[Dimension, ...] | None:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(size if size == also else FREE for size, also in zip(one, other, strict=True))


def divided(found: Inferred, targets: Sequence[str]) -> Signature:
    """Returns the signature whose outputs are the fields that `targets` name, and whose inputs are the others.

    Raises:
        UsageError: There is no such field.
    """
    names = [str(field.name) for field in found.fields]
    for target in targets:
        if target not in names:
            near = suggestion(target, names)
            raise UsageError(
                f"the data have no column {quoted(target)}", hint=near or f"the columns are {', '.join(names[:12])}"
            )
    inputs = tuple(field for field in found.fields if field.name not in targets)
    outputs = tuple(field for field in found.fields if field.name in targets)
    return Signature(inputs, outputs if targets else None)
