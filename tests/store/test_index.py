"""A list out of the table of all models says what a list out of all histories says, or that something is gone."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from growing import Garden, plain, random_moves

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.adapters.caches.memory import MemoryCache
from mlreg.errors import IntegrityError
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.history import Stamp
from mlreg.store.repository import INDEXED_FROM, Repository, found

MODELS = [f"Model-{number:02}" for number in range(INDEXED_FROM + 4)]


@pytest.fixture
def plants() -> Garden:
    plants = Garden(Repository(MemoryBackend()))
    found(plants.repository, Stamp("0" * 32, "2026-01-01T00:00:00.000000Z", "ann@x.org"))
    for number, model in enumerate(MODELS):
        plants.grow(model, [("register", number), *random_moves(number, 12)])
    return plants


@pytest.fixture
def cache(plants: Garden) -> MemoryCache:
    """A cache that has seen all of them."""
    cache = MemoryCache()
    Repository(plants.repository.backend, cache).summaries()
    assert cache.get(layout.overview())
    return cache


def listed(plants: Garden, cache: MemoryCache | None) -> object:
    return plain(Repository(plants.repository.backend, cache).summaries())


def test_it_is_right_whatever_happened_since(plants: Garden, cache: MemoryCache) -> None:
    for turn in range(8):
        chance = random.Random(turn)
        for model in chance.sample([*MODELS, "new", "Another/new"], 3):
            plants.grow(model, [("register", turn), *random_moves(turn, 10)])
        assert listed(plants, cache) == listed(plants, None)
        assert listed(plants, cache) == listed(plants, None)


def test_names_are_listed_as_they_were_first_written(plants: Garden, cache: MemoryCache) -> None:
    names = [summary.name for summary in Repository(plants.repository.backend, cache).summaries()]
    assert names == sorted(MODELS, key=str.lower)


def last_key(plants: Garden, model: str) -> str:
    return layout.event(model, plants.repository.history.state(model).head)


def test_a_last_event_that_is_gone_is_named(plants: Garden, cache: MemoryCache) -> None:
    key = last_key(plants, MODELS[3])
    plants.repository.backend.delete(key)
    with pytest.raises(IntegrityError, match=f"{key} is missing and was here before"):
        listed(plants, cache)


def test_a_model_that_is_gone_is_named(plants: Garden, cache: MemoryCache) -> None:
    key = last_key(plants, MODELS[3])
    for one in list(plants.repository.backend.list(layout.events(MODELS[3]))):
        plants.repository.backend.delete(one)
    with pytest.raises(IntegrityError, match=f"{key} is missing and was here before"):
        listed(plants, cache)


def test_another_event_of_the_same_number_is_noticed(plants: Garden, cache: MemoryCache) -> None:
    key = last_key(plants, MODELS[3])
    plants.repository.backend.delete(key)
    plants.states = {}
    plants.states[layout.model_of_event(key) or ""] = plants.repository.history.state(MODELS[3])
    plants.grow(MODELS[3], [("note", number) for number in range(5)])
    with pytest.raises(IntegrityError, match=f"{key} is another event than was here before"):
        listed(plants, cache)


def registry(plants: Garden, cache: MemoryCache) -> Registry:
    return Registry(
        Repository(plants.repository.backend, cache), actor="ann", now=lambda: datetime(2026, 2, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("name", [None, MODELS[3]])
def test_verify_names_what_the_cache_has_seen_and_believes_it_in_nothing_else(
    plants: Garden, cache: MemoryCache, name: str | None
) -> None:
    key = last_key(plants, MODELS[3])
    before = registry(plants, cache).verify(name).problems
    plants.repository.backend.delete(key)
    found = [problem for problem in registry(plants, cache).verify(name).problems if problem not in before]
    assert [(problem.code, problem.object) for problem in found] == [("event-missing", key)]
    assert registry(plants, MemoryCache()).verify(name).problems == before


def test_verify_of_one_model_does_not_speak_of_others(plants: Garden, cache: MemoryCache) -> None:
    plants.repository.backend.delete(last_key(plants, MODELS[3]))
    assert registry(plants, cache).verify(MODELS[4]).ok


def test_a_model_that_is_damaged_hides_no_other(plants: Garden, cache: MemoryCache) -> None:
    key = last_key(plants, MODELS[3])
    plants.repository.backend.delete(key)
    for known in (cache, None):
        summaries, faults = Repository(plants.repository.backend, known).overview()
        names = [summary.name for summary in summaries]
        if known is None:  # that the newest event is missing only the cache can know
            assert (names, faults) == (MODELS, {})
        else:
            assert (names, [*faults]) == ([name for name in MODELS if name != MODELS[3]], [MODELS[3].lower()])


def test_a_model_that_is_damaged_is_named_each_time_until_it_is_mended(plants: Garden, cache: MemoryCache) -> None:
    key = last_key(plants, MODELS[3])
    with plants.repository.backend.open(key) as stream:
        event = stream.read()
    plants.repository.backend.delete(key)
    for turn in range(3):
        plants.grow(MODELS[5], [("note", turn)])  # which makes the table anew
        _, faults = Repository(plants.repository.backend, cache).overview()
        assert key in faults[MODELS[3].lower()].message
    plants.repository.backend.create(key, [event])
    assert Repository(plants.repository.backend, cache).overview()[1] == {}
