"""Owns bytes at an offset: of a file, of a window into another source, of a compressed stream."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, Protocol

from mlreg.scanning.limits import Budget
from mlreg.scanning.report import Halt

CHUNK_BYTES = 1 << 18
_KEPT_BYTES = 1 << 20
_LZMA_MEMORY_BYTES = 96 << 20


class Source(Protocol):
    """Bytes that can be read at any offset."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Returns `count` bytes from `offset`, fewer only at the end."""
        ...

    def size_bytes(self) -> int:
        """Returns how many there are."""
        ...


class FileSource:
    """The bytes of an open file.

    Args:
        stream: Binary, open for reading, seekable; nobody else moves its position meanwhile.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size_bytes = stream.seek(0, 2)

    def read_at(self, offset: int, count: int) -> bytes:
        """Returns `count` bytes from `offset`, fewer only at the end."""
        if offset >= self._size_bytes:
            return b""
        self._stream.seek(offset)
        data = self._stream.read(count)
        while data and len(data) < count and (more := self._stream.read(count - len(data))):
            data += more
        return data

    def size_bytes(self) -> int:
        """Returns how many there are."""
        return self._size_bytes


class Window:
    """`count` bytes of `source` from `start`."""

    def __init__(self, source: Source, start: int, count: int) -> None:
        self._source = source
        self._start = start
        self._count = max(0, min(count, source.size_bytes() - start))

    def read_at(self, offset: int, count: int) -> bytes:
        """Returns `count` bytes from `offset`, fewer only at the end."""
        return self._source.read_at(self._start + offset, min(count, max(0, self._count - offset)))

    def size_bytes(self) -> int:
        """Returns how many there are."""
        return self._count


_Decompressor = Callable[[], Any]
_LZMA_ERRORS = (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError)
KINDS: Final[Mapping[str, _Decompressor]] = {
    "zlib": zlib.decompressobj,
    "gzip": lambda: zlib.decompressobj(31),
    "deflate": lambda: zlib.decompressobj(-15),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY_BYTES),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY_BYTES),
}


class Inflated:
    """What a compressed source holds. Reading forwards is one pass; reading far backwards begins anew.

    Args:
        source: The compressed bytes.
        kind: One of `KINDS`.
        budget: What it may take.
        is_joined: Whether further streams may follow the first, as in a gzip file.
    """

    def __init__(self, source: Source, kind: str, budget: Budget, *, is_joined: bool = True) -> None:
        self._source = source
        self._kind = kind
        self._budget = budget
        self._is_joined = is_joined
        self._total_bytes: int | None = None
        self._rewind()

    def read_at(self, offset: int, count: int) -> bytes:
        """Returns `count` bytes from `offset`, fewer only at the end.

        Raises:
            Halt: It is damaged, or takes too long.
        """
        if self._total_bytes is not None and offset >= self._total_bytes:
            return b""
        if offset < self._start:
            self._rewind()
        while self._start + len(self._kept) < offset + count and self._grow():
            spare = min(offset - self._start, len(self._kept)) - _KEPT_BYTES
            if spare > 0:
                del self._kept[:spare]
                self._start += spare
        begin = offset - self._start
        return bytes(self._kept[begin : begin + count]) if begin >= 0 else b""

    def size_bytes(self) -> int:
        """Returns how many there are; this reads all of them."""
        while self._total_bytes is None:
            if len(self._kept) > 2 * _KEPT_BYTES:
                spare = len(self._kept) - _KEPT_BYTES
                del self._kept[:spare]
                self._start += spare
            self._grow()
        return self._total_bytes

    def _rewind(self) -> None:
        self._start = 0
        self._kept = bytearray()
        self._consumed = 0
        self._pending = b""
        self._decompressor = KINDS[self._kind]()

    def _grow(self) -> bool:
        """Adds what the next part of the input holds; returns False at the end."""
        self._budget.check()
        if self._decompressor.eof and not self._next_stream():
            self._total_bytes = self._start + len(self._kept)
            return False
        try:
            data = self._decompress()
            self._kept += data
            self._budget.add_inflated(len(data))
        except _LZMA_ERRORS as error:
            raise Halt("MLR330", f"its {self._kind} stream is damaged: {_first_line(error)}", self._consumed) from None
        return True

    def _decompress(self) -> bytes:
        machine = self._decompressor
        if not self._pending and getattr(machine, "needs_input", True):
            self._pending = self._source.read_at(self._consumed, CHUNK_BYTES)
            self._consumed += len(self._pending)
        is_last = not self._pending
        data: bytes = machine.decompress(self._pending, CHUNK_BYTES)
        if is_last and not data and not machine.eof and getattr(machine, "needs_input", True):
            raise EOFError("it ends too early")
        self._pending = machine.unconsumed_tail if hasattr(machine, "unconsumed_tail") else b""
        return data

    def _next_stream(self) -> bool:
        rest = self._decompressor.unused_data or self._pending
        following = rest or self._source.read_at(self._consumed, CHUNK_BYTES)
        if not following:
            return False
        if not self._is_joined:
            raise Halt("MLR311", f"bytes follow the end of its {self._kind} stream", self._consumed - len(rest))
        if not rest:
            self._consumed += len(following)
        if not following.strip(b"\0"):
            return self._is_padded()
        self._pending = following
        self._decompressor = KINDS[self._kind]()
        return True

    def _is_padded(self) -> bool:
        """Returns False where only zeros follow: that is the end.

        Raises:
            Halt: Something else follows the zeros.
        """
        while more := self._source.read_at(self._consumed, CHUNK_BYTES):
            self._consumed += len(more)
            if more.strip(b"\0"):
                raise Halt("MLR311", f"bytes follow the end of its {self._kind} stream", self._consumed - len(more))
        self._pending = b""
        return False


def is_zero(source: Source, offset: int, budget: Budget) -> bool:
    """Whether all of `source` from `offset` on are zeros."""
    while data := source.read_at(offset, CHUNK_BYTES):
        if data.strip(b"\0"):
            return False
        offset += len(data)
        budget.check(offset)
    return True


def read_all(source: Source, *, limit_bytes: int, what: str) -> bytes:
    """Returns all of `source`.

    Raises:
        Halt: It is longer than `limit_bytes`.
    """
    data = source.read_at(0, limit_bytes + 1)
    if len(data) > limit_bytes:
        raise Halt("MLR333", f"{what} is longer than {limit_bytes} bytes")
    return data


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
