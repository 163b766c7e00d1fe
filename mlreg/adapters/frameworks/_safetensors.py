"""Owns files of safetensors: a header in JSON, then the numbers, one tensor after the other, nothing that could run.

Read and written here, not by the package of that name: that one wants a path or all of the bytes at once, and what is
loaded comes out of a verified stream, into memory that the tensor keeps. The header is held to every rule of the format
(https://huggingface.co/docs/safetensors): no overlap, no hole, no name twice, sizes that are those of the shapes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from mlreg.adapters.frameworks._foreign import size_of
from mlreg.domain.formats import MAX_HEADER_BYTES

METADATA = "__metadata__"
SIZES: Final[Mapping[str, int]] = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4,
    "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip


class Tensor(NamedTuple):
    """One tensor: its name, the format's word for the type of its numbers, its shape and its bytes, in C order."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: bytearray | memoryview


def write(path: Path, tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> None:
    """Writes `tensors` to `path`, wide numbers first and by name, so that all of them are aligned."""
    ordered = sorted(tensors, key=lambda tensor: (-SIZES[tensor.dtype], tensor.name))
    header: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for tensor in ordered:
        begin, end = end, end + len(tensor.data)
        header[tensor.name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in ordered:
            file.write(tensor.data)


def read(stream: BinaryIO) -> tuple[list[Tensor], dict[str, str]]:
    """Returns the tensors in `stream` and what is said of them; each has its own memory, and there is no other copy.

    Raises:
        ValueError: It breaks a rule of the format.
    """
    size = size_of(stream)
    length = int.from_bytes(stream.read(8), "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
        raise ValueError("its header is longer than the file, or than 100 MB")
    header = json.loads(stream.read(length), object_pairs_hook=_without_doubles)
    if not isinstance(header, dict):
        raise ValueError("its header is no mapping")
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata is no mapping of texts")
    return _tensors(stream, header, size - 8 - length), metadata


def _tensors(stream: BinaryIO, header: Mapping[str, Any], size: int) -> list[Tensor]:
    entries = sorted((_entry(name, facts) for name, facts in header.items()), key=lambda entry: entry[3:])
    place = 0
    for name, _, _, begin, end in entries:
        if begin != place:
            raise ValueError(f"there is a hole or an overlap before the tensor {name!a}")
        place = end
    if place != size:
        raise ValueError("there are bytes that are of no tensor, or tensors beyond the end")
    return [Tensor(name, dtype, shape, _bytes(stream, end - begin)) for name, dtype, shape, begin, end in entries]


def _entry(name: str, facts: Any) -> tuple[str, str, tuple[int, ...], int, int]:
    try:
        dtype, shape, (begin, end) = facts["dtype"], facts["shape"], facts["data_offsets"]
        numbers = [begin, end, *shape]
        is_right = all(type(number) is int and number >= 0 for number in numbers)
        if is_right and len(facts) == 3 and end - begin == SIZES[dtype] * math.prod(shape):
            return name, dtype, tuple(shape), begin, end
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError(f"the header tells nothing right of the tensor {name!a}")


def _bytes(stream: BinaryIO, size: int) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        count = stream.readinto(rest)  # type: ignore[attr-defined]
        if not count:
            raise ValueError("it ends in the middle of a tensor")
        rest = rest[count:]
    return data


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is in its header twice")
    return dict(pairs)
