"""Owns finding the members of a zip archive that lie in it as they are.

Only the central directory is believed, and of it only what the local headers repeat. Archives in several parts,
encrypted ones and those with something in front of them are left alone.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mlreg.store.blobs.cutting.reader import Reader
from mlreg.store.blobs.cutting.tensors import MAX_NAME_CHARACTERS, MAX_TENSORS, MalformedError, Source

MAGIC = b"PK\x03\x04"
MAX_MEMBERS = MAX_TENSORS + 1000

_ENTRY, _END, _END_64, _LOCATOR_64 = (b"PK" + mark for mark in (b"\x01\x02", b"\x05\x06", b"\x06\x06", b"\x06\x07"))
_LOCAL_BYTES, _END_BYTES, _LOCATOR_BYTES = 30, 22, 20
_MAX_COMMENT_BYTES = 65535
_ENCRYPTED, _STORED, _EXTRA_64 = 1, 0, 1
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class Member(NamedTuple):
    """A member that is stored without compression, and where its bytes lie."""

    name: str
    offset: int
    size_bytes: int


class _Directory(NamedTuple):
    members: int
    offset: int
    size_bytes: int


def stored(source: Source) -> list[Member]:
    """Returns the members that are neither compressed nor encrypted, in the order of the directory.

    Raises:
        MalformedError: It is no zip archive, or one that contradicts itself.
    """
    directory = _directory(source)
    if directory.members > MAX_MEMBERS or directory.offset + directory.size_bytes > source.size_bytes:
        raise MalformedError
    local = Reader(source)
    return [
        Member(name, _data_offset(local, offset, name, size_bytes, directory), size_bytes)
        for name, offset, size_bytes in _entries(Reader(source, directory.offset), directory)
    ]


def _directory(source: Source) -> _Directory:
    tail_bytes = min(source.size_bytes, _END_BYTES + _MAX_COMMENT_BYTES)
    tail_offset = source.size_bytes - tail_bytes
    start = bytes(source.read_at(tail_offset, tail_bytes)).rfind(_END)
    if start < 0:
        raise MalformedError
    reader = Reader(source, tail_offset + start + 4)
    disk, first_disk, here, count = (reader.number(2) for _ in range(4))
    size_bytes, offset = reader.number(4), reader.number(4)
    if disk != first_disk or here != count:
        raise MalformedError
    if count == _FULL_16 or _FULL_32 in (size_bytes, offset):
        return _directory_64(source, tail_offset + start)
    return _Directory(count, offset, size_bytes)


def _directory_64(source: Source, end_offset: int) -> _Directory:
    reader = Reader(source, max(end_offset - _LOCATOR_BYTES, 0))
    if reader.take(4) != _LOCATOR_64:
        raise MalformedError
    reader.skip(4)
    reader.position = reader.number(8)
    if reader.take(4) != _END_64:
        raise MalformedError
    reader.skip(28)
    count, size_bytes, offset = (reader.number(8) for _ in range(3))
    return _Directory(count, offset, size_bytes)


def _entries(reader: Reader, directory: _Directory) -> Iterator[tuple[str, int, int]]:
    """Yields name, offset of the local header and size of each stored member."""
    end = directory.offset + directory.size_bytes
    for _ in range(directory.members):
        if reader.take(4) != _ENTRY:
            raise MalformedError
        reader.skip(4)
        flags, method = reader.number(2), reader.number(2)
        reader.skip(8)
        packed_bytes, size_bytes = reader.number(4), reader.number(4)
        name_bytes, extra_bytes, comment_bytes = (reader.number(2) for _ in range(3))
        reader.skip(8)
        offset = reader.number(4)
        name = reader.text(name_bytes, at_most=4 * MAX_NAME_CHARACTERS)
        extra = reader.take(extra_bytes)
        reader.skip(comment_bytes)
        if reader.position > end:
            raise MalformedError
        if _FULL_32 in (size_bytes, packed_bytes, offset):
            size_bytes, packed_bytes, offset = _widened(extra, (size_bytes, packed_bytes, offset))
        if method == _STORED and not flags & _ENCRYPTED:
            if size_bytes != packed_bytes:
                raise MalformedError
            yield name, offset, size_bytes


def _widened(extra: bytes, values: tuple[int, int, int]) -> Iterator[int]:
    """Yields `values`, those that did not fit into 32 bits from the field 0x0001 of `extra`."""
    fields = dict(_fields(extra))
    wide = fields.get(_EXTRA_64, b"")
    for value in values:
        if value != _FULL_32:
            yield value
        elif len(wide) < 8:
            raise MalformedError
        else:
            yield int.from_bytes(wide[:8], "little")
            wide = wide[8:]


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    begin = 0
    while begin + 4 <= len(extra):
        kind, size_bytes = (int.from_bytes(extra[at : at + 2], "little") for at in (begin, begin + 2))
        yield kind, extra[begin + 4 : begin + 4 + size_bytes]
        begin += 4 + size_bytes


def _data_offset(reader: Reader, offset: int, name: str, size_bytes: int, directory: _Directory) -> int:
    """Returns where the bytes of a member begin whose local header is at `offset`."""
    reader.position = offset
    header = reader.take(_LOCAL_BYTES)
    name_bytes, extra_bytes = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    if header[:4] != MAGIC or reader.take(name_bytes) != name.encode():
        raise MalformedError
    begin = offset + _LOCAL_BYTES + name_bytes + extra_bytes
    if begin + size_bytes > directory.offset:
        raise MalformedError
    return begin
