"""Owns what tables are, whatever file they came from: rows, or arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlreg.domain.signatures.model import Field


class Row(NamedTuple):
    """One row: its number, counted from 1, the line where it stands in a file of lines, and its values by column.

    `values` is a list where the columns have no names, anything else where it is no row at all.
    """

    number: int
    line: int | None
    values: Any


@dataclass(frozen=True, slots=True)
class Array:
    """An array of a file: its type, its sizes, and what reads its elements in order, each with its first index."""

    type: str
    shape: Sequence[int]
    elements: Callable[[], Iterator[tuple[int, Any]]]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: rows, or arrays.

    Attributes:
        columns: The names of the columns, where all rows have the same; None where each row says its own.
        rows: The rows, read once, one after the other.
        is_text: Whether values are texts that may mean something else, as in CSV.
        stated: What the file itself says of its columns, where it does.
        arrays: By name the arrays, where it holds these; one without a name is called None.
        notes: What is worth a warning.
    """

    columns: Sequence[str] | None = None
    rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    is_text: bool = False
    stated: Sequence[Field] | None = None
    arrays: Mapping[str | None, Array] | None = None
    notes: Sequence[str] = ()
