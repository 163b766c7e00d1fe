"""Every cache, found by name, keeps the promises of `mlreg.ports.Cache`; the one on disk survives what lies there."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlreg import adapters
from mlreg.adapters.caches import local
from mlreg.ports import Cache


@pytest.fixture(params=adapters.names("caches"))
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    made: Cache = adapters.load("caches", request.param).connect(tmp_path / "cache")
    return made


def test_it_gives_back_what_was_put_last(cache: Cache) -> None:
    assert cache.get("1/a") is None
    cache.put("1/a", b"old")
    cache.put("1/a", b"new")
    assert (cache.get("1/a"), cache.get("1/b")) == (b"new", None)


def test_of_many_who_put_at_once_one_is_seen_whole(cache: Cache) -> None:
    contents = [bytes([number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: cache.put("1/a", content), contents * 4))
    assert cache.get("1/a") in contents


@pytest.fixture
def disk(tmp_path: Path) -> Cache:
    return local.connect(tmp_path)


def test_what_a_writer_that_is_at_work_has_begun_is_left_alone(disk: Cache, tmp_path: Path) -> None:
    (tmp_path / "a.new").write_bytes(b"half")
    disk.put("a", b"whole")
    assert (disk.get("a"), (tmp_path / "a.new").read_bytes()) == (None, b"half")


def test_what_a_killed_writer_has_begun_makes_way(disk: Cache, tmp_path: Path) -> None:
    (tmp_path / "a.new").write_bytes(b"half")
    os.utime(tmp_path / "a.new", (1, 1))
    disk.put("a", b"first")
    disk.put("a", b"second")
    assert (disk.get("a"), os.listdir(tmp_path)) == (b"second", ["a"])


def test_a_key_that_is_too_long_for_a_file_is_not_kept(disk: Cache) -> None:
    disk.put("a" * 300, b"x")
    assert disk.get("a" * 300) is None
