"""Of a long history the newest events, and those of one version, are found without reading all of them."""

from __future__ import annotations

from typing import Any, BinaryIO

import pytest
from growing import Garden, random_moves

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.adapters.caches.memory import MemoryCache
from mlreg.domain.why import story
from mlreg.errors import IntegrityError
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.repository import Repository

MODEL = "deep/Model"


class CountingBackend(MemoryBackend):
    """Counts the events that are opened, and loses one where it is told to."""

    opened = 0
    lost: str | None = None

    def open(self, key: str) -> BinaryIO:
        self.opened += key.startswith(layout.HISTORY)
        if key == self.lost:
            raise FileNotFoundError(key)
        return super().open(key)


@pytest.fixture
def backend() -> CountingBackend:
    """The bytes of a repository with a model of some hundred events."""
    backend = CountingBackend()
    Garden(Repository(backend)).grow(MODEL, random_moves(5, 400))
    return backend


@pytest.fixture
def registry(backend: CountingBackend) -> Registry:
    """A registry whose cache knows the model."""
    registry = Registry(Repository(backend, MemoryCache()), actor="ann")
    registry.info(MODEL)
    backend.opened = 0
    return registry


def documents(events: Any) -> list[Any]:
    return [event.document() for event in events]


def test_the_newest_are_those_at_the_end_of_all(registry: Registry, backend: CountingBackend) -> None:
    newest = documents(registry.history(MODEL, limit=20).events)
    assert backend.opened <= 22
    assert newest == documents(registry.history(MODEL).events)[-20:]
    promotions = documents(registry.history(MODEL, limit=3, kinds=["promoted"]).events)
    assert promotions == documents(registry.history(MODEL, kinds=["promoted"]).events)[-3:]
    assert documents(registry.history(MODEL, limit=9999).events) == documents(registry.history(MODEL).events)


def test_what_is_about_a_version_is_what_a_look_at_everything_finds(backend: CountingBackend) -> None:
    history = Repository(backend).history
    state, events = history.state(MODEL), [*history.events(MODEL)]
    for version in state.versions:
        assert documents(story(history.about(state, version), version)) == documents(story(events, version))


def test_why_of_a_version_reads_nothing_from_before_it(registry: Registry, backend: CountingBackend) -> None:
    newest = [event for event in registry.history(MODEL).events if event.kind == "registered"][-1]
    head = registry.history(MODEL).events[-1].number
    backend.opened = 0
    registry.why(f"{MODEL}@{newest.version}")
    assert backend.opened < head - newest.number + 30 < head / 2


@pytest.mark.parametrize("words", [{"limit": 20}, {"limit": 2, "kinds": ["registered"]}])
def test_an_event_that_is_missing_among_the_newest_is_told(registry: Registry, backend: CountingBackend, words) -> None:
    backend.lost = layout.event(MODEL, registry.history(MODEL).events[-1].number - 1)
    with pytest.raises(IntegrityError, match="is missing"):
        registry.history(MODEL, **words)


def test_an_event_that_does_not_follow_is_told(registry: Registry, backend: CountingBackend) -> None:
    head = registry.history(MODEL).events[-1].number
    other = Repository(CountingBackend())
    garden = Garden(other)
    garden.grow(MODEL, random_moves(6, 400))
    backend.delete(layout.event(MODEL, head - 3))
    with other.backend.open(layout.event(MODEL, head - 3)) as stream:
        backend.create(layout.event(MODEL, head - 3), [stream.read()])
    with pytest.raises(IntegrityError, match="does not follow"):
        registry.history(MODEL, limit=20)
