"""Whatever becomes of the cache, the answers are those that there are without one."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from growing import Garden, random_moves

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.adapters.caches.local import LocalCache
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.repository import Repository

MODELS = [f"team/model-{number}" for number in range(20)]
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def answers(backend: MemoryBackend, cache: Path | None) -> list[Any]:
    """Returns what all that looks answers, each in a registry of its own, as a process has it."""

    def registry() -> Registry:
        return Registry(Repository(backend, LocalCache(cache) if cache else None), actor="ann", now=lambda: NOW)

    return [
        registry().list().document(),
        registry().versions("deep").document(),
        registry().versions(MODELS[0]).document(),
        registry().info("deep").document(),
        registry().info(MODELS[1] + "@latest").document(),
        registry().find(stage="production").document(),
        registry().find(where=["metrics.auc>0.6", "params.lr<0.5"], sort="-metrics.top.5", limit=9).document(),
        registry().find(search="friday").document(),
        registry().promote("deep", "latest", to="staging", dry_run=True).document(),
        registry().history("deep").document(),
        registry().impact("deep@latest").document(),
        registry().impact(data_set="day-7").document(),
        registry().impact(feature="f3").document(),
        registry().best("deep").document(),
    ]


@pytest.fixture(scope="module")
def backend() -> MemoryBackend:
    """Twenty models and one with a long history."""
    plants = Garden(Repository(MemoryBackend()))
    for number, model in enumerate(MODELS):
        plants.grow(model, [("register", 40 * number + one) for one in range(18)])
    plants.grow("deep", random_moves(1, 500))
    backend = plants.repository.backend
    assert isinstance(backend, MemoryBackend)
    return backend


@pytest.fixture(scope="module")
def truth(backend: MemoryBackend) -> list[Any]:
    return answers(backend, None)


@pytest.fixture(scope="module")
def warm(backend: MemoryBackend, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which everything was asked for."""
    cache = tmp_path_factory.mktemp("warm")
    answers(backend, cache)
    answers(backend, cache)
    assert {"models", "snapshots", "cards", "columns"} <= {path.name for path in (cache / layout.DERIVED).iterdir()}
    return cache


@pytest.fixture
def cache(warm: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(warm, tmp_path / "cache"))


def files(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


def flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def blanked(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes(len(data[place : place + 512])) + data[place + 512 :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "flipped": flipped,
    "flipped at the front": lambda data, chance: flipped(data[:300], chance) + data[300:],
    "blanked": blanked,
    "truncated": lambda data, chance: data[: chance.randrange(len(data))],
    "empty": lambda data, chance: b"",
    "longer": lambda data, chance: data + chance.randbytes(40),
    "noise": lambda data, chance: chance.randbytes(len(data)),
    "doubled": lambda data, chance: data + data,
    "without the digest": lambda data, chance: data[64:],
    "resealed as an empty table": lambda data, chance: b"0" * 64 + b"\n{}\n",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))])
def test_files_that_are_damaged_are_as_good_as_none(
    backend: MemoryBackend, truth: list[Any], cache: Path, damage: str, seed: int
) -> None:
    chance = random.Random(f"{damage} {seed}")
    for path in chance.sample(files(cache), len(files(cache)) // 2):
        path.write_bytes(DAMAGES[damage](path.read_bytes(), chance))
    assert answers(backend, cache) == truth
    assert answers(backend, cache) == truth


def test_files_that_took_the_place_of_others_are_as_good_as_none(
    backend: MemoryBackend, truth: list[Any], cache: Path
) -> None:
    found = files(cache)
    contents = [path.read_bytes() for path in found]
    random.Random(1).shuffle(contents)
    for path, content in zip(found, contents, strict=True):
        path.write_bytes(content)
    assert answers(backend, cache) == truth


def a_directory(path: Path) -> None:
    path.mkdir()


def a_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def a_loop(path: Path) -> None:
    path.symlink_to(path)


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [a_directory, a_link, a_loop, a_pipe])
def test_what_is_no_file_is_not_read(
    backend: MemoryBackend, truth: list[Any], cache: Path, make: Callable[[Path], None]
) -> None:
    for path in files(cache):
        path.unlink()
        make(path)
    assert answers(backend, cache) == truth


def test_what_others_left_half_written_does_not_stay_in_the_way(
    backend: MemoryBackend, truth: list[Any], cache: Path
) -> None:
    for path in files(cache):
        staged = path.with_name(path.name + ".new")
        staged.write_bytes(path.read_bytes()[:100])
        os.utime(staged, (1, 1))
        path.unlink()
    assert answers(backend, cache) == truth
    assert answers(backend, cache) == truth
    assert [path for path in files(cache) if path.name.endswith(".new")] == []


@pytest.mark.parametrize("make", [Path.touch, a_link, a_pipe])
def test_a_cache_that_cannot_be_written_is_not_missed(
    backend: MemoryBackend, truth: list[Any], tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "cache")
    assert answers(backend, tmp_path / "cache") == truth


def test_a_cache_of_long_ago_is_caught_up_with(tmp_path: Path) -> None:
    plants = Garden(Repository(MemoryBackend()))
    backend, caches = plants.repository.backend, []
    assert isinstance(backend, MemoryBackend)
    for model in [*MODELS, "deep"]:
        plants.grow(model, [("register", number) for number in range(14)])
    for turn in range(3):
        plants.grow("deep", random_moves(turn, 90))
        plants.grow(MODELS[turn], random_moves(turn, 12))
        caches.append(tmp_path / str(turn))
        answers(backend, caches[-1])
    truth = answers(backend, None)
    assert [answers(backend, cache) == truth for cache in caches] == [True] * 3
