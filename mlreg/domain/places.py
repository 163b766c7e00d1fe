"""Owns where something stands in a text."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A line and a column, both counted from 1, columns in characters."""

    line: int
    column: int
