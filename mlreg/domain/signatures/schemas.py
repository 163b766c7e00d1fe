"""Owns JSON Schemas as signatures: what of them is wrong by itself, and whether one takes all that another takes.

What is judged: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, ranges, lengths, `items`,
references inside the document. Properties that neither side declares are taken as never sent. Whatever else differs
cannot be judged, and counts as not taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
DEPTH_MAX: Final = 24
_NOTES: Final = frozenset(
    ["title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions", "deprecated",
     "readOnly", "writeOnly"]
)  # fmt: skip
_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_GREATEST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_JUDGED: Final = frozenset(
    ["type", "enum", "const", "properties", "required", "additionalProperties", "items", "$ref",
     *_LEAST, *_GREATEST]
)  # fmt: skip
_NESTED: Final = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_LISTED: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED: Final = ("properties", "patternProperties", "$defs", "definitions")

Path = tuple[str, ...]


class Fault(NamedTuple):
    """What is wrong in a schema, and where."""

    path: Path
    what: str
    hint: str


class Gap(NamedTuple):
    """Something that one schema takes and another does not: where, what kind of change that is, and why."""

    path: Path
    change: str
    reason: str


def check_schema(schema: Any, path: Path = ()) -> Fault | None:
    """Returns the first thing for which `schema` cannot be a JSON Schema, or None.

    References that lead out of the document are faults: nothing is ever fetched.
    """
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, Mapping):
        return Fault(path, "it is not a mapping", "a schema is a mapping, as in `{type: string}`")
    if len(path) > 2 * DEPTH_MAX:
        return Fault(path, "it is nested too deep", "write it flatter")
    return next(filter(None, _faults(schema, path)), None)


def gaps(old: Any, new: Any, *, is_input: bool) -> list[Gap]:
    """Returns what breaks whoever relies on the schema `old` where it becomes `new`.

    Of inputs, what `old` takes and `new` does not; of outputs, what `new` gives and `old` did not.
    """
    narrow, wide = (old, new) if is_input else (new, old)
    return list(_Judge(narrow, wide, is_input=is_input).gaps(narrow, wide, (), 0))


def _faults(schema: Mapping[str, Any], path: Path) -> Iterator[Fault | None]:
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in TYPES:
            yield Fault((*path, "type"), f"{kind!a:.60} is no type of JSON", f"the types are {', '.join(TYPES)}")
    for key, holds, what in _SHAPES:
        if key in schema and not holds(schema[key]):
            yield Fault((*path, key), f"`{key}` is not {what}", "see https://json-schema.org")
    reference = schema.get("$ref", "#")
    if not isinstance(reference, str) or not reference.startswith("#"):
        yield Fault((*path, "$ref"), "`$ref` leads out of the document", "put what it means under `$defs`")
    for place, part in _parts(schema):
        yield check_schema(part, (*path, *place))


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yields the schemas inside `schema`, each with its place."""
    for key in _NESTED:
        if key in schema:
            yield (key,), schema[key]
    for key in _LISTED:
        yield from (((key, str(at)), part) for at, part in enumerate(schema.get(key, [])))
    for key in _NAMED:
        yield from (((key, name), part) for name, part in schema.get(key, {}).items())


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_SHAPES: Final[Sequence[tuple[str, Callable[[Any], bool], str]]] = (
    *((key, lambda value: isinstance(value, Mapping), "a mapping of names to schemas") for key in _NAMED),
    *((key, lambda value: isinstance(value, list) and bool(value), "a list") for key in (*_LISTED, "enum")),
    ("required", _is_names, "a list of names"),
    *((key, lambda value: _is_number(value) or isinstance(value, bool), "a number") for key in (*_LEAST, *_GREATEST)),
)


class _Judge:
    """Compares two schemas: whether `wide` surely takes all that `narrow` takes."""

    def __init__(self, narrow: Any, wide: Any, *, is_input: bool) -> None:
        self._roots = (narrow, wide)
        self._is_input = is_input
        self._seen: dict[tuple[int, int], object] = {}

    def gaps(self, narrow: Any, wide: Any, path: Path, depth: int) -> Iterator[Gap]:
        """Yields what `narrow` takes and `wide` does not."""
        if narrow == wide and (self._roots[0] == self._roots[1] or not _has_reference(narrow)):
            return
        narrow, wide = _followed(narrow, self._roots[0]), _followed(wide, self._roots[1])
        # what leads back to itself is looked at once; the values keep their identities from being used again
        pair = (id(narrow), id(wide))
        if wide in (True, {}) or narrow is False or self._seen.setdefault(pair, (narrow, wide, path))[2] != path:  # type: ignore[index]
            return
        if depth > DEPTH_MAX or not isinstance(narrow, Mapping) or not isinstance(wide, Mapping):
            yield Gap(path, "changed", "it cannot be judged whether the change is safe")
            return
        yield from _kinds(narrow, wide, path)
        yield from _values(narrow, wide, path)
        yield from _ranges(narrow, wide, path)
        yield from self._properties(narrow, wide, path, depth)
        yield from self._needed(narrow, wide, path)
        yield from self._others(narrow, wide, path, depth)
        if "items" in wide:
            yield from self.gaps(narrow.get("items", True), wide["items"], (*path, "[]"), depth + 1)
        for key in sorted(wide.keys() - _JUDGED - _NOTES):
            if narrow.get(key) != wide[key] or (_has_reference(wide[key]) and self._roots[0] != self._roots[1]):
                yield Gap(path, "changed", f"it cannot be judged whether the change of `{key}` is safe")

    def _properties(self, narrow: Mapping[str, Any], wide: Mapping[str, Any], path: Path, depth: int) -> Iterator[Gap]:
        taken, others = narrow.get("properties", {}), wide.get("properties", {})
        before, after = (taken, others) if self._is_input else (others, taken)
        for name in before:
            if name in after:
                yield from self.gaps(taken[name], others[name], (*path, name), depth + 1)
            else:
                yield Gap((*path, name), "removed", "is not declared any more")

    def _needed(self, narrow: Mapping[str, Any], wide: Mapping[str, Any], path: Path) -> Iterator[Gap]:
        for name in wide.get("required", []):
            if name in narrow.get("required", []):
                continue
            if self._is_input:
                is_known = name in narrow.get("properties", {})
                yield Gap(
                    (*path, name),
                    "required" if is_known else "added",
                    "is required now" if is_known else "is new and required",
                )
            elif name in narrow.get("properties", {}) or name not in wide.get("properties", {}):
                yield Gap((*path, name), "optional", "may be left out now")

    def _others(self, narrow: Mapping[str, Any], wide: Mapping[str, Any], path: Path, depth: int) -> Iterator[Gap]:
        was_open, is_open = narrow.get("additionalProperties", True), wide.get("additionalProperties", True)
        if "patternProperties" in narrow and is_open is not True:
            yield Gap(path, "changed", "it cannot be judged whether the change of `patternProperties` is safe")
        if was_open is False or not (self._is_input or isinstance(was_open, Mapping)):
            return
        if is_open is False:
            yield Gap(path, "narrowed", "properties that are not declared are not taken any more")
        elif isinstance(is_open, Mapping):
            yield from self.gaps(was_open, is_open, (*path, "*"), depth + 1)


