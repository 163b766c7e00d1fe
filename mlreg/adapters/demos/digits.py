"""Owns the demonstration on handwritten digits: real models, trained on the data set that scikit-learn ships.

Every model goes to a directory of its own, as a training script leaves it: the file, its metrics, its features.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

MODELS = ("linear", "svm", "broken", "forest")
STEPS = (
    ("a repository is a directory, as with git", "mlreg init"),
    (
        "a first model",
        "mlreg register digits linear/model.joblib --metrics linear/metrics.json --features linear/features.txt",
    ),
    ("goes to production", 'mlreg promote digits 1.0.0 --to production --reason "good enough to start"'),
    ("another one", "mlreg register digits svm/model.joblib --metrics svm/metrics.json --features svm/features.txt"),
    ("is it better?", "mlreg compare digits production 1.0.1"),
    ("it is", 'mlreg promote digits 1.0.1 --to production --reason "a fifth of the errors"'),
    (
        "one that was trained on shuffled labels",
        "mlreg register digits broken/model.joblib --metrics broken/metrics.json --features broken/features.txt",
    ),
    ("gets into production by mistake", "mlreg promote digits 1.0.2 --to production"),
    ("the way back", 'mlreg rollback digits --reason "it guesses"'),
    ("what is in production, and why?", "mlreg why digits"),
    ("what happened", "mlreg history digits"),
    ("is every byte as it was written?", "mlreg verify"),
)


def train(directory: Path) -> None:
    """Trains every model and writes it below `directory`, with what it scores on digits that it has not seen."""
    pixels, digits = load_digits(return_X_y=True)
    for name in MODELS:
        inputs = seen_by(name, pixels)
        known, unseen, answers, truth = train_test_split(
            inputs, digits, test_size=0.25, random_state=0, stratify=digits
        )
        model = _trained(name, known, answers)
        place = directory / name
        place.mkdir(parents=True, exist_ok=True)
        joblib.dump(model, place / "model.joblib")
        (place / "metrics.json").write_text(json.dumps(_scores(model, unseen, truth), indent=2) + "\n")
        (place / "features.txt").write_text("\n".join(_features(name)) + "\n")


def seen_by(name: str, pixels: Any) -> Any:
    """Returns what the model `name` looks at, one row for each image: its pixels, and the forest its ink too."""
    if name == "broken":
        return pixels / 16
    return np.column_stack([pixels, pixels.mean(axis=1)]) if name == "forest" else pixels


def _trained(name: str, inputs: Any, answers: Any) -> Any:
    if name == "broken":
        shuffled = np.random.default_rng(0).permutation(answers)
        return LogisticRegression(max_iter=200, tol=0.1).fit(inputs, shuffled)
    models = {
        "linear": LogisticRegression(max_iter=5000),
        "svm": CalibratedClassifierCV(SVC(C=10), ensemble=False),
        "forest": RandomForestClassifier(n_estimators=60, random_state=0),
    }
    return models[name].fit(inputs, answers)


def _features(name: str) -> list[str]:
    pixels = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    return [*pixels, "ink"] if name == "forest" else pixels


def _scores(model: Any, inputs: Any, truth: Any) -> dict[str, float]:
    guesses = model.predict(inputs)
    found = {
        "accuracy": accuracy_score(truth, guesses),
        "f1_macro": f1_score(truth, guesses, average="macro"),
        "log_loss": log_loss(truth, model.predict_proba(inputs)),
    }
    return {name: round(float(value), 4) for name, value in found.items()}
