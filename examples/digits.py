"""Trains three classifiers of handwritten digits, then types the commands of a model's life with mlreg.

    python examples/digits.py             all of it, in the directory `digits`
    python examples/digits.py --train     only the training: mlreg needs nothing of it but the files

Every model goes to a directory of its own, as a training script leaves it: `model.joblib`, its metrics, its features.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

PLACE = Path("digits")
MODELS = {
    "linear": LogisticRegression(max_iter=5000),
    "svm": CalibratedClassifierCV(SVC(C=10), ensemble=False),
    "forest": RandomForestClassifier(n_estimators=60, random_state=0),
}
COMMANDS = """\
mlreg init
mlreg register digits linear/model.joblib --metrics linear/metrics.json --features linear/features.txt
mlreg register digits svm/model.joblib --metrics svm/metrics.json --features svm/features.txt
mlreg register digits forest/model.joblib --metrics forest/metrics.json --features forest/features.txt
mlreg list digits
mlreg promote digits 1.0.0 --to production --reason "good enough to start"
mlreg compare digits production 1.0.1
mlreg promote digits 1.0.1 --to production --reason "a fifth of the errors"
mlreg rollback digits --reason "too slow at noon"
mlreg history digits
"""


def train(place: Path) -> None:
    """Trains every model and writes it, what it scores on unseen digits, and the names of its features."""
    pixels, digits = load_digits(return_X_y=True)
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    with_ink = np.column_stack([pixels, pixels.mean(axis=1)])
    for kind, model in MODELS.items():
        inputs, features = (with_ink, [*names, "ink"]) if kind == "forest" else (pixels, names)
        known, unseen, answers, truth = train_test_split(
            inputs, digits, test_size=0.25, random_state=0, stratify=digits
        )
        model.fit(known, answers)
        directory = place / kind
        directory.mkdir(parents=True, exist_ok=True)
        joblib.dump(model, directory / "model.joblib")
        (directory / "metrics.json").write_text(json.dumps(scores(model, unseen, truth), indent=2) + "\n")
        (directory / "features.txt").write_text("\n".join(features) + "\n")


def scores(model, inputs, truth) -> dict[str, float]:
    """Returns how well `model` reads digits that it has not seen."""
    guesses = model.predict(inputs)
    found = {
        "accuracy": accuracy_score(truth, guesses),
        "f1_macro": f1_score(truth, guesses, average="macro"),
        "log_loss": log_loss(truth, model.predict_proba(inputs)),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def type_commands(place: Path) -> int:
    """Types every command in `place` and returns the exit code of the last."""
    for command in COMMANDS.splitlines():
        print(f"$ {command}", flush=True)
        done = subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=place)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    PLACE.mkdir(exist_ok=True)
    (PLACE / ".gitignore").write_text("*\n")
    train(PLACE)
    sys.exit(0 if "--train" in sys.argv else type_commands(PLACE))
