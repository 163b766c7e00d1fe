"""Owns the models of LightGBM, boosters and estimators, in its own format: a text of trees, loaded without trust.

The text knows boosters only. What an estimator is beyond that, its class and its classes, is a line of our own in it,
which LightGBM passes over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign, _lightgbm_text
from mlreg.adapters.frameworks._pickled import asked
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")

lightgbm: Any = LazyModule("lightgbm")

NAMES: Final = ("lightgbm", "lgbm")
DISTRIBUTIONS: Final[Mapping[str, str]] = {"lightgbm": "lightgbm", "numpy": "numpy", "scipy": "scipy"}
FORMATS: Final = ("lightgbm",)
OPTIONS: Final = ()
_LINE = "mlreg_estimator:"
_LAST = "\npandas_categorical:"  # Python's part of the text, its last line
_ESTIMATORS = ("LGBMClassifier", "LGBMRegressor", "LGBMRanker")


def detects(model: object) -> bool:
    """Whether `model` is a booster or an estimator of LightGBM; a class of the user's own is one of scikit-learn."""
    return _foreign.is_one_of(model, "lightgbm") and type(model).__name__ in ("Booster", *_ESTIMATORS)


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of LightGBM need; its estimators need scikit-learn too."""
    is_estimator = type(model).__name__ in _ESTIMATORS
    return [*DISTRIBUTIONS.values(), *(["scikit-learn"] if is_estimator else [])]


def feature_count(model: object) -> int | None:
    """Returns how many features `model` takes, or None where it was not trained."""
    count = asked(lambda: _booster(model).num_feature())
    return None if count is None else int(count)


def feature_names(model: object) -> list[str] | None:
    """Returns the features that `model` was trained on, in order, or None where it does not say."""
    return _foreign.said(asked(lambda: _booster(model).feature_name()))


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.txt` and returns its path.

    Raises:
        UsageError: It was not trained, or its classes are not texts, numbers or truths.
    """
    path = directory / f"{stem}.txt"
    with _foreign.saving(model):
        text = _booster(model).model_to_string(num_iteration=-1)
        head, last, tail = text.rpartition(_LAST)
        line = f"\n{_LINE}{json.dumps(_facts(model), sort_keys=True)}\n" if _is_estimator(model) else ""
        path.write_text(head + line + last + tail, encoding="utf-8")
    return [path]


def load(files: Mapping[str, BinaryIO]) -> Any:
    """Returns the model in the one file of `files`: an estimator where it was one, else a booster.

    Raises:
        UsageError: It cannot be loaded.
    """
    name, stream = _foreign.only(files, "a LightGBM model", FORMATS)
    with _foreign.loading(name, "a LightGBM model"):
        read, data = lightgbm.Booster, stream.read()
        _lightgbm_text.check(data)
        text = data.decode()
        booster = read(model_str=text)
        _, line, rest = text.rpartition(f"\n{_LINE}")
        return _estimator(json.loads(rest.partition("\n")[0]), booster) if line else booster


def _booster(model: Any) -> Any:
    return model.booster_ if _is_estimator(model) else model


def _is_estimator(model: object) -> bool:
    return type(model).__name__ in _ESTIMATORS


def _facts(model: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "class": type(model).__name__,
        "best_iteration": model.best_iteration_ or -1,
        "features": model.n_features_in_,
    }
    if hasattr(model, "classes_"):
        facts |= {"classes": model.classes_.tolist(), "dtype": model.classes_.dtype.str}
    return facts


def _estimator(facts: Mapping[str, Any], booster: Any) -> Any:
    """Returns the estimator that `facts` tell of: as `fit` leaves it, with `booster` inside.

    LightGBM has no way of its own, so these are its private names, the same since 3.0; the suite predicts with them.
    """
    if facts["class"] not in _ESTIMATORS:
        raise ValueError("it names no estimator of LightGBM")
    estimator = getattr(lightgbm, facts["class"])()
    estimator._Booster = booster
    estimator._best_iteration = facts["best_iteration"]
    estimator._n_features = estimator._n_features_in = facts["features"]
    estimator._objective = str(booster.dump_model(num_iteration=1).get("objective", "")).partition(" ")[0] or None
    estimator.fitted_ = True
    if "classes" in facts:
        classes = _classes(facts["classes"], facts["dtype"])
        estimator._le = lightgbm.compat._LGBMLabelEncoder().fit(classes)
        estimator._classes, estimator._n_classes = classes, len(classes)
    return estimator


def _classes(values: list[Any], dtype: str) -> Any:
    """Returns the classes as they were; the file says which numbers they are, but not how much memory a text takes."""
    classes = np.array(values)
    if classes.ndim != 1 or classes.dtype.kind not in "biufU":
        raise ValueError("its classes are neither texts nor numbers nor truths")
    return classes.astype(dtype) if dtype[1:2] in "biuf" else classes
