"""A search out of columns finds what a search sheet by sheet finds, whatever happened before it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from growing import Garden, random_moves

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.adapters.caches.memory import MemoryCache
from mlreg.domain.listing import VersionLine
from mlreg.domain.query import Query
from mlreg.store import layout
from mlreg.store.repository import Repository
from mlreg.store.search import Search

MODELS = ("fraud", "risk/Churn", "zeta")
QUERIES: list[dict[str, Any]] = [
    {},
    {"limit": 7},
    {"stage": "production"},
    {"stage": "archived", "sort": "-metrics.auc"},
    {"tags": ["gold"], "deprecated": False},
    {"tags": ["gold", "tabular"], "sort": "registered_at", "limit": 5},
    {"owner": "ann@x.org"},
    {"owner": "cy@x.org", "framework": "xgboost"},
    {"increment": "0007"},
    {"deprecated": True, "search": "leaks"},
    {"where": ["metrics.auc>0.6"], "sort": "metrics.top.5", "limit": 3},
    {"where": ["metrics.latency<=40ms", "metrics.auc!=0.9"]},
    {"where": ["params.lr<0.05"], "sort": "-version"},
    {"where": ["params.deep.er=true"]},
    {"where": ["params.deep.er>2", "stage!=archived"]},
    {"where": ["meta.team=late"]},
    {"where": ["meta.runs=2", "version>=2"], "limit": 1},
    {"search": "black friday"},
    {"search": "STRASSE"},
    {"search": '"quoted"'},
    {"search": "\\n"},
    {"search": "seen ann", "sort": "owner"},
    {"search": "nowhere"},
    {"model": "risk/Churn", "where": ["metrics.auc>=0.5"], "sort": "-metrics.latency"},
    {"sort": "-metrics.latency"},
    {"sort": "params.lr", "limit": 11},
    {"sort": "tags"},
    {"sort": "meta.runs"},
]


SAID: dict[int, MemoryCache] = {}


class Counted(MemoryCache):
    """A cache that counts what is put there."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[str] = []

    def put(self, key: str, data: bytes) -> None:
        self.puts.append(key)
        super().put(key, data)


def documents(lines: list[VersionLine]) -> list[Any]:
    return [json.loads(json.dumps([line.name, line.document()])) for line in lines]


def slowly(plants: Garden, query: Query) -> list[Any]:
    """Looks at every sheet; what records say is read once in all tests."""
    return searched(plants, SAID.setdefault(id(plants), MemoryCache()), query, columns_from=10**9)


def searched(plants: Garden, cache: MemoryCache | None, query: Query, *, columns_from: int = 1) -> list[Any]:
    repository = Repository(plants.repository.backend, cache)
    summaries = [one for one in repository.summaries() if query.model in (None, one.name)]
    search = Search(repository.history, repository.cards, cache, columns_from=columns_from)
    return documents(search.found(query, summaries).lines)


@pytest.fixture(scope="module", params=range(2))
def grown(request: pytest.FixtureRequest) -> tuple[Garden, MemoryCache]:
    """Three models of random pasts, and a cache that was asked all questions before the last third of that."""
    plants, cache = Garden(Repository(MemoryBackend())), Counted()
    for part in range(3):
        for number, model in enumerate(MODELS):
            plants.grow(model, random_moves(100 * request.param + 10 * part + number, 40))
        if part < 2:
            for wish in QUERIES:
                searched(plants, cache, Query.parse(**wish))
    assert layout.column("stage") in cache.puts
    return plants, cache


@pytest.mark.parametrize("wish", QUERIES, ids=json.dumps)
def test_columns_and_sheets_agree(grown: tuple[Garden, MemoryCache], wish: dict[str, Any]) -> None:
    plants, cache = grown
    query = Query.parse(**wish)
    expected = slowly(plants, query)
    assert searched(plants, cache, query) == expected
    assert searched(plants, cache, query) == expected


def test_without_a_cache_the_same_is_found(grown: tuple[Garden, MemoryCache]) -> None:
    plants = grown[0]
    for wish in QUERIES[::5]:
        query = Query.parse(**wish)
        assert searched(plants, None, query) == searched(plants, MemoryCache(), query) == slowly(plants, query)


def test_the_questions_do_find_something(grown: tuple[Garden, MemoryCache]) -> None:
    plants, _ = grown
    counts = [len(slowly(plants, Query.parse(**wish))) for wish in QUERIES]
    assert sum(count > 0 for count in counts) > len(QUERIES) * 0.8


def test_columns_that_know_all_are_not_written_again(grown: tuple[Garden, Counted]) -> None:
    plants, cache = grown
    query = Query.parse(where=["metrics.auc>0.6"], stage="production")
    searched(plants, cache, query)
    cache.puts.clear()
    searched(plants, cache, query)
    assert cache.puts == []


def test_one_event_makes_only_the_lines_of_its_model_anew(grown: tuple[Garden, Counted]) -> None:
    plants, cache = grown
    query = Query.parse(stage="production")
    searched(plants, cache, query)
    plants.grow("fraud", random_moves(4711, 5))
    cache.puts.clear()
    assert searched(plants, cache, query, columns_from=40) == slowly(plants, query)
    assert layout.column("stage") not in cache.puts


def test_a_fold_since_another_looks_only_at_what_has_changed(grown: tuple[Garden, Counted]) -> None:
    plants, _ = grown
    search = Search(plants.repository.history, plants.repository.cards, None)
    before = search.fold("zeta")
    plants.grow("zeta", [("set", 1), ("note", 2)])
    after, whole = search.fold("zeta", {before.stamp}), search.fold("zeta", {before.stamp, "sha256:of-another-branch"})
    changed = {name: fact for name, fact in whole.facts.items() if before.facts.get(name) != fact}
    assert after.facts == changed
    assert 1 <= len(changed) <= 2
    assert (after.stamp, after.versions) == (whole.stamp, whole.versions)


def test_a_small_repository_has_no_columns() -> None:
    plants, cache = Garden(Repository(MemoryBackend())), Counted()
    plants.grow("fraud", random_moves(1, 60))
    searched(plants, cache, Query.parse(stage="production"), columns_from=256)
    assert layout.column("stage") not in cache.puts


@pytest.mark.parametrize("columns_from", [1, 10**9])
def test_a_model_that_is_damaged_hides_no_other(columns_from: int) -> None:
    plants = Garden(Repository(MemoryBackend()))
    for model in ("a", "b", "c"):
        plants.grow(model, [("register", 1), ("register", 2)])
    key = next(iter(plants.repository.backend.list(f"{layout.CATALOG}/b")))
    plants.repository.backend.delete(key)
    repository = Repository(plants.repository.backend, MemoryCache())
    search = Search(repository.history, repository.cards, MemoryCache(), columns_from=columns_from)
    for query in (Query.parse(), Query.parse(sort="version"), Query.parse(stage="development")):
        hits = search.found(query, repository.summaries())
        assert {line.name for line in hits.lines} == {"a", "c"}
        assert [(name, key in fault.message) for name, fault in hits.faults.items()] == [("b", True)]
