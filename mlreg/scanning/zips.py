"""Owns zip archives: their members, where both places that describe each of them say the same.

A zip tells of a member twice: in the directory at its end and before the bytes (APPNOTE.TXT 4.3). Readers differ in
which they believe, so an archive that tells two stories, or has bytes that belong to none, is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Inflated, Source, Window

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL = 0xFFFFFFFF
_METHODS = {8: "deflate", 12: "bz2"}
_ENCRYPTED, _DESCRIBED_AFTER, _HIDDEN_NAMES = 0x1, 0x8, 0x2040
_DESCRIPTOR_MAX_BYTES = 24
_DIRECTORY_MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a zip: its name, how it is packed, where its bytes begin."""

    name: str
    method: int
    packed_bytes: int
    size_bytes: int
    begin: int


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    begin: int


def members(source: Source, scan: Scan) -> list[Member]:
    """Returns the members of the zip in `source`, in the order of their bytes; directories are none.

    Raises:
        Halt: It is damaged, or two readers would not see the same.
    """
    entries, directory = _directory(source, scan)
    found: list[Member] = []
    end, seen = 0, set[str]()
    for entry in sorted(entries, key=lambda entry: entry.begin):
        scan.budget.take_member(entry.begin)
        name = _checked_name(entry)
        if name.lower() in seen:
            raise Halt("MLR312", f"two members are called {name[:80]!r}", entry.begin)
        seen.add(name.lower())
        begin = _local(source, entry)
        _check_gap(entry.begin - end, entry.begin, is_after=bool(found))
        end = begin + entry.packed_bytes
        found.append(Member(name, entry.method, entry.packed_bytes, entry.size_bytes, begin))
    _check_gap(directory - end, end, is_after=bool(found))
    return [member for member in found if not member.name.endswith("/")]


def opened(source: Source, member: Member, scan: Scan) -> Source:
    """Returns the bytes of `member`.

    Raises:
        Halt: It is packed in a way that only other readers know.
    """
    packed = Window(source, member.begin, member.packed_bytes)
    if member.method == 0:
        return packed
    if member.method not in _METHODS:
        raise Halt("MLR316", f"the member {member.name[:80]!r} is packed by method {member.method}", member.begin)
    return Inflated(packed, _METHODS[member.method], scan.budget, is_joined=False)


def _directory(source: Source, scan: Scan) -> tuple[list[_Entry], int]:
    """Returns what the directory says, and where it begins."""
    size = source.size_bytes()
    place = size - _END.size
    tail = source.read_at(max(0, place), _END.size)
    if len(tail) < _END.size or tail[:4] != b"PK\5\6":
        raise _elsewhere(source, size)
    _, disk, start_disk, here, count, length, start, comment = _END.unpack(tail)
    if disk or start_disk or comment or here != count:
        raise Halt("MLR312", "it has a comment or several volumes", place)
    locator = source.read_at(place - _LOCATOR.size, _LOCATOR.size) if place >= _LOCATOR.size else b""
    if locator[:4] == b"PK\6\7":
        place -= _LOCATOR.size
        place, count, length, start = _end64(source, place, _LOCATOR.unpack(locator)[2], (count, length, start))
    elif _FULL in (length, start):
        raise Halt("MLR312", "its end says more than it may", place)
    if start + length != place or length > _DIRECTORY_MAX_BYTES:
        raise Halt("MLR312", "bytes lie before the archive or behind its directory", place)
    return list(_entries(source.read_at(start, length), count, scan)), start


def _elsewhere(source: Source, size: int) -> Halt:
    tail = source.read_at(max(0, size - 70_000), 70_000)
    if b"PK\5\6" in tail:
        return Halt("MLR311", "bytes follow the end of the archive", size)
    return Halt("MLR330", "not a whole zip: its directory is missing", size)


def _end64(source: Source, place: int, stated: int, small: tuple[int, int, int]) -> tuple[int, int, int, int]:
    data = source.read_at(stated, _END64.size)
    if len(data) < _END64.size or data[:4] != b"PK\6\6":
        raise Halt("MLR312", "its long end is missing", stated)
    _, rest, _, _, disk, start_disk, here, count, length, start = _END64.unpack(data)
    is_same = all(old in (full, new) for old, full, new in zip(
        small, (0xFFFF, _FULL, _FULL), (count, length, start), strict=True))  # fmt: skip
    if disk or start_disk or here != count or stated + 12 + rest != place or rest != _END64.size - 12 or not is_same:
        raise Halt("MLR312", "its two ends tell two stories", stated)
    return stated, count, length, start


