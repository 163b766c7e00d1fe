"""Owns reading a source forwards, a block at a time, whatever lies in it."""

from __future__ import annotations

from mlreg.store.blobs.cutting.tensors import MalformedError, Source

BLOCK_BYTES = 64 << 10
MAX_VARINT_BYTES = 10


class Reader:
    """Reads `source` from `position` on.

    Attributes:
        position: Offset of the next byte; it may be set.

    Raises:
        MalformedError: From every method: the source ends before what was asked for does.
    """

    def __init__(self, source: Source, position: int = 0) -> None:
        self.position = position
        self._source = source
        self._block = b""
        self._block_offset = 0

    def take(self, size_bytes: int) -> bytes:
        """Returns the next `size_bytes` bytes; they are held in memory, so the caller knows that they are few."""
        start = self.position - self._block_offset
        if not 0 <= start <= start + size_bytes <= len(self._block):
            self._load(size_bytes)
            start = 0
        self.position += size_bytes
        return self._block[start : start + size_bytes]

    def skip(self, size_bytes: int) -> None:
        """Passes over the next `size_bytes` bytes without reading them."""
        if size_bytes > self._source.size_bytes - self.position:
            raise MalformedError
        self.position += size_bytes

    def number(self, size_bytes: int) -> int:
        """Returns the little-endian unsigned number in the next `size_bytes` bytes."""
        return int.from_bytes(self.take(size_bytes), "little")

    def text(self, size_bytes: int, *, at_most: int) -> str:
        """Returns the UTF-8 text in the next `size_bytes` bytes, which may not be more than `at_most`.

        Raises:
            MalformedError: There are more, or they are not UTF-8.
        """
        if size_bytes > at_most:
            raise MalformedError
        return decoded(self.take(size_bytes))

    def varint(self) -> int:
        """Returns the next number in the base-128 encoding of Protocol Buffers.

        Raises:
            MalformedError: It has more than 64 bits.
        """
        value = 0
        for shift in range(0, 7 * MAX_VARINT_BYTES, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        else:
            raise MalformedError
        if value >> 64:
            raise MalformedError
        return value

    def _load(self, size_bytes: int) -> None:
        if not 0 <= size_bytes <= self._source.size_bytes - self.position:
            raise MalformedError
        self._block = bytes(self._source.read_at(self.position, max(size_bytes, BLOCK_BYTES)))
        self._block_offset = self.position
        if len(self._block) < size_bytes:
            raise MalformedError


def decoded(data: bytes) -> str:
    """Returns `data` as text.

    Raises:
        MalformedError: It is not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError from error
