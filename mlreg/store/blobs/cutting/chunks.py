"""Owns cutting bytes into chunks at places that their content tells.

So that two files with a stretch in common have chunks in common, wherever that stretch lies in each. A position ends a
chunk where a hash of the `WINDOW` bytes before it is small:

    h = (KEY + Σ b[p-1-j] · FACTOR^j, for j from 0 to WINDOW - 1) mod 2^16

The hash of all positions is found by doubling: from that of all windows of 1, 2, 4 … bytes, each in two passes over an
array that fits into the cache. The rule is part of the format of blobs and never changes.

Sources: Xia et al., "FastCDC" (USENIX ATC 2016), for the two thresholds; Karp and Rabin (1987) for the hash.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN = 8 << 10
AVERAGE = 32 << 10
MAX = 128 << 10

WINDOW = 64
FACTOR = 0x9E35
KEY = 0x5000
BELOW_AVERAGE, ABOVE_AVERAGE = 2, 8

_BLOCK = 128 << 10

Ends = NDArray[np.int64]


def borders(view: memoryview, *, final: bool) -> list[int]:
    """Returns where the chunks in `view` end, ascending.

    Args:
        view: Bytes; the first one begins a chunk.
        final: Whether nothing follows. If so, the last end is that of `view`; if not, what could still become a longer
            chunk is left out, and the caller begins the next view with it. Any way to do so gives the same chunks.
    """
    ends: list[int] = []
    begin, size_bytes = 0, len(view)
    loose, strict = _candidates(view)
    while begin < size_bytes:
        limit = min(begin + MAX, size_bytes)
        middle = min(begin + AVERAGE, size_bytes)
        end = _first(strict, begin + MIN, middle) or _first(loose, middle, limit)
        if end is None:
            if limit < begin + MAX and not final:
                break
            end = limit
        ends.append(end)
        begin = end
    return ends


def _first(candidates: Ends, begin: int, end: int) -> int | None:
    """Returns the first of `candidates` that is not before `begin` and is before `end`."""
    place = int(candidates.searchsorted(begin))
    return int(candidates[place]) if place < len(candidates) and candidates[place] < end else None


def _candidates(view: memoryview) -> tuple[Ends, Ends]:
    """Returns the positions at which a chunk may end beyond the average size, and those at which one may before."""
    data = np.frombuffer(view, np.uint8)
    spare = _BLOCK + WINDOW
    hashes, shifted = np.empty(spare, np.uint16), np.empty(spare, np.uint16)
    loose, strict = [], []
    for begin in range(0, len(data) - WINDOW + 1, _BLOCK):
        found = _hash(data[begin : begin + _BLOCK + WINDOW - 1], hashes, shifted)
        places = np.flatnonzero(found < ABOVE_AVERAGE)
        loose.append(places + (begin + WINDOW))
        strict.append(places[found[places] < BELOW_AVERAGE] + (begin + WINDOW))
    none = np.empty(0, np.int64)
    return np.concatenate([none, *loose]), np.concatenate([none, *strict])


def _hash(data: NDArray[np.uint8], hashes: NDArray[np.uint16], shifted: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Returns the hash of each window in `data`, in the memory of `hashes`."""
    count = len(data)
    hashes[:count] = data
    reach, factor = 1, FACTOR
    while reach < WINDOW:
        count -= reach
        np.multiply(hashes[:count], np.uint16(factor), out=shifted[:count])
        np.add(hashes[reach : reach + count], shifted[:count], out=hashes[:count])
        reach, factor = 2 * reach, factor * factor & 0xFFFF
    hashes[:count] += np.uint16(KEY)
    return hashes[:count]
