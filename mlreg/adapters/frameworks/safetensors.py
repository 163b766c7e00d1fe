"""Owns mappings of names to NumPy arrays, kept as safetensors: numbers alone, loaded without trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeGuard

from mlreg.adapters.frameworks import _foreign, _safetensors
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")

ml_dtypes: Any = LazyModule("ml_dtypes")

NAMES: Final = ("safetensors",)
DISTRIBUTIONS: Final[Mapping[str, str]] = {"numpy": "numpy", "ml_dtypes": "ml-dtypes"}
FORMATS: Final = ("safetensors",)
OPTIONS: Final = ()
_TYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "F16": "float16", "U32": "uint32",
    "I32": "int32", "F32": "float32", "U64": "uint64", "I64": "int64", "F64": "float64", "C64": "complex64",
}  # fmt: skip
_MORE_TYPES = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}  # of ml_dtypes
_WORDS = {name: word for word, name in (*_TYPES.items(), *_MORE_TYPES.items())}


def detects(model: object) -> TypeGuard[dict[str, Any]]:
    """Whether `model` is a mapping of names to arrays of numbers, and to nothing else."""
    return isinstance(model, dict) and bool(model) and all(map(_is_entry, model.items()))


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that such a mapping needs."""
    return ["numpy"]


def feature_count(model: object) -> None:
    """Returns None: numbers alone do not say what they take."""


def feature_names(model: object) -> None:
    """Returns None: numbers alone do not say what they take."""


def save(model: object, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.safetensors` and returns its path."""
    path = directory / f"{stem}.safetensors"
    if not detects(model):
        raise TypeError("not a mapping of names to arrays")
    _safetensors.write(path, [_tensor(name, array) for name, array in model.items()], {})
    return [path]


def load(files: Mapping[str, BinaryIO]) -> dict[str, Any]:
    """Returns the arrays in the files, by name; several files are the parts of one.

    Raises:
        UsageError: One of them breaks a rule of the format.
    """
    arrays: dict[str, Any] = {}
    for name, stream in files.items():
        with _foreign.loading(name, "a safetensors file"):
            tensors, _ = _safetensors.read(stream)
            arrays.update((tensor.name, _array(tensor)) for tensor in tensors)
    return arrays


def _is_entry(entry: tuple[Any, Any]) -> bool:
    name, array = entry
    is_array = _foreign.is_one_of(array, "numpy") and type(array).__name__ == "ndarray"
    return isinstance(name, str) and name != _safetensors.METADATA and is_array and array.dtype.name in _WORDS


def _tensor(name: str, array: Any) -> _safetensors.Tensor:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    data = memoryview(plain.reshape(-1).view(np.uint8).data)
    return _safetensors.Tensor(name, _WORDS[array.dtype.name], array.shape, data)


def _array(tensor: _safetensors.Tensor) -> Any:
    is_more = tensor.dtype in _MORE_TYPES
    kind = (
        getattr(ml_dtypes, _MORE_TYPES[tensor.dtype]) if is_more else np.dtype(_TYPES[tensor.dtype]).newbyteorder("<")
    )
    return np.frombuffer(tensor.data, dtype=kind).reshape(tensor.shape)
