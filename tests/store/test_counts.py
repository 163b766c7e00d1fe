"""What looking and moving costs does not depend on how much there is: files are counted, not milliseconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from growing import Garden

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.adapters.caches.memory import MemoryCache
from mlreg.registry import Registry
from mlreg.store.repository import Repository

MODELS = 120
NOW = datetime(2026, 2, 1, tzinfo=UTC)


class CountingBackend(MemoryBackend):
    """Counts what is asked of it, by verb and first directory."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def open(self, key: str) -> BinaryIO:
        self.asked[f"open {key.split('/')[0]}"] += 1
        return super().open(key)

    def create(self, key: str, chunks: Iterable[bytes]) -> bool:
        self.asked[f"create {key.split('/')[0]}"] += 1
        return super().create(key, chunks)

    def list(self, prefix: str) -> Iterator[str]:
        self.asked[f"list {prefix}"] += 1
        return super().list(prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        names = sorted({key.split("/")[1] for key in self._kept if key.startswith(f"{prefix}/")})
        self.asked[f"folders {prefix}"] += 1
        return iter(names)

    def mark(self, key: str) -> str | None:
        self.asked["mark"] += 1
        return super().mark(key)


class Place:
    """A repository with a model of `versions` versions among many small ones, as it is after everything was asked."""

    def __init__(self, versions: int, models: int) -> None:
        self.backend, self.cache = CountingBackend(), MemoryCache()
        plants = Garden(Repository(self.backend))
        moves = [move for one in range(versions) for move in (("register", one), ("promote", one + 7), ("tag", one))]
        plants.grow("deep", moves)
        for number in range(models):
            plants.grow(f"model-{number:03}", [("register", 20 * number + one) for one in range(16)])
        self.ask_all()

    def ask_all(self) -> None:
        for _ in range(2):
            self.registry().list()
            self.registry().versions("deep")
            self.registry().info("deep")
            self.registry().find(where=["metrics.auc>0.6"], stage="staging")

    def registry(self) -> Registry:
        return Registry(Repository(self.backend, self.cache), actor="ann", now=lambda: NOW)

    def count(self) -> Counter[str]:
        """Returns what was asked since the last time."""
        asked, self.backend.asked = self.backend.asked, Counter()
        return asked


@pytest.fixture(scope="module")
def large() -> Place:
    """Some 3,000 versions: a deep model, and 120 others."""
    return Place(versions=1500, models=MODELS)


@pytest.fixture(scope="module")
def small() -> Place:
    return Place(versions=60, models=MODELS)


@pytest.fixture(autouse=True)
def from_here_on(large: Place, small: Place) -> None:
    large.count()
    small.count()


def test_it_is_large(large: Place) -> None:
    models = large.registry().list().models
    assert sum(summary.versions for summary in models) > 2500
    assert large.registry().history("deep").events[-1].number > 2000


def test_a_list_opens_no_event_and_looks_at_two_names_for_each_model(large: Place) -> None:
    large.registry().list()
    assert large.count() == {"folders history": 1, "mark": 2 * (MODELS + 1)}


def test_a_list_of_versions_opens_the_last_event_and_no_record(large: Place) -> None:
    large.registry().versions("deep")
    counted = large.count()
    assert (counted["open history"], counted["open catalog"], counted["list history/deep"]) == (2, 0, 0)


def test_info_opens_a_few_events_and_one_record(large: Place) -> None:
    large.registry().info("deep").document()
    counted = large.count()
    assert counted["open history"] <= 4
    assert (counted["open catalog"], counted["list history/deep"]) == (1, 0)


def test_a_search_opens_nothing(large: Place) -> None:
    assert large.registry().find(where=["metrics.auc>0.6"], stage="staging").versions
    counted = large.count()
    assert (counted["open history"], counted["open catalog"], counted["mark"]) == (0, 0, 2 * (MODELS + 1))


def test_a_commit_costs_the_same_after_many_events(large: Place, small: Place) -> None:
    for place in (large, small):
        registry = place.registry()
        holder, *_ = [line for line in registry.versions("deep").versions if line.brief.stage == "development"]
        place.count()
        place.registry().promote("deep", holder.version, to="staging")
        place.registry().promote("deep", holder.version, to="production")
        place.registry().rollback("deep")
    assert large.count() == small.count()


def test_after_a_commit_one_model_is_read_and_only_what_is_new(large: Place) -> None:
    large.registry().tag("model-007", "latest", tags=["new"])
    large.registry().list()
    large.count()
    large.registry().tag("model-007", "latest", tags=["newer"])
    before = large.count()["open history"]
    large.registry().list()
    counted = large.count()
    assert before <= 3
    assert (counted["open history"], counted["list history/model-007"]) <= (4, 0)
