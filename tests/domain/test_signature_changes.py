"""What a change of a signature means to those who rely on it: a table of pairs, and laws."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlreg.domain.signatures import types
from mlreg.domain.signatures.as_schema import as_schema
from mlreg.domain.signatures.changes import Change, compare, is_compatible, level_of
from mlreg.domain.signatures.model import Field, Schema, Side, Signature
from mlreg.domain.signatures.parsing import parse
from mlreg.domain.signatures.payload import row_faults
from mlreg.errors import UsageError
from mlreg.store import strict_yaml

BREAKING = """
in  a: int, b: int                    | a: int                              | removed      an input
in  a: int, b: str                    | a: int, c: str                      | renamed      the same but for its name
in  a: int, b: str                    | a: int, b: str, c: int              | added        and required
in  a: int                            | a: int, c: {type: int, nullable: true} | added     nullable is not optional
in  a: {type: int, optional: true}    | a: int                              | required     optional before
in  a: {type: int, nullable: true}    | a: int                              | not-nullable
in  a: float                          | a: int                              | narrowed
in  a: float64                        | a: float32                          | narrowed
in  a: int64                          | a: int32                            | narrowed
in  a: int32                          | a: uint32                           | retyped      neither holds the other
in  a: int64                          | a: float32                          | retyped      not all whole numbers fit
in  a: str                            | a: int                              | retyped
in  a: bool                           | a: int                              | retyped      true is no number
in  a: int                            | a: bool                             | retyped
in  a: any                            | a: str                              | narrowed
in  a: datetime64                     | a: date                             | narrowed
in  a: str                            | a: datetime64                       | retyped
in  a: str                            | a: {type: str, enum: [x, y]}        | narrowed     any text before
in  a: {type: str, enum: [x, y, z]}   | a: {type: str, enum: [x, y]}        | narrowed
in  a: {type: str, enum: [x, y]}      | a: {type: str, enum: [x, z]}        | changed
in  a: int                            | a: {type: int, min: 0}              | narrowed
in  a: {type: int, min: 0}            | a: {type: int, min: 1}              | narrowed
in  a: {type: float, max: 1}          | a: {type: float, max: 0.5}          | narrowed
in  a: {type: int, min: 0, max: 9}    | a: {type: int, min: 5, max: 20}     | changed
in  a: {type: float, shape: [-1, 3]}  | a: {type: float, shape: [8, 3]}     | reshaped     a free dimension is fixed
in  a: {type: float, shape: [-1, 3]}  | a: {type: float, shape: [-1, 4]}    | reshaped
in  a: {type: float, shape: [-1, 3]}  | a: {type: float, shape: [-1, 3, 1]} | reshaped
in  a: float                          | a: {type: float, shape: [-1]}       | reshaped
in  a: {shape: [n]}, b: {shape: [m]}  | a: {shape: [n]}, b: {shape: [n]}    | reshaped
out p: float, q: int                  | p: float                            | removed
out p: float                          | score: float                        | renamed
out p: float                          | p: str                              | retyped
out p: float32                        | p: float64                          | widened
out p: int                            | p: float                            | widened
out p: {type: str, enum: [x, y]}      | p: {type: str, enum: [x, y, z]}     | widened      a new value
out p: {type: str, enum: [x, y]}      | p: str                              | widened
out p: float                          | p: {type: float, nullable: true}    | nullable
out p: float                          | p: {type: float, optional: true}    | optional
out p: {type: float, min: 0, max: 1}  | p: float                            | widened
out p: {type: float, min: 0, max: 1}  | p: {type: float, min: -1, max: 1}   | widened
out p: {type: float, shape: [-1, 2]}  | p: {type: float, shape: [-1, -1]}   | reshaped
out p: {type: float, shape: [2]}      | p: {type: float, shape: [3]}        | reshaped
inl {type: float}, {type: str}        | {type: str}, {type: float}          | retyped      they go by their places
inl {type: float}, {type: str}        | {type: float}                       | removed
inl {type: float}                     | {type: float}, {type: int}          | added
outl {type: float}, {type: int}       | {type: int}, {type: float}          | widened
"""
COMPATIBLE = """
in  a: int                            | a: int                              | -
in  a: int                            | a: int64                            | -            one type, two names
in  a: int                            | a: float                            | widened
in  a: int32                          | a: int64                            | widened
in  a: uint8                          | a: int16                            | widened
in  a: uint8                          | a: float16                          | widened
in  a: int16                          | a: float32                          | widened
in  a: float32                        | a: float64                          | widened
in  a: float16                        | a: float32                          | widened
in  a: date                           | a: datetime64                       | widened
in  a: str                            | a: any                              | widened
in  a: int                            | a: int, b: {type: int, optional: true} | added
in  a: int                            | a: {type: int, nullable: true}      | nullable
in  a: int                            | a: {type: int, optional: true}      | optional
in  a: {type: str, enum: [x, y]}      | a: {type: str, enum: [x, y, z]}     | widened
in  a: {type: str, enum: [x, y]}      | a: {type: str, enum: [y, x]}        | -            no order
in  a: {type: str, enum: [x, y]}      | a: str                              | widened
in  a: {type: int, enum: [1, 2]}      | a: {type: int, min: 1, max: 2}      | widened      what is between them
in  a: {type: int, min: 0, max: 255}  | a: uint8                            | described
in  a: {type: int, min: 0, max: 9}    | a: {type: int, min: 0, max: 20}     | widened
in  a: {type: float, min: 0}          | a: float                            | widened
in  a: {type: float, shape: [8, 3]}   | a: {type: float, shape: [-1, 3]}    | reshaped
in  a: {type: float, shape: [n, 3]}   | a: {type: float, shape: [-1, 3]}    | -            n stands once
in  a: {shape: [n]}, b: {shape: [n]}  | a: {shape: [n]}, b: {shape: [m]}    | reshaped
in  a: int, b: str                    | b: str, a: int                      | reordered    they go by their names
in  a: int                            | a: {type: int, description: age}    | described
out p: float                          | p: float, q: int                    | added
out p: float64                        | p: float32                          | narrowed
out p: float                          | p: int                              | narrowed
out p: {type: str, enum: [x, y]}      | p: {type: str, enum: [x]}           | narrowed
out p: str                            | p: {type: str, enum: [x]}           | narrowed
out p: {type: float, nullable: true}  | p: float                            | not-nullable
out p: {type: float, optional: true}  | p: float                            | required
out p: float                          | p: {type: float, min: 0, max: 1}    | narrowed
out p: {type: float, shape: [-1, 2]}  | p: {type: float, shape: [4, 2]}     | reshaped
out p: float, q: int                  | q: int, p: float                    | reordered
inl {type: float}                     | {type: float}, {type: int, optional: true} | added
outl {type: float}                    | {type: float}, {type: int}          | added
"""


def pairs(table: str) -> list[Any]:
    found = []
    for line in table.strip().splitlines():
        old, new, said = (cell.strip() for cell in line.split("|"))
        side, _, old = old.partition(" ")
        open_, close = "[]" if side.endswith("l") else "{}"
        key = {"in": "inputs", "out": "outputs"}[side.removesuffix("l")]
        signatures = [strict_yaml.parse(f"{key}: {open_}{text}{close}".encode(), name="row") for text in (old, new)]
        found.append(pytest.param(*signatures, said.split(" ")[0], id=f"{side} {old} to {new}"))
    return found


def test_the_table_is_long_enough() -> None:
    assert len(pairs(BREAKING)) >= 30
    assert len(pairs(COMPATIBLE)) >= 30


@pytest.mark.parametrize(("old", "new", "change"), pairs(BREAKING))
def test_what_breaks_callers_is_caught(old: Any, new: Any, change: str) -> None:
    found = compare(parse(old), parse(new))
    assert [one.change for one in found if one.breaking][:1] == [change], found
    assert level_of(found) == "major"


@pytest.mark.parametrize(("old", "new", "change"), pairs(COMPATIBLE))
def test_what_breaks_nobody_is_not_refused(old: Any, new: Any, change: str) -> None:
    found = compare(parse(old), parse(new))
    assert is_compatible(found), found
    is_told = change in ("reordered", "described", "-")
    assert level_of(found) == ("patch" if is_told else "minor")
    assert {one.change for one in found} == (set() if change == "-" else {change})


SCHEMAS = [
    ({"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "number"}}}, True),
    ({"properties": {"a": {"type": "number"}}}, {"properties": {"a": {"type": "integer"}}}, False),
    ({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": ["string", "null"]}}}, True),
    ({"properties": {"a": {"enum": [1, 2]}}}, {"properties": {"a": {"enum": [1, 2, 3]}}}, True),
    ({"properties": {"a": {"enum": [1, 2]}}}, {"properties": {"a": {"enum": [1]}}}, False),
    ({"properties": {"a": {"enum": [1, 2]}}}, {"properties": {"a": {"type": "integer"}}}, True),
    ({"properties": {"a": {"const": 1}}}, {"properties": {"a": {"enum": [1, 2]}}}, True),
    ({"properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"minimum": 0}}}, True),
    ({"properties": {"a": {"minimum": 0}}}, {"properties": {"a": {"exclusiveMinimum": 0}}}, False),
    ({"properties": {"a": {"exclusiveMinimum": 0}}}, {"properties": {"a": {"minimum": 0}}}, True),
    ({"properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"exclusiveMinimum": 0}}}, True),
    ({"properties": {"a": {"maxLength": 3}}}, {"properties": {"a": {"maxLength": 2}}}, False),
    ({"properties": {"a": {}}}, {"properties": {"a": {}}, "required": ["a"]}, False),
    ({"properties": {"a": {}}, "required": ["a"]}, {"properties": {"a": {}}}, True),
    ({"properties": {"a": {}}}, {"properties": {"a": {}, "b": {}}}, True),
    ({"properties": {"a": {}}}, {"properties": {"a": {}, "b": {}}, "required": ["b"]}, False),
    ({"properties": {"a": {}, "b": {}}}, {"properties": {"a": {}}}, False),
    ({"additionalProperties": False}, {"additionalProperties": True}, True),
    ({"additionalProperties": True}, {"additionalProperties": False}, False),
    ({"items": {"type": "integer"}}, {"items": {"type": "number"}}, True),
    ({"items": {"type": "number"}}, {"items": {"type": "integer"}}, False),
    ({"items": {}, "minItems": 2}, {"items": {}, "minItems": 3}, False),
    ({"properties": {"a": {"pattern": "^a"}}}, {"properties": {"a": {}}}, True),
    ({"properties": {"a": {}}}, {"properties": {"a": {"pattern": "^a"}}}, False),
    ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "integer"}}},
     {"properties": {"a": {"$ref": "#/$defs/y"}}, "$defs": {"y": {"type": "number"}}}, True),
    ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "number"}}},
     {"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "integer"}}}, False),
    ({"properties": {"a": {"type": "integer"}}, "title": "old"}, {"properties": {"a": {"type": "integer"}}}, True),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "compatible"), SCHEMAS, ids=json.dumps)
def test_json_schemas_of_inputs_are_judged(old: Any, new: Any, compatible: bool) -> None:
    assert is_compatible(compare(Signature(inputs=Schema(old)), Signature(inputs=Schema(new)))) is compatible


@pytest.mark.parametrize(
    ("old", "new", "compatible"),
    [
        ({"properties": {"a": {"enum": [1]}}}, {"properties": {"a": {"enum": [1, 2]}}}, False),
        ({"properties": {"a": {"enum": [1, 2]}}}, {"properties": {"a": {"enum": [1]}}}, True),
        ({"properties": {"a": {}}}, {"properties": {"a": {}, "b": {}}}, True),
        ({"properties": {"a": {}, "b": {}}}, {"properties": {"a": {}}}, False),
        ({"properties": {"a": {}}, "required": ["a"]}, {"properties": {"a": {}}}, False),
        ({"properties": {"a": {"type": "number"}}}, {"properties": {"a": {"type": "integer"}}}, True),
        ({"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "number"}}}, False),
    ],
    ids=json.dumps,
)
def test_json_schemas_of_outputs_are_judged_the_other_way_round(old: Any, new: Any, compatible: bool) -> None:
    assert is_compatible(compare(Signature(outputs=Schema(old)), Signature(outputs=Schema(new)))) is compatible


def test_fields_may_become_a_schema_that_says_the_same() -> None:
    fields = parse({"inputs": {"a": "int", "b": {"type": "str", "nullable": True, "optional": True}}})
    schema = Signature(inputs=Schema(as_schema(fields.inputs)))  # type: ignore[arg-type]
    assert [change.breaking for change in compare(fields, schema)] == []
    assert not is_compatible(compare(schema, parse({"inputs": {"a": "int"}})))


def test_a_schema_that_leads_to_itself_is_judged_in_the_end() -> None:
    tree = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"l": {"$ref": "#/$defs/n"}}}}}
    other = json.loads(json.dumps(tree))
    other["$defs"]["n"]["properties"]["r"] = {"$ref": "#/$defs/n"}
    assert is_compatible(compare(Signature(inputs=Schema(tree)), Signature(inputs=Schema(other))))
    assert not is_compatible(compare(Signature(inputs=Schema(other)), Signature(inputs=Schema(tree))))


def test_a_signature_that_is_taken_back_breaks_and_a_first_one_does_not() -> None:
    some = parse({"inputs": ["a"], "outputs": ["p"]})
    assert [(one.path, one.breaking) for one in compare(some, None)] == [("signature", True)]
    assert [(one.path, one.breaking) for one in compare(None, some)] == [("signature", False)]
    assert [(one.path, one.breaking) for one in compare(some, parse({"inputs": ["a"]}))] == [("outputs", True)]
    assert [(one.path, one.breaking) for one in compare(parse({"inputs": ["a"]}), some)] == [("outputs", False)]


def test_a_change_is_told_with_its_reason() -> None:
    old = parse({"inputs": {"age": "int", "city": {"type": "str", "enum": ["rome", "oslo"]}}})
    new = parse({"inputs": {"age": {"type": "int", "min": 0}, "city": {"type": "str", "enum": ["rome"]}}})
    assert [change.document() for change in compare(old, new)] == [
        {
            "path": "inputs.age",
            "change": "narrowed",
            "breaking": True,
            "reason": "input 'age' was int and is int from 0",
        },
        {
            "path": "inputs.city",
            "change": "narrowed",
            "breaking": True,
            "reason": "input 'city' was str of rome, oslo and is str of rome",
        },
    ]


NUMBERS = ["int", "float", "int8", "uint8", "int32", "uint32", "float16", "float32", "float64"]
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 200, 300, 70_000, 2**31, 2**40, -(2**20), 2**63, 0.5, 1.0, -0.25, 1e5, 1e39,
    float("nan"), float("inf"), "", "x", "y", "2026-01-05", "2026-01-05T10:00:00",
]  # fmt: skip


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    kind = draw(st.sampled_from([*NUMBERS, "str", "bool", "any", "date", "datetime64"]))
    low, high = None, None
    if types.full(kind) in types.NUMBERS and draw(st.booleans()):
        low, high = sorted(draw(st.sampled_from([-300, -1, 0, 1, 7, 200])) for _ in range(2))
    enum = None
    if draw(st.integers(0, 3)) == 0:
        plain = Field(name, kind, min=low, max=high)
        fit = [value for value in VALUES if value is not None and (isinstance(value, str) or abs(value) < 1e18)]
        fit = [value for value in fit if not list(row_faults([plain], {name: value}))]
        some = st.lists(
            st.sampled_from(fit or [0]), min_size=1, max_size=3, unique_by=lambda v: (isinstance(v, bool), v)
        )
        enum = tuple(draw(some)) if fit else None
    shape = draw(st.sampled_from([None, None, None, (-1,), (2,), ("n",), (-1, 2)]))
    return Field(name, kind, shape, draw(st.booleans()), draw(st.booleans()), enum, low, high)


@st.composite
def sides(draw: st.DrawFn) -> tuple[Field, ...]:
    names = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    return tuple(draw(fields(name)) for name in names)


FACETS = ("type", "shape", "nullable", "optional", "enum", "min", "max")


@st.composite
def alike(draw: st.DrawFn, field: Field) -> Field:
    """The field, or one of which a facet or two differ."""
    other = draw(fields(str(field.name)))
    facets = draw(st.lists(st.sampled_from(FACETS), max_size=2))
    changed = replace(field, **{facet: getattr(other, facet) for facet in facets})
    try:
        parse(Signature((changed,)).facts())
    except UsageError:
        return field
    return changed


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Two sides of which the second has some fields of the first, and some that are like them."""
    old = draw(sides())
    new = [draw(alike(field)) for field in old if draw(st.integers(0, 5))]
    return old, (*new, *draw(st.sampled_from([(), (Field("d", "int", optional=True),)])))


