"""Owns fields as a JSON Schema: a payload of them is one object, or one array where they have no names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlreg.domain.signatures import types
from mlreg.domain.signatures.model import Dimension, Field, Schema

_KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "any": {},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "bytes": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "datetime64": {"type": "string", "format": "date-time"},
    "timedelta64": {"type": "number"},
    "complex64": {"type": "number"},
    "complex128": {"type": "number"},
}


def as_schema(side: tuple[Field, ...] | Schema) -> Mapping[str, Any]:
    """Returns the JSON Schema (draft 2020-12) of one payload."""
    if isinstance(side, Schema):
        return side.schema
    if side and side[0].name is None:
        least = sum(not field.optional for field in side)
        return {"type": "array", "prefixItems": [_field(field) for field in side], "items": False, "minItems": least}
    schema: dict[str, Any] = {"type": "object", "properties": {str(field.name): _field(field) for field in side}}
    if required := [field.name for field in side if not field.optional]:
        schema["required"] = required
    return {**schema, "additionalProperties": False}


def _field(field: Field) -> dict[str, Any]:
    schema = _array(_value(field), field.shape or ())
    if field.nullable:
        schema = _with_null(schema)
    return {**schema, **({"description": field.description} if field.description else {})}


def _value(field: Field) -> dict[str, Any]:
    name = types.full(field.type)
    schema = dict(
        _KINDS.get(name) or {"type": "integer" if name in types.INTEGERS else "number"} if name != "any" else {}
    )
    if field.enum is not None:
        schema["enum"] = list(field.enum)
    if name in types.NUMBERS:
        (low, high), most = field.limits, types.FLOATS.get(name, math.inf)
        bounds = (("minimum", max(low, -most)), ("maximum", min(high, most)))
        schema |= {key: bound for key, bound in bounds if math.isfinite(bound)}
    return schema


def _array(items: dict[str, Any], shape: Sequence[Dimension]) -> dict[str, Any]:
    for size in reversed(shape):
        bounds = {"minItems": size, "maxItems": size} if isinstance(size, int) and size >= 0 else {}
        items = {"type": "array", "items": items, **bounds}
    return items


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    nullable = dict(schema)
    if "type" in schema:
        nullable["type"] = [schema["type"], "null"]
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable
