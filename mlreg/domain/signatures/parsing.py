"""Owns how signatures are written: the short and the long forms, those of MLflow, of feature lists and JSON Schema."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

from mlreg.domain.names import checked_text, quoted, suggestion
from mlreg.domain.signatures import types
from mlreg.domain.signatures.model import FREE, Dimension, Field, Schema, Side, SideName, Signature
from mlreg.domain.signatures.schemas import check_schema
from mlreg.domain.values import KEY_MAX_CHARACTERS, plain
from mlreg.errors import UsageError

FIELDS_MAX: Final = 100_000
RANK_MAX: Final = 32
_FIELD_KEYS: Final = ("name", "type", "shape", "nullable", "optional", "enum", "min", "max", "description")
_OTHER_KEYS: Final = ("dtype", "required", "tensor-spec")
_FIELD_WORDS: Final = {
    "minimum": "min",
    "maximum": "max",
    "ge": "min",
    "le": "max",
    "allowed": "enum",
    "values": "enum",
    "choices": "enum",
    "categories": "enum",
    "null": "nullable",
    "dims": "shape",
    "default": "optional",
}
_SIDE_KEYS: Final[Mapping[str, SideName]] = {
    "inputs": "inputs",
    "features": "inputs",
    "input_schema": "inputs",
    "outputs": "outputs",
    "output_schema": "outputs",
}
_SCHEMA_WORDS: Final = frozenset(["object", "array", "string", "number", "integer", "boolean", "null"])
_SCHEMA_KEYS: Final = frozenset(
    ["$schema", "$ref", "properties", "items", "anyOf", "oneOf", "allOf", "enum", "const", "required"]
)
# in files of MLflow these two are narrower than everywhere else
_MLFLOW_TYPES: Final = {"integer": "int32", "float": "float32"}
Path = tuple[str, ...]


def parse(values: Any) -> Signature:
    """Returns the signature that `values`, as YAML or JSON has them, declare.

    Raises:
        UsageError: They declare none. `facts` has the `path` of what is wrong, such as `inputs.age.type`.
    """
    if not isinstance(values, Mapping):
        raise UsageError(
            "the signature is not a mapping of names to values", hint="begin with a line `inputs:`", code="signature"
        )
    sides: dict[SideName, Side] = {}
    for key, value in values.items():
        if key not in _SIDE_KEYS:
            if key == "params" and value is None:  # MLflow writes it always
                continue
            near = suggestion(str(key), _SIDE_KEYS)
            _fail((str(key),), f"{_shown(key)} means nothing", near or "a signature has `inputs` and `outputs`")
        name = _SIDE_KEYS[key]
        if sides.get(name) is not None:
            _fail((key,), f"the {name} are declared twice", f"keep `{name}` and leave out {_shown(key)}")
        sides[name] = None if value is None else _side(value, key)
    if all(side is None for side in sides.values()):
        _fail((), "it declares neither inputs nor outputs", "write them as in `inputs: {age: int}`")
    return Signature(sides.get("inputs"), sides.get("outputs"))


def _side(value: Any, key: str) -> Side:
    if key in ("input_schema", "output_schema"):
        return _schema(value, (key,))
    if isinstance(value, str):
        return _mlflow(value, key)
    if isinstance(value, Mapping):
        if value.keys() == {"schema"} and isinstance(value["schema"], Mapping):
            return _schema(value["schema"], (key, "schema"))
        return _checked((_field(name, entry, (key, str(name))) for name, entry in value.items()), key)
    if not isinstance(value, list | tuple):
        _fail((key,), f"{key} is {_kind(value)}, where fields are needed", "write them as in `inputs: {age: int}`")
    return _checked((_entry(entry, (key, str(at))) for at, entry in enumerate(value)), key)


def _schema(value: Any, path: Path) -> Schema:
    if not isinstance(value, Mapping):
        _fail(path, f"{'.'.join(path)} is no JSON Schema", "it is a mapping, as in `{type: object, properties: …}`")
    kind = value.get("type")
    if not _SCHEMA_KEYS & value.keys() and not (isinstance(kind, str) and kind in _SCHEMA_WORDS):
        _fail(
            path,
            "a single `schema` is a JSON Schema, and this is none",
            "of an input of that name write `- {name: schema, type: str}`",
        )
    schema = plain(value, ".".join(path))
    if fault := check_schema(schema):
        _fail((*path, *fault.path), fault.what, fault.hint)
    return Schema(schema)


def _mlflow(text: str, key: str) -> Side:
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, list):
        _fail((key,), f"{key} is a text, where fields are needed", "write them as in `inputs: {age: int}`")
    known = [
        {**entry, "type": _MLFLOW_TYPES.get(str(entry.get("type")), entry.get("type"))}
        if isinstance(entry, dict)
        else entry
        for entry in entries
    ]
    return _checked((_entry(entry, (key, str(at))) for at, entry in enumerate(known)), key)


def _checked(fields: Iterable[Field], key: str) -> tuple[Field, ...]:
    """Returns `fields` where all of them have names, each its own, or none has one."""
    found, seen, count = [], set(), 0
    for at, field in enumerate(fields):
        if at == FIELDS_MAX:
            _fail(
                (key,), f"{key} has more than {FIELDS_MAX:,} fields", "declare an array: `{type: float, shape: [-1]}`"
            )
        if field.name in seen:
            _fail((key, str(field.name)), f"{key} has {_shown(field.name)} twice", "name each field once")
        if field.name is not None:
            seen.add(field.name)
            count += 1
        found.append(field)
    if count not in (0, len(found)):
        _fail((key,), f"some of the {key} have names and some have none", "give all of them names, or none")
    return tuple(found)


def _entry(entry: Any, path: Path) -> Field:
    """Returns the field that one entry of a list declares: a name, or a mapping."""
    if isinstance(entry, str | int | float) and not isinstance(entry, bool):
        return Field(_name(entry, path))
    if not isinstance(entry, Mapping):
        _fail(path, f"{'.'.join(path)} is {_kind(entry)}", "write a name, or a mapping as `{name: age, type: int}`")
    name = entry.get("name")
    if name is None and len(entry) == 1:  # `- age: int`, as people write it too
        ((only, value),) = entry.items()
        if only not in (*_FIELD_KEYS, *_OTHER_KEYS):
            return _field(only, value, (*path, str(only)))
    rest = {key: value for key, value in entry.items() if key != "name"}
    return _field(name, rest, path)


def _field(name: Any, value: Any, path: Path) -> Field:
    named = None if name is None else _name(name, path)
    if not isinstance(value, Mapping):
        return Field(named, _type(value, path))
    spec = _unfolded(value, path)
    stated = Field(
        name=named,
        type=_type(spec.get("type", "any"), (*path, "type")),
        shape=_shape(spec["shape"], (*path, "shape")) if spec.get("shape") is not None else None,
        nullable=_flag(spec, "nullable", path),
        optional=_flag(spec, "optional", path),
        description=_description(spec.get("description"), path),
    )
    return _bounded(stated, spec, path)


def _unfolded(value: Mapping[Any, Any], path: Path) -> dict[str, Any]:
    """Returns the keys of a field, those of other tools (`dtype`, `required`, `tensor-spec`) turned into ours."""
    spec = {str(key): item for key, item in value.items()}
    for key in spec:
        if key not in _FIELD_KEYS and key not in _OTHER_KEYS:
            near = f"did you mean `{_FIELD_WORDS[key]}`?" if key in _FIELD_WORDS else suggestion(key, _FIELD_KEYS)
            _fail((*path, key), f"{_shown(key)} means nothing", near or f"known are {', '.join(_FIELD_KEYS[1:])}")
    if "tensor-spec" in spec:
        tensor = spec.pop("tensor-spec")
        if not isinstance(tensor, Mapping):
            _fail((*path, "tensor-spec"), "`tensor-spec` is not a mapping", "it has `dtype` and `shape`")
        spec |= {"type": "tensor", **_unfolded(tensor, (*path, "tensor-spec"))}
    if "required" in spec:
        required = _flag(spec, "required", path)
        if "optional" in spec and _flag(spec, "optional", path) is required:
            _fail((*path, "required"), "`required` and `optional` contradict each other", "keep `optional`")
        spec["optional"] = not required
    if "dtype" in spec:
        if spec.get("type", "tensor") not in ("tensor", "array"):
            _fail((*path, "dtype"), "`type` and `dtype` say the same twice", "keep `type`")
        spec["type"] = spec.pop("dtype")
    if spec.get("type") in ("tensor", "array"):
        _fail((*path, "type"), "a tensor needs its type", "write `{dtype: float32, shape: [-1, 3]}`")
    return spec


def _bounded(field: Field, spec: Mapping[str, Any], path: Path) -> Field:
    """Returns `field` with its enumeration and its range, checked against its type."""
    low, high = (_number(field, spec, key, path) for key in ("min", "max"))
    if low is not None and high is not None and low > high:
        _fail((*path, "min"), f"`min` {low} is greater than `max` {high}", "turn them round")
    values, nullable = spec.get("enum"), field.nullable
    if values is not None:
        values, has_null = _enum(field, values, (low, high), (*path, "enum"))
        nullable = nullable or has_null
    return Field(
        field.name, field.type, field.shape, nullable, field.optional, values, low, high, field.description
    )  # fmt: skip


def _enum(
    field: Field, values: Any, limits: tuple[float | None, float | None], path: Path
) -> tuple[tuple[Any, ...], bool]:
    if not isinstance(values, list | tuple | set | frozenset) or not values:
        _fail(path, "`enum` is not a list of values", "write it as `enum: [a, b]`")
    found: list[Any] = []
    low, high = limits
    for value in plain(values, ".".join(path)):
        # the YAML that records are written in keeps `1.10` and `007` as texts
        if value is None or any(_is_one(value, other) for other in found):
            continue
        if isinstance(value, dict | list) or not types.holds(field.type, value):
            _fail(path, f"{_shown(value)} of the enumeration is no {field.type}", "write values of the type")
        if (low is not None and value < low) or (high is not None and value > high):
            _fail(path, f"{value} of the enumeration is not between `min` and `max`", "take one of them out")
        found.append(int(value) if isinstance(value, float) and types.full(field.type) in types.INTEGERS else value)
    return tuple(found), None in values


def _is_one(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _number(field: Field, spec: Mapping[str, Any], key: str, path: Path) -> float | None:
    value = spec.get(key)
    if value is None:
        return None
    if isinstance(value, str):  # `1e3` and `1.10` are texts in YAML as mlreg reads it
        try:
            value = float(value)
        except ValueError:
            _fail((*path, key), f"{key} {_shown(value)} is not a number", f"write it as `{key}: 0`")
    value = plain(value, ".".join((*path, key)))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _fail((*path, key), f"{key} {_shown(value)} is not a number", f"write it as `{key}: 0`")
    if types.full(field.type) not in types.NUMBERS:
        _fail((*path, key), f"a {field.type} has no `{key}`", "only numbers have a range; texts have an `enum`")
    return int(value) if value == int(value) and types.full(field.type) in types.INTEGERS else value


def _type(value: Any, path: Path) -> str:
    if isinstance(value, type):
        value = value.__name__
    elif not isinstance(value, str):  # a dtype of numpy, pandas or torch
        value = getattr(value, "name", None) or (str(value) if "dtype" in type(value).__name__ else value)
    found = types.canonical(value) if isinstance(value, str) else None
    if found is None:
        what = "no type is said" if value is None else f"{_shown(value)} is not a type"
        near = suggestion(value, types.WORDS) if isinstance(value, str) else None
        _fail(path, what, near or f"the types are {', '.join(types.WORDS)}")
    return found


def _shape(value: Any, path: Path) -> tuple[Dimension, ...]:
    if not isinstance(value, list | tuple) or len(value) > RANK_MAX:
        _fail(path, "`shape` is not a list of sizes", "write it as `shape: [-1, 3, 224]`; -1 is any size")
    return tuple(_dimension(size, path) for size in value)


def _dimension(size: Any, path: Path) -> Dimension:
    if size is None or size in (FREE, "?"):
        return FREE
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    if not isinstance(size, str) or not size.strip() or len(size) > KEY_MAX_CHARACTERS:
        _fail(path, f"{_shown(size)} is not a size", "write a number, -1 for any, or a name that stands for one")
    return checked_text(size, "a dimension")


def _flag(spec: Mapping[str, Any], key: str, path: Path) -> bool:
    value = spec.get(key)
    if value is not None and not isinstance(value, bool):
        _fail((*path, key), f"`{key}` is {_shown(value)}, where true or false is needed", f"write `{key}: true`")
    return bool(value)


def _name(value: Any, path: Path) -> str:
    name = str(value)
    if isinstance(value, bool) or not name.strip() or len(name) > KEY_MAX_CHARACTERS:
        _fail(path, f"{_shown(value)} cannot be a name", f"a name is a text of at most {KEY_MAX_CHARACTERS} characters")
    return checked_text(name, "a name")


def _description(value: Any, path: Path) -> str | None:
    if value is not None and not isinstance(value, str):
        _fail((*path, "description"), "the description is not a text", "write it in quotes")
    return None if value is None else checked_text(value, "the description")


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    return quoted(str(value))


def _fail(path: Sequence[str], what: str, hint: str) -> NoReturn:
    place = f"{'.'.join(path)}: " if len(path) > 1 else ""
    raise UsageError(
        f"the signature cannot be understood: {place}{what}",
        hint=hint,
        facts={"path": ".".join(path), "keys": list(path)},
        code="signature",
    )
