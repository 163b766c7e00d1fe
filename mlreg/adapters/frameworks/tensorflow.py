"""Owns modules of TensorFlow as SavedModel directories: graphs that run as they are, and may read and write files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign
from mlreg.lazy import LazyModule

tensorflow: Any = LazyModule("tensorflow")

NAMES: Final = ("tensorflow", "tf")
DISTRIBUTIONS: Final[Mapping[str, str]] = {"tensorflow": "tensorflow"}
FORMATS: Final = ("saved-model",)
OPTIONS: Final = ()
_MARK = "saved_model.pb"


def detects(model: object) -> bool:
    """Whether `model` is a module of TensorFlow that is not a model of Keras."""
    is_keras = _foreign.extends(model, "keras") or _foreign.extends(model, "tf_keras")
    return _foreign.extends(model, "tensorflow", "Module", "AutoTrackable") and not is_keras


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that modules of TensorFlow need: either of the two."""
    return [*DISTRIBUTIONS.values(), "tensorflow-cpu"]


def feature_count(model: object) -> None:
    """Returns None: a module does not say what it takes."""


def feature_names(model: object) -> None:
    """Returns None: a module does not say what it takes."""


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to the directory `STEM` and returns its path.

    Raises:
        UsageError: It cannot be saved.
    """
    path = directory / stem
    with _foreign.saving(model):
        tensorflow.saved_model.save(model, str(path))
    return [path]


def load(files: Mapping[str, BinaryIO]) -> Any:
    """Returns the module in the files.

    Raises:
        UsageError: They cannot be loaded.
    """
    inside = _foreign.directory_of(files, (_MARK,), "a SavedModel")
    with _foreign.private_copy(files) as place, _foreign.loading(inside or _MARK, "a SavedModel"):
        return tensorflow.saved_model.load(str(place / inside))
