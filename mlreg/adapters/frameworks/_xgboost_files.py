"""Owns the reading of XGBoost's two formats, UBJSON and JSON, as strictly as XGBoost writes them.

UBJSON is a subset of https://ubjson.org: lengths are `L`, objects end by a mark, arrays say how long they are; arrays
of numbers of one kind are views of the bytes that were read. XGBoost's own reader follows any depth to the end of its
stack, and takes the first of two equal names: neither passes here. Time is linear in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import json

    import numpy as np
else:
    json = LazyModule("json")
    np = LazyModule("numpy")

Document = dict[str, Any]
_DEEPEST: Final = 24
_CONSTANTS: Final[Mapping[int, Any]] = {ord("T"): True, ord("F"): False, ord("Z"): None}
_NUMBERS: Final = {ord(mark): struct.Struct(f">{kind}") for mark, kind in zip("iUIlLdD", "bBhiqfd", strict=True)}
_ARRAYS: Final[Mapping[int, str]] = {
    **{mark: number.format for mark, number in _NUMBERS.items()},
    **{ord(mark): kind for mark, kind in zip("umM", (">H", ">I", ">Q"), strict=True)},
}


def from_ubjson(data: bytes | bytearray) -> Document:
    """Returns what the UBJSON `data` says; its arrays of numbers are numpy's, and views of `data`.

    Raises:
        ValueError: It is not UBJSON as XGBoost writes it.
    """
    reader = _Reader(data)
    found = reader.value(0)
    if reader.place != len(data) or not isinstance(found, dict):
        raise ValueError("it does not end where it says")
    return found


def from_json(data: bytes | bytearray) -> Document:
    """Returns what the JSON `data` says; its arrays are lists.

    Raises:
        ValueError: It is not JSON, or deeper than a model is.
    """
    try:
        found = json.loads(data.decode(), object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("it is deeper than a model is") from error
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        within = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [inner for one in within for inner in one if isinstance(inner, dict | list)]
    if level or not isinstance(found, dict):
        raise ValueError("it is deeper than a model is, or none")
    return found


class _Reader:
    """Reads values one after the other."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = data
        self._kinds: dict[int, Callable[[int], Any]] = {ord("{"): self._object, ord("["): self._array}
        self.place = 0

    def value(self, depth: int) -> Any:
        mark = self._take(1)[0]
        if mark in self._kinds and depth < _DEEPEST:
            return self._kinds[mark](depth + 1)
        if mark in _NUMBERS:
            return self._number(_NUMBERS[mark])
        if mark == ord("S"):
            return self._text()
        if mark not in _CONSTANTS:
            raise ValueError(f"it is deeper than a model is, or no UBJSON, at byte {self.place - 1}")
        return _CONSTANTS[mark]

    def _object(self, depth: int) -> Document:
        pairs = []
        while not self._ends("}"):
            pairs.append((self._text(), self.value(depth)))
        return _object(pairs)

    def _array(self, depth: int) -> Any:
        kind = self._take(1)[0] if self._ends("$") else 0
        if not self._ends("#"):
            raise ValueError(f"an array does not say how long it is, at byte {self.place}")
        length = self._length()
        if not kind:
            return [self.value(depth) for _ in range(length)]
        if kind not in _ARRAYS:
            raise ValueError(f"an array is of no known kind, at byte {self.place}")
        dtype = np.dtype(_ARRAYS[kind])
        return np.frombuffer(self._take(length * dtype.itemsize), dtype)

    def _text(self) -> str:
        return bytes(self._take(self._length())).decode(errors="surrogateescape")

    def _length(self) -> int:
        length = self._number(_NUMBERS[ord("L")]) if self._ends("L") else -1
        if not 0 <= length <= len(self._data) - self.place:
            raise ValueError(f"something is longer than the rest of it, at byte {self.place}")
        return int(length)

    def _number(self, kind: struct.Struct) -> Any:
        return kind.unpack(self._take(kind.size))[0]

    def _ends(self, mark: str) -> bool:
        """Whether `mark` is next; then it is taken."""
        is_next = self._data[self.place : self.place + 1] == mark.encode()
        self.place += is_next
        return is_next

    def _take(self, size_bytes: int) -> memoryview:
        taken = memoryview(self._data)[self.place : self.place + size_bytes]
        if len(taken) < size_bytes:
            raise ValueError("it is cut off")
        self.place += size_bytes
        return taken


def _object(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("something is said twice")
    return found
