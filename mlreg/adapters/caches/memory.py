"""Owns the cache in memory: for tests, and for repositories that have no directory."""

from __future__ import annotations

import os

from mlreg.ports import Cache


def connect(location: str | os.PathLike[str]) -> Cache:
    """Returns a cache of its own, whatever `location` is."""
    return MemoryCache()


class MemoryCache:
    """Keeps derived data as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Returns what was put under `key`, or None."""
        return self._kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`."""
        self._kept[key] = data
