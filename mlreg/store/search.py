"""Owns searches over all versions: fact by fact out of tables in the cache, or sheet by sheet; both find the same.

A *column* is a table of one fact: for each model the values of its versions, the greatest version first. A line of it
is of one fold: its stamp is how the digest of the model's last event begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, compress, islice
from typing import Any, NamedTuple

from mlreg.domain.listing import Brief, Summary, VersionLine, briefs_of
from mlreg.domain.names import folded
from mlreg.domain.query import Query
from mlreg.domain.recall import DIGEST_START
from mlreg.domain.sheet import Sheet, sheet_of, shown_metrics, value_at
from mlreg.ports import Cache
from mlreg.store import layout, tables
from mlreg.store.cards import Cards
from mlreg.store.history import History

COLUMNS_FROM = 256
COLUMNS_OF_ONE = 4  # times as many, as it takes to read the lines of all models for one
SNAPSHOT_AFTER = 8
_LINES = "lines"
_SPARSE = 4  # of so many values one must be wanted, or they are decoded one by one


class Fact(NamedTuple):
    """One version as a search sees it: the sheet, and what a listing says of it."""

    sheet: Sheet
    row: list[Any]


class Fold(NamedTuple):
    """The versions of a model after one event, the greatest first; `stamp` is how the digest of that event begins."""

    name: str
    stamp: str
    facts: list[Fact]


class Search:
    """Finds versions.

    Args:
        cards: What the records say.
        cache: Where columns are kept, or None.
        columns_from: How many versions it takes to make a column worth its file.
    """

    def __init__(
        self, history: History, cards: Cards, cache: Cache | None, *, columns_from: int = COLUMNS_FROM
    ) -> None:
        self._history = history
        self._cards = cards
        self._cache = cache
        self._columns_from = columns_from

    def found(self, query: Query, summaries: Sequence[Summary]) -> list[VersionLine]:
        """Returns the versions that `query` means, of the models `summaries`, in its order.

        Raises:
            IntegrityError: A history or a record that has to be read is damaged.
        """
        least = self._columns_from * (1 if query.model is None else COLUMNS_OF_ONE)
        if self._cache is None or sum(summary.versions for summary in summaries) < least:
            return self.read(query, summaries)
        columns = _Columns(self._cache, query, summaries)
        columns.fill(self.fold, self._columns_from)
        return columns.found()

    def read(self, query: Query, summaries: Sequence[Summary]) -> list[VersionLine]:
        """Returns the same as `found` does, sheet by sheet."""
        lines, values, path = [], [], query.sort.path if query.sort else None
        for summary in summaries:
            for sheet, row in self.fold(summary.name).facts:
                if query.matches(sheet):
                    lines.append(_line_of(summary.name, row))
                    values.append(value_at(sheet, path) if path else None)
            if path is None and query.limit is not None and len(lines) >= query.limit:
                break
        order = query.sort.order(values) if query.sort else range(len(lines))
        return [lines[place] for place in order[: query.limit]]

    def fold(self, model: str) -> Fold:
        """Returns the versions of a model as they stand now."""
        state = self._history.state(model, snapshot_after=SNAPSHOT_AFTER)
        briefs = briefs_of(state)
        facts = []
        for brief, said in zip(briefs, self._cards.said(state.spelling, briefs), strict=True):
            row = [brief._replace(late={}, notes=()), shown_metrics(said.shown, brief.late)]
            facts.append(Fact(sheet_of(state.spelling, brief, said.card), row))
        return Fold(state.spelling, _stamp(state.head_digest or ""), facts)


class _Columns:
    """One search out of columns."""

    def __init__(self, cache: Cache, query: Query, summaries: Sequence[Summary]) -> None:
        self._cache = cache
        self._query = query
        self._models = {folded(summary.name): summary for summary in summaries}
        self._counts = {model: summary.versions for model, summary in self._models.items()}
        self._columns = {path: tables.read(cache, layout.column(path)) for path in [*query.paths, _LINES]}

    def fill(self, fold_of: Callable[[str], Fold], least: int) -> None:
        """Makes anew what is of an older fold: a whole model at a time, or places would not agree.

        Columns of which at least `least` values were made are kept.
        """
        made: Counter[str] = Counter()
        for model, summary in self._models.items():
            stamp = _stamp(summary.head_digest)
            lines = {path: column.get(model) for path, column in self._columns.items()}
            stale = [path for path, line in lines.items() if line is None or line.stamp != stamp]
            if stale:
                fold = fold_of(summary.name)
                self._counts[model] = len(fold.facts)
                for path in stale if fold.stamp == stamp else self._columns:
                    self._columns[path][model] = tables.line_of(fold.stamp, _column_of(fold, path))
                    made[path] += len(fold.facts)
        for path in made:
            if made[path] >= least:
                tables.write(self._cache, layout.column(path), self._columns[path])

    def found(self) -> list[VersionLine]:
        """Returns the versions that are meant."""
        places = self._places()
        found = [(model, place) for model, of_model in places.items() for place in of_model]
        if self._query.sort is not None:
            values = chain.from_iterable(self._values(self._query.sort.path, places).values())
            found = [found[at] for at in self._query.sort.order(list(values))]
        return self._lines(found[: self._query.limit])

    def _places(self) -> Mapping[str, Sequence[int]]:
        """Returns the places of the versions that are meant, by model."""
        found: dict[str, Sequence[int]] = {model: range(count) for model, count in self._counts.items()}
        for path, test, words in self._query.terms:
            if words:
                column = self._columns[path]
                found = {model: tables.having(column[model], places, words) for model, places in found.items()}
            tested = zip(found.items(), self._values(path, found).values(), strict=True)
            kept = ((model, list(compress(places, map(test, values)))) for (model, places), values in tested)
            found = {model: places for model, places in kept if places}
        return found

    def _values(self, path: str, places: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        """Returns the values at some places by model."""
        column = self._columns[path]
        if sum(map(len, places.values())) * _SPARSE < sum(self._counts[model] for model in places):
            values = iter(tables.picked((column[model], of_model) for model, of_model in places.items()))
            return {model: list(islice(values, len(of_model))) for model, of_model in places.items()}
        lines = tables.values([column[model] for model in places])
        return {
            model: [values[place] for place in of_model]
            for (model, of_model), values in zip(places.items(), lines, strict=True)
        }

    def _lines(self, found: Sequence[tuple[str, int]]) -> list[VersionLine]:
        places: dict[str, list[int]] = {}
        for model, place in found:
            places.setdefault(model, []).append(place)
        rows = self._values(_LINES, places)
        by_place = {model: dict(zip(of_model, rows[model], strict=True)) for model, of_model in places.items()}
        return [_line_of(self._models[model].name, by_place[model][place]) for model, place in found]


def _column_of(fold: Fold, path: str) -> Iterator[Any]:
    return (fact.row if path == _LINES else value_at(fact.sheet, path) for fact in fold.facts)


def _line_of(name: str, row: Sequence[Any]) -> VersionLine:
    brief, metrics = row
    return VersionLine(name, Brief._make(brief), metrics)


def _stamp(digest: str) -> str:
    return digest[:DIGEST_START]
