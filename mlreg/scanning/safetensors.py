"""Owns safetensors files: the length of a header, the header as JSON, tensors one behind the other without a gap."""

from __future__ import annotations

import json
from math import prod
from typing import Any

from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

_HEADER_MAX_BYTES = 100_000_000
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
         "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
         "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}  # fmt: skip


def is_safetensors(head: bytes, size_bytes: int) -> bool:
    """Whether `head` begins with the length of a header that fits into the file, and a JSON object."""
    length = int.from_bytes(head[:8], "little")
    return len(head) > 8 and head[8:9] == b"{" and 2 <= length <= min(_HEADER_MAX_BYTES, size_bytes - 8)


def scan_safetensors(source: Source, scan: Scan) -> str:
    """Checks the rules of the format.

    Raises:
        Halt: One of them is broken.
    """
    length = int.from_bytes(source.read_at(0, 8), "little")
    try:
        header = json.loads(source.read_at(8, length).decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise Halt("MLR330", "not whole safetensors: the header is no JSON", 8) from None
    scan.budget.check(8)
    header.pop("__metadata__", None)
    end = 0
    for begin, following, name, info in sorted(
        (_place(name, info) for name, info in header.items()), key=lambda at: at[:3]
    ):
        if begin != end:
            raise Halt("MLR330", f"not whole safetensors: a gap or an overlap before {name[:80]!r}", 8 + length + begin)
        if prod(info["shape"]) * _BITS[info["dtype"]] != 8 * (following - begin):
            raise Halt("MLR330", f"not whole safetensors: the size of {name[:80]!r} is wrong", 8 + length + begin)
        end = following
    if 8 + length + end != source.size_bytes():
        raise Halt("MLR330", "not whole safetensors: it ends too early, or bytes follow", 8 + length + end)
    return "safetensors"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two tensors of one name")
    return found


def _place(name: str, info: Any) -> tuple[int, int, str, dict[str, Any]]:
    """Returns where the tensor `name` begins and ends."""
    try:
        begin, end = info["data_offsets"]
        sizes = [*info["shape"], begin, end]
        is_right = info["dtype"] in _BITS and all(type(size) is int and 0 <= size < 1 << 60 for size in sizes)
    except (TypeError, KeyError, ValueError):
        is_right = False
    if not is_right or not name.isprintable():
        raise Halt("MLR330", f"not whole safetensors: {name[:80]!r} is no tensor", 8)
    return begin, end, name, info
