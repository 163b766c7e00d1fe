"""Owns reading the header of a GGUF file, versions 2 and 3.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

from typing import NamedTuple

from mlreg.store.blobs.cutting.reader import Reader
from mlreg.store.blobs.cutting.tensors import (
    MAX_NAME_CHARACTERS,
    MAX_TENSORS,
    WIDTHS,
    Findings,
    MalformedError,
    Outline,
    Source,
    elements,
)

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_AXES = 8
MAX_KEY_BYTES = 65535
MAX_PAIRS = 65_536
MAX_VALUES = 2_000_000
MAX_DEPTH = 4
MAX_ALIGNMENT = 1 << 20

_ALIGNMENT = "general.alignment"
_UINT32, _STRING, _ARRAY = 4, 8, 9
_VALUE_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Block(NamedTuple):
    """How a type packs its elements: so many into so many bytes."""

    dtype: str
    elements: int
    size_bytes: int


_PLAIN = {0: "f32", 1: "f16", 24: "i8", 25: "i16", 26: "i32", 27: "i64", 28: "f64", 30: "bf16"}
_BY_32 = "2:18 3:20 6:22 7:24 8:34 20:18 39:17"
_BY_256 = "10:84 11:110 12:144 13:176 14:210 15:292 16:66 17:74 18:98 19:50 21:110 22:82 23:136 29:56 34:54 35:66"


def _packed(sizes: str, count: int) -> dict[int, Block]:
    numbers = (map(int, pair.split(":")) for pair in sizes.split())
    return {kind: Block("", count, size_bytes) for kind, size_bytes in numbers}


TYPES = (
    {kind: Block(dtype, 1, WIDTHS[dtype]) for kind, dtype in _PLAIN.items()}
    | _packed(_BY_32, 32)
    | _packed("40:36", 64)
    | _packed("41:18", 128)
    | _packed(_BY_256, 256)
)
"""By number in ggml.h; those in blocks are quantised. Types that only live in memory (Q8_1) are not here."""


class _Info(NamedTuple):
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


def outline(source: Source) -> Outline | None:
    """Returns the tensors of a GGUF file, None where `source` is none.

    Raises:
        MalformedError: Its header lies, or it has tensors of a type that is newer than this reader.
    """
    if bytes(source.read_at(0, len(MAGIC))) != MAGIC:
        return None
    header = _Header(source)
    findings = Findings(source.size_bytes)
    infos, data_offset = header.read()
    for info in infos:
        block = TYPES[info.kind]
        size_bytes = elements(info.shape) // block.elements * block.size_bytes
        findings.add(info.name, block.dtype, info.shape, data_offset + info.offset, size_bytes)
    return Outline("gguf", findings.in_order())


class _Header:
    def __init__(self, source: Source) -> None:
        self._reader = Reader(source, len(MAGIC))
        self._alignment = 32
        self._values_left = MAX_VALUES

    def read(self) -> tuple[list[_Info], int]:
        """Returns what it says of the tensors, and where their bytes begin."""
        reader = self._reader
        if reader.number(4) not in VERSIONS:
            raise MalformedError
        count, pairs = reader.number(8), reader.number(8)
        if count > MAX_TENSORS or pairs > MAX_PAIRS:
            raise MalformedError
        for _ in range(pairs):
            self._pair()
        infos = [self._info() for _ in range(count)]
        return infos, -(-reader.position // self._alignment) * self._alignment

    def _pair(self) -> None:
        reader = self._reader
        key = reader.text(reader.number(8), at_most=MAX_KEY_BYTES)
        kind = reader.number(4)
        if key != _ALIGNMENT:
            self._skip(kind, 1, MAX_DEPTH)
            return
        self._alignment = reader.number(4)
        if kind != _UINT32 or not 1 <= self._alignment <= MAX_ALIGNMENT:
            raise MalformedError

    def _skip(self, kind: int, count: int, depth: int) -> None:
        """Passes over `count` values of one kind."""
        reader = self._reader
        if kind in _VALUE_BYTES:
            reader.skip(_VALUE_BYTES[kind] * count)
            return
        if kind not in (_STRING, _ARRAY) or count > self._values_left or not depth:
            raise MalformedError
        self._values_left -= count
        for _ in range(count):
            if kind == _STRING:
                reader.skip(reader.number(8))
            else:
                self._skip(reader.number(4), reader.number(8), depth - 1)

    def _info(self) -> _Info:
        reader = self._reader
        name = reader.text(reader.number(8), at_most=4 * MAX_NAME_CHARACTERS)
        axes = reader.number(4)
        if axes > MAX_AXES:
            raise MalformedError
        # the fastest axis comes first here, and last in a shape
        shape = tuple(reader.number(8) for _ in range(axes))[::-1]
        kind, offset = reader.number(4), reader.number(8)
        if kind not in TYPES or (shape and shape[-1] % TYPES[kind].elements):
            raise MalformedError
        return _Info(name, shape, kind, offset)
