"""Owns the history of a model as files: one event each, numbered, chained by digests, in canonical form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.domain.events import Draft, Event
from mlreg.domain.state import ModelState, apply
from mlreg.errors import ConflictError, IntegrityError, MissingError, UsageError
from mlreg.lazy import LazyModule
from mlreg.ports import Backend, Cache
from mlreg.store import codec, layout

if TYPE_CHECKING:
    from mlreg.domain import recall
    from mlreg.store import snapshots
else:
    recall = LazyModule("mlreg.domain.recall")
    snapshots = LazyModule("mlreg.store.snapshots")

EVENT_FORMAT = 1
SNAPSHOT_AFTER = 64
_FACTS: Mapping[str, type | UnionType] = {
    "number": int,
    **dict.fromkeys(("id", "model", "kind", "at", "actor"), str),
    **dict.fromkeys(("reason", "previous"), str | None),
}
_OWN_KEYS = ("format", "number", "id", "model", "kind", "at", "actor", "reason", "previous", "digest")


class Stamp(NamedTuple):
    """What makes an event of a draft: who, when, and a random id by which one knows one's own again."""

    id: str
    at: str
    actor: str


class Seen(NamedTuple):
    """An event that the cache has seen: number `number` of the model with that folded name."""

    model: str
    number: int
    digest: str


