"""Owns the models of scikit-learn: estimators, transformers and pipelines, kept as pickles of joblib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlreg.adapters.frameworks import _pickled
from mlreg.adapters.frameworks._foreign import package_of
from mlreg.adapters.frameworks._pickled import feature_count, feature_names, load, save
from mlreg.domain.formats import PICKLES

__all__ = [
    "DISTRIBUTIONS",
    "FORMATS",
    "NAMES",
    "OPTIONS",
    "detects",
    "distributions",
    "feature_count",
    "feature_names",
    "framework",
    "load",
    "save",
    "takes",
]

NAMES: Final = ("sklearn", "scikit-learn")
DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "sklearn": "scikit-learn",
    "numpy": "numpy",
    "scipy": "scipy",
    "joblib": "joblib",
}
FORMATS: Final = PICKLES
OPTIONS: Final = ("trusted",)


def detects(model: object) -> bool:
    """Whether `model` is one of scikit-learn, or of a class of the user's own that extends one.

    Libraries that build on scikit-learn's classes, as xgboost does, are not scikit-learn.
    """
    if not any(package_of(kind) == "sklearn" for kind in type(model).__mro__):
        return False
    own = package_of(type(model))
    return own == "sklearn" or own not in _pickled.packages(model) or _pickled.distribution_of(own) is None


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of scikit-learn need, and those of the parts of `model`."""
    parts = [] if model is None else _pickled.distributions(model)
    return list(dict.fromkeys([*DISTRIBUTIONS.values(), *parts]))
