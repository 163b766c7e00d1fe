"""Makes files of tensors as training makes them: a model, its fine-tunes, its exports."""

from __future__ import annotations

import json
import struct

import numpy as np

Arrays = dict[str, np.ndarray]


def model(seed: int = 0, *, rows: int = 700, columns: int = 384) -> Arrays:
    """Returns the tensors of a small network, in fp32: some large, some small."""
    random = np.random.default_rng(seed)
    large = {f"encoder.layer.{n}.weight": random.normal(0, 0.04, (rows, columns)).astype(np.float32) for n in range(3)}
    small = {f"encoder.layer.{n}.bias": random.normal(0, 0.01, columns).astype(np.float32) for n in range(3)}
    return {**large, **small}


def tuned(arrays: Arrays, seed: int = 1, *, only: str = "") -> Arrays:
    """Returns the tensors after some steps of training: those whose names begin with `only` have moved a little."""
    random = np.random.default_rng(seed)
    return {
        name: (array + random.normal(0, 3e-6, array.shape)).astype(np.float32) if name.startswith(only) else array
        for name, array in arrays.items()
    }


def halved(arrays: Arrays) -> dict[str, np.ndarray]:
    """Returns the tensors in bf16, as `uint16`: rounded to the nearest, ties to even."""
    return {name: _bf16(array) for name, array in arrays.items()}


def safetensors(arrays: Arrays, dtype: str = "F32", **metadata: str) -> bytes:
    """Returns a file in the safetensors format."""
    header: dict[str, object] = {"__metadata__": {"format": "np", **metadata}}
    at = 0
    for name, array in arrays.items():
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in arrays.values())


def _bf16(array: np.ndarray) -> np.ndarray:
    bits = array.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
