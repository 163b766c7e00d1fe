"""A snapshot and the events after it say the same as all events."""

from __future__ import annotations

from dataclasses import fields

import pytest
from growing import MOVES, Garden, Move, plain, random_moves, told
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.adapters.caches.memory import MemoryCache
from mlreg.domain.state import ModelState, Seat, Standing
from mlreg.errors import IntegrityError
from mlreg.store import layout
from mlreg.store.history import SNAPSHOT_AFTER, History
from mlreg.store.pages import Pages
from mlreg.store.repository import Repository

laws = settings(derandomize=True, deadline=None, max_examples=40)
stories = st.lists(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 10**6)), max_size=25), max_size=5)


def garden() -> Garden:
    return Garden(Repository(MemoryBackend()))


def cached(plants: Garden, cache: MemoryCache) -> History:
    return History(plants.repository.backend, cache)


@laws
@given(stories, st.integers(1, 20))
def test_it_says_the_same_however_often_it_was_taken(story: list[list[Move]], after: int) -> None:
    plants, cache = garden(), MemoryCache()
    for moves in story:
        plants.grow("fraud", moves)
        state = cached(plants, cache).state("fraud", snapshot_after=after)
        assert told(state) == told(plants.repository.history.state("fraud"))


@pytest.mark.parametrize("seed", range(3))
def test_it_says_the_same_over_many_pages(seed: int) -> None:
    plants, cache = garden(), MemoryCache()
    for turn in range(4):
        plants.grow("fraud", [("register", seed * 1000 + turn * 100 + number) for number in range(90)])
        plants.grow("fraud", random_moves(seed * 10 + turn, 60))
        state = cached(plants, cache).state("fraud", snapshot_after=30)
        assert told(state) == told(plants.repository.history.state("fraud"))
    assert Pages(cache.get(layout.snapshot("fraud")) or b"", None).count("versions") > 256


def test_the_way_forward_is_not_forgotten() -> None:
    plants, cache = garden(), MemoryCache()
    plants.grow("fraud", [("register", number) for number in range(80)])
    plants.grow("fraud", [("rollback", number) for number in range(6)])
    state = cached(plants, cache).state("fraud")
    assert any(seat.forward for seat in cached(plants, cache).state("fraud").seats.values())
    assert told(cached(plants, cache).state("fraud")) == told(state)


def test_what_a_snapshot_knows_of_can_be_changed_like_anything_else() -> None:
    plants, cache = garden(), MemoryCache()
    plants.grow("fraud", random_moves(5, 200))
    cached(plants, cache).state("fraud")
    plants.grow("fraud", random_moves(6, 40))
    recalled = cached(plants, cache).state("fraud")
    assert recalled.head > SNAPSHOT_AFTER
    plants.states["fraud"] = recalled
    plants.grow("fraud", random_moves(7, 100))
    assert plain(recalled) == plain(plants.repository.history.state("fraud"))


def test_a_short_history_leaves_nothing_in_the_cache() -> None:
    plants, cache = garden(), MemoryCache()
    plants.grow("fraud", random_moves(1, 40))
    assert 0 < cached(plants, cache).state("fraud").head < SNAPSHOT_AFTER
    assert cache.get(layout.snapshot("fraud")) is None


def test_every_field_of_a_state_is_thought_of() -> None:
    # a new one goes into `mlreg.domain.recall` and `mlreg.store.snapshots`, and raises `layout.DERIVED`
    named = {kind.__name__: {field.name for field in fields(kind)} for kind in (ModelState, Standing, Seat)}
    assert named == {
        "ModelState": {
            "spelling", "head", "head_digest", "moment", "updated_at", "versions", "seats", "aliases", "tags",
            "said",
        },
        "Standing": {
            "version", "record", "content", "facts", "registered", "stage", "moved", "replaced_by", "tags",
            "deprecated", "late", "notes", "held", "dropped",
        },
        "Seat": {"holder", "path", "forward", "tenures"},
    }  # fmt: skip


@pytest.fixture
def long() -> tuple[Garden, MemoryCache]:
    """A history of more than a hundred events, and a cache that has seen all of them."""
    plants, cache = garden(), MemoryCache()
    plants.grow("fraud", random_moves(3, 250))
    cached(plants, cache).state("fraud")
    return plants, cache


def taken_back(plants: Garden, count: int) -> list[str]:
    head = plants.repository.history.state("fraud").head
    keys = [layout.event("fraud", number) for number in range(head - count + 1, head + 1)]
    for key in keys:
        plants.repository.backend.delete(key)
    return keys


@pytest.mark.parametrize("count", [1, 2, 30])
def test_events_that_the_cache_has_seen_and_that_are_gone_are_missed(
    long: tuple[Garden, MemoryCache], count: int
) -> None:
    plants, cache = long
    last = taken_back(plants, count)[-1]
    with pytest.raises(IntegrityError, match=f"{last} is missing and was here before") as caught:
        cached(plants, cache).state("fraud")
    assert caught.value.stable_code == "event-missing"
    assert "delete `.mlreg/cache`" in str(caught.value.hint)
    assert cached(plants, MemoryCache()).state("fraud").head > 0


def test_another_history_of_the_same_length_is_noticed(long: tuple[Garden, MemoryCache]) -> None:
    plants, cache = long
    taken_back(plants, 3)
    plants.states["fraud"] = plants.repository.history.state("fraud")
    plants.grow("fraud", [("note", number) for number in range(9)])
    with pytest.raises(IntegrityError, match="is another event than was here before"):
        cached(plants, cache).state("fraud")


def test_an_event_that_is_missing_before_another_is_noticed_behind_a_snapshot(
    long: tuple[Garden, MemoryCache],
) -> None:
    plants, cache = long
    gap = plants.states["fraud"].head + 1
    plants.grow("fraud", [("note", number) for number in range(5)])
    plants.repository.backend.delete(layout.event("fraud", gap))
    with pytest.raises(IntegrityError, match=f"{layout.event('fraud', gap)} is missing"):
        cached(plants, cache).state("fraud")


def test_an_old_event_that_became_another_is_not_taken_for_it(long: tuple[Garden, MemoryCache]) -> None:
    plants, cache = long
    state = cached(plants, cache).state("fraud")
    standing = next(iter(state.versions.values()))
    key, other = layout.event("fraud", standing.registered.number), layout.event("fraud", state.head)
    with plants.repository.backend.open(other) as stream:
        data = stream.read()
    plants.repository.backend.delete(key)
    plants.repository.backend.create(key, [data])
    with pytest.raises(IntegrityError, match="is another event than was here before"):
        _ = standing.registered.id
