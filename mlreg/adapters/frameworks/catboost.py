"""Owns the models of CatBoost in its own format (cbm): data, loaded without trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign
from mlreg.adapters.frameworks._pickled import asked
from mlreg.lazy import LazyModule

catboost: Any = LazyModule("catboost")

NAMES: Final = ("catboost",)
DISTRIBUTIONS: Final[Mapping[str, str]] = {"catboost": "catboost", "numpy": "numpy"}
FORMATS: Final = ("catboost",)
OPTIONS: Final = ()
_CLASSES = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
_KEY = "mlreg.class"


def detects(model: object) -> bool:
    """Whether `model` is one of CatBoost's own classes."""
    return _foreign.is_one_of(model, "catboost") and type(model).__name__ in _CLASSES


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of CatBoost need."""
    return list(DISTRIBUTIONS.values())


def feature_count(model: Any) -> int | None:
    """Returns how many features `model` takes, or None where it was not trained."""
    return len(asked(lambda: model.feature_names_) or ()) or None


def feature_names(model: Any) -> list[str] | None:
    """Returns the features that `model` was trained on, in order, or None where it does not say."""
    return _foreign.said(asked(lambda: model.feature_names_))


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.cbm`, the name of its class among its metadata, and returns its path.

    Raises:
        UsageError: It was not trained.
    """
    path = directory / f"{stem}.cbm"
    with _foreign.saving(model, hint="train it first"):
        metadata = model.get_metadata()
        metadata[_KEY] = type(model).__name__
        try:
            model.save_model(str(path), format="cbm")
        finally:
            del metadata[_KEY]
    return [path]


def load(files: Mapping[str, BinaryIO]) -> Any:
    """Returns the model in the one file of `files`, of the class that it had; where it does not say, one that fits.

    Raises:
        UsageError: It cannot be loaded.
    """
    name, stream = _foreign.only(files, "a CatBoost model", FORMATS)
    with _foreign.loading(name, "a CatBoost model"):
        data = stream.read()
        found = catboost.CatBoost()
        found.load_model(blob=data)
        usual = "CatBoostClassifier" if len(found.classes_) else "CatBoostRegressor"
        kind = dict(found.get_metadata()).get(_KEY, usual)
        if kind not in _CLASSES:
            raise ValueError("it names no class of CatBoost")
        model = getattr(catboost, kind)()
        model.load_model(blob=data)
        return model
