"""Owns what records say, gathered in the cache: one file for each model, so that listings open no record twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.domain.listing import Brief
from mlreg.domain.recall import DIGEST_START
from mlreg.domain.sheet import card_of
from mlreg.ports import Cache
from mlreg.store import layout
from mlreg.store.pages import PAGE_ROWS, Pages, PagesWriter, UnusableError

if TYPE_CHECKING:
    from mlreg.store.catalog import Catalog

_RECORDS, _SHOWN, _CARDS = "records", "shown", "cards"


class Said(NamedTuple):
    """What a record says, as far as listings and searches look at it: the metrics as they are shown, and its card."""

    shown: dict[str, Any]
    card: dict[str, Any]


class Cards:
    """What the records of a repository say."""

    def __init__(self, catalog: Catalog, cache: Cache | None) -> None:
        self._catalog = catalog
        self._cache = cache

    def shown(self, model: str, briefs: Sequence[Brief]) -> list[dict[str, Any]]:
        """Returns the metrics of the versions of a model as their records show them, one for each of `briefs`.

        Raises:
            IntegrityError: A record that has to be read is missing or damaged.
        """
        return [said.shown for said in self._gathered(model, briefs, (_SHOWN,))]

    def said(self, model: str, briefs: Sequence[Brief]) -> list[Said]:
        """Returns what the records of the versions of a model say, one for each of `briefs`.

        Raises:
            IntegrityError: A record that has to be read is missing or damaged.
        """
        return self._gathered(model, briefs, (_SHOWN, _CARDS))

    def _gathered(self, model: str, briefs: Sequence[Brief], lists: Sequence[str]) -> list[Said]:
        pages, known = self._known(model, lists, {brief.record[:DIGEST_START] for brief in briefs})
        new = {brief.record: self._read(model, brief) for brief in briefs if brief.record[:DIGEST_START] not in known}
        if new and self._cache:
            self._cache.put(layout.cards(model), _file(model, pages, new))
        known |= {record[:DIGEST_START]: said for record, said in new.items()}
        return [known[brief.record[:DIGEST_START]] for brief in briefs]

    def _known(self, model: str, lists: Sequence[str], wanted: set[str]) -> tuple[Pages | None, dict[str, Said]]:
        """Returns the file of a model, and what `lists` of it say of the records `wanted`, and of those beside them."""
        data = self._cache.get(layout.cards(model)) if self._cache else None
        if data is None:
            return None, {}
        try:
            pages = Pages(data, layout.cards(model))
            records = pages.rows(_RECORDS)
            numbers = sorted({at // PAGE_ROWS for at, record in enumerate(records) if record in wanted})
            near = [record for number in numbers for record in records[number * PAGE_ROWS :][:PAGE_ROWS]]
            rows = {name: [row for number in numbers for row in pages.page(name, number)] for name in lists}
            shown, cards = (rows.get(name, [{}] * len(near)) for name in (_SHOWN, _CARDS))
            return pages, dict(zip(near, map(Said, shown, cards), strict=True))
        except (UnusableError, ValueError, TypeError):
            return None, {}

    def _read(self, model: str, brief: Brief) -> Said:
        record = self._catalog.read_once(model, brief.version, brief.record)
        return Said(record.shown_metrics(), card_of(record))


def _file(model: str, pages: Pages | None, new: dict[str, Said]) -> bytes:
    try:
        return _grown(model, pages, new)
    except UnusableError:  # in a part that was not looked at
        return _grown(model, None, new)


def _grown(model: str, pages: Pages | None, new: dict[str, Said]) -> bytes:
    writer = PagesWriter()
    rows: dict[str, list[Any]] = {
        _RECORDS: [record[:DIGEST_START] for record in new],
        _SHOWN: [said.shown for said in new.values()],
        _CARDS: [said.card for said in new.values()],
    }
    for name, added in rows.items():
        if pages is None:
            writer.add_rows(name, added)
        else:
            writer.add(name, pages.count(name) + len(added), pages.grown(name, added))
    return writer.data(layout.cards(model), {})