class History:
    """The events of every model of a repository.

    Args:
        cache: Where folds of long histories are kept, so that not all of their events are read each time.
    """

    def __init__(self, backend: Backend, cache: Cache | None = None) -> None:
        self._backend = backend
        self._cache = cache
        self._settled: dict[str, str | None] = {}  # by model the digest of the newest event that was synced here

    def models(self) -> list[str]:
        """Returns the folded names of all models, sorted; one whose first event was never written may be among them."""
        return [name for name in self._backend.folders(layout.HISTORY) if name != layout.REPOSITORY]

    def events(self, model: str) -> Iterator[Event]:
        """Yields the events of `model` from the first, each checked against its digest and the one before.

        Raises:
            IntegrityError: An event is missing, damaged, or does not follow the one before.
        """
        previous: Event | None = None
        # a listing during which others append may show an event without the one before: so they are opened in order
        numbers = map(layout.number_of_event, self._backend.list(layout.events(model)))
        for number in range(1, max((number or 0 for number in numbers), default=0) + 1):
            key = layout.event(model, number)
            event = self._checked(key)
            check_chain(key, event, previous)
            yield event
            previous = event

    def backwards(self, state: ModelState) -> Iterator[Event]:
        """Yields the events of a model from the one at the head of `state` down, each checked against the one after.

        Raises:
            IntegrityError: An event is missing, damaged, or not the one that the next was made after.
        """
        expected = state.head_digest
        for number in range(state.head, 0, -1):
            event = self._checked(layout.event(state.spelling, number))
            if event.digest != expected:
                raise _chain_broken(layout.event(state.spelling, number))
            yield event
            expected = event.previous

    def about(self, state: ModelState, version: str) -> Iterator[Event]:
        """Yields the events up to the head of `state` that are about `version` or replaced it, the first one first.

        Of others the text alone is looked at: a check of each is what `events` makes.

        Raises:
            IntegrityError: An event is missing, or one of those that are meant is damaged.
        """
        words = [f'"{effect}":"{version}"'.encode() for effect in ("version", "replaced")]
        for number in range(state.versions[version].registered.number, state.head + 1):
            key = layout.event(state.spelling, number)
            try:
                with self._backend.open(key) as stream:
                    data = stream.read()
            except FileNotFoundError:
                raise _missing(key) from None
            if any(word in data for word in words):
                event = event_from_bytes(data, key)
                check_place(key, event)
                yield event

    def state(self, model: str, *, snapshot_after: int = SNAPSHOT_AFTER) -> ModelState:
        """Returns where `model` stands; one that nobody registered has head 0.

        Args:
            snapshot_after: How many events may be replayed before the cache gets a new snapshot.

        Raises:
            IntegrityError: An event is missing, damaged, or does not follow the one before; or events are missing
                that the cache has seen.
        """
        state = self._recalled(model)
        recalled = state.head if state else 0
        if state is None:
            state = self._replayed(model, self.events(model))
        else:
            self.catch_up(state, model)
        if state.head - recalled >= snapshot_after:
            self._keep(model, state)
        return state

    def check_seen(self, model: str, number: int, digest: str) -> None:
        """Checks that event `number` of `model` is the one with `digest`, which the cache has seen.

        Raises:
            IntegrityError: It is missing, damaged or another one.
        """
        key = layout.event(model, number)
        try:
            event = self.read(key)
        except FileNotFoundError:
            raise _taken_back(key, "is missing and was here before", "event-missing") from None
        if event.digest != digest:
            raise _taken_back(key, "is another event than was here before", "chain-broken")

    def read(self, key: str) -> Event:
        """Returns the event at `key`.

        Raises:
            IntegrityError: Its bytes are not those of an event in canonical form with its own digest.
        """
        with self._backend.open(key) as stream:
            return event_from_bytes(stream.read(), key)

    def append(self, state: ModelState, model: str, draft: Draft, stamp: Stamp) -> Event:
        """Adds the event to the history of `model` after `state`, and returns it.

        Raises:
            ConflictError: Someone else has added that number meanwhile.
            OSError: The backend could not write; the event was added or it was not: read again to know.
        """
        data = event_bytes(state, model, draft, stamp)
        key = layout.event(model, state.head + 1)
        created = self._backend.create(key, [data])
        if not created and not self._is_there(key, data):
            other = self.read(key)
            raise ConflictError(
                f"{model} changed while you were at it: {other.actor} {other.kind} {other.version or ''}".rstrip(),
                hint=f"look at `mlreg history {model}`, then run the command again",
                facts={"model": model, "event": other.number},
                code="moved",
            )
        event = event_from_bytes(data, key)
        self._settled[model] = event.digest
        return event

    def catch_up(self, state: ModelState, model: str) -> None:
        """Replays the events that others have added after `state`.

        Raises:
            IntegrityError: An event is damaged, does not follow the one before, or is missing before another.
        """
        while (event := self._next(state, model)) is not None:
            state.spelling = event.model if event.number == 1 else state.spelling
            replay(state, event)

    def settle(self, model: str, state: ModelState) -> None:
        """Makes the events up to the head of `state` survive a loss of power, whoever added them.

        Before one says "done" without adding anything: who added the last one may have been killed before its name
        was safe.
        """
        if state.head and self._settled.get(model) != state.head_digest:
            self._backend.create(layout.event(model, state.head), [])
            self._settled[model] = state.head_digest

    def _next(self, state: ModelState, model: str) -> Event | None:
        key, beyond = layout.event(model, state.head + 1), layout.event(model, state.head + 2)
        try:
            event = self._read_or_none(key)
            if event is None and self._backend.mark(beyond) is not None:
                event = self.read(key)  # it may have come just before the one beyond
        except FileNotFoundError:
            raise _missing(key) from None
        if event is not None:
            check_place(key, event)
            if event.previous != state.head_digest:
                raise _chain_broken(key)
        return event

    def _checked(self, key: str) -> Event:
        """Returns the event at `key`, which has to be there and to say that it belongs there."""
        event = self._read_or_none(key)
        if event is None:
            raise _missing(key)
        check_place(key, event)
        return event

    def _read_or_none(self, key: str) -> Event | None:
        try:
            return self.read(key)
        except FileNotFoundError:
            return None

    def _replayed(self, model: str, events: Iterable[Event]) -> ModelState:
        state = ModelState(spelling=model)
        for event in events:
            if event.number == 1:
                state.spelling = event.model
            replay(state, event)
        return state

    def _recalled(self, model: str) -> ModelState | None:
        """Returns where `model` stood when the cache was written, or None where that does not say."""
        snapshot = layout.snapshot(model)
        data = self._cache.get(snapshot) if self._cache else None
        if data is None:
            return None

        def read(recalled: recall.RecalledEvent) -> Event:
            return self._again(model, recalled)

        def fold(number: int) -> ModelState:
            state = self._replayed(model, islice(self.events(model), number))
            self._keep(model, state)
            return state

        state = snapshots.recalled(data, snapshot, read=read, fold=fold)
        if state is not None:
            self.check_seen(model, state.head, state.head_digest or "")
        return state

    def _again(self, model: str, recalled: recall.RecalledEvent) -> Event:
        """Returns an event of which the cache has a few facts only."""
        key = layout.event(model, recalled.number)
        event = self._read_or_none(key)
        if event is None:
            raise _missing(key)
        if not recall.is_recalled_rightly(recalled, event):
            raise _taken_back(key, "is another event than was here before", "chain-broken")
        return event

    def _keep(self, model: str, state: ModelState) -> None:
        if self._cache:
            key = layout.snapshot(model)
            self._cache.put(key, snapshots.snapshot_bytes(state, key))

    def _is_there(self, key: str, data: bytes) -> bool:
        # an answer may be lost on the way; the random id makes our bytes unlike anybody else's
        with self._backend.open(key) as stream:
            return stream.read() == data


