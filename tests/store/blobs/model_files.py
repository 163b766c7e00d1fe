"""Model files as the libraries write them, and GGUF, which is written here after its specification."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

GGUF_TYPES = {"float32": 0, "float16": 1, "int8": 24, "int16": 25, "int32": 26, "int64": 27, "float64": 28}


class Bytes:
    """A source over `data` that knows the most that was asked of it at once, and how often it was asked."""

    def __init__(self, data: bytes, size_bytes: int | None = None) -> None:
        self.data = data
        self.size_bytes = len(data) if size_bytes is None else size_bytes
        self.most_bytes = 0
        self.reads = 0

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        assert offset >= 0
        assert size_bytes >= 0
        self.most_bytes = max(self.most_bytes, min(size_bytes, self.size_bytes - offset))
        self.reads += 1
        return self.data[offset : offset + size_bytes]


class Disk:
    """A source over a file, of any size."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size_bytes = path.stat().st_size

    def __enter__(self) -> Disk:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size_bytes)


def arrays() -> dict[str, np.ndarray]:
    """Arrays of all sorts, from one element to a few thousand."""
    rng = np.random.default_rng(7)
    return {
        "encoder.weight": rng.normal(size=(24, 16)).astype(np.float32),
        "encoder.bias": rng.normal(size=16).astype(np.float16),
        "double": rng.normal(size=(2, 3, 4)),
        "long": rng.integers(-(2**60), 2**60, (5,)),
        "int": rng.integers(-(2**30), 2**30, (3, 1)).astype(np.int32),
        "short": rng.integers(-(2**14), 2**14, (7,)).astype(np.int16),
        "char": rng.integers(-100, 100, (9,)).astype(np.int8),
        "byte": rng.integers(0, 255, (4, 4)).astype(np.uint8),
        "bool": rng.integers(0, 2, (6,)).astype(bool),
        "complex": (rng.normal(size=3) + 1j).astype(np.complex64),
        "scalar": np.array(3.5, np.float32),
        "empty": np.empty((0, 4), np.float32),
    }


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(
    tensors: Mapping[str, np.ndarray | tuple[int, tuple[int, ...], bytes]],
    *,
    version: int = 3,
    alignment: int = 32,
    metadata: bytes = b"",
    pairs: int = 0,
) -> bytes:
    """Returns a GGUF file of arrays, or of (number of the type, shape, bytes)."""
    infos, data = io.BytesIO(), io.BytesIO()
    for name, tensor in tensors.items():
        if isinstance(tensor, np.ndarray):
            tensor = GGUF_TYPES[str(tensor.dtype)], tensor.shape, tensor.tobytes()
        kind, shape, content = tensor
        data.write(bytes(-data.tell() % alignment))
        infos.write(text(name) + struct.pack("<I", len(shape)))
        infos.write(b"".join(struct.pack("<Q", length) for length in reversed(shape)))
        infos.write(struct.pack("<IQ", kind, data.tell()))
        data.write(content)
    if alignment != 32:
        metadata += text("general.alignment") + struct.pack("<II", 4, alignment)
        pairs += 1
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), pairs) + metadata + infos.getvalue()
    return head + bytes(-len(head) % alignment) + data.getvalue()


def gguf_metadata() -> tuple[bytes, int]:
    """Returns the bytes of metadata of every kind, and how many pairs they are."""
    strings = struct.pack("<IQ", 8, 3) + text("a") + text("") + text("ü" * 100)
    nested = struct.pack("<IQ", 9, 2) + 2 * (struct.pack("<IQ", 5, 2) + bytes(8))
    pairs = [
        *(
            text(f"number.{kind}") + struct.pack("<I", kind) + bytes(size)
            for kind, size in enumerate(b"\1\1\2\2\4\4\4\1")
        ),
        *(text(f"long.{kind}") + struct.pack("<I", kind) + bytes(8) for kind in (10, 11, 12)),
        text("general.name") + struct.pack("<I", 8) + text("tiny"),
        text("tokenizer.ggml.tokens") + struct.pack("<I", 9) + strings,
        text("nested") + struct.pack("<I", 9) + nested,
    ]
    return b"".join(pairs), len(pairs)


def safetensors(header: bytes, data: bytes = b"") -> bytes:
    """Returns a file with this header, whatever it says."""
    return struct.pack("<Q", len(header)) + header + data


def field(number: int, content: bytes | int) -> bytes:
    """Returns one field of a protocol buffer."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def saved(save: Any, *content: Any, **named: Any) -> bytes:
    """Returns what `save(file, …)` writes."""
    stream = io.BytesIO()
    save(stream, *content, **named)
    return stream.getvalue()
