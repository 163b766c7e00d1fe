"""How signatures are written, what they say of values, and what is wrong with the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.signatures import types
from mlreg.domain.signatures.model import Field, Schema
from mlreg.domain.signatures.parsing import parse
from mlreg.domain.signatures.payload import row_faults
from mlreg.errors import UsageError


def one(spec: Any) -> Field:
    """The field `a` that `spec` declares."""
    inputs = parse({"inputs": {"a": spec}}).inputs
    assert isinstance(inputs, tuple)
    return inputs[0]


@pytest.mark.parametrize(
    ("spelled", "type_"),
    {
        **dict(zip(types.WORDS, types.WORDS, strict=True)),
        "integer": "int",
        "long": "int",
        "double": "float",
        "string": "str",
        "boolean": "bool",
        "binary": "bytes",
        "<U10": "str",
        "|S5": "bytes",
        "<M8[ns]": "datetime64",
        "<f4": "float32",
        "|u1": "uint8",
        "|O": "any",
        "Int64": "int64",
        "Float32": "float32",
        "datetime64[ns]": "datetime64",
        "datetime64[us, UTC]": "datetime64",
        "object": "any",
        "category": "str",
        "torch.float32": "float32",
        "np.int8": "int8",
        "string[python]": "str",
    }.items(),
)
def test_types_are_spelled_as_people_and_tools_spell_them(spelled: str, type_: str) -> None:
    assert one(spelled) == Field("a", type_)


@pytest.mark.parametrize("value", [float, np.float64, np.dtype("float64")])
def test_types_of_python_and_numpy_are_types(value: Any) -> None:
    assert types.full(one(value).type) == "float64"


@pytest.mark.parametrize(
    ("written", "inputs"),
    [
        ({"inputs": ["a", "b"]}, (Field("a"), Field("b"))),
        ({"features": ["a"]}, (Field("a"),)),
        ({"inputs": [{"name": "a", "type": "int"}]}, (Field("a", "int"),)),
        ({"inputs": [{"a": "int"}, {"b": {"type": "str"}}]}, (Field("a", "int"), Field("b", "str"))),
        ({"inputs": [{"type": "float32", "shape": [None, 3, "t"]}]}, (Field(None, "float32", (-1, 3, "t")),)),
        ({"inputs": {"a": {"dtype": "float32", "shape": [-1]}}}, (Field("a", "float32", (-1,)),)),
        ({"inputs": {"a": {"type": "tensor", "dtype": "int8", "shape": []}}}, (Field("a", "int8", ()),)),
        ({"inputs": {"a": {"type": "int", "required": False}}}, (Field("a", "int", optional=True),)),
        ({"inputs": {"a": {"type": "str", "enum": ["x", None]}}}, (Field("a", "str", nullable=True, enum=("x",)),)),
        ({"inputs": {"a": {"type": "float", "min": "1e3"}}}, (Field("a", "float", min=1000.0),)),
        ({"inputs": {"schema": {"type": "int"}, "b": "int"}}, (Field("schema", "int"), Field("b", "int"))),
        (
            {
                "inputs": '[{"name": "a", "type": "long", "required": true}, {"name": "b", "type": "float"}]',
                "params": None,
            },
            (Field("a", "int"), Field("b", "float32")),
        ),
        (
            {"inputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]'},
            (Field(None, "float64", (-1, 4)),),
        ),
        ({"inputs": {1: "int"}}, (Field("1", "int"),)),
    ],
)
def test_every_form_means_its_fields(written: Any, inputs: Any) -> None:
    assert parse(written).inputs == inputs


def test_a_schema_stands_for_all_inputs() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    assert parse({"inputs": {"schema": schema}}) == parse({"input_schema": schema})
    assert parse({"input_schema": schema, "output_schema": {"type": "number"}}).outputs == Schema({"type": "number"})


@pytest.mark.parametrize(
    ("written", "path", "hint"),
    [
        ({"input": {"a": "int"}}, "input", "did you mean `inputs`"),
        ({}, "", "inputs: {age: int}"),
        ({"inputs": {"a": "flot"}}, "inputs.a", "did you mean `float`"),
        ({"inputs": {"a": None}}, "inputs.a", "the types are"),
        ({"inputs": {"a": {"typ": "int"}}}, "inputs.a.typ", "did you mean `type`"),
        ({"inputs": {"a": {"type": "int", "minimum": 1}}}, "inputs.a.minimum", "did you mean `min`"),
        ({"inputs": {"a": {"type": "int", "min": 2, "max": 1}}}, "inputs.a.min", "turn them round"),
        ({"inputs": {"a": {"type": "str", "min": 2}}}, "inputs.a.min", "only numbers"),
        ({"inputs": {"a": {"type": "int", "enum": ["x"]}}}, "inputs.a.enum", "values of the type"),
        ({"inputs": {"a": {"type": "int", "enum": []}}}, "inputs.a.enum", "enum: [a, b]"),
        ({"inputs": {"a": {"type": "int", "enum": [3], "max": 2}}}, "inputs.a.enum", "take one"),
        ({"inputs": {"a": {"type": "int", "nullable": "yes"}}}, "inputs.a.nullable", "nullable: true"),
        ({"inputs": {"a": {"type": "int", "shape": 3}}}, "inputs.a.shape", "[-1, 3, 224]"),
        ({"inputs": {"a": {"type": "int", "shape": [-2]}}}, "inputs.a.shape", "-1 for any"),
        ({"inputs": {"a": {"type": "tensor"}}}, "inputs.a.type", "dtype: float32"),
        ({"inputs": {"a": {"type": "int", "dtype": "int8"}}}, "inputs.a.dtype", "keep `type`"),
        ({"inputs": {"a": {"type": "int", "required": True, "optional": True}}}, "inputs.a.required", "keep"),
        ({"inputs": ["a", "a"]}, "inputs.a", "name each field once"),
        ({"inputs": ["a", {"type": "int"}]}, "inputs", "all of them names, or none"),
        ({"inputs": ["a"], "features": ["a"]}, "features", "keep `inputs`"),
        ({"inputs": 5}, "inputs", "inputs: {age: int}"),
        ({"inputs": "text"}, "inputs", "inputs: {age: int}"),
        ({"inputs": {"": "int"}}, "inputs.", "a name is a text"),
        ({"inputs": ["a"], "params": [1]}, "params", "`inputs` and `outputs`"),
        ({"inputs": {"schema": {"type": "strin"}}}, "inputs.schema", "{name: schema"),
        (
            {"inputs": {"schema": {"properties": {"a": {"type": "int"}}}}},
            "inputs.schema.properties.a.type",
            "types are",
        ),
        ({"inputs": {"schema": {"$ref": "https://x.org/s"}}}, "inputs.schema.$ref", "$defs"),
        ({"input_schema": {"type": "object", "required": "a"}}, "input_schema.required", "json-schema"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(written: Any, path: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(written)
    assert caught.value.facts["path"] == path
    assert hint in str(caught.value.hint)
    assert caught.value.stable_code == "signature"


FIELDS = {
    "int": ([0, -5, 3.0, 2**62], [3.5, "3", True, 2**64, None, float("nan"), [1]]),
    "uint8": ([0, 255], [-1, 256]),
    "float": ([1, 0.5, 1e300, float("inf")], ["1", False, None]),
    "float32": ([3e38], [3.5e38]),
    "str": (["", "x"], [5, b"x"]),
    "bool": ([True, False], [0, "true"]),
    "date": (["2026-01-05"], ["2026-13-05", "x", 5]),
    "datetime64": (["2026-01-05T10:00:00Z", "2026-01-05"], ["10:00"]),
    "any": ([1, "x", None, {"a": 1}], []),
}


@pytest.mark.parametrize("type_", FIELDS)
def test_a_type_holds_its_values_and_no_others(type_: str) -> None:
    good, bad = FIELDS[type_]
    assert [value for value in good if list(row_faults([one(type_)], {"a": value}))] == []
    assert [value for value in bad if not list(row_faults([one(type_)], {"a": value}))] == []


@pytest.mark.parametrize(
    ("spec", "row", "codes"),
    [
        ("int", {}, ["missing-column"]),
        ({"type": "int", "optional": True}, {}, []),
        ({"type": "int", "nullable": True}, {"a": None}, []),
        ("int", {"a": 1, "b": 2}, ["unknown-column"]),
        ({"type": "str", "enum": ["x"]}, {"a": "y"}, ["not-in-enum"]),
        ({"type": "int", "min": 1}, {"a": 0}, ["too-small"]),
        ({"type": "int", "max": 1}, {"a": 2}, ["too-great"]),
        ({"type": "any", "enum": [1]}, {"a": True}, ["not-in-enum"]),
        ("int8", {"a": 200}, ["out-of-range"]),
        ({"type": "int", "shape": [-1, 2]}, {"a": [[1, 2], [3, 4]]}, []),
        ({"type": "int", "shape": [-1, 2]}, {"a": [[1, 2], [3]]}, ["wrong-shape"]),
        ({"type": "int", "shape": [2]}, {"a": [1, 2, 3]}, ["wrong-shape"]),
        ({"type": "int", "shape": [2]}, {"a": [1, "x"]}, ["wrong-type"]),
        ({"type": "int", "shape": [2]}, {"a": 1}, ["wrong-shape"]),
        ({"type": "float", "shape": [2]}, {"a": [1, float("nan")]}, []),
    ],
)
def test_a_row_is_held_against_the_fields(spec: Any, row: dict[str, Any], codes: list[str]) -> None:
    assert [fault.code for _, fault in row_faults([one(spec)], row)] == codes


def test_sizes_of_one_name_are_one_size() -> None:
    fields = [Field("a", "int", ("n",)), Field("b", "int", ("n",))]
    assert list(row_faults(fields, {"a": [1], "b": [2]})) == []
    assert [name for name, _ in row_faults(fields, {"a": [1], "b": [2, 3]})] == ["b"]


@given(st.sampled_from(types.WORDS), st.sampled_from(types.WORDS), st.sampled_from(types.WORDS))
def test_types_are_in_an_order(one: str, other: str, third: str) -> None:
    assert types.is_within(one, one)
    if types.is_within(one, other) and types.is_within(other, third):
        assert types.is_within(one, third)
    if types.is_within(one, other) and types.is_within(other, one):
        assert types.full(one) == types.full(other)
