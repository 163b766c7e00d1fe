"""Owns leaderboards: the versions of a model in the order of their scores, with the rows of those that are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mlreg.domain.score import Row, is_same_data


class Place(NamedTuple):
    """What an order says of each version: its score, and why it cannot be the best, or None."""

    version: str
    score: float | None
    objection: str | None

    @property
    def is_eligible(self) -> bool:
        """Whether it could be the best."""
        return self.score is not None and self.objection is None


class Leaderboard:
    """The versions of a model, those that could be the best first, the greatest score first.

    Args:
        places: All versions in their order.
        rows_at: Returns the rows of some of them, by their numbers from 0.
    """

    def __init__(self, places: Sequence[Place], rows_at: Callable[[Sequence[int]], Sequence[Row]]) -> None:
        self.places = places
        self._rows_at = rows_at

    def best_version(self) -> str | None:
        """Returns the best version, or None where none can be it."""
        return self.places[0].version if self.places and self.places[0].is_eligible else None

    def row_of(self, version: str) -> Row:
        """Returns the row of one of the versions."""
        return self._rows_at([next(at for at, place in enumerate(self.places) if place.version == version)])[0]

    def rows(self, limit: int | None = None) -> list[Row]:
        """Returns the first rows, which know who is tied with them and whether they were measured on the first's data.

        Args:
            limit: So many at most; None for all.
        """
        first = self.places[:limit]
        tied: dict[float | None, list[str]] = {place.score: [] for place in first if place.is_eligible}
        for place in self.places:
            if place.is_eligible and place.score in tied:
                tied[place.score].append(place.version)
        rows = self._rows_at(range(len(first)))
        return [
            row._replace(
                tied=[one for one in tied[row.score] if one != row.version] if row.is_eligible else (),
                same_data=True if row is rows[0] else is_same_data(row, rows[0]),
            )
            for row in rows
        ]


def leaderboard_of(rows: Sequence[Row]) -> Leaderboard:
    """Returns the leaderboard of ranked rows."""
    places = [Place(row.version, row.score, row.objection) for row in rows]
    return Leaderboard(places, lambda numbers: [rows[number] for number in numbers])
