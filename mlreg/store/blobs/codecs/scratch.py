"""Owns memory that a thread uses again and again: fresh pages cost more than the work that is done in them."""

from __future__ import annotations

from threading import local
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Unsigned = NDArray[np.unsignedinteger[Any]]


class _Rooms(local):
    """The arrays of one thread, each under the name of its use."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[np.uint8]] = {}


_ROOMS = _Rooms()


def scratch(use: str, length: int, dtype: DTypeLike = np.uint8) -> Unsigned:
    """Returns `length` items of this thread's memory for `use`, with whatever was left in them.

    They are the caller's until this thread asks for the same use again.
    """
    size_bytes = length * np.dtype(dtype).itemsize
    array = _ROOMS.arrays.get(use)
    if array is None or array.size < size_bytes:
        array = _ROOMS.arrays[use] = np.empty(size_bytes, np.uint8)
    return array[:size_bytes].view(dtype)