def values(field: Field) -> st.SearchStrategy[Any]:
    one = st.sampled_from([*VALUES, *(field.enum or ())])
    if field.shape is None:
        return one
    return st.one_of(st.lists(one, max_size=3), st.lists(st.lists(one, min_size=2, max_size=2), max_size=2), one)


@st.composite
def payloads(draw: st.DrawFn, side: tuple[Field, ...]) -> dict[str, Any]:
    sent = [field for field in side if not field.optional or draw(st.booleans())]
    return {str(field.name): draw(values(field)) for field in sent}


def accepts(side: Side, payload: dict[str, Any]) -> bool:
    return isinstance(side, tuple) and not list(row_faults(side, payload))


@given(sides())
def test_a_signature_is_compatible_with_itself_and_nothing_changed(side: tuple[Field, ...]) -> None:
    assert compare(Signature(side, side), Signature(side, side)) == []


@given(neighbours())
def test_a_signature_reads_back_from_its_facts_and_as_it_is_written(both: Any) -> None:
    for side in both:
        signature = Signature(side, side)
        assert parse(signature.facts()) == parse(signature.written()) == signature
        kept = strict_yaml.parse(strict_yaml.dump(signature.facts()), name="record")
        assert parse(kept) == signature


@given(neighbours(), st.data())
def test_where_inputs_are_compatible_whatever_was_taken_is_taken(both: Any, data: st.DataObject) -> None:
    old, new = both
    is_safe = is_compatible(compare(Signature(inputs=old), Signature(inputs=new)))
    for payload in data.draw(st.lists(payloads(old), min_size=5, max_size=5)):
        refused = list(row_faults(new, payload))
        assert not (is_safe and accepts(old, payload) and refused), refused


