"""Owns searches over all versions: fact by fact out of tables in the cache, or sheet by sheet; both find the same.

A *column* is a table of one fact: for each model the values of its versions, the greatest version first. A line of it is
of one fold: its stamp is the digest of the model's last event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mlreg.domain.query import Query
from mlreg.domain.sheet import Sheet, sheet_of, value_at
from mlreg.domain.state import Brief, Summary
from mlreg.ports import Cache
from mlreg.store import layout, tables
from mlreg.store.cards import Cards
from mlreg.store.history import History
from mlreg.store.tables import Line, Table

LINES = "lines"
INDEXED_FROM = 256
SNAPSHOT_AFTER = 8


class Found(NamedTuple):
    """A version that was meant: the model's name, what its history says, and its metrics as they are shown."""

    name: str
    brief: Brief
    shown: Mapping[str, Any]