def _entries(data: bytes, count: int, scan: Scan) -> Iterator[_Entry]:
    place = 0
    for _ in range(count):
        scan.budget.check(place)
        if len(data) < place + _ENTRY.size or data[place : place + 4] != b"PK\1\2":
            raise Halt("MLR330", "not a whole zip: its directory is damaged", place)
        (_, _, _, flags, method, _, _, crc, packed, size, name_len, extra_len, comment_len, disk, _, _, begin,
         ) = _ENTRY.unpack_from(data, place)  # fmt: skip
        place += _ENTRY.size
        name = data[place : place + name_len]
        extra = data[place + name_len : place + name_len + extra_len]
        place += name_len + extra_len + comment_len
        size, packed, begin = _long(extra, [size, packed, begin])
        if disk not in (0, 0xFFFF) or (flags & (_ENCRYPTED | _HIDDEN_NAMES)):
            raise Halt("MLR312", "a member is encrypted or on another volume", begin)
        yield _Entry(name, flags, method, crc, packed, size, begin)
    if place != len(data):
        raise Halt("MLR312", "its directory holds more than it says", place)


def _long(extra: bytes, values: list[int]) -> list[int]:
    """Returns `values` with those that do not fit into four bytes taken from the extra field of zip64."""
    wide = _fields(extra).get(1, b"")
    for index, value in enumerate(values):
        if value == _FULL:
            if len(wide) < 8:
                raise Halt("MLR330", "not a whole zip: a size is missing")
            values[index] = int.from_bytes(wide[:8], "little")
            wide = wide[8:]
    return values


def _fields(extra: bytes) -> dict[int, bytes]:
    """Returns the extra fields by number."""
    fields: dict[int, bytes] = {}
    while len(extra) >= 4:
        number, length = struct.unpack_from("<2H", extra)
        if number == 1 and number in fields:
            raise Halt("MLR312", "a member has two sizes")
        fields[number] = extra[4 : 4 + length]
        extra = extra[4 + length :]
    if 0x7075 in fields:
        raise Halt("MLR312", "a member has two names")
    return fields


def _checked_name(entry: _Entry) -> str:
    try:
        name = entry.name.decode("utf-8" if entry.flags & 0x800 else "cp437")
    except UnicodeDecodeError:
        raise Halt("MLR312", "the name of a member is no text", entry.begin) from None
    parts = name.replace("\\", "/").removesuffix("/").split("/")
    if "\\" in name or ":" in parts[0] or "\0" in name or not set(parts).isdisjoint({"", ".", ".."}):
        raise Halt("MLR312", f"the member {name[:80]!r} leads out of the archive", entry.begin)
    return name


def _local(source: Source, entry: _Entry) -> int:
    """Returns where the bytes of `entry` begin, once its other description says the same."""
    data = source.read_at(entry.begin, _LOCAL.size)
    if len(data) < _LOCAL.size or data[:4] != b"PK\3\4":
        raise Halt("MLR330", "not a whole zip: a member is missing", entry.begin)
    _, _, flags, method, _, _, crc, packed, size, name_len, extra_len = _LOCAL.unpack(data)
    rest = source.read_at(entry.begin + _LOCAL.size, name_len + extra_len)
    if len(rest) < name_len + extra_len:
        raise Halt("MLR330", "not a whole zip: a member is missing", entry.begin)
    size, packed = _long(rest[name_len:], [size, packed])
    is_after = bool(flags & _DESCRIBED_AFTER)
    stated = (crc, packed, size)
    is_same = stated == (entry.crc, entry.packed_bytes, entry.size_bytes) or (is_after and not any(stated))
    if rest[:name_len] != entry.name or method != entry.method or flags != entry.flags or not is_same:
        message = f"the member {entry.name[:80]!r} is described in two ways"
        raise Halt("MLR312", message, entry.begin)
    if method == 0 and entry.packed_bytes != entry.size_bytes:
        raise Halt("MLR312", f"the member {entry.name[:80]!r} has two sizes", entry.begin)
    return entry.begin + _LOCAL.size + len(rest)


def _check_gap(gap: int, offset: int, *, is_after: bool) -> None:
    if gap < 0:
        raise Halt("MLR312", "members lie in each other", offset)
    if gap > (_DESCRIPTOR_MAX_BYTES if is_after else 0):
        raise Halt("MLR311", "bytes of the archive belong to no member", offset - gap)
