"""Owns searches over all versions: fact by fact out of tables in the cache, or sheet by sheet; both find the same.

A *column* is a table of one fact: for each model the values of its versions, the greatest version first. A line of it
is of one fold: its stamp is how the digest of the model's last event begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress, islice, repeat
from typing import Any, NamedTuple

from mlreg.domain.events import REGISTERED
from mlreg.domain.listing import Brief, Summary, VersionLine, brief_of, briefs_of
from mlreg.domain.names import folded
from mlreg.domain.query import Query, Test
from mlreg.domain.recall import DIGEST_START
from mlreg.domain.sheet import Sheet, sheet_of, shown_metrics, value_at
from mlreg.domain.state import ModelState
from mlreg.errors import MlregError
from mlreg.ports import Cache
from mlreg.store import layout, tables
from mlreg.store.cards import Cards
from mlreg.store.history import History

COLUMNS_FROM = 256
COLUMNS_OF_ONE = 4  # times as many, as it takes to read the lines of all models for one
SNAPSHOT_AFTER = 8
RENEWED_EVENTS_MAX = 64
_LINES = "lines"
_SPARSE = 4  # of so many values one must be wanted, or they are decoded one by one
Places = Mapping[str, Sequence[int]]


class Fact(NamedTuple):
    """One version as a search sees it: the sheet, and what a listing says of it."""

    sheet: Sheet
    row: list[Any]


class Fold(NamedTuple):
    """The versions of a model after one event; `stamp` is how the digest of that event begins.

    `versions` are all of them, the greatest first, `registered` too, in that order; `facts` those that were looked at,
    of which `added` were not there before.
    """

    name: str
    stamp: str
    versions: Sequence[str]
    registered: Sequence[str]
    facts: Mapping[str, Fact]
    added: Collection[str]

    @property
    def news(self) -> int:
        """How much in it is new, to tell whether a table is worth being written: of a few versions these, else all."""
        return len(self.versions if len(self.facts) >= SNAPSHOT_AFTER else self.facts)


class Hits(NamedTuple):
    """What a search found; `faults` says by name which models it passed over since they are damaged, and why."""

    lines: list[VersionLine]
    faults: Mapping[str, MlregError]


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

    def found(self, query: Query, summaries: Sequence[Summary]) -> Hits:
        """Returns the versions that `query` means, of the models `summaries`, in its order."""
        least = self._columns_from * (1 if query.model is None else COLUMNS_OF_ONE)
        if self._cache is None or sum(summary.versions for summary in summaries) < least:
            return self.read(query, summaries)
        columns = _Columns(self._cache, query, summaries)
        faults = columns.fill(self.fold, self._columns_from)
        return Hits(columns.found(), faults)

    def read(self, query: Query, summaries: Sequence[Summary]) -> Hits:
        """Returns the same as `found` does, sheet by sheet."""
        lines, values, path = [], [], query.sort.path if query.sort else None
        faults = dict[str, MlregError]()
        for summary in summaries:
            try:
                facts = self.fold(summary.name).facts
            except MlregError as error:
                faults[summary.name] = error
                continue
            for sheet, row in facts.values():
                if query.matches(sheet):
                    lines.append(_line_of(summary.name, row))
                    values.append(value_at(sheet, path) if path else None)
            if path is None and query.limit is not None and len(lines) >= query.limit:
                break
        order = query.sort.order(values) if query.sort else range(len(lines))
        return Hits([lines[place] for place in order[: query.limit]], faults)

    def fold(self, model: str, since: Collection[str] = ()) -> Fold:
        """Returns the versions of a model as they stand now.

        Args:
            since: Stamps of earlier folds. Where all are of the last `RENEWED_EVENTS_MAX` events, `facts` are of those
                versions only that are not as they were in every one of them.
        """
        state = self._history.state(model, snapshot_after=SNAPSHOT_AFTER)
        news = self._news(state, since) if since else None
        briefs = briefs_of(state) if news is None else [brief_of(state.versions[name]) for name in news]
        facts = {}
        for brief, said in zip(briefs, self._cards.said(state.spelling, briefs), strict=True):
            row = [brief._replace(late={}, notes=()), shown_metrics(said.shown, brief.late)]
            facts[brief.version] = Fact(sheet_of(state.spelling, brief, said.card), row)
        names = [*facts] if news is None else state.versions.names_in_order()
        added = facts.keys() if news is None else {name for name, is_new in news.items() if is_new}
        return Fold(state.spelling, _stamp(state.head_digest or ""), names, list(state.versions), facts, added)

    def _news(self, state: ModelState, since: Collection[str]) -> dict[str, bool] | None:
        """Returns the versions that an event has changed after any of the folds `since`, and whether it made them.

        None where that is long ago.
        """
        left, news = {*since} - {_stamp(state.head_digest or "")}, dict[str, bool]()
        events = islice(self._history.backwards(state), RENEWED_EVENTS_MAX)
        while left and (event := next(events, None)):
            for version in event.versions:
                news[version] = news.get(version, False) or (event.kind == REGISTERED and version == event.version)
            left.discard(_stamp(event.previous or ""))
        return None if left else news


class _Columns:
    """One search out of columns."""

    def __init__(self, cache: Cache, query: Query, summaries: Sequence[Summary]) -> None:
        self._cache = cache
        self._query = query
        self._models = {folded(summary.name): summary for summary in summaries}
        self._counts = {model: summary.versions for model, summary in self._models.items()}
        self._columns = {path: tables.read(cache, layout.column(path)) for path in [*query.paths, _LINES]}

    def fill(self, fold_of: Callable[[str, Collection[str]], Fold], least: int) -> dict[str, MlregError]:
        """Makes anew what is of an older fold: a whole model at a time, or places would not agree.

        Columns of which at least `least` values are new are kept; a line counts whole where a few of its values are.
        Models that are damaged are passed over; returns by name what is wrong with them.
        """
        made: Counter[str] = Counter()
        faults = dict[str, MlregError]()
        for model, summary in self._models.items():
            stamp = _stamp(summary.head_digest)
            lines = {path: column.get(model) for path, column in self._columns.items()}
            stale = [path for path, line in lines.items() if line is None or line.stamp != stamp]
            if stale:
                known = {line.stamp for line in lines.values() if line}
                try:
                    fold = fold_of(summary.name, known if None not in lines.values() else ())
                except MlregError as error:
                    faults[summary.name] = error
                    del self._counts[model]
                    continue
                self._counts[model] = len(fold.versions)
                for path in stale if fold.stamp == stamp else self._columns:
                    self._columns[path][model] = _renewed(lines[path], fold, path)
                    made[path] += fold.news
        for path in made:
            if made[path] >= least:
                tables.write(self._cache, layout.column(path), self._columns[path])
        return faults

    def found(self) -> list[VersionLine]:
        """Returns the versions that are meant."""
        places, sort, limit = self._places(), self._query.sort, self._query.limit
        if sort is None:
            return [*self._lines(places if limit is None else _by_model(islice(_each(places), limit)))]
        found, values = [*_each(places)], chain.from_iterable(self._values(sort.path, places).values())
        found = [found[at] for at in sort.order([*values])[:limit]]
        places = _by_model(found)
        lines = dict(zip(_each(places), self._lines(places), strict=True))
        return [lines[one] for one in found]

    def _places(self) -> Places:
        """Returns the places of the versions that are meant, by model."""
        found: Places = {model: range(count) for model, count in self._counts.items() if count}
        for path, test, words in self._query.terms:
            found = self._having(path, words, found, test) if words else self._tested(path, found, test)
        return found

    def _having(self, path: str, words: Sequence[str], places: Places, test: Test) -> Places:
        """Returns those of `places` at which a text has all `words`, which is what `test` tells."""
        column = self._columns[path]
        needles = tables.needles_of(words, column.values())
        hits = {model: tables.having(column[model], needles) for model in places}
        found: Places = {model: sorted({*at}.intersection(places[model])) for model, at in hits.items() if at}
        doubtful = {model: at for model, at in found.items() if tables.has_escapes(column[model])}
        tested = self._tested(path, doubtful, test)
        return {model: tested.get(model, ()) if model in doubtful else at for model, at in found.items()}

    def _tested(self, path: str, places: Places, test: Test) -> Places:
        """Returns those of `places` at which `test` is true of the value."""
        if self._are_few(places):
            found = {
                model: [*compress(places[model], map(test, values))]
                for model, values in self._values(path, places).items()
            }
        else:
            flags = iter(tables.tested([self._columns[path][model] for model in places], test))
            of_models = {model: [*islice(flags, self._counts[model])] for model in places}
            found = {model: [place for place in at if of_models[model][place]] for model, at in places.items()}
        return {model: at for model, at in found.items() if at}

    def _values(self, path: str, places: Places) -> dict[str, list[Any]]:
        """Returns the values at some places by model."""
        column = self._columns[path]
        if self._are_few(places):
            values = tables.picked((column[model], of_model) for model, of_model in places.items())
            return {model: list(islice(values, len(of_model))) for model, of_model in places.items()}
        lines = tables.values([column[model] for model in places])
        return {
            model: [values[place] for place in of_model]
            for (model, of_model), values in zip(places.items(), lines, strict=True)
        }

    def _are_few(self, places: Places) -> bool:
        return sum(map(len, places.values())) * _SPARSE < sum(self._counts[model] for model in places)

    def _lines(self, places: Places) -> Iterator[VersionLine]:
        """Yields what a listing says of the versions at some places."""
        column = self._columns[_LINES]
        self._columns = {_LINES: column}  # the others are not asked again, and may be as large as all lines together
        names = chain.from_iterable(repeat(self._models[model].name, len(at)) for model, at in places.items())
        return map(_line_of, names, tables.picked((column[model], at) for model, at in places.items()))


def _each(places: Places) -> Iterator[tuple[str, int]]:
    return ((model, place) for model, of_model in places.items() for place in of_model)


def _by_model(found: Iterable[tuple[str, int]]) -> Places:
    places: dict[str, list[int]] = {}
    for model, place in found:
        places.setdefault(model, []).append(place)
    return places


def _renewed(line: tables.Line | None, fold: Fold, path: str) -> tables.Line:
    """Returns the line of a column after `fold`; what that did not look at is as in `line`."""
    values = {name: fact.row if path == _LINES else value_at(fact.sheet, path) for name, fact in fold.facts.items()}
    if line is None or len(values) == len(fold.versions):
        return tables.line_of(fold.stamp, [values[name] for name in fold.versions])
    return tables.renewed(line, fold.stamp, fold.versions, values, added=fold.registered[tables.length(line) :])


def _line_of(name: str, row: Sequence[Any]) -> VersionLine:
    brief, metrics = row
    return VersionLine(name, Brief._make(brief), metrics)


def _stamp(digest: str) -> str:
    return digest[:DIGEST_START]
