"""Real models live their life through the command line: scikit-learn's classifiers of its handwritten digits."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits

from mlreg.adapters.demos import digits

KINDS = {"1.0.0": "linear", "1.0.1": "svm", "1.1.0": "forest"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with what the demonstration's training leaves: `KIND/model.joblib`, its metrics, its features."""
    place = tmp_path_factory.mktemp("trained")
    digits.train(place)
    return place


@pytest.fixture
def registered(mlreg, trained: Path, tmp_path: Path):
    """Types commands where the three models are registered, the forest last."""
    copytree(trained, tmp_path, dirs_exist_ok=True)
    mlreg("init")
    for kind in KINDS.values():
        facts = ("--metrics", f"{kind}/metrics.json", "--features", f"{kind}/features.txt", "--framework", "sklearn")
        assert mlreg("register", "digits", f"{kind}/model.joblib", *facts).code == 0
    return mlreg


def guesses(model: Path) -> np.ndarray:
    """Returns what the model in the file `model` takes all digits for."""
    classifier = joblib.load(model)
    pixels = load_digits().data
    return classifier.predict(pixels if classifier.n_features_in_ == 64 else digits.seen_by("forest", pixels))


def test_what_changed_in_the_features_gives_the_version(registered):
    versions = [line["version"] for line in registered("list", "digits", "--json").document["versions"]]
    assert versions == ["1.1.0", "1.0.1", "1.0.0"]


def test_the_metrics_are_those_that_scikit_learn_found(registered, tmp_path):
    for version, kind in KINDS.items():
        scores = json.loads((tmp_path / kind / "metrics.json").read_text())
        assert registered("info", f"digits@{version}", "--json").document["metrics"] == scores


def test_training_again_with_the_same_outcome_registers_nothing_new(registered):
    again = registered(
        "register", "digits", "svm/model.joblib", "--metrics", "svm/metrics.json", "--features", "svm/features.txt",
        "--framework", "sklearn", "--json",
    )  # fmt: skip
    assert (again.document["version"], again.document["created"]) == ("1.0.1", False)


def test_the_better_model_is_recommended_and_the_worse_one_is_not(registered):
    assert registered("compare", "digits", "1.0.0", "1.0.1", "-q").out == "deploy\n"
    assert registered("compare", "digits", "1.0.1", "1.1.0", "-q").out == "keep\n"


def test_a_lower_loss_is_better(registered):
    metrics = registered("compare", "digits", "1.0.0", "1.0.1", "--json").document["metric_comparison"]
    assert {name: row["direction"] for name, row in metrics.items()} == {
        "accuracy": "up",
        "f1_macro": "up",
        "log_loss": "down",
    }
    assert metrics["log_loss"]["difference"] < 0
    assert metrics["log_loss"]["better"] == "1.0.1"


@pytest.mark.parametrize(("version", "kind"), KINDS.items())
def test_a_model_comes_back_byte_for_byte_and_thinks_the_same(registered, tmp_path, version, kind):
    assert registered("checkout", f"digits@{version}", "-o", "out").code == 0
    mine, theirs = tmp_path / "out/model.joblib", tmp_path / kind / "model.joblib"
    assert mine.read_bytes() == theirs.read_bytes()
    assert (guesses(mine) == guesses(theirs)).all()


def test_after_a_rollback_the_model_before_serves_again(registered, tmp_path):
    registered("promote", "digits", "1.0.0", "--to", "production")
    registered("promote", "digits", "1.0.1", "--to", "production", "--expect", "1.0.0")
    registered("checkout", "digits@production", "-o", "better")
    assert registered("rollback", "digits", "--reason", "too slow at noon").code == 0
    registered("checkout", "digits@production", "-o", "before")
    assert (guesses(tmp_path / "better/model.joblib") == guesses(tmp_path / "svm/model.joblib")).all()
    assert (guesses(tmp_path / "before/model.joblib") == guesses(tmp_path / "linear/model.joblib")).all()


def test_the_history_tells_what_was_done_and_why(registered):
    registered("promote", "digits", "1.0.0", "--to", "production", "--reason", "good enough to start")
    registered("promote", "digits", "1.0.1", "--to", "production", "--reason", "a fifth of the errors")
    registered("rollback", "digits", "--reason", "too slow at noon")
    events = registered("history", "digits", "--json").document["events"]
    assert [(event["kind"], event["version"], event["reason"]) for event in events[3:]] == [
        ("promoted", "1.0.0", "good enough to start"),
        ("promoted", "1.0.1", "a fifth of the errors"),
        ("rolled-back", "1.0.0", "too slow at noon"),
    ]
    assert registered("verify", "--json").document["ok"]


def test_a_flipped_bit_in_a_model_is_found_and_never_handed_out(registered, tmp_path):
    digest = registered("info", "digits@1.0.1", "--json").document["files"][0]["digest"].removeprefix("sha256:")
    (blob,) = (tmp_path / ".mlreg/blobs/sha256" / digest[:2]).glob(f"{digest}*")  # plain or coded
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.chmod(0o644)
    blob.write_bytes(data)
    assert registered("verify").code == 1
    assert registered("checkout", "digits@1.0.1", "-o", "out").code == 6
    assert not (tmp_path / "out/model.joblib").exists()


def test_the_demonstration_shows_every_command_with_its_true_output(mlreg, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.setenv("BRXA_MODEL_REGISTRY_PATH", str(tmp_path / "elsewhere"))
    answer = mlreg("demo", "--keep", "shown", "--json")
    assert (answer.code, answer.err) == (0, "")
    outputs = {step["command"]: step["output"] for step in answer.document["steps"]}
    assert [*outputs] == [command for _, command in digits.STEPS]
    assert outputs['mlreg rollback digits --reason "it guesses"'].startswith("digits 1.0.1 is at production again")
    assert mlreg("list", "-C", "shown", "--json").document["models"][0]["stages"] == {"production": "1.0.1"}
    assert not (tmp_path / "elsewhere").exists()


def test_a_demonstration_is_kept_in_a_new_directory_only(mlreg, tmp_path):
    (tmp_path / "mine").mkdir()
    assert mlreg("demo", "--keep", "mine").code == 5
