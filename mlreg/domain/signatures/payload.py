"""Owns whether a payload is as a signature promises: values, rows and arrays against fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from mlreg.domain.names import quoted, suggestion
from mlreg.domain.signatures import types
from mlreg.domain.signatures.model import FREE, Field

SHOWN_MAX: Final = 40


class Fault(NamedTuple):
    """What is wrong with one value: a stable word for it, and a sentence."""

    code: str
    message: str


def faults_of(field: Field, value: Any) -> Fault | None:
    """Returns what is wrong with `value` as the value of `field`, or None.

    An array is a list of lists; the rows of a ragged one are named. Values of numpy are to be made plain before.
    """
    if types.is_missing(value):
        return None if field.nullable or _is_anything(field) else Fault("missing-value", "has no value")
    return _scalar(field, value) if field.shape is None else _array(field, value, field.shape)


def row_faults(fields: Sequence[Field], row: Mapping[str, Any]) -> Iterator[tuple[str, Fault]]:
    """Yields what is wrong with `row`, values by the names of their columns, with the column."""
    named = {str(field.name): field for field in fields}
    for name, field in named.items():
        if name in row:
            if fault := faults_of(field, row[name]):
                yield name, fault
        elif not field.optional:
            yield name, missing_column(name, row)
    for name in row:
        if name not in named:
            yield name, unknown_column(name, named)
    yield from unequal(named, row)


def missing_column(name: str, known: Iterable[str]) -> Fault:
    """Returns the fault of a required column that is not there."""
    near = suggestion(name, map(str, known))
    return Fault("missing-column", f"is required and not there{f': {near}' if near else ''}")


def unknown_column(name: str, known: Iterable[str]) -> Fault:
    """Returns the fault of a column that the signature does not have."""
    near = suggestion(name, map(str, known))
    return Fault("unknown-column", f"is no input of the signature{f': {near}' if near else ''}")


def array_fault(field: Field, shape: Sequence[int]) -> Fault | None:
    """Returns what is wrong with an array of this `shape` as all values of `field`; of a single value, one a row."""
    expected = field.shape if field.shape is not None else (FREE,)
    if len(shape) != len(expected) or any(
        isinstance(size, int) and size not in (FREE, is_size) for size, is_size in zip(expected, shape, strict=True)
    ):
        return Fault("wrong-shape", f"has the shape {list(shape)} where {list(expected)} is declared")
    return None


def _scalar(field: Field, value: Any) -> Fault | None:
    if not types.holds(field.type, value):
        return _no_such_value(field, value)
    if field.enum is not None and not any(_is_one(value, known) for known in field.enum):
        return Fault("not-in-enum", f"{shown(value)} is not one of {', '.join(map(shown, field.enum[:8]))}")
    if field.min is not None and value < field.min:
        return Fault("too-small", f"{shown(value)} is less than {field.min}")
    if field.max is not None and value > field.max:
        return Fault("too-great", f"{shown(value)} is greater than {field.max}")
    return None


def _no_such_value(field: Field, value: Any) -> Fault:
    full = types.full(field.type)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and full in types.NUMBERS and (full in types.FLOATS or float(value).is_integer()):
        return Fault("out-of-range", f"{shown(value)} is more than a {field.type} holds")
    return Fault("wrong-type", f"{shown(value)} is no {field.type}")


def _array(field: Field, value: Any, shape: Sequence[Any]) -> Fault | None:
    if not shape:
        return element_fault(field, value)
    if not isinstance(value, list | tuple):
        return Fault("wrong-shape", f"{shown(value)} is no array of shape {[*(field.shape or ())]}")
    size = shape[0]
    if isinstance(size, int) and size not in (FREE, len(value)):
        return Fault("wrong-shape", f"has {len(value)} entries where {size} are declared")
    if len(shape) > 1 and len({len(item) if isinstance(item, list | tuple) else -1 for item in value}) > 1:
        return Fault("wrong-shape", "its rows are of several lengths")
    return next(filter(None, (_array(field, item, shape[1:]) for item in value)), None)


def element_fault(field: Field, value: Any) -> Fault | None:
    """Returns what is wrong with `value` as one element of the array that `field` declares, or None."""
    if value is None or (field.shape is None and types.is_missing(value)):
        has_gaps = _is_anything(field) or (field.shape is None and field.nullable)
        return None if has_gaps else Fault("missing-value", "has an entry without a value")
    if isinstance(value, float) and value != value:  # arrays of numbers may hold it
        return None if types.has_nan(field.type) and field.enum is None else _no_such_value(field, value)
    return _scalar(field, value)


def _is_anything(field: Field) -> bool:
    return field.type == "any" and field.enum is None


def unequal(fields: Mapping[str, Field], row: Mapping[str, Any]) -> Iterator[tuple[str, Fault]]:
    """Yields the arrays of `row` whose sizes differ where one name of a dimension says that they are equal."""
    yield from unequal_shapes(fields, {name: _shape_of(value) for name, value in row.items()})


def unequal_shapes(fields: Mapping[str, Field], shapes: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, Fault]]:
    """Yields the arrays whose `shapes`, by name, differ where one name of a dimension says that they are equal."""
    sizes: dict[str, tuple[str, int]] = {}
    for name, field in fields.items():
        for size, found in zip(field.shape or (), shapes.get(name, ()), strict=False):
            if not isinstance(size, str):
                continue
            first, expected = sizes.setdefault(size, (name, found))
            if found != expected:
                reason = f"has {found} entries along {quoted(size)}, and {quoted(first)} has {expected}"
                yield name, Fault("wrong-shape", reason)


def _shape_of(value: Any) -> list[int]:
    shape = []
    while isinstance(value, list | tuple):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _is_one(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def shown(value: Any) -> str:
    """Returns `value` as a message may show it."""
    text = value if isinstance(value, str) else str(value)
    return quoted(text, SHOWN_MAX) if isinstance(value, str) else text[:SHOWN_MAX]
