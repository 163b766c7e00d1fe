"""Owns snapshots of folds in the cache: where one model stood after some event; only later ones are replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from mlreg.domain.recall import (
    DIGEST_START,
    ReadEvent,
    RecalledList,
    RecalledVersions,
    Row,
    row_of,
    standing_of,
    tenure_of,
    tenure_row,
)
from mlreg.domain.state import ModelState, Seat, Standing, Tenure
from mlreg.store.pages import PAGE_ROWS, Pages, PagesWriter, UnusableError, page_bytes

Fold = Callable[[int], ModelState]
_NAMES, _ORDER, _ROWS, _FACTS = "names", "order", "versions", "facts"


class Sight(NamedTuple):
    """An event that has been seen: number `head` of its model, with the digest `digest`."""

    head: int
    digest: str


class Snapshot:
    """One model as it was after event `head`; its parts are decoded when they are asked for.

    Args:
        data: The file, kept under `key`.
        read: Reads an event again of which only a few facts are kept.
        fold: Replays the events up to a number; called when a part of the file turns out to be damaged.

    Raises:
        UnusableError: The file is not one that was written here.
    """

    def __init__(self, data: bytes, key: str, *, read: ReadEvent, fold: Fold) -> None:
        self._pages = Pages(data, key)
        self._read = read
        self._fold = fold
        try:
            self.sight = sight_of(self._pages)
            self._names = [_typed(str, name) for name in self._pages.rows(_NAMES)]
        except (LookupError, TypeError) as error:
            raise UnusableError from error

    def state(self) -> ModelState:
        """Returns the model as it was.

        Raises:
            UnusableError: The file is not one that was written here.
        """
        facts = self._pages.facts
        try:
            return ModelState(
                spelling=_typed(str, facts["spelling"]),
                head=self.sight.head,
                head_digest=self.sight.digest,
                moment=_typed(str, facts["moment"]),
                updated_at=_typed(str, facts["updated_at"]),
                versions=RecalledVersions(self),
                seats={stage: self._seat(stage, *seat) for stage, seat in facts["seats"].items()},
                aliases=dict(facts["aliases"]),
                tags=dict(facts["tags"]),
                said=dict(facts["said"]),
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise UnusableError from error

    def names(self) -> Sequence[str]:
        """Returns the versions in the order in which they were registered: their places count from 0."""
        return self._names

    def order(self) -> Sequence[int]:
        """Returns the places of the versions, the least first; of equals the one that was registered last."""
        try:
            order = self._pages.rows(_ORDER)
            return order if sorted(order) == [*range(len(self._names))] else _order(self._whole)
        except (UnusableError, TypeError):
            return _order(self._whole)

    def standing(self, place: int) -> Standing:
        """Returns where the version at `place` stood."""
        try:
            return standing_of(self._names[place], self.row(place), self._read)
        except (UnusableError, ValueError):
            return self._whole.versions[self._names[place]]

    def row(self, place: int) -> Row:
        """Returns the row of the version at `place`."""
        try:
            row: Row = self._page(place // PAGE_ROWS)[place % PAGE_ROWS]
            return row
        except UnusableError:
            return row_of(self._whole.versions[self._names[place]])

    def rows(self) -> Sequence[Row]:
        """Returns the rows of all versions."""
        try:
            return self._pages.rows(_ROWS)
        except UnusableError:
            return [row_of(standing) for standing in self._whole.versions.values()]

    def grown_rows(self, versions: RecalledVersions) -> Iterator[bytes]:
        """Yields the pages of the rows of `versions`, which came from here; those that did not change as they are."""
        for start in range(0, len(versions), PAGE_ROWS):
            places = range(start, min(start + PAGE_ROWS, len(versions)))
            if places.stop <= len(self._names) and len(places) == PAGE_ROWS and not any(map(versions.touched, places)):
                try:
                    yield self._pages.raw(_ROWS, start // PAGE_ROWS)
                    continue
                except UnusableError:
                    pass
            standings = ((place, versions.touched(place)) for place in places)
            yield page_bytes([row_of(standing) if standing else self.row(place) for place, standing in standings])

    def grown_facts(self, versions: RecalledVersions) -> list[str]:
        """Returns how the digests of the facts of `versions`, which came from here, begin."""
        try:
            known = self._pages.rows(_FACTS)
        except UnusableError:
            known = [standing.facts[:DIGEST_START] for standing in self._whole.versions.values()]
        touched = ((place, versions.touched(place)) for place in range(len(versions)))
        return [standing.facts[:DIGEST_START] if standing else known[place] for place, standing in touched]

    def places_of_facts(self, facts: str) -> Iterable[int]:
        """Returns the places of versions whose stated facts may have the digest `facts`, all of those that have."""
        try:
            starts = self._pages.rows(_FACTS)
        except UnusableError:
            return range(len(self._names))
        return [place for place, start in enumerate(starts) if start == facts[:DIGEST_START]]

    def _page(self, number: int) -> list[Row]:
        if self._last is None or self._last[0] != number:
            self._last = number, self._pages.page(_ROWS, number)
        return self._last[1]

    _last: tuple[int, list[Row]] | None = None

    def _seat(self, stage: str, holder: str | None, forward: list[str]) -> Seat:
        path, tenures = f"path {stage}", f"tenures {stage}"
        return Seat(
            holder=holder,
            path=RecalledList(self._pages.count(path), lambda: self._path(stage, path)),
            forward=list(forward),
            tenures=RecalledList(self._pages.count(tenures), lambda: self._tenures(stage, tenures)),
        )

    def _path(self, stage: str, name: str) -> list[str]:
        try:
            return self._pages.rows(name)
        except UnusableError:
            return list(self._whole.seats[stage].path)

    def _tenures(self, stage: str, name: str) -> list[Tenure]:
        try:
            return [tenure_of(row, self._read) for row in self._pages.rows(name)]
        except (UnusableError, TypeError, ValueError):
            return list(self._whole.seats[stage].tenures)

    @cached_property
    def _whole(self) -> ModelState:
        return self._fold(self.sight.head)


def recalled(data: bytes, key: str, *, read: ReadEvent, fold: Fold) -> ModelState | None:
    """Returns the model as it was when the file `data` under `key` was written, or None where that cannot be used."""
    try:
        return Snapshot(data, key, read=read, fold=fold).state()
    except UnusableError:
        return None


def sight_of(pages: Pages) -> Sight:
    """Returns up to which event a snapshot has seen its model.

    Raises:
        UnusableError: The file is not one that was written here.
    """
    try:
        return Sight(_typed(int, pages.facts["head"]), _typed(str, pages.facts["head_digest"]))
    except (LookupError, TypeError) as error:
        raise UnusableError from error


def snapshot_bytes(state: ModelState, key: str) -> bytes:
    """Returns the file of a snapshot of `state`, to be kept under `key`.

    What an older snapshot has and did not change is taken from it.
    """
    versions = state.versions
    writer = PagesWriter()
    writer.add_rows(_NAMES, list(versions))
    writer.add_rows(_ORDER, _order(state))
    if isinstance(versions, RecalledVersions) and isinstance(versions.store, Snapshot):
        writer.add(_ROWS, len(versions), versions.store.grown_rows(versions))
        writer.add_rows(_FACTS, versions.store.grown_facts(versions))
    else:
        writer.add_rows(_ROWS, [row_of(standing) for standing in versions.values()])
        writer.add_rows(_FACTS, [standing.facts[:DIGEST_START] for standing in versions.values()])
    for stage, seat in state.seats.items():
        writer.add_rows(f"path {stage}", list(seat.path))
        writer.add_rows(f"tenures {stage}", [tenure_row(tenure) for tenure in seat.tenures])
    return writer.data(
        key,
        {
            "head": state.head,
            "head_digest": state.head_digest,
            "spelling": state.spelling,
            "moment": state.moment,
            "updated_at": state.updated_at,
            "seats": {stage: [seat.holder, seat.forward] for stage, seat in state.seats.items()},
            "aliases": state.aliases,
            "tags": state.tags,
            "said": state.said,
        },
    )


def _order(state: ModelState) -> list[int]:
    places = {name: place for place, name in enumerate(state.versions)}
    return [places[name] for name in reversed(state.versions.names_in_order())]


def _typed(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
