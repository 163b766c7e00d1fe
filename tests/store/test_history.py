"""A history is a chain of files: any byte that changes is noticed and named, what is newer is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.domain.events import Draft, Event
from mlreg.domain.state import ModelState
from mlreg.errors import ConflictError, IntegrityError, MissingError, MlregError
from mlreg.store import codec, layout
from mlreg.store.history import History, Stamp, event_bytes, event_from_bytes

NEW = {
    "version": "1.0.0",
    "record": "sha256:a",
    "content": "sha256:b",
    "facts": "sha256:c",
    "from": None,
    "to": "development",
}
DRAFTS = [
    Draft("registered", NEW),
    Draft("tagged", {"version": "1.0.0", "tags": ["ä\u2028\0", "b"]}, "naïve\nreason"),
    Draft("tagged", {"version": "1.0.0", "tags": []}),
]
KEYS = [layout.event("fraud", number) for number in (1, 2, 3)]


def stamp(number: int, actor: str = "ann@example.org") -> Stamp:
    return Stamp(id=f"{number:032}", at=f"2026-01-05T09:0{number}:00.000000Z", actor=actor)


@pytest.fixture
def backend() -> MemoryBackend:
    """Keeps three events of the model `fraud`."""
    backend = MemoryBackend()
    history = History(backend)
    for number, draft in enumerate(DRAFTS, 1):
        history.append(history.state("fraud"), "fraud", draft, stamp(number))
    return backend


@pytest.fixture
def history(backend: MemoryBackend) -> History:
    return History(backend)


def read(backend: MemoryBackend, key: str) -> bytes:
    with backend.open(key) as stream:
        return stream.read()


def put(backend: MemoryBackend, key: str, data: bytes | None) -> None:
    backend.delete(key)
    if data is not None:
        backend.create(key, [data])


def resealed(data: bytes, **changes: Any) -> bytes:
    """Returns an event with some fields changed (`...` takes one away) and its own digest made right again."""
    body = {**json.loads(data), **changes}
    body = {name: value for name, value in body.items() if value is not ... and name != "digest"}
    return codec.canonical_json({**body, "digest": codec.digest(codec.canonical_json(body))})


def complaint(history: History) -> MlregError:
    with pytest.raises(MlregError) as caught:
        history.state("fraud")
    return caught.value


def test_events_are_numbered_and_each_names_the_one_before(history: History) -> None:
    events = list(history.events("fraud"))
    assert [event.number for event in events] == [1, 2, 3]
    assert [event.previous for event in events] == [None, events[0].digest, events[1].digest]


def test_an_event_is_read_as_it_was_appended(history: History) -> None:
    event = history.read(KEYS[1])
    assert (event.kind, event.reason, event.actor, event.at) == ("tagged", "naïve\nreason", *stamp(2)[:0:-1])
    assert event.effects == {"version": "1.0.0", "tags": ["ä\u2028\0", "b"]}


def test_a_file_is_one_line_that_a_person_and_git_can_read(backend: MemoryBackend) -> None:
    data = read(backend, KEYS[0])
    assert data.count(b"\n") == 1
    assert b'"kind":"registered"' in data


def test_the_state_is_the_fold_of_the_events(history: History) -> None:
    state = history.state("fraud")
    assert (state.spelling, state.head, state.versions["1.0.0"].tags) == ("fraud", 3, ())


def test_a_model_that_nobody_registered_has_no_events(history: History) -> None:
    assert history.state("churn").head == 0
    assert history.models() == ["fraud"]


def test_models_are_known_by_their_folded_names_and_keep_their_spelling(
    backend: MemoryBackend, history: History
) -> None:
    history.append(ModelState(), "Risk/Fraud", DRAFTS[0], stamp(1))
    backend.create("history/@repository/00000001.json", [b"x"])
    assert history.models() == ["fraud", "risk+fraud"]
    assert history.state("rIsK/FRAUD").spelling == "Risk/Fraud"


def test_no_byte_of_an_event_can_change(backend: MemoryBackend) -> None:
    data = read(backend, KEYS[1])
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        with pytest.raises(IntegrityError):
            event_from_bytes(bytes(changed), KEYS[1])


@pytest.mark.parametrize(
    "changed",
    [
        *[
            b"",
            b"{}",
            b"[]",
            b"null",
            b"1\n",
            b"\xff\xfe",
            b'{"a":' * 10_000,
            b"[" * 100_000,
            b'{"number":' + b"9" * 10_000 + b"}",
        ],
        *[b" ", b"\n", b"\0"],
    ],
    ids=lambda data: str(data[:12]),
)
def test_what_is_no_event_or_more_than_one_is_named(backend: MemoryBackend, changed: bytes) -> None:
    for data in (changed, read(backend, KEYS[1]) + changed, changed + read(backend, KEYS[1])):
        if data != read(backend, KEYS[1]):
            with pytest.raises(IntegrityError, match=KEYS[1]):
                event_from_bytes(data, KEYS[1])


def test_an_event_in_another_layout_is_not_canonical(backend: MemoryBackend) -> None:
    loose = json.dumps(json.loads(read(backend, KEYS[1])), indent=1).encode()
    with pytest.raises(IntegrityError, match="not in canonical form"):
        event_from_bytes(loose, KEYS[1])


@pytest.mark.parametrize(
    "changes",
    [
        *[{name: ...} for name in ("format", "number", "id", "model", "kind", "at", "actor", "reason", "previous")],
        *[
            {"format": "1"},
            {"format": None},
            {"number": "2"},
            {"number": 2.0},
            {"number": None},
            {"id": 5},
            {"model": None},
        ],
        *[{"model": ["fraud"]}, {"kind": {}}, {"at": 1767600000}, {"actor": None}, {"reason": 5}, {"previous": []}],
    ],
    ids=str,
)
def test_an_event_that_lacks_a_field_or_has_one_of_another_type_is_damaged(
    backend: MemoryBackend, changes: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError) as caught:
        event_from_bytes(resealed(read(backend, KEYS[1]), **changes), KEYS[1])
    assert (caught.value.stable_code, caught.value.facts) == ("event-damaged", {"object": KEYS[1]})


def test_an_event_of_a_newer_format_needs_a_newer_mlreg(backend: MemoryBackend) -> None:
    with pytest.raises(MissingError, match="written by a newer mlreg") as caught:
        event_from_bytes(resealed(read(backend, KEYS[1]), format=2), KEYS[1])
    assert caught.value.exit_code == 9


def test_what_a_newer_mlreg_has_added_to_an_event_is_kept_and_shown(backend: MemoryBackend) -> None:
    event = event_from_bytes(resealed(read(backend, KEYS[1]), colour={"hue": [1]}), KEYS[1])
    assert event.effects["colour"] == event.document()["colour"] == {"hue": [1]}


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_event_is_named(backend: MemoryBackend, number: int) -> None:
    put(backend, KEYS[number - 1], None)
    error = complaint(History(backend))
    assert (error.stable_code, error.facts) == ("event-missing", {"object": KEYS[number - 1]})


def test_that_the_newest_event_is_missing_nobody_can_know_who_has_not_seen_it(backend: MemoryBackend) -> None:
    put(backend, KEYS[2], None)
    assert History(backend).state("fraud").head == 2


def test_an_event_that_was_edited_and_sealed_again_breaks_the_chain_after_it(backend: MemoryBackend) -> None:
    put(backend, KEYS[1], resealed(read(backend, KEYS[1]), actor="eve@example.org"))
    error = complaint(History(backend))
    assert (error.stable_code, error.facts) == ("chain-broken", {"object": KEYS[2]})


@pytest.mark.parametrize(("source", "target"), [(0, 1), (1, 0), (2, 0), (1, 2)])
def test_an_event_in_the_place_of_another_is_named(backend: MemoryBackend, source: int, target: int) -> None:
    put(backend, KEYS[target], read(backend, KEYS[source]))
    error = complaint(History(backend))
    assert (error.stable_code, error.facts) == ("event-damaged", {"object": KEYS[target]})


def test_an_event_of_another_model_is_named(backend: MemoryBackend) -> None:
    put(backend, layout.event("churn", 1), read(backend, KEYS[0]))
    with pytest.raises(IntegrityError, match="is an event of another place"):
        History(backend).state("churn")


@pytest.mark.parametrize(
    "effects",
    [
        {"version": "9.9.9", "tags": []},
        {"version": "9.9.9", "to": "production", "from": None},
        {"tags": []},
        {"version": None, "deprecated": None},
        {"version": ["1.0.0"], "tags": []},
        {"version": "1.0.0", "tags": 5},
        {"version": "1.0.0", "deprecated": "yes"},
        {"version": "1.0.0", "deprecated": {}},
        {"version": "not semver", "record": "", "content": "", "facts": "", "to": "development"},
        {"version": "2.0.0", "record": ""},
        {"version": "1.0.0", "to": "archived", "replaced": "9.9.9", "replaced_to": "archived"},
        {"version": "1.0.0", "to": "staging", "replaced": "1.0.0"},
        {"paths": []},
        {"paths": {"production": 5}},
        {"paths": {"production": {"keep": "0", "push": [], "holder": None}}},
        {"paths": {"production": {"keep": 0, "push": None, "holder": None}}},
        {"paths": {"production": {}}},
    ],
    ids=str,
)
def test_effects_that_do_not_fit_what_was_before_are_named(backend: MemoryBackend, effects: dict[str, Any]) -> None:
    history = History(backend)
    history.append(history.state("fraud"), "fraud", Draft("strange", effects), stamp(4))
    error = complaint(history)
    assert isinstance(error, IntegrityError)
    assert error.facts == {"object": layout.event("fraud", 4)}


def test_what_else_lies_there_is_passed_over(backend: MemoryBackend, history: History) -> None:
    for name in ("00000000.json", "notes.txt", "00000004.json.tmp", "4.json", "000000004.json", "00000004.json/x"):
        backend.create(f"history/fraud/{name}", [b"stray"])
    assert history.state("fraud").head == 3


class Racy:
    """A backend whose listing was begun before the second of three events was there, and ended after the third."""

    def __init__(self, backend: MemoryBackend) -> None:
        self._backend = backend
        self.open = backend.open

    def list(self, prefix: str) -> Iterator[str]:
        return iter([key for key in self._backend.list(prefix) if key != KEYS[1]])


def test_a_listing_that_others_append_during_is_no_gap(backend: MemoryBackend) -> None:
    assert [event.number for event in History(Racy(backend)).events("fraud")] == [1, 2, 3]  # type: ignore[arg-type]


def test_a_number_can_be_taken_once_and_who_took_it_is_said(history: History) -> None:
    state = history.state("fraud")
    history.append(state, "fraud", Draft("tagged", {"version": "1.0.0", "tags": ["a"]}), stamp(4, "bo@example.org"))
    with pytest.raises(ConflictError, match=r"fraud changed while you were at it: bo@example\.org tagged 1\.0\.0"):
        history.append(state, "fraud", Draft("tagged", {"version": "1.0.0", "tags": ["b"]}), stamp(4))


def test_ones_own_event_is_no_conflict(history: History) -> None:
    state, draft = history.state("fraud"), Draft("tagged", {"version": "1.0.0", "tags": ["a"]})
    assert history.append(state, "fraud", draft, stamp(4)) == history.append(state, "fraud", draft, stamp(4))


def test_catching_up_replays_what_others_have_added(history: History) -> None:
    behind = ModelState()
    history.catch_up(behind, "fraud")
    assert behind == history.state("fraud")


def test_catching_up_with_another_history_breaks_the_chain(backend: MemoryBackend, history: History) -> None:
    state = history.state("fraud")
    state.head_digest = "sha256:0"
    other = event_bytes(history.state("fraud"), "fraud", DRAFTS[1], stamp(4))
    backend.create(layout.event("fraud", 4), [other])
    with pytest.raises(IntegrityError, match="does not follow the event before it"):
        history.catch_up(state, "fraud")


def test_settling_asks_for_the_last_event_to_be_safe_and_changes_nothing(backend: MemoryBackend) -> None:
    asked: list[str] = []

    class Recording(MemoryBackend):
        def create(self, key: str, chunks: Iterable[bytes]) -> bool:
            asked.append(key)
            return backend.create(key, chunks)

    before = read(backend, KEYS[2])
    History(Recording()).settle("fraud", History(backend).state("fraud"))
    assert (asked, read(backend, KEYS[2])) == ([KEYS[2]], before)


def test_a_document_of_an_event_says_everything_once(history: History) -> None:
    event: Event = history.read(KEYS[0])
    document = event.document()
    assert list(document)[:4] == ["number", "kind", "version", "at"]
    assert set(document) == {"number", "kind", "version", "at", "actor", "reason", "digest", "previous", *NEW}


class Synced(MemoryBackend):
    """Notes the keys that are made, or made to last."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    def create(self, key: Any, chunks: Iterable[Any]) -> bool:
        self.keys.append(key)
        return super().create(key, chunks)


def test_what_one_builds_on_is_made_to_last_once_and_what_others_added_too() -> None:
    backend = Synced()
    mine, theirs = History(backend), History(backend)
    for number, draft in enumerate(DRAFTS, 1):
        history = theirs if number == 2 else mine
        state = history.state("fraud")
        history.settle("fraud", state)
        history.append(state, "fraud", draft, stamp(number))
        history.settle("fraud", history.state("fraud"))
    first, second, third = KEYS
    assert backend.keys == [first, first, second, second, third]
