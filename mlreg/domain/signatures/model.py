"""Owns what a signature is: inputs and outputs, each a list of fields or a JSON Schema, and how both are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mlreg.domain.signatures import types

Dimension = int | str
"""A size, -1 for any, or a name: equal names in one payload are equal sizes."""
SideName = Literal["inputs", "outputs"]
SIDES: Final[Sequence[SideName]] = ("inputs", "outputs")
FREE: Final = -1


@dataclass(frozen=True, slots=True)
class Field:
    """One input or output: of `type`, and where it has a `shape`, an array of that type.

    `name` is None where fields go by their places. `nullable`: it may have no value; `optional`: it may be left out.
    `enum` are all values that it may have; `min` and `max` belong to them.
    """

    name: str | None
    type: str = "any"
    shape: tuple[Dimension, ...] | None = None
    nullable: bool = False
    optional: bool = False
    enum: tuple[Any, ...] | None = None
    min: float | None = None
    max: float | None = None
    description: str | None = None

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest number that it may be."""
        least, greatest = types.limits(self.type)
        return (
            least if self.min is None else max(least, self.min),
            greatest if self.max is None else min(greatest, self.max),
        )

    def facts(self) -> dict[str, Any]:
        """Returns the field as records have it: what says nothing is left out."""
        facts: dict[str, Any] = {"name": self.name, "type": self.type}
        facts["shape"] = None if self.shape is None else list(self.shape)
        facts |= {"nullable": self.nullable or None, "optional": self.optional or None}
        facts["enum"] = None if self.enum is None else list(self.enum)
        facts |= {"min": self.min, "max": self.max, "description": self.description}
        return {key: value for key, value in facts.items() if value is not None}

    def written(self) -> Any:
        """Returns the field without its name as people write it: its type alone where that is all."""
        facts = {key: value for key, value in self.facts().items() if key != "name"}
        return self.type if len(facts) == 1 else facts


@dataclass(frozen=True, slots=True)
class Schema:
    """All inputs, or all outputs, as one JSON Schema says."""

    schema: Mapping[str, Any]


Side = tuple[Field, ...] | Schema | None
"""The fields in their order, a schema, or None where nothing was declared."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives."""

    inputs: Side = None
    outputs: Side = None

    def side(self, name: SideName) -> Side:
        """Returns the inputs or the outputs."""
        return self.inputs if name == "inputs" else self.outputs

    def facts(self) -> dict[str, Any]:
        """Returns the signature as records have it: lists, because the order is a fact too."""
        return {name: _facts(side) for name in SIDES if (side := self.side(name)) is not None}

    def written(self) -> dict[str, Any]:
        """Returns the signature as people write it: `{"inputs": {"age": "int"}}`."""
        return {name: _written(side) for name in SIDES if (side := self.side(name)) is not None}


def by_name(side: Side) -> Mapping[str, Field]:
    """Returns the fields that have names by them; of a schema none."""
    return {field.name: field for field in side if field.name is not None} if isinstance(side, tuple) else {}


def _facts(side: tuple[Field, ...] | Schema) -> Any:
    return {"schema": dict(side.schema)} if isinstance(side, Schema) else [field.facts() for field in side]


def _written(side: tuple[Field, ...] | Schema) -> Any:
    if isinstance(side, Schema) or any(field.name is None for field in side) or [f.name for f in side] == ["schema"]:
        return _facts(side)
    if side and all(field == Field(field.name) for field in side):
        return [field.name for field in side]
    return {field.name: field.written() for field in side}
