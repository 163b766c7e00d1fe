"""Owns what changed between two signatures, and which changes break those who rely on the old one.

A caller relies on what may be *sent*, so inputs may only widen; and on what may *come back*, so outputs may only
narrow. Fields with names go by them, fields without by their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from mlreg.domain.names import quoted
from mlreg.domain.semver import Level
from mlreg.domain.signatures import schemas, types
from mlreg.domain.signatures.as_schema import as_schema
from mlreg.domain.signatures.model import FREE, SIDES, Dimension, Field, Side, SideName, Signature
from mlreg.domain.signatures.payload import faults_of

_ONE: Final = {"inputs": "input", "outputs": "output"}
Direction = Literal["widened", "narrowed"]
Bound = frozenset[tuple[str, int]]
"""The places, as field and axis, that share one size."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: where, what kind it is, whether it breaks callers, and why. `level` is what it asks for by itself."""

    path: str
    change: str
    breaking: bool
    reason: str
    level: Level

    def document(self) -> dict[str, Any]:
        """Returns the change as JSON shows it."""
        return {"path": self.path, "change": self.change, "breaking": self.breaking, "reason": self.reason}


def compare(old: Signature | None, new: Signature | None) -> list[Change]:
    """Returns what changed from `old` to `new`, the inputs first; None is a version that declares no signature.

    What is declared for the first time asks for a patch only: nobody relied on it.
    """
    if old is None or new is None:
        return _declared(old, new)
    return [change for name in SIDES for change in _side(name, old.side(name), new.side(name))]


def level_of(changes: Iterable[Change]) -> Level:
    """Returns what a version with these changes is at least: `major` where one breaks, `patch` where there is none."""
    levels = {change.level for change in changes}
    return "major" if "major" in levels else "minor" if "minor" in levels else "patch"


def is_compatible(changes: Iterable[Change]) -> bool:
    """Whether none of `changes` breaks."""
    return not any(change.breaking for change in changes)


def _declared(old: Signature | None, new: Signature | None) -> list[Change]:
    if old is not None:
        return [_breaking("signature", "removed", "the signature that was promised is not declared any more")]
    return [] if new is None else [_safe("signature", "added", "a signature is declared for the first time", "patch")]


def _side(name: SideName, old: Side, new: Side) -> list[Change]:
    if old == new:
        return []
    if old is None:
        return [_safe(name, "added", f"the {name} are declared for the first time", "patch")]
    if new is None:
        return [_breaking(name, "removed", f"the {name} that were promised are not declared any more")]
    if isinstance(old, tuple) and isinstance(new, tuple):
        return list(_Fields(name, old, new).changes())
    return list(_schema_changes(name, as_schema(old), as_schema(new)))