@given(neighbours(), st.data())
def test_where_outputs_are_compatible_whatever_comes_back_was_promised(both: Any, data: st.DataObject) -> None:
    old, new = both
    is_safe = is_compatible(compare(Signature(outputs=old), Signature(outputs=new)))
    known = {field.name for field in old}
    for answer in data.draw(st.lists(payloads(new), min_size=5, max_size=5)):
        seen = {name: value for name, value in answer.items() if name in known}
        assert not (is_safe and accepts(new, answer)) or accepts(old, seen)


@given(neighbours())
def test_what_is_safe_for_inputs_and_back_is_the_same_for_outputs_turned_round(both: Any) -> None:
    old, new = both
    if {field.name for field in old} != {field.name for field in new}:
        return
    there = is_compatible(compare(Signature(inputs=old), Signature(inputs=new)))
    assert there is is_compatible(compare(Signature(outputs=new), Signature(outputs=old)))


@given(neighbours())
def test_a_level_is_major_exactly_where_something_breaks(both: Any) -> None:
    found: list[Change] = compare(Signature(*both), Signature(*reversed(both)))
    assert (level_of(found) == "major") is not is_compatible(found)


@given(sides(), st.data())
def test_the_schema_of_fields_takes_what_the_fields_take(side: tuple[Field, ...], data: st.DataObject) -> None:
    assume(all(field.type in [*NUMBERS, "str", "bool"] for field in side))
    assume(all("n" not in (field.shape or ()) for field in side))
    payload = data.draw(payloads(side))
    assume(not any("NaN" in json.dumps(value) or "Inf" in json.dumps(value) for value in payload.values()))
    known = jsonschema.Draft202012Validator(dict(as_schema(side)))
    assert accepts(side, payload) == known.is_valid(payload)
