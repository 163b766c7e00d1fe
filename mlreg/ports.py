"""Owns what is asked of the outside world: one Protocol for each kind of adapter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Backend(Protocol):
    """Keeps bytes under keys: `/`-separated relative paths such as `blobs/sha256/58/5891…`.

    Bytes under a key never change once they are there. Four verbs stream; `sharing` guards them against a
    concurrent removal of what nothing refers to yet.
    """

    def open(self, key: str) -> BinaryIO:
        """Opens the bytes under `key` for reading; the stream is seekable.

        Raises:
            FileNotFoundError: Nothing is kept under `key`.
            OSError: The backend could not read.
        """
        ...

    def create(self, key: str, chunks: Iterable[bytes]) -> bool:
        """Keeps `chunks` under `key` unless something is there, and returns whether it did.

        All or nothing: a reader, or a crash at any moment, never sees a part. On return the bytes *and the name*
        survive a loss of power, also where another process had made them: so `create` is what one calls for
        everything that one is about to rely on. `chunks` is not consumed where `key` is found at once.

        Raises:
            OSError: The backend could not write; nothing was added, or (only after a failing last step) all of it
                was: the caller reads again to know.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yields every key below the directory `prefix` (`""` for all), sorted; nothing where there is none."""
        ...

    def delete(self, key: str) -> None:
        """Removes `key`; nothing happens where it is not there.

        Raises:
            OSError: The backend could not write.
        """
        ...

    def sharing(self) -> AbstractContextManager[None]:
        """Holds off removal (gc) while bytes are being added that no event refers to yet.

        It dies with the process, blocks no other writer, and readers do not ask for it.
        """
        ...


class Cache(Protocol):
    """Keeps what can be derived again; losing any of it at any time loses nothing. Never raises."""

    def get(self, key: str) -> bytes | None:
        """Returns what was put under `key`, or None where nothing is, or it cannot be read."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`, in place of what was there, if that is possible."""
        ...
