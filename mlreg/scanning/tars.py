"""Owns tar archives: their members, read block by block (POSIX.1-1988 ustar, GNU and pax headers)."""

from __future__ import annotations

from collections.abc import Iterator

from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source, is_zero

_BLOCK = 512
_HEADER_MAX_BYTES = 1 << 20


def is_tar(head: bytes) -> bool:
    """Whether `head` begins with the header of a member whose checksum is right."""
    return len(head) >= _BLOCK and any(head[:_BLOCK]) and _checksum(head[:_BLOCK]) == _octal(head[148:156])


def members(source: Source, scan: Scan) -> Iterator[tuple[str, int, int]]:
    """Yields name, offset and size of each file in the tar.

    Raises:
        Halt: It is damaged, a member leads out of it or is a link or device, or its names are told twice.
    """
    offset = 0
    longer: str | None = None
    while head := source.read_at(offset, _BLOCK):
        scan.budget.take_member(offset)
        if not any(head):
            if not is_zero(source, offset, scan.budget):
                raise Halt("MLR311", "bytes follow the end of the archive", offset)
            return
        if not is_tar(head):
            raise Halt("MLR330", "not a whole tar: a header is damaged", offset)
        size, kind = _octal(head[124:136]), head[156:157]
        if size is None:
            raise Halt("MLR330", "not a whole tar: a size is none", offset)
        begin = offset + _BLOCK
        if size and not source.read_at(begin + size - 1, 1):
            raise Halt("MLR330", "not a whole tar: a member is cut off", offset)
        offset = begin + -(-size // _BLOCK) * _BLOCK
        if kind in (b"L", b"K", b"x", b"g"):
            longer = _long_name(source.read_at(begin, min(size, _HEADER_MAX_BYTES)), kind, begin) or longer
            continue
        name = _checked(longer or _name(head), begin)
        longer = None
        if kind in (b"0", b"\0", b"7"):
            yield name, begin, size
        elif kind != b"5":
            raise Halt("MLR312", f"the member {name[:80]!r} is a link or a device", begin)


def _long_name(data: bytes, kind: bytes, offset: int) -> str | None:
    if kind == b"L":
        return data.rstrip(b"\0").decode("utf-8", "replace")
    if kind == b"K":
        return None
    name: str | None = None
    for record in data.split(b"\n"):
        key, _, value = record.partition(b" ")[2].partition(b"=")
        if key == b"size" or key.startswith(b"GNU.sparse"):
            raise Halt("MLR312", "a member has two sizes", offset)
        if key == b"path":
            name = value.decode("utf-8", "replace")
    return name


def _name(head: bytes) -> str:
    prefix = head[345:500] if head[257:262] == b"ustar" and head[257:265] != b"ustar  \0" else b""
    parts = [part.split(b"\0", 1)[0].decode("utf-8", "replace") for part in (prefix, head[:100])]
    return "/".join(filter(None, parts))


def _checked(name: str, offset: int) -> str:
    if name.startswith("/") or "\\" in name or ".." in name.split("/"):
        raise Halt("MLR312", f"the member {name[:80]!r} leads out of the archive", offset)
    return name


def _octal(field: bytes) -> int | None:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    text = field.split(b"\0", 1)[0].strip()
    try:
        return int(text, 8) if text else 0
    except ValueError:
        return None


def _checksum(head: bytes) -> int:
    return sum(head[:148]) + sum(head[156:]) + 8 * 32