def _schema_changes(name: SideName, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    is_input = name == "inputs"
    broken = schemas.gaps(old, new, is_input=is_input)
    for gap in broken:
        yield _breaking(".".join((name, *gap.path)), gap.change, f"{_subject(name, gap.path)}: {gap.reason}")
    places = {gap.path for gap in broken}
    back = {gap.path: gap for gap in schemas.gaps(new, old, is_input=is_input) if gap.path not in places}
    turned = {"removed": "added", "narrowed": "widened", "required": "optional", "optional": "required"}
    for path, gap in back.items():
        change = turned.get(gap.change, "changed")
        if not is_input:
            change = {"widened": "narrowed"}.get(change, change)
        said = "is declared now" if change == "added" else "is wider now" if is_input else "is narrower now"
        yield _safe(".".join((name, *path)), change, f"{_subject(name, path)}: {said}")
    if not broken and not back and old != new:
        yield _safe(name, "described", f"the schema of the {name} says the same in other words", "patch")


def _subject(name: SideName, path: Sequence[str]) -> str:
    return f"{_ONE[name]} {quoted('.'.join(path))}" if path else f"the {name}"


class _Fields:
    """Compares two lists of fields of one side."""

    def __init__(self, name: SideName, old: tuple[Field, ...], new: tuple[Field, ...]) -> None:
        self._name = name
        self._is_input = name == "inputs"
        self._old, self._new = _keyed(old), _keyed(new)
        self._bound = {False: _bound(self._old), True: _bound(self._new)}
        self._places = {key: at for at, key in enumerate(self._new)}

    def changes(self) -> Iterator[Change]:
        """Yields the changes in the order of the old fields, then what is new, then another order."""
        renamed = dict(self._renamed())
        for key, field in self._old.items():
            if key in self._new:
                yield from self._changed(key, field, self._new[key])
            elif key in renamed:
                reason = f"{self._subject(key)} is called {quoted(renamed[key])} now"
                yield _breaking(self._path(key), "renamed", reason)
            else:
                yield _breaking(self._path(key), "removed", f"{self._subject(key)} was removed")
        for key, field in self._new.items():
            if key not in self._old and key not in renamed.values():
                yield self._added(key, field)
        common = [key for key in self._old if key in self._new]
        if common != [key for key in self._new if key in self._old]:
            yield _safe(
                self._name, "reordered", f"the {self._name} have another order; they go by their names", "patch"
            )

    def _renamed(self) -> Iterator[tuple[str, str]]:
        """Yields the old and the new name of fields that are the same but for it, at the same place."""
        for old, new in zip(self._old, self._new, strict=False):
            is_moved = old not in self._new and new not in self._old
            if is_moved and replace(self._old[old], name=None) == replace(self._new[new], name=None):
                yield old, new

    def _added(self, key: str, field: Field) -> Change:
        if not self._is_input:
            return _safe(self._path(key), "added", f"{self._subject(key)} is new")
        if field.optional:
            return _safe(self._path(key), "added", f"{self._subject(key)} is new and optional")
        return _breaking(self._path(key), "added", f"{self._subject(key)} is new and required")

    def _changed(self, key: str, old: Field, new: Field) -> Iterator[Change]:
        yield from self._values(key, old, new)
        yield from self._shape(key, old.shape, new.shape)
        yield from self._turned(key, "nullable", old.nullable, new.nullable, "may have no value", "must have a value")
        yield from self._turned(key, "optional", old.optional, new.optional, "may be left out", "is required")
        if old.description != new.description:
            yield _safe(self._path(key), "described", f"{self._subject(key)} is described in other words", "patch")

    def _turned(self, key: str, what: str, old: bool, new: bool, loose: str, strict: str) -> Iterator[Change]:
        if old != new:
            change = what if new else "required" if what == "optional" else "not-nullable"
            yield self._moved(key, change, "widened" if new else "narrowed", f"{loose if new else strict} now")

    def _values(self, key: str, old: Field, new: Field) -> Iterator[Change]:
        """Yields what changed of type, enumeration and range; a list of all values is tried value by value."""
        narrow, wide = (old, new) if self._is_input else (new, old)
        if _same_values(old) == _same_values(new):
            return
        if _takes_all(narrow, wide):
            is_equal = _takes_all(wide, narrow)
            change: Direction = "widened" if self._is_input else "narrowed"
            said = (
                f"takes {_said(new)} instead of {_said(old)}"
                if self._is_input
                else f"is {_said(new)}, was {_said(old)}"
            )
            yield _safe(
                self._path(key),
                "described" if is_equal else change,
                f"{self._subject(key)} {said}",
                "patch" if is_equal else "minor",
            )
            return
        reason = f"{self._subject(key)} was {_said(old)} and is {_said(new)}"
        yield _breaking(self._path(key), self._kind_of_break(old, new), reason)

    def _kind_of_break(self, old: Field, new: Field) -> str:
        is_back = _takes_all(new, old) if self._is_input else _takes_all(old, new)
        if is_back:
            return "narrowed" if self._is_input else "widened"
        is_related = types.is_within(old.type, new.type) or types.is_within(new.type, old.type)
        return "changed" if is_related else "retyped"

    def _shape(
        self, key: str, old: tuple[Dimension, ...] | None, new: tuple[Dimension, ...] | None
    ) -> Iterator[Change]:
        if old is None or new is None or len(old) != len(new):
            if old != new:
                reason = f"{self._subject(key)} was {_shape_said(old)} and is {_shape_said(new)}"
                yield _breaking(self._path(key), "reshaped", reason)
            return
        for axis, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from self._dimension(key, axis, before, after)

    def _dimension(self, key: str, axis: int, before: Dimension, after: Dimension) -> Iterator[Change]:
        one, other = self._bound[False].get((key, axis)), self._bound[True].get((key, axis))
        size, now = (value if isinstance(value, int) else FREE for value in (before, after))
        said = f"dimension {axis} was {_size_said(before)} and is {_size_said(after)}"
        if size != now and (one or other or FREE not in (size, now)):
            yield _breaking(self._path(key), "reshaped", f"{self._subject(key)}: {said}")
        elif size != now:
            yield self._moved(key, "reshaped", "widened" if now == FREE else "narrowed", said)
        elif one != other:
            is_looser = other is None or (one is not None and other < one)
            is_tighter = one is None or (other is not None and one < other)
            if is_looser or is_tighter:
                yield self._moved(key, "reshaped", "widened" if is_looser else "narrowed", said)
            else:
                yield _breaking(self._path(key), "reshaped", f"{self._subject(key)}: {said}")

    def _moved(self, key: str, change: str, direction: Direction, said: str) -> Change:
        is_safe = (direction == "widened") is self._is_input
        reason = f"{self._subject(key)}{':' if said.startswith('dim') else ''} {said}"
        return _safe(self._path(key), change, reason) if is_safe else _breaking(self._path(key), change, reason)

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}"

    def _subject(self, key: str) -> str:
        return f"{_ONE[self._name]} {quoted(key)}" if not key.isdigit() else f"{_ONE[self._name]} {key}"


