"""Owns bytes kept in this process's memory: a backend for tests and trials."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from threading import Lock
from typing import BinaryIO

from mlreg.adapters.backends._keys import check_key, check_prefix
from mlreg.ports import Backend, Bytes


def connect(location: str | os.PathLike[str]) -> Backend:
    """Returns a new empty backend, whatever `location` is."""
    return MemoryBackend()


class MemoryBackend:
    """Keeps bytes in a dictionary, as `mlreg.ports.Backend` says; threads may share it."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._lock = Lock()

    def open(self, key: str) -> BinaryIO:
        """Opens the bytes under `key` for reading."""
        check_key(key)
        try:
            return io.BytesIO(self._kept[key])
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key) from None

    def create(self, key: str | Callable[[], str], chunks: Iterable[Bytes]) -> bool:
        """Keeps `chunks` under `key` unless something is there, and returns whether it did."""
        if isinstance(key, str):
            check_key(key)
            if key in self._kept:
                return False
        content = b"".join(chunks)
        name = key if isinstance(key, str) else key()
        check_key(name)
        with self._lock:
            if name in self._kept:
                return False
            self._kept[name] = content
            return True

    def replace(self, key: str, chunks: Iterable[Bytes]) -> None:
        """Keeps `chunks` under `key` in place of what is there."""
        check_key(key)
        content = b"".join(chunks)
        with self._lock:
            self._kept[key] = content

    def link(self, key: str, path: str) -> bool:
        """Never can: there are no files."""
        return False

    def clone(self, key: str, file: int) -> bool:
        """Never can: there are no files."""
        return False

    def list(self, prefix: str) -> Iterator[str]:
        """Yields every key below the directory `prefix`, sorted."""
        check_prefix(prefix)
        directory = prefix and prefix + "/"
        with self._lock:
            return iter(sorted(key for key in self._kept if key.startswith(directory)))

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields the names of the directories directly in `prefix`, sorted."""
        start = prefix and prefix + "/"
        below = (key[len(start) :].partition("/") for key in self.list(prefix))
        return iter(sorted({name for name, mark, _ in below if mark}))

    def mark(self, key: str) -> str | None:
        """Returns the digest of the bytes under `key`, or None where there are none."""
        check_key(key)
        kept = self._kept.get(key)
        return None if kept is None else sha256(kept).hexdigest()

    def delete(self, key: str) -> None:
        """Removes `key` if it is there."""
        check_key(key)
        with self._lock:
            self._kept.pop(key, None)

    def settle(self, prefix: str) -> None:
        """Does nothing: what is done is done."""
        check_prefix(prefix)

    def removing(self) -> AbstractContextManager[bool]:
        """Always may: one process has nobody else to hold off."""
        return nullcontext(True)

    def together(self) -> AbstractContextManager[None]:
        """Puts nothing off: there is no disk."""
        return nullcontext()

    def sharing(self) -> AbstractContextManager[None]:
        """Does nothing: one process has no concurrent removal to hold off."""
        return nullcontext()
