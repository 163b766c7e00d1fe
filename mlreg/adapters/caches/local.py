"""Owns the cache in a directory: written whole by renaming, never synced, never missed."""

from __future__ import annotations

import os

from mlreg.ports import Cache


def connect(location: str | os.PathLike[str]) -> Cache:
    """Returns the cache in the directory `location`."""
    return LocalCache(location)


class LocalCache:
    """Keeps derived data below the directory `root`, as long as it can be written."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.fspath(root)

    def get(self, key: str) -> bytes | None:
        """Returns what was put under `key`, or None."""
        try:
            with open(f"{self._root}/{key}", "rb") as stream:
                return stream.read()
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`, if that is possible."""
        path = f"{self._root}/{key}"
        staged = f"{path}.{os.getpid()}-{os.urandom(4).hex()}"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(staged, "xb") as stream:
                stream.write(data)
            os.rename(staged, path)
        except OSError:
            self._forget(staged)

    def _forget(self, path: str) -> None:
        try:
            os.unlink(path)
        except OSError:  # it was never made, or nothing can be written here at all
            return