def _keyed(fields: tuple[Field, ...]) -> dict[str, Field]:
    """Returns the fields by their names, or by their places where they have none."""
    return {str(at) if field.name is None else field.name: field for at, field in enumerate(fields)}


def _bound(fields: Mapping[str, Field]) -> dict[tuple[str, int], Bound]:
    """Returns for each place whose size other places share, all of these; a name that stands once binds nothing."""
    places: dict[str, set[tuple[str, int]]] = {}
    for key, field in fields.items():
        for axis, size in enumerate(field.shape or ()):
            if isinstance(size, str):
                places.setdefault(size, set()).add((key, axis))
    return {place: frozenset(shared) for shared in places.values() if len(shared) > 1 for place in shared}


def _same_values(field: Field) -> tuple[Any, ...]:
    values = None if field.enum is None else sorted(map(repr, field.enum))
    return types.full(field.type), values, field.min, field.max


def _takes_all(narrow: Field, wide: Field) -> bool:
    """Whether every value of `narrow`, whatever its shape, is one of `wide`."""
    if narrow.enum is not None:
        one = replace(wide, shape=None)
        return all(not faults_of(one, value) for value in narrow.enum)
    if wide.enum is not None:
        return False
    (low, high), (least, greatest) = narrow.limits, wide.limits
    are_whole = {types.full(narrow.type), types.full(wide.type)} <= types.INTEGERS.keys()
    return (are_whole or types.is_within(narrow.type, wide.type)) and least <= low and high <= greatest


def _said(field: Field) -> str:
    """Returns the values of `field` in words."""
    if field.enum is not None:
        shown = ", ".join(map(str, field.enum[:5])) + (" …" if len(field.enum) > 5 else "")
        return f"{field.type} of {shown}"
    if field.min is None and field.max is None:
        return field.type
    if field.max is None:
        return f"{field.type} from {field.min}"
    return f"{field.type} up to {field.max}" if field.min is None else f"{field.type} {field.min} to {field.max}"


def _shape_said(shape: tuple[Dimension, ...] | None) -> str:
    return "a single value" if shape is None else f"an array of shape [{', '.join(map(str, shape))}]"


def _size_said(size: Dimension) -> str:
    return "of any size" if size == FREE else str(size)


def _breaking(path: str, change: str, reason: str) -> Change:
    return Change(path, change, True, reason, "major")


def _safe(path: str, change: str, reason: str, level: Level = "minor") -> Change:
    return Change(path, change, False, reason, level)
