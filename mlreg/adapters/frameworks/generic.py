"""Owns every other Python object: kept as a pickle of joblib, whatever it is made with."""

from __future__ import annotations

from collections.abc import Mapping, Set
from numbers import Number
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

NAMES: Final = ("generic", "joblib", "pickle")
DISTRIBUTIONS: Final[Mapping[str, str]] = {"joblib": "joblib", "numpy": "numpy"}
FORMATS: Final = PICKLES
OPTIONS: Final = ("trusted",)


def detects(model: object) -> bool:
    """Whether `model` can be one at all: not a number, a text, bytes, a list, a set, a class or nothing."""
    return not isinstance(model, Number | str | bytes | bytearray | list | tuple | Set | type | None)


takes = detects


def framework(model: object) -> str | None:
    """Returns the package that defines `model`, or None where that is a script or the standard library."""
    own = package_of(type(model))
    return own if own in _pickled.packages(model) else None


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that pickles need, and those that `model` and its parts are of."""
    parts = [] if model is None else _pickled.distributions(model)
    return list(dict.fromkeys([*DISTRIBUTIONS.values(), *parts]))
