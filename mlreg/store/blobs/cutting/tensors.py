"""Owns what a file is cut into: its tensors, as its own header tells them, held to rules that no header can talk round.

A header is written by whoever wrote the file. So nothing in it is believed that does not fit: every tensor lies inside
the file, none touches another, and each has the size that its type and shape make.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

MAX_TENSORS = 1_000_000
MAX_DIMENSIONS = 64
MAX_LENGTH = (1 << 63) - 1
MAX_NAME_CHARACTERS = 512

WIDTHS = {
    **dict.fromkeys(("bool", "f8", "i8", "u8"), 1),
    **dict.fromkeys(("bf16", "f16", "i16", "u16"), 2),
    **dict.fromkeys(("f32", "i32", "u32"), 4),
    **dict.fromkeys(("c64", "f64", "i64", "u64"), 8),
    "c128": 16,
}


_HALF = re.compile("[\ud800-\udfff]")


class Source(Protocol):
    """Bytes that can be read anywhere; what reads them asks for little at a time."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""

    def read_at(self, offset: int, size_bytes: int) -> bytes | bytearray | memoryview:
        """Returns `size_bytes` bytes from `offset` on, fewer only where the source ends.

        Raises:
            OSError: They could not be read.
        """


class Tensor(NamedTuple):
    """Where a tensor lies in a file.

    Attributes:
        dtype: f64 f32 f16 bf16 f8 i8 i16 i32 i64 u8 u16 u32 u64 bool c64 c128, all little-endian, or "" for any other.
        shape: Number of elements along each axis; where `dtype` is "", it may say nothing about the size.
        offset: Bytes from the start of the file.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size_bytes: int


class Outline(NamedTuple):
    """What a file is made of.

    Attributes:
        format: safetensors, torch, npz, npy, onnx, gguf, or "" for any other.
        tensors: In the order in which they lie; none is empty, none overlaps another, all are inside the file.
    """

    format: str
    tensors: list[Tensor]


class MalformedError(Exception):
    """A file is not what it seemed to be, or asks for more than its reader is willing to do."""


class Findings:
    """Gathers the tensors of a file of `size_bytes` bytes."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._tensors: list[Tensor] = []

    def add(self, name: str, dtype: str, shape: Sequence[int], offset: int, size_bytes: int) -> None:
        """Adds a tensor; an empty one is checked and left out.

        Raises:
            MalformedError: It is not inside the file, is not as large as type and shape say, or is one too many.
        """
        if not _is_name(name) or len(self._tensors) == MAX_TENSORS:
            raise MalformedError
        if not 0 <= offset <= offset + size_bytes <= self._size_bytes:
            raise MalformedError
        count = elements(shape)
        if dtype and count * WIDTHS[dtype] != size_bytes:
            raise MalformedError
        if size_bytes:
            self._tensors.append(Tensor(name, dtype, tuple(map(int, shape)), offset, size_bytes))

    def in_order(self) -> list[Tensor]:
        """Returns them in the order in which they lie.

        Raises:
            MalformedError: Two overlap.
        """
        self._tensors.sort(key=lambda tensor: tensor.offset)
        if any(one.offset + one.size_bytes > other.offset for one, other in pairwise(self._tensors)):
            raise MalformedError
        return self._tensors


def elements(shape: Sequence[int]) -> int:
    """Returns how many elements a tensor of `shape` has.

    Raises:
        MalformedError: It has too many axes, or one of impossible length.
    """
    if len(shape) > MAX_DIMENSIONS or not all(0 <= length <= MAX_LENGTH for length in shape):
        raise MalformedError
    return math.prod(shape)


def _is_name(name: str) -> bool:
    """Whether `name` is short enough, and can be written: JSON and pickles can have halves of characters."""
    return len(name) <= MAX_NAME_CHARACTERS and not _HALF.search(name)
