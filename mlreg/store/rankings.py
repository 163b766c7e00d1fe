"""Owns leaderboards that were made before: a table in the cache for each model, of which only the rows are read that
are shown.

The stamp of its line says what it is of: see `Rankings.read`.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlreg.domain.leaderboard import Leaderboard, Place, leaderboard_of
from mlreg.domain.names import folded
from mlreg.domain.score import Row
from mlreg.ports import Cache
from mlreg.store import layout, tables

KEPT_FROM = 256
_SHOWN = ("version", "stage", "registered_at", "type", "metrics")
# the values of a line: three lists, then the rows
_LISTS = range(3)


class Rankings:
    """Leaderboards that were made before.

    Args:
        kept_from: Of how many versions it takes to keep one.
    """

    def __init__(self, cache: Cache | None, *, kept_from: int = KEPT_FROM) -> None:
        self._cache = cache
        self._kept_from = kept_from

    def read(self, model: str, stamp: str) -> Leaderboard | None:
        """Returns the leaderboard that was kept for a model, or None.

        Args:
            stamp: Tells all that it depends on: the history of the model, and how scores are made.
        """
        line = tables.read(self._cache, _key(model)).get(folded(model)) if self._cache else None
        if line is None or line.stamp != stamp:
            return None

        def rows_at(numbers: Sequence[int]) -> list[Row]:
            return [Row(*row) for row in tables.picked([(line, [len(_LISTS) + number for number in numbers])])]

        return Leaderboard(list(map(Place, *tables.picked([(line, _LISTS)]))), rows_at)

    def keep(self, model: str, stamp: str, rows: Sequence[Row]) -> Leaderboard:
        """Returns the leaderboard of ranked rows; one of many is kept, without the facts that no answer shows."""
        made = leaderboard_of(rows)
        if self._cache and len(rows) >= self._kept_from:
            lists = map(list, zip(*made.places, strict=True))
            line = tables.line_of(stamp, [*lists, *map(_kept, rows)])
            tables.write(self._cache, _key(model), {folded(model): line})
        return made


def _kept(row: Row) -> Row:
    return row._replace(sheet={name: row.sheet[name] for name in _SHOWN if name in row.sheet})


def _key(model: str) -> str:
    return layout.column(f"leaderboard of {folded(model)}")
