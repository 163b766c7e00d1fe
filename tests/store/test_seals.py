"""Files of the cache tell whether they are what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlreg.registry import Registry
from mlreg.store import seals


@pytest.fixture
def cached(tmp_path: Path) -> list[Path]:
    """The files in the cache of a repository in which all that is cached was asked for."""
    registry = Registry.init(tmp_path, actor="ann")
    (tmp_path / "model.bin").write_bytes(b"weights")
    for number in range(70):
        registry.register("fraud", tmp_path / "model.bin", version=f"1.{number}.0", metrics={"auc": number})
    registry.find(where=["metrics.auc>3"])
    registry.versions("fraud")
    registry.info("fraud")
    registry.list()
    return [path for path in (tmp_path / ".mlreg/cache").rglob("*") if path.is_file()]


def test_every_file_that_is_cached_is_whole(cached):
    assert len({path.parent for path in cached}) > 1
    assert [path for path in cached if not seals.is_whole(path.read_bytes())] == []


def test_a_byte_that_changed_shows(cached):
    for path in cached:
        data = path.read_bytes()
        for place in {0, 70, len(data) // 2, len(data) - 1} & set(range(len(data))):
            assert not seals.is_whole(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]), (path, place)


@pytest.mark.parametrize("data", [b"", b"\n", b"sha256:00\nx", b"0" * 64 + b"\n", b"0" * 70 + b"\n"])
def test_what_was_never_written_is_not_whole(data):
    assert not seals.is_whole(data)
