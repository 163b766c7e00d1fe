"""Owns the models of XGBoost, boosters and estimators, in its own format (UBJSON): data, loaded without trust."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign, _xgboost_model
from mlreg.adapters.frameworks._pickled import asked
from mlreg.lazy import LazyModule

json: Any = LazyModule("json")
xgboost: Any = LazyModule("xgboost")

NAMES: Final = ("xgboost", "xgb")
DISTRIBUTIONS: Final[Mapping[str, str]] = {"xgboost": "xgboost", "numpy": "numpy", "scipy": "scipy"}
FORMATS: Final = ("xgboost-ubj", "xgboost-json")
OPTIONS: Final = ()
_ESTIMATORS = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "ranker": "XGBRanker"}


def detects(model: object) -> bool:
    """Whether `model` is a booster or an estimator of XGBoost; a class of the user's own is one of scikit-learn."""
    return _foreign.is_one_of(model, "xgboost") and _foreign.extends(model, "xgboost", "Booster", "XGBModel")


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of XGBoost need, either of its two; estimators need scikit-learn too."""
    is_estimator = model is not None and _foreign.extends(model, "xgboost", "XGBModel")
    return [*DISTRIBUTIONS.values(), "xgboost-cpu", *(["scikit-learn"] if is_estimator else [])]


def feature_count(model: object) -> int | None:
    """Returns how many features `model` takes, or None where it was not trained."""
    count = asked(lambda: _booster(model).num_features())
    return None if count is None else int(count)


def feature_names(model: object) -> list[str] | None:
    """Returns the features that `model` was trained on, in order, or None where it does not say."""
    return _foreign.said(asked(lambda: _booster(model).feature_names))


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.ubj` and returns its path.

    Raises:
        UsageError: It was not trained.
    """
    path = directory / f"{stem}.ubj"
    with _foreign.saving(model, hint="train it first"):
        model.save_model(path)
    return [path]


def load(files: Mapping[str, BinaryIO]) -> Any:
    """Returns the model in the one file of `files`: an estimator where it was one, else a booster.

    Raises:
        UsageError: It cannot be loaded.
    """
    name, stream = _foreign.only(files, "an XGBoost model", FORMATS)
    with _foreign.loading(name, "an XGBoost model"):
        booster = xgboost.Booster()
        data = _xgboost_model.checked(stream.read())
        booster.load_model(data)
        kind = _ESTIMATORS.get(_estimator_type(booster))
        if kind is None:
            return booster
        estimator = getattr(xgboost, kind)()
        estimator.load_model(data)
        return estimator


def _booster(model: Any) -> Any:
    return model.get_booster() if _foreign.extends(model, "xgboost", "XGBModel") else model


def _estimator_type(booster: Any) -> str:
    facts = json.loads(booster.attr("scikit_learn") or "{}")
    return str(facts.get("_estimator_type")) if isinstance(facts, dict) else ""
