"""Owns random access to a stream: any range of it, from any thread."""

from __future__ import annotations

import io
import os
from threading import Lock
from typing import BinaryIO, Protocol

from mlreg.ports import Bytes


class FileAccess:
    """Reads ranges of an open file; the place where the stream stands does not matter and does not change."""

    def __init__(self, stream: BinaryIO) -> None:
        self._file = stream.fileno()
        self._name = getattr(stream, "name", None)
        self.size_bytes = os.fstat(self._file).st_size

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Returns `size_bytes` from `offset` on; fewer only at the end."""
        try:
            data = os.pread(self._file, size_bytes, offset)
            while 0 < len(data) < size_bytes and offset + len(data) < self.size_bytes:
                more = os.pread(self._file, size_bytes - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from error
        return data

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills `buffer` from `offset` on and returns how much that was; less than it takes only at the end."""
        done = 0
        try:
            while done < len(buffer) and (count := os.preadv(self._file, [buffer[done:]], offset + done)):
                done += count
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from error
        return done


class StreamAccess:
    """Reads ranges of a seekable stream that is no file, one thread at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = Lock()
        self.size_bytes = stream.seek(0, 2)

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Returns `size_bytes` from `offset` on; fewer only at the end."""
        with self._lock:
            self._stream.seek(offset)
            return self._stream.read(size_bytes)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills `buffer` from `offset` on and returns how much that was; less than it takes only at the end."""
        data = self.read_at(offset, len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Access(Protocol):
    """Random access to bytes."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""

    def read_at(self, offset: int, size_bytes: int) -> Bytes:
        """Returns `size_bytes` from `offset` on; fewer only at the end."""

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills `buffer` from `offset` on and returns how much that was; less than it takes only at the end."""


def access(stream: BinaryIO) -> Access:
    """Returns random access to `stream`."""
    try:
        return FileAccess(stream)
    except (OSError, io.UnsupportedOperation, AttributeError):
        return StreamAccess(stream)


def filled(source: Access, offset: int, buffer: memoryview) -> memoryview:
    """Returns the part of `buffer` that could be filled from `offset` on."""
    return buffer[: source.read_into(offset, buffer)]
