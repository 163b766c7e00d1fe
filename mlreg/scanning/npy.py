"""Owns single arrays as numpy writes them (NEP 1): a header, then elements, or a pickle where they are objects."""

from __future__ import annotations

import ast
import re
from math import prod
from typing import Any

from mlreg.scanning.context import Scan
from mlreg.scanning.pickles import files
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

MAGIC = b"\x93NUMPY"
_HEADER_MAX_BYTES = 1 << 16
_CODE = re.compile(r"[<>|=]?([?a-zA-Z])(\d*)(?:\[[^\]]*\])?")
_NESTED_MAX = 20


def scan_npy(source: Source, scan: Scan) -> str:
    """Looks at the array in `source`, and at the pickle in it where it has one.

    Raises:
        Halt: It is damaged.
    """
    head = source.read_at(0, 12)
    wide = head[6:7] in (b"\2", b"\3")
    if head[6:7] not in (b"\1", b"\2", b"\3"):
        raise Halt("MLR330", "not a whole array: its version is not known", 6)
    begin = 12 if wide else 10
    length = int.from_bytes(head[8:begin], "little")
    if length > _HEADER_MAX_BYTES:
        raise Halt("MLR309", f"its header has {length} bytes", 8)
    descr, shape = _header(source.read_at(begin, length))
    begin += length
    if _has_objects(descr):
        end = files.scan_inner(source, begin, scan)
        if source.read_at(end, 1):
            raise Halt("MLR311", "bytes follow the end of the array", end)
        return "npy"
    end = begin + prod(shape) * _item_bytes(descr)
    if end > begin and not source.read_at(end - 1, 1):
        raise Halt("MLR330", "not a whole array: it is cut off", begin)
    if source.read_at(end, 1):
        raise Halt("MLR311", "bytes follow the end of the array", end)
    return "npy"


def _header(data: bytes) -> tuple[Any, tuple[int, ...]]:
    try:
        header = ast.literal_eval(data.decode("utf-8").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, UnicodeDecodeError):
        raise Halt("MLR330", "not a whole array: its header is none", 10) from None
    is_one = isinstance(header, dict) and set(header) == {"descr", "fortran_order", "shape"}
    shape = header["shape"] if is_one else None
    if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 1 << 62 for size in shape):
        raise Halt("MLR330", "not a whole array: its shape is none", 10)
    return header["descr"], shape


def _has_objects(descr: Any) -> bool:
    return any(match[1] == "O" for match in map(_CODE.fullmatch, _codes(descr)) if match)


def _codes(descr: Any, depth: int = 0) -> list[str]:
    """Returns the codes of all types in the description of one."""
    if depth > _NESTED_MAX:
        raise Halt("MLR330", "not a whole array: its type nests too deep", 10)
    if isinstance(descr, str):
        return [descr]
    if isinstance(descr, list):
        parts = [part[1] for part in descr if isinstance(part, tuple) and len(part) in (2, 3)]
        if len(parts) == len(descr):
            return [code for part in parts for code in _codes(part, depth + 1)]
    if isinstance(descr, tuple) and len(descr) == 2:
        return _codes(descr[0], depth + 1)
    raise Halt("MLR330", "not a whole array: its type is none", 10)


def _item_bytes(descr: Any) -> int:
    if isinstance(descr, list):
        return sum(_item_bytes(part[1]) * (prod(_shape(part[2])) if len(part) == 3 else 1) for part in descr)
    if isinstance(descr, tuple):
        return _item_bytes(descr[0]) * prod(_shape(descr[1]))
    match = _CODE.fullmatch(descr)
    if not match:
        raise Halt("MLR330", "not a whole array: its type is none", 10)
    count = int(match[2] or 1)
    return 8 if match[1] in "Mm" else 4 * count if match[1] == "U" else count


def _shape(value: Any) -> tuple[int, ...]:
    sizes = value if isinstance(value, tuple) else (value,)
    if not all(type(size) is int and 0 <= size < 1 << 31 for size in sizes):
        raise Halt("MLR330", "not a whole array: its type is none", 10)
    return sizes
