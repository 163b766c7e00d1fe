"""Owns what an ONNX file says of its inputs and outputs: the graph's own list, walked over in the protobuf.

Only what names inputs and outputs is read; weights are stepped over. Field numbers are those of `onnx.proto`
(https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), the wire format that of protobuf.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import BinaryIO, Final

from mlreg.domain.names import quoted
from mlreg.domain.signatures.model import FREE, Dimension, Field, Signature
from mlreg.errors import UsageError

_MODEL_GRAPH: Final = 7
_GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_SPARSE = 5, 11, 12, 15
_TENSOR_NAME, _SPARSE_VALUES = 8, 1
_INFO_NAME, _INFO_TYPE = 1, 2
_TYPE_TENSOR, _TYPE_OPTIONAL = 1, 9
_TENSOR_ELEMENT, _TENSOR_SHAPE, _SHAPE_DIM, _DIM_VALUE, _DIM_PARAM = 1, 2, 1, 1, 2
_VARINT, _LENGTH = 0, 2
_FIXED: Final = {1: 8, 5: 4}
_DEPTH_MAX: Final = 8
_ELEMENTS: Final = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "str", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip

Span = tuple[int, int]


def described(stream: BinaryIO, name: str) -> Signature:
    """Returns the signature that the model in `stream` says it has; `name` is for errors.

    Raises:
        UsageError: It is not an ONNX model.
    """
    try:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _signature(data)
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read {quoted(name, 200)}: it is not an ONNX model", hint="see what it is with `file`"
        ) from error


def _signature(data: mmap.mmap) -> Signature:
    graph = next(_spans(data, (0, len(data)), _MODEL_GRAPH))
    weights = set()
    for span in _spans(data, graph, _GRAPH_INITIALIZER):
        weights.add(_text(data, span, _TENSOR_NAME))
    for sparse in _spans(data, graph, _GRAPH_SPARSE):
        weights.update(_text(data, span, _TENSOR_NAME) for span in _spans(data, sparse, _SPARSE_VALUES))
    inputs = (_field(data, span) for span in _spans(data, graph, _GRAPH_INPUT))
    outputs = (_field(data, span) for span in _spans(data, graph, _GRAPH_OUTPUT))
    # before version 4 of its format, weights stood among the inputs
    return Signature(tuple(field for field in inputs if field.name not in weights), tuple(outputs))


def _field(data: mmap.mmap, span: Span) -> Field:
    name = _text(data, span, _INFO_NAME)
    if not name:
        raise ValueError("an input has no name")
    kind = next(_spans(data, span, _INFO_TYPE), None)
    optional = False
    for _ in range(_DEPTH_MAX):
        inner = None if kind is None else next(_spans(data, kind, _TYPE_OPTIONAL), None)
        if inner is None:
            break
        optional, kind = True, next(_spans(data, inner, 1), None)
    tensor = None if kind is None else next(_spans(data, kind, _TYPE_TENSOR), None)
    if tensor is None:  # a sequence or a map
        return Field(name, optional=optional)
    element = next((value for number, value in _numbers(data, tensor) if number == _TENSOR_ELEMENT), 0)
    shape = next(_spans(data, tensor, _TENSOR_SHAPE), None)
    sizes = None if shape is None else tuple(_size(data, dim) for dim in _spans(data, shape, _SHAPE_DIM))
    return Field(name, _ELEMENTS.get(element, "any"), sizes, optional=optional)


def _size(data: mmap.mmap, dim: Span) -> Dimension:
    value = next((value for number, value in _numbers(data, dim) if number == _DIM_VALUE), None)
    if value is not None:
        return value if value < 1 << 62 else FREE
    return _text(data, dim, _DIM_PARAM) or FREE


def _text(data: mmap.mmap, span: Span, number: int) -> str:
    start, end = next(_spans(data, span, number), (0, 0))
    return data[start:end].decode()


def _spans(data: mmap.mmap, span: Span, number: int) -> Iterator[Span]:
    """Yields where the members with `number` of the message in `span` are, those that have a length."""
    for found, kind, start, end in _members(data, span):
        if found == number and kind == _LENGTH:
            yield start, end


def _numbers(data: mmap.mmap, span: Span) -> Iterator[tuple[int, int]]:
    """Yields the whole numbers of the message in `span`, each with the number of its member."""
    for found, kind, start, _ in _members(data, span):
        if kind == _VARINT:
            yield found, _varint(data, start)[0]


def _members(data: mmap.mmap, span: Span) -> Iterator[tuple[int, int, int, int]]:
    at, end = span
    while at < end:
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _LENGTH:
            length, at = _varint(data, at)
        elif kind == _VARINT:
            length = _varint(data, at)[1] - at
        else:
            length = _FIXED.get(kind, -1)
        if length < 0 or at + length > end:
            raise ValueError("not protobuf")
        yield key >> 3, kind, at, at + length
        at += length


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("not protobuf")
