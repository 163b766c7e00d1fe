"""Owns finding the initialisers in an ONNX file, by a walk over the fields of its Protocol Buffers.

Such a file has no magic number. What is taken for one begins with the version of its format, goes on field by field
exactly to its end, and has a graph.

Sources: https://protobuf.dev/programming-guides/encoding, onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mlreg.store.blobs.cutting.reader import Reader
from mlreg.store.blobs.cutting.tensors import (
    MAX_DIMENSIONS,
    MAX_NAME_CHARACTERS,
    Findings,
    MalformedError,
    Outline,
    Source,
)

MAX_FIELDS = 1_000_000
MAX_VERSION = 99
MAX_NUMBER = 999

_NAMES = "f32 u8 i8 u16 i16 i32 i64 - bool f16 f64 u32 u64 c64 c128 bf16 f8 f8 f8 f8 - - - f8"
DTYPES = {number: name for number, name in enumerate(_NAMES.split(), 1) if name != "-"}
"""By number in TensorProto.DataType; those that are missing are texts, or smaller than a byte."""

_VARINT, _64_BIT, _BYTES, _32_BIT = 0, 1, 2, 5
_SIZES = {_VARINT: 0, _64_BIT: 8, _BYTES: 0, _32_BIT: 4}
_MODEL_VERSION, _MODEL_GRAPH = 1, 7
_GRAPH_INITIALIZER = 5
_DIMS, _TYPE, _FLOATS, _NAME, _RAW, _DOUBLES = 1, 2, 4, 8, 9, 10
_PACKED = {_FLOATS: ("f32", "c64"), _DOUBLES: ("f64", "c128")}


class _Field(NamedTuple):
    """One field: `value` is its number where it is a varint, else the size of its bytes."""

    number: int
    wire: int
    value: int
    offset: int


def outline(source: Source) -> Outline | None:
    """Returns the initialisers of an ONNX file, None where `source` is none.

    Raises:
        MalformedError: It is none after all, or lies.
    """
    start = bytes(source.read_at(0, 2))
    if len(start) < 2 or start[0] != _MODEL_VERSION << 3 | _VARINT or not 1 <= start[1] <= MAX_VERSION:
        return None
    walk = _Walk(source)
    fields = list(walk.model())
    if not fields:
        return None
    for graph in fields:
        walk.graph(graph)
    return Outline("onnx", walk.findings.in_order())


class _Walk:
    def __init__(self, source: Source) -> None:
        self.findings = Findings(source.size_bytes)
        self._size_bytes = source.size_bytes
        self._reader = Reader(source)
        self._fields_left = MAX_FIELDS

    def model(self) -> Iterator[_Field]:
        """Yields the graphs."""
        fields = self._fields(0, self._size_bytes)
        return (field for field in fields if field.number == _MODEL_GRAPH and field.wire == _BYTES)

    def graph(self, graph: _Field) -> None:
        """Finds the initialisers of `graph`."""
        for field in self._fields(graph.offset, graph.value):
            if field.number == _GRAPH_INITIALIZER and field.wire == _BYTES:
                self._tensor(field)

    def _tensor(self, tensor: _Field) -> None:
        name, kind, shape = "", 0, list[int]()
        data: list[_Field] = []
        for field in self._fields(tensor.offset, tensor.value):
            if field.number == _DIMS:
                shape += self._lengths(field)
            elif field.number == _TYPE:
                kind = field.value
            elif field.number == _NAME:
                name = self._name(field)
            elif field.number in (_RAW, _FLOATS, _DOUBLES) and field.wire == _BYTES:
                data.append(field)
        if len(data) > 1:
            raise MalformedError
        for field in data:
            dtype = DTYPES.get(kind, "")
            if field.number == _RAW or dtype in _PACKED[field.number]:
                self.findings.add(name, dtype, shape, field.offset, field.value)

    def _lengths(self, field: _Field) -> list[int]:
        if field.wire == _VARINT:
            return [field.value]
        lengths: list[int] = []
        self._reader.position = field.offset
        while self._reader.position < field.offset + field.value:
            lengths.append(self._reader.varint())
            if len(lengths) > MAX_DIMENSIONS:
                raise MalformedError
        return lengths

    def _name(self, field: _Field) -> str:
        self._reader.position = field.offset
        return self._reader.text(field.value, at_most=4 * MAX_NAME_CHARACTERS)

    def _fields(self, begin: int, size_bytes: int) -> Iterator[_Field]:
        """Yields the fields of the message in `size_bytes` bytes from `begin` on."""
        reader = self._reader
        position, end = begin, begin + size_bytes
        while position < end:
            self._fields_left -= 1
            reader.position = position
            key = reader.varint()
            number, wire = key >> 3, key & 7
            value = reader.varint() if wire in (_VARINT, _BYTES) else 0
            offset = reader.position
            if wire not in _SIZES or not 1 <= number <= MAX_NUMBER or not self._fields_left:
                raise MalformedError
            position = offset + (value if wire == _BYTES else _SIZES[wire])
            if position > end:
                raise MalformedError
            yield _Field(number, wire, value, offset)
