"""Owns what `interpose.c` logs: one call on a file below the root, with all that it takes to do it again."""

from __future__ import annotations

import errno
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_RECORD = struct.Struct("=IIIiiIIIQq")
_STAGED = re.compile(r"(tmp/|\.mlreg-checkout-|tmp_obj_)(?!lock)[^/\s]+")


class Kind(IntEnum):
    """What a call does; numbered as in `interpose.c`."""

    OPEN = 0  # for creating or truncating
    WRITE = 1
    FSYNC = 2
    LINK = 3
    RENAME = 4
    MKDIR = 5
    UNLINK = 6
    RMDIR = 7
    TRUNCATE = 8
    READ_OPEN = 9
    READ = 10
    LIST = 11
    LOCK = 12
    SAID = 13  # something was printed
    UNKNOWN = 14


class Mode(IntEnum):
    """What befalls the call that a fault is for; numbered as in `interpose.c`."""

    LOG = 0
    SIGNAL_BEFORE = 1
    SIGNAL_AFTER = 2
    TORN = 3
    SHORT = 4
    ERROR_ONCE = 5
    ERROR_ALWAYS = 6
    ERROR_AFTER = 7


CHANGES = frozenset(Kind(number) for number in range(Kind.READ_OPEN))
LOOKS = frozenset({Kind.READ_OPEN, Kind.READ, Kind.LIST, Kind.LOCK})
_GROWS = CHANGES - {Kind.UNLINK, Kind.RMDIR}

ERRORS = {
    errno.ENOSPC: _GROWS,
    errno.EDQUOT: _GROWS,
    errno.EIO: CHANGES | LOOKS,
    errno.EROFS: CHANGES - {Kind.FSYNC},
    errno.EMFILE: frozenset({Kind.OPEN, Kind.READ_OPEN}),
    errno.EINTR: frozenset({Kind.OPEN, Kind.READ_OPEN, Kind.READ, Kind.WRITE, Kind.FSYNC, Kind.LOCK}),
    errno.EACCES: (CHANGES | {Kind.READ_OPEN}) - {Kind.WRITE, Kind.FSYNC},
    errno.ESTALE: CHANGES | LOOKS,
}
"""Which calls can answer which error."""


@dataclass(frozen=True)
class Call:
    """One call; `path` (of two: the old one) and `other` (the new one) are relative to the root."""

    kind: Kind
    path: str
    other: str = ""
    flags: int = 0
    result: int = 0
    error: int = 0
    injected: bool = False
    inode: int = 0
    offset: int = 0
    data: bytes = b""

    @property
    def is_done(self) -> bool:
        """Whether it did what it was asked to do."""
        return self.result >= 0

    def __str__(self) -> str:
        return _STAGED.sub(r"\1…", f"{self.kind.name.lower()} {self.other or self.path or '.'}")


def read_calls(log: Path, root: Path) -> list[Call]:
    """Returns the calls that `log` tells of."""
    return list(_calls(log.read_bytes(), str(root.resolve()))) if log.exists() else []


def _calls(data: bytes, root: str) -> Iterator[Call]:
    at = 0
    while at < len(data):
        kind, injected, flags, result, error, *sizes, inode, offset = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        parts = []
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        path, other = (part.decode().removeprefix(root).lstrip("/") for part in parts[:2])
        yield Call(Kind(kind), path, other, flags, result, error, bool(injected), inode, offset, parts[2])
