"""Owns how a fold is put into rows, and recalled from rows that are read only when something asks for them.

A row is JSON-compatible and of one version, or one tenure. Of an event it has the number, a few facts, and how its
digest begins: the rest is read again from the event, and held against that.
"""

from __future__ import annotations

from bisect import insort_left
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence, Sequence
from typing import Any, Protocol, TypeVar, cast, overload

from mlreg.domain.events import Event
from mlreg.domain.listing import Brief, brief_of
from mlreg.domain.semver import Version
from mlreg.domain.state import Deprecation, Drop, Standing, Tenure, Versions
from mlreg.errors import UsageError

DIGEST_START = len("sha256:") + 16
Row = list[Any]
ReadEvent = Callable[["RecalledEvent"], Event]
T = TypeVar("T")


class RecalledEvent:
    """Stands for an event of which only a few facts are at hand; the others are read when they are asked for."""

    __slots__ = ("_read", "_whole", "actor", "at", "digest_start", "kind", "number")

    def __init__(self, row: Row, read: ReadEvent) -> None:
        self.number, self.kind, self.at, self.actor, self.digest_start = row
        self._read = read
        self._whole: Event | None = None

    def whole(self) -> Event:
        """Returns the event itself."""
        if self._whole is None:
            self._whole = self._read(self)
        return self._whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole(), name)

    def __eq__(self, other: object) -> bool:
        return self.whole() == (other.whole() if isinstance(other, RecalledEvent) else other)

    __hash__ = None  # type: ignore[assignment]  # as an event, which has a mapping in it


class Store(Protocol):
    """Has the rows of one model as they were after some event; reads what it is asked for."""

    def names(self) -> Sequence[str]:
        """Returns the versions in the order in which they were registered: their places count from 0."""
        ...

    def order(self) -> Sequence[int]:
        """Returns the places of the versions, the least first; of equals the one that was registered last."""
        ...

    def standing(self, place: int) -> Standing:
        """Returns where the version at `place` stood."""
        ...

    def rows(self) -> Sequence[Row]:
        """Returns the rows of all versions."""
        ...

    def places_of_facts(self, facts: str) -> Iterable[int]:
        """Returns the places of versions whose stated facts may have the digest `facts`, all of those that have."""
        ...