def event_bytes(state: ModelState, model: str, draft: Draft, stamp: Stamp) -> bytes:
    """Returns the bytes of the event that follows `state`."""
    body: dict[str, Any] = {
        **draft.effects,
        "format": EVENT_FORMAT,
        "number": state.head + 1,
        "id": stamp.id,
        "model": state.spelling or model,
        "kind": draft.kind,
        "at": stamp.at,
        "actor": stamp.actor,
        "reason": draft.reason,
        "previous": state.head_digest,
    }
    return codec.canonical_json({**body, "digest": codec.digest(codec.canonical_json(body))})


def event_from_bytes(data: bytes, key: str) -> Event:
    """Returns the event that `data`, the file at `key`, is.

    Raises:
        IntegrityError: It is not canonical, or not what its digest says.
        MissingError: Its format is newer than this mlreg.
    """
    body = _body(data, key)
    stated = body.pop("digest", None)
    # what is in canonical form stays so without a member; a digest cannot stand in what it is of
    if not isinstance(stated, str) or stated != codec.digest(data.replace(b'"digest":"%b",' % stated.encode(), b"", 1)):
        raise _damaged(key, "is not what its digest says")
    if not isinstance(body.get("format"), int):
        raise _damaged(key, "names no format")
    if body["format"] > EVENT_FORMAT:
        raise MissingError(
            f"{key} was written by a newer mlreg",
            hint="install the newest with `pip install -U mlreg`",
            code="newer-format",
        )
    for name, kind in _FACTS.items():
        if name not in body or not isinstance(body[name], kind):
            raise _damaged(key, f"has no {name}, or one of another type")
    return Event(
        number=body["number"],
        id=body["id"],
        model=body["model"],
        kind=body["kind"],
        at=body["at"],
        actor=body["actor"],
        reason=body["reason"],
        previous=body["previous"],
        digest=stated,
        effects={name: value for name, value in body.items() if name not in _OWN_KEYS},
    )


def check_place(key: str, event: Event) -> None:
    """Checks that `event`, the file at `key`, says that it belongs there.

    Raises:
        IntegrityError: It is of another model or number.
    """
    if layout.event(event.model, event.number) != key:
        raise _damaged(key, "is an event of another place")


def check_chain(key: str, event: Event, previous: Event | None) -> None:
    """Checks that `event`, the file at `key`, is the one after `previous` (None: the first).

    Raises:
        IntegrityError: It is not.
    """
    if event.previous != (previous.digest if previous else None):
        raise _chain_broken(key)


def replay(state: ModelState, event: Event) -> None:
    """Changes `state` into what it is after `event`.

    Raises:
        IntegrityError: Its effects do not fit what was before.
    """
    try:
        apply(state, event)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, UsageError) as error:
        key = layout.event(event.model, event.number)
        raise _damaged(key, f"does not fit the events before it ({type(error).__name__}: {error})") from error


def _body(data: bytes, key: str) -> dict[str, Any]:
    try:
        body = codec.parse_canonical_json(data, name=key)
    except (UsageError, ValueError) as error:
        raise _damaged(key, "is not in canonical form") from error
    if not isinstance(body, dict):
        raise _damaged(key, "is not in canonical form")
    return body


def _missing(key: str) -> IntegrityError:
    return IntegrityError(
        f"{key} is missing",
        hint="bring it back from a copy of the repository, then run `mlreg verify`",
        facts={"object": key},
        code="event-missing",
    )


def _taken_back(key: str, what: str, code: str) -> IntegrityError:
    return IntegrityError(
        f"{key} {what}",
        hint=f"bring it back from a copy, or delete `.mlreg/{layout.CACHE}` if the history was taken back on purpose",
        facts={"object": key},
        code=code,
    )


def _chain_broken(key: str) -> IntegrityError:
    return IntegrityError(
        f"{key} does not follow the event before it",
        hint="see all that is wrong with `mlreg verify`",
        facts={"object": key},
        code="chain-broken",
    )


def _damaged(key: str, what: str) -> IntegrityError:
    return IntegrityError(
        f"{key} {what}",
        hint="see all that is wrong with `mlreg verify`",
        facts={"object": key},
        code="event-damaged",
    )
