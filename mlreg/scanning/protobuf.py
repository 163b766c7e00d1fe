"""Owns messages of Protocol Buffers, as far as telling their fields apart goes (protobuf.dev, Encoding)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

_BUFFER_BYTES = 1 << 16
_HEAD_BYTES = 20
_VARINT_MAX_BYTES = 10


class Field(NamedTuple):
    """A field: its number, its value where that is a number, else where its bytes begin and how many they are."""

    number: int
    value: int
    begin: int
    size_bytes: int


def fields(source: Source, begin: int, size_bytes: int, scan: Scan) -> Iterator[Field]:
    """Yields the fields of the message of `size_bytes` at `begin`.

    Raises:
        Halt: It is none.
    """
    offset, end = begin, begin + size_bytes
    buffer, base = b"", offset
    while offset < end:
        if offset + _HEAD_BYTES > base + len(buffer):
            scan.budget.check(offset)
            buffer, base = source.read_at(offset, _BUFFER_BYTES), offset
        tag, place = _varint(buffer, offset - base, offset)
        number, wire = tag >> 3, tag & 7
        value, size = 0, 0
        if wire in (0, 2):
            value, place = _varint(buffer, place, offset)
            size = value if wire == 2 else 0
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        start = base + place
        if not number or size < 0 or start + size > end:
            raise Halt("MLR330", "a field does not end within its message", offset)
        yield Field(number, value, start, size)
        offset = start + size


def _varint(buffer: bytes, place: int, offset: int) -> tuple[int, int]:
    value = 0
    for index in range(_VARINT_MAX_BYTES):
        if place + index >= len(buffer):
            break
        byte = buffer[place + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, place + index + 1
    raise Halt("MLR330", "a number of the message does not end", offset)