class RecalledVersions(Versions):
    """The versions of a model out of a store, and what has become of them since."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self._names = list(store.names())
        self._places = {name: place for place, name in enumerate(self._names)}

    def __getitem__(self, version: str) -> Standing:
        standing = self._kept.get(version)
        if standing is None:
            standing = self._kept[version] = self.store.standing(self._places[version])
        return standing

    def __setitem__(self, version: str, standing: Standing) -> None:
        self._kept[version] = standing
        if self._places.setdefault(version, len(self._names)) == len(self._names):
            self._names.append(version)

    def __contains__(self, version: object) -> bool:
        return version in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def touched(self, place: int) -> Standing | None:
        """Returns where the version at `place` stands, or None while it is as it is in the store."""
        return self._kept.get(self._names[place])

    def names_in_order(self) -> list[str]:
        """Returns all versions, the greatest first."""
        order = [self._names[place] for place in self.store.order()]
        for name in self._names[len(order) :]:
            insort_left(order, name, key=lambda text: Version.parse(text).precedence)
        return order[::-1]

    def in_order(self) -> Sequence[Standing]:
        """Returns all versions, the greatest first; each is read when it is looked at."""
        return _InOrder(self, self.names_in_order())

    def registered_as(self, facts: str) -> Standing | None:
        """Returns the greatest version whose stated facts have the digest `facts`, or None."""
        places = {*self.store.places_of_facts(facts), *(self._places[name] for name in self._kept)}
        standings = (self[self._names[place]] for place in sorted(places))
        found = (standing for standing in standings if standing.facts == facts)
        return max(found, key=lambda standing: standing.version.precedence, default=None)

    def unread(self) -> Mapping[str, Sequence[Any]]:
        """Returns what listings say of those that nobody has looked at yet."""
        rows = self.store.rows()
        return {name: rows[place][0] for name, place in self._places.items() if name not in self._kept}


class _InOrder(Sequence[Standing]):
    def __init__(self, versions: Versions, names: list[str]) -> None:
        self._versions = versions
        self._names = names

    @overload
    def __getitem__(self, at: int) -> Standing: ...
    @overload
    def __getitem__(self, at: slice) -> list[Standing]: ...
    def __getitem__(self, at: int | slice) -> Standing | list[Standing]:
        if isinstance(at, slice):
            return [self._versions[name] for name in self._names[at]]
        return self._versions[self._names[at]]

    def __iter__(self) -> Iterator[Standing]:
        return (self._versions[name] for name in self._names)

    def __len__(self) -> int:
        return len(self._names)


class RecalledList(MutableSequence[T]):
    """A list of which only the length is known until something looks into it; adding at its end is not looking."""

    def __init__(self, length: int, read: Callable[[], list[T]]) -> None:
        self._length = length
        self._read: Callable[[], list[T]] | None = read
        self._items: list[T] = []

    @property
    def added(self) -> list[T] | None:
        """What was added since, as long as nothing else was done; None where more was."""
        return self._items if self._read else None

    def _all(self) -> list[T]:
        if self._read:
            self._items = [*self._read(), *self._items]
            self._read = None
        return self._items

    def append(self, value: T) -> None:
        """Adds `value` at the end."""
        self._items.append(value)

    def insert(self, index: int, value: T) -> None:
        """Puts `value` before `index`."""
        self._all().insert(index, value)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> MutableSequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | MutableSequence[T]:
        return self._all()[at]

    def __setitem__(self, at: int | slice, value: Any) -> None:
        self._all()[at] = value

    def __delitem__(self, at: int | slice) -> None:
        del self._all()[at]

    def __iter__(self) -> Iterator[T]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._items) + (self._length if self._read else 0)

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, RecalledList) else other)

    __hash__ = None  # type: ignore[assignment]


def row_of(standing: Standing) -> Row:
    """Returns the row of a version that stands so: first what listings say of it."""
    return [
        list(brief_of(standing)[1:]),
        event_row(standing.registered),
        None if standing.moved is standing.registered else event_row(standing.moved),
        standing.replaced_by,
        standing.content,
        standing.facts,
        [event_row(event) for event in standing.notes],
    ]


def standing_of(version: str, row: Row, read: ReadEvent) -> Standing:
    """Returns where `version`, whose row it is, stands.

    Raises:
        ValueError: It is no row of a version.
    """
    try:
        listed, registered, moved, replaced_by, content, facts, notes = row
        brief, first = Brief(version, *listed), _event(registered, read)
        if not all(isinstance(text, str) for text in (brief.stage, brief.record, content, facts, *brief.tags)):
            raise TypeError("a text is none")
        return Standing(
            version=Version.parse(version),
            record=brief.record,
            content=content,
            facts=facts,
            registered=first,
            stage=brief.stage,
            moved=_event(moved, read) if moved else first,
            replaced_by=replaced_by,
            tags=tuple(brief.tags),
            deprecated=Deprecation(**brief.deprecated) if brief.deprecated else None,
            late=dict(brief.late),
            notes=[_event(note, read) for note in notes],
            held=brief.held,
            dropped=Drop(**brief.dropped) if brief.dropped else None,
        )
    except (TypeError, UsageError) as error:
        raise ValueError(f"not a row of a version: {error}") from error


def tenure_row(tenure: Tenure) -> Row:
    """Returns the row of a tenure."""
    return [tenure.holder, tenure.moment, event_row(tenure.event)]


def tenure_of(row: Row, read: ReadEvent) -> Tenure:
    """Returns the tenure whose row it is."""
    holder, moment, event = row
    return Tenure(holder, moment, _event(event, read))


def event_row(event: Event | RecalledEvent) -> Row:
    """Returns what a row has of an event."""
    start = event.digest_start if isinstance(event, RecalledEvent) else event.digest[:DIGEST_START]
    return [event.number, event.kind, event.at, event.actor, start]


def is_recalled_rightly(recalled: RecalledEvent, event: Event) -> bool:
    """Whether `event` is the one that `recalled` stands for."""
    return event_row(recalled) == event_row(event)


def _event(row: Row, read: ReadEvent) -> Event:
    return cast(Event, RecalledEvent(row, read))
