"""Owns GGUF files: pairs of key and value, then the places of tensors (ggml, `docs/gguf.md`)."""

from __future__ import annotations

from struct import Struct

from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

MAGIC = b"GGUF"
_HEAD = Struct("<4sIQQ")
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_BUFFER_BYTES = 1 << 18
_NAME_MAX_BYTES = 65_535
_PAIRS_MAX, _TENSORS_MAX, _NESTED_MAX = 100_000, 1_000_000, 4


class _Reader:
    """The file from `offset` on."""

    def __init__(self, source: Source, scan: Scan, offset: int) -> None:
        self._source, self._scan = source, scan
        self.offset = offset
        self._base, self._buffer = offset, b""

    def take(self, count: int) -> bytes:
        """Returns the next `count` bytes."""
        place = self.offset - self._base
        if not 0 <= place <= place + count <= len(self._buffer):
            self._scan.budget.check(self.offset)
            self._base, self._buffer, place = self.offset, self._source.read_at(self.offset, _BUFFER_BYTES), 0
            if count > len(self._buffer):
                raise Halt("MLR330", "not a whole GGUF file: it ends too early", self.offset)
        self.offset += count
        return self._buffer[place : place + count]

    def number(self, width: int) -> int:
        """Returns the next number of `width` bytes."""
        return int.from_bytes(self.take(width), "little")

    def skip(self, count: int) -> None:
        """Passes over `count` bytes, which must be there."""
        if count and not self._source.read_at(self.offset + count - 1, 1):
            raise Halt("MLR330", "not a whole GGUF file: it ends too early", self.offset)
        self.offset += count

    def name(self) -> str:
        """Returns the next text, which must be short."""
        length = self.number(8)
        if length > _NAME_MAX_BYTES:
            raise Halt("MLR330", "not a whole GGUF file: a name is too long", self.offset)
        return self.take(length).decode("utf-8", "replace")


def scan_gguf(source: Source, scan: Scan) -> str:
    """Checks the header of the file.

    Raises:
        Halt: It is damaged.
    """
    head = source.read_at(0, _HEAD.size)
    if len(head) < _HEAD.size:
        raise Halt("MLR330", "not a whole GGUF file: it ends too early", 0)
    _, version, tensors, pairs = _HEAD.unpack(head)
    if version not in (2, 3) or tensors > _TENSORS_MAX or pairs > _PAIRS_MAX:
        raise Halt("MLR330", "not a whole GGUF file: its version or its counts are not known", 4)
    reader = _Reader(source, scan, _HEAD.size)
    for _ in range(pairs):
        key = reader.name()
        if "chat_template" in key:
            scan.add("MLR342", f"{key[:80]} is a program of Jinja", reader.offset)
        _skip_value(reader, reader.number(4), 0)
    size_bytes = source.size_bytes()
    for _ in range(tensors):
        name, count = reader.name(), reader.number(4)
        if count > 8:
            raise Halt("MLR330", f"not a whole GGUF file: {name[:80]!r} has {count} dimensions", reader.offset)
        reader.skip(8 * count + 4)
        if reader.number(8) > size_bytes:
            raise Halt("MLR330", f"not a whole GGUF file: {name[:80]!r} lies outside of it", reader.offset)
    return "gguf"


def _skip_value(reader: _Reader, kind: int, depth: int) -> None:
    if kind in _WIDTHS:
        reader.skip(_WIDTHS[kind])
    elif kind == _STRING:
        reader.skip(reader.number(8))
    elif kind == _ARRAY and depth < _NESTED_MAX:
        inner, count = reader.number(4), reader.number(8)
        if inner in _WIDTHS:
            reader.skip(_WIDTHS[inner] * count)
            return
        for _ in range(count):
            _skip_value(reader, inner, depth + 1)
    else:
        raise Halt("MLR330", "not a whole GGUF file: the type of a value is not known", reader.offset)
