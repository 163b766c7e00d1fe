"""Owns how much a scan may take: seconds, memory, depth. A hostile file must not stop the one who looks at it."""

from __future__ import annotations

import os
import resource
import sys
import time
from contextlib import suppress
from functools import cache

from mlreg.scanning.report import Halt

BASE_S = 1.2
INFLATED_MAX = 10
LEAST_BYTES_PER_S = 3_000_000
MEMORY_MAX_BYTES = 300 << 20
NESTING_MAX = 6
MEMBERS_MAX = 20_000
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Budget:
    """What is left for the scan of one file, with all that is nested in it.

    Seconds are those of the CPU in this thread, so that a busy machine changes no verdict: 1.2, and one more for each
    3 MB of the file, more than the slowest honest ones take; what is unpacked counts too, up to ten times the file.
    Memory is how much this process has grown since the scan began.

    Args:
        size_bytes: The size of the file.
        bytes_per_s: How many bytes the one more second is for, where somebody has more time.
    """

    def __init__(self, size_bytes: int, bytes_per_s: int = LEAST_BYTES_PER_S) -> None:
        self._bytes_per_s = bytes_per_s
        self._end_s = time.thread_time() + BASE_S + size_bytes / bytes_per_s
        self._resident_max_bytes = _resident_bytes() + MEMORY_MAX_BYTES
        self._members_left = MEMBERS_MAX
        self._inflatable_bytes = INFLATED_MAX * size_bytes

    def check(self, offset: int | None = None) -> None:
        """Returns where there is something left.

        Raises:
            Halt: Time or memory is used up.
        """
        if time.thread_time() > self._end_s:
            raise Halt("MLR333", "reading it takes longer than a file of this size should", offset)
        if _resident_bytes() > self._resident_max_bytes:
            raise Halt("MLR333", "reading it takes more memory than a file of this size should", offset)

    def add_inflated(self, size_bytes: int) -> None:
        """Adds the time for bytes that were unpacked, as far as there are not suspiciously many of them."""
        counted = min(size_bytes, self._inflatable_bytes)
        self._inflatable_bytes -= counted
        self._end_s += counted / self._bytes_per_s

    def take_member(self, offset: int | None = None) -> None:
        """Counts a member of an archive.

        Raises:
            Halt: There are too many.
        """
        self._members_left -= 1
        if self._members_left < 0:
            raise Halt("MLR333", f"it has more than {MEMBERS_MAX} members", offset)
        self.check(offset)


def _resident_bytes() -> int:
    """Returns what this process has in memory; its peak where the system tells no more."""
    statm = _statm(os.getpid())
    if statm is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
    return int(os.pread(statm, 100, 0).split()[1]) * resource.getpagesize()


@cache
def _statm(process: int) -> int | None:
    """Returns the open file in which Linux tells the memory of this `process`; a fork needs one of its own."""
    with suppress(OSError):
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    return None