def _followed(schema: Any, root: Any) -> Any:
    """Returns the schema that `schema` leads to where it is a reference inside `root`; it, where that fails."""
    for _ in range(DEPTH_MAX):
        if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
            return schema
        found = root
        for part in schema["$ref"].removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                return _unknown(schema)
            found = found[name]
        beside = {key: value for key, value in schema.items() if key != "$ref" and key not in _NOTES}
        if beside:
            return _unknown(schema)
        schema = found
    return _unknown(schema)


def _unknown(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a schema of which nothing can be judged."""
    return {"(unresolved reference)": dict(schema)}


def _has_reference(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "$ref" in value or any(map(_has_reference, value.values()))
    return isinstance(value, list) and any(map(_has_reference, value))


def _kinds_of(schema: Mapping[str, Any]) -> set[str] | None:
    kinds = schema.get("type")
    if kinds is None:
        values = _values_of(schema)
        return None if values is None else {_kind_of(value) for value in values}
    return set(kinds) if isinstance(kinds, list) else {kinds}


def _kinds(narrow: Mapping[str, Any], wide: Mapping[str, Any], path: Path) -> Iterator[Gap]:
    after = _kinds_of(wide) if "type" in wide else None
    if after is None:
        return
    before = _kinds_of(narrow)
    if before is None:
        yield Gap(path, "narrowed", f"anything was taken, now {_listed(after)} only")
        return
    if values := _values_of(narrow):
        before = {_kind_of(value) for value in values} & before
    taken = after | ({"integer"} if "number" in after else set())
    if lost := before - taken:
        yield Gap(path, "retyped", f"{_listed(before)} became {_listed(after)}: {_listed(lost)} is not taken any more")


def _values_of(schema: Mapping[str, Any]) -> Sequence[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) else None


def _values(narrow: Mapping[str, Any], wide: Mapping[str, Any], path: Path) -> Iterator[Gap]:
    after = _values_of(wide)
    if after is None:
        return
    before = _values_of(narrow)
    if before is None:
        yield Gap(path, "narrowed", "only some values are taken now")
    elif lost := [value for value in before if not any(_is_same(value, other) for other in after)]:
        yield Gap(path, "narrowed", f"{', '.join(map(repr, lost[:5]))} is not taken any more")


def _ranges(narrow: Mapping[str, Any], wide: Mapping[str, Any], path: Path) -> Iterator[Gap]:
    values = [value for value in _values_of(narrow) or [] if _is_number(value)]
    for keys, sign in ((_LEAST, 1), (_GREATEST, -1)):
        for key in keys:
            after = wide.get(key)
            if after is None:
                continue
            before = _bound(narrow, key, sign, values)
            if isinstance(after, bool) or before is None or sign * before < sign * after:
                yield Gap(path, "narrowed", f"`{key}` is {after} now")


def _bound(schema: Mapping[str, Any], key: str, sign: int, values: Sequence[float]) -> float | None:
    """Returns the bound that surely holds in `schema` where `key` is asked for, or None."""
    found = schema.get(key)
    known = [] if found is None or isinstance(found, bool) else [found]
    if key in ("minimum", "maximum"):
        other = schema.get(f"exclusive{key.capitalize()}")  # stricter than the inclusive one
        known += [other] if _is_number(other) else []
        known += [min(values) if sign > 0 else max(values)] if values and _values_of(schema) else []
    if key.startswith("exclusive"):
        inclusive: Any = schema.get(key.removeprefix("exclusive").lower())
        # what may be the bound itself is above all that lies a step below it
        known += [math.nextafter(inclusive, -sign * math.inf)] if _is_number(inclusive) else []
    if not known:
        return 0 if key in ("minLength", "minItems", "minProperties") else None
    return float(max(known) if sign > 0 else min(known))


def _kind_of(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    if _is_number(value):
        return "integer" if value == int(value) else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _listed(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))
