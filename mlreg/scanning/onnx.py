"""Owns ONNX models: messages whose tensors may lie in other files, and whose operators may come from other libraries.

The numbers are those of `onnx.proto3`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mlreg.scanning.context import Scan
from mlreg.scanning.protobuf import Field, fields
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

_MODEL_FIELDS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_SAVED_MODEL_FIELDS: Final = frozenset({1, 2})
_PLAIN_FILE = re.compile(r"(?!\.{1,2}$)[^/\\:\x00-\x1f]{1,255}")
_STANDARD: Final = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft",
     "com.microsoft.nchwc", "com.microsoft.experimental"}
)  # fmt: skip
_PYTHON: Final = frozenset({"PyOp", "PyCustomOp", "PythonOp", "PythonOpGrad", "PythonFunction"})
_NESTED_MAX = 60
# of each message the fields that are messages: its number, and which message that is
_TREE: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "external"},
    "external": {},
}


def message_kind(source: Source, scan: Scan) -> str:
    """Returns `onnx` or `savedmodel` where `source` is such a message from end to end, else an empty text."""
    try:
        top = [(field.number, field.size_bytes) for field in fields(source, 0, source.size_bytes(), scan)]
    except Halt:
        return ""
    numbers = {number for number, _ in top}
    if numbers == _SAVED_MODEL_FIELDS and top[0][0] == 1:
        return "savedmodel"
    return "onnx" if numbers <= _MODEL_FIELDS and {1, 7} <= numbers else ""


def scan_onnx(source: Source, scan: Scan) -> str:
    """Looks at all tensors and operators of the model.

    Raises:
        Halt: It is damaged.
    """
    pending = [("model", 0, source.size_bytes(), 0)]
    while pending:
        kind, begin, size_bytes, depth = pending.pop()
        if depth > _NESTED_MAX:
            raise Halt("MLR309", "its graphs lie too deep in each other", begin)
        found = list(fields(source, begin, size_bytes, scan))
        inner = _TREE[kind]
        pending += [
            (inner[field.number], field.begin, field.size_bytes, depth + 1) for field in found if field.number in inner
        ]
        if kind == "external":
            _check_external(source, found, begin, scan)
        elif kind == "node":
            _check_node(source, found, begin, scan)
    return "onnx"


def _check_external(source: Source, found: list[Field], offset: int, scan: Scan) -> None:
    texts = {field.number: _text(source, field) for field in found}
    if texts.get(1) != "location":
        return
    place = texts.get(2, "")
    if _PLAIN_FILE.fullmatch(place):
        scan.reads.add(place)
    else:
        scan.add("MLR315", f"a tensor is read from {place[:120]!r}", offset)


def _check_node(source: Source, found: list[Field], offset: int, scan: Scan) -> None:
    texts = {field.number: _text(source, field) for field in found if field.number in (4, 7)}
    operator, domain = texts.get(4, ""), texts.get(7, "")
    if operator in _PYTHON:
        scan.add("MLR313", f"the operator {operator} runs Python", offset)
    elif domain not in _STANDARD:
        scan.add("MLR343", f"operators of {domain[:80]!r} come from another library")


def _text(source: Source, field: Field) -> str:
    return source.read_at(field.begin, min(field.size_bytes, 4096)).decode("utf-8", "replace")
