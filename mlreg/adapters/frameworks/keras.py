"""Owns the models of Keras 3 in its own format (`.keras`), read in its safe mode alone: no lambda, no bytecode.

A class of the user's own comes back where it was registered with Keras (`@keras.saving.register_keras_serializable()`)
and is imported. What a model was compiled with is kept in the file, and left there: it is for training.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign, _zips
from mlreg.lazy import LazyModule

keras: Any = LazyModule("keras")

NAMES: Final = ("keras",)
DISTRIBUTIONS: Final[Mapping[str, str]] = {"keras": "keras", "numpy": "numpy", "h5py": "h5py"}
FORMATS: Final = ("keras",)
OPTIONS: Final = ()
_BACKENDS = ("tensorflow", "jax", "torch")
_METADATA = "metadata.json"


def detects(model: object) -> bool:
    """Whether `model` is one of Keras, or extends such a one."""
    return _foreign.extends(model, "keras", "Model")


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of Keras need, and the backend where `model` runs on one."""
    return [*DISTRIBUTIONS.values(), *([str(keras.backend.backend())] if model is not None else [])]


def feature_count(model: Any) -> int | None:
    """Returns how many columns `model` takes, or None where it takes no table."""
    shape = getattr(model, "input_shape", None) if detects(model) else None
    return shape[1] if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], int) else None


def feature_names(model: object) -> None:
    """Returns None: a model of Keras does not know the names of its columns."""


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.keras`, the time of day left out, and returns its path.

    Raises:
        UsageError: It cannot be saved.
    """
    raw, path = directory / f"{stem}-raw.keras", directory / f"{stem}.keras"
    with _foreign.saving(model):
        model.save(raw)
        told = json.loads(_zips.member(raw, _METADATA))
        told.pop("date_saved", None)
        _zips.rewrite(raw, path, edit={_METADATA: json.dumps(told).encode()})
    raw.unlink()
    return [path]


def load(files: Mapping[str, BinaryIO]) -> Any:
    """Returns the model in the one file of `files`, not compiled: it predicts, and `compile` makes it train on.

    Raises:
        UsageError: It cannot be loaded, or not safely.
    """
    name, stream = _foreign.only(files, "a Keras model", FORMATS)
    _choose_backend()
    with _foreign.private_copy({"model.keras": stream}) as place, _foreign.loading(name, "a Keras model"):
        return keras.saving.load_model(place / "model.keras", compile=False, safe_mode=True)


def _choose_backend() -> None:
    """Lets Keras run on what is installed, unless somebody has chosen: by itself it insists on TensorFlow."""
    if _foreign.is_imported("keras") or "KERAS_BACKEND" in os.environ:
        return
    found = next((package for package in _BACKENDS if find_spec(package) is not None), None)
    if found is not None:
        os.environ["KERAS_BACKEND"] = found
