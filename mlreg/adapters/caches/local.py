"""Owns the cache in a directory: written whole by renaming, never synced, never missed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from time import time

from mlreg.ports import Cache

MAX_BYTES = 1 << 30
STAGING_S = 60


def connect(location: str | os.PathLike[str]) -> Cache:
    """Returns the cache in the directory `location`."""
    return LocalCache(location)


class LocalCache:
    """Keeps derived data below the directory `root`, as long as it can be written."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.fspath(root)

    def get(self, key: str) -> bytes | None:
        """Returns what was put under `key`, or None; what else lies there is not read."""
        try:
            # without O_NONBLOCK a FIFO in the way would wait for a writer for ever
            file = os.open(f"{self._root}/{key}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(file, "rb") as stream:
                found = os.fstat(file)
                return stream.read() if stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES else None
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`, if that is possible and nobody else is about to."""
        path = f"{self._root}/{key}"
        staged = f"{path}.new"  # one name for all: what writers that were killed leave behind does not add up
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(staged, "xb") as stream:
                stream.write(data)
            os.rename(staged, path)
        except FileExistsError:
            self._forget(staged, older_than_s=STAGING_S)
        except OSError:
            self._forget(staged)

    def _forget(self, path: str, *, older_than_s: float = 0) -> None:
        # it was never made, is being made by another, or nothing can be written here at all
        with suppress(OSError):
            if not older_than_s or abs(time() - os.lstat(path).st_mtime) > older_than_s:
                os.unlink(path)
