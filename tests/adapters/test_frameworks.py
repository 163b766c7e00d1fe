"""Every framework, found by name, keeps the promises of `mlreg.ports.Framework`; with real models."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tomllib
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from frameworks_samples import MODELS, OPTIONS, Rule, predicted
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlreg import adapters, objects
from mlreg.adapters.frameworks._foreign import Bytes
from mlreg.adapters.surroundings import environment
from mlreg.domain import formats
from mlreg.errors import NotAllowedError, UsageError

ROOT = Path(__file__).parent.parent.parent
NAMES = adapters.names("frameworks")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras on torch


class Shortcut(ClassifierMixin, BaseEstimator):
    """An estimator of the user's own."""

    def fit(self, inputs, answers):
        self.n_features_in_ = inputs.shape[1]
        return self


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def framework(name):
    return adapters.load("frameworks", name)


@pytest.fixture
def model(name):
    return MODELS[name]()


def files_of(paths):
    """Returns the files among `paths` and in directories of them, by the path that they have in a version."""
    found = {}
    for path in paths:
        inside = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        found |= {str(file.relative_to(path.parent)): file for file in inside}
    return found


def loaded(framework, paths, **options):
    with ExitStack() as held:
        return framework.load(
            {name: held.enter_context(file.open("rb")) for name, file in files_of(paths).items()}, **options
        )


def test_every_framework_has_a_model_to_be_tested_with():
    assert sorted(MODELS) == NAMES


def test_every_framework_but_the_generic_one_is_an_extra_of_its_name():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {adapters.load("frameworks", name).NAMES[0] for name in NAMES}
    assert named - {"generic"} <= extras.keys()


def test_its_models_are_its_own_and_nobody_elses(name, framework, model):
    knowing = [other for other in NAMES if other != "generic" and adapters.load("frameworks", other).detects(model)]
    assert knowing == ([] if name == "generic" else ["sklearn"] if name == "skops" else [name])
    assert framework.takes(model)


def test_only_the_generic_one_takes_models_of_no_framework():
    assert [name for name in NAMES if adapters.load("frameworks", name).detects(Rule(1))] == ["generic"]


@pytest.mark.parametrize("thing", [None, 3, 2.5, "model.pkl", b"bytes", [1], {1}, (1,), Rule])
def test_what_cannot_be_a_model_is_nobodys(framework, thing):
    assert not framework.detects(thing)


def test_a_model_that_was_saved_predicts_as_before(name, framework, model, tmp_path):
    options = OPTIONS.get(name, dict)()
    back = loaded(framework, framework.save(model, tmp_path, "model"), **options)
    assert np.array_equal(predicted(back), predicted(model))
    assert name in ("onnx", "tensorflow") or type(back) is type(model)


def test_its_files_begin_with_the_stem_and_lie_in_the_directory(framework, model, tmp_path):
    paths = framework.save(model, tmp_path, "scaler")
    assert paths
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert all(path.name.startswith("scaler") for path in paths)


def test_the_same_object_is_saved_as_the_same_bytes(name, framework, model, tmp_path):
    if name == "tensorflow":
        pytest.skip("TensorFlow numbers the functions of a process, and writes these numbers into a SavedModel")
    saved = []
    for place in (tmp_path / "one", tmp_path / "two"):
        place.mkdir()
        saved.append(
            {name: file.read_bytes() for name, file in files_of(framework.save(model, place, "model")).items()}
        )
    assert saved[0] == saved[1]


def test_what_it_saves_is_recognised_as_what_it_loads(name, framework, model, tmp_path):
    with ExitStack() as held:
        files = files_of(framework.save(model, tmp_path, "model"))
        found = formats.recognise({name: Bytes(held.enter_context(file.open("rb"))) for name, file in files.items()})
    assert found.format in framework.FORMATS
    assert name == "generic" or not found.contradicts(name)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"generic", "skops"}))
def test_a_model_is_registered_checked_out_and_loaded_as_what_it_was(name, registry, tmp_path):
    model = MODELS[name]()
    registry.register("m", model)
    record = registry.info("m@1.0.0").record
    path = registry.checkout("m@1.0.0", directory=tmp_path / "out").path
    with ExitStack() as held:
        files = {entry.path: held.enter_context((path / entry.path).open("rb")) for entry in record.files}
        back = objects.load(files, framework=record.framework, pins=(), **OPTIONS.get(name, dict)())
    assert (record.framework, {entry.role for entry in record.files}) == (name, {"model"})
    assert np.array_equal(predicted(back), predicted(model))


def test_a_model_is_loaded_from_the_registry_as_what_it_was(name, model, registry):
    options = OPTIONS.get(name, dict)()
    registry.register("m", model, stage="production", framework=name if name == "skops" else None)
    trust = options.pop("trusted", ["tensorflow.saved_model.load"] if name == "tensorflow" else ())
    back = registry.load("m", trust=trust, **options)
    assert np.array_equal(predicted(back), predicted(model))


def test_a_graph_of_tensorflow_needs_trust_in_what_runs_it(registry):
    registry.register("m", MODELS["tensorflow"](), stage="production")
    assert {file.report.verdict for file in registry.scan("m").files} == {"allowed", "needs-trust"}
    with pytest.raises(NotAllowedError, match=r"builds what mlreg does not know: tensorflow\.saved_model\.load"):
        registry.load("m")
    registry.trust("m@1.0.0", names=["tensorflow.saved_model.load"])
    assert {file.report.verdict for file in registry.scan("m").files} == {"allowed"}
    assert callable(registry.load("m").predict)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"weights", b"PK\3\4", b"{}", b"\x80\x04N.", b"\x08\x01"])
def test_bytes_that_are_nothing_of_its_own_are_refused_in_one_line(name, framework, content, tmp_path):
    MODELS[name]()
    if name in ("generic", "sklearn") and content == b"\x80\x04N.":
        pytest.skip("this is a pickle")
    for path in ("config.json", "saved_model.pb") if "transformers" in framework.FORMATS else ("saved_model.pb",):
        (tmp_path / path).write_bytes(content)
    with pytest.raises(UsageError, match=r"^\S+ cannot be loaded as an? [^\n]+$") as refusal:
        loaded(framework, sorted(tmp_path.iterdir()))
    assert refusal.value.stable_code == "not-loaded"


@pytest.mark.parametrize("name", ["generic", "sklearn"])
def test_what_cannot_be_pickled_is_refused(framework, tmp_path):
    with pytest.raises(UsageError, match=r"the Rule cannot be saved: cannot pickle '_thread.lock' object") as refusal:
        framework.save(Rule(threading.Lock()), tmp_path, "model")
    assert "lambdas" in refusal.value.hint


@pytest.mark.parametrize("name", ["generic", "sklearn"])
@pytest.mark.parametrize("content", [b"", b"\x80", b"weights", b"\x89HDF\r\n", b"\x80\x05(."])
def test_bytes_that_are_no_model_are_refused(framework, content, tmp_path):
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises(UsageError, match=r"^model\.pkl cannot be loaded as a pickle"):
        loaded(framework, [tmp_path / "model.pkl"])


def _plain(distribution):
    """Returns what a distribution is called, whatever it was built for."""
    return distribution.removesuffix("-cpu").removesuffix("-gpu")


def test_what_it_needs_is_installed_here_and_pinned(framework, model):
    pins = environment.installed(framework.distributions(model))
    assert framework.distributions(model)[: len(framework.distributions())] == framework.distributions()
    assert {_plain(pin.partition("==")[0]) for pin in pins} >= set(map(_plain, framework.distributions()))


def test_no_two_frameworks_share_a_name():
    spelled = [name for framework in NAMES for name in adapters.load("frameworks", framework).NAMES]
    assert len(set(spelled)) == len(spelled)


def test_importing_it_imports_nothing_of_the_framework(name):
    heavy = ("joblib", "sklearn", "numpy", "scipy", "importlib.metadata", "zipfile", "bz2", "lzma", "tempfile")
    heavy += tuple({module for other in NAMES for module in adapters.load("frameworks", other).DISTRIBUTIONS})
    code = f"import sys; from mlreg import adapters; adapters.load('frameworks', {name!r});"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_it_does_not_guess_how_many_features_a_model_has(framework):
    assert framework.feature_count(Rule(1)) is None
    assert framework.feature_names(Rule(1)) is None


@pytest.mark.parametrize(
    "model",
    [
        GaussianNB(),
        RandomForestClassifier(5),
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [1]}, cv=2),
        Shortcut(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_an_estimator_says_how_many_features_it_takes_once_it_is_trained(model):
    sklearn = adapters.load("frameworks", "sklearn")
    inputs, answers = load_wine(return_X_y=True)
    assert sklearn.feature_count(model) is None
    assert sklearn.feature_count(model.fit(inputs, answers)) == 13


def test_an_estimator_says_the_names_that_it_was_trained_with():
    model = LogisticRegression()
    model.feature_names_in_ = np.array(["amount", "hour"], dtype=object)
    assert adapters.load("frameworks", "sklearn").feature_names(model) == ["amount", "hour"]


def test_a_class_of_the_users_own_that_extends_an_estimator_is_of_sklearn():
    assert adapters.load("frameworks", "sklearn").detects(Shortcut())


def test_a_library_that_builds_on_sklearn_is_not_sklearn_and_is_pinned_with_what_it_is_used_in():
    class Foreign(Shortcut):
        pass

    Foreign.__module__ = "hypothesis.sklearn"  # as xgboost.sklearn is: a package that is installed
    sklearn, generic = (adapters.load("frameworks", name) for name in ("sklearn", "generic"))
    assert not sklearn.detects(Foreign())
    assert generic.framework(Foreign()) == "hypothesis"
    assert "hypothesis" in sklearn.distributions(make_pipeline(StandardScaler(), Foreign()))


def test_a_distribution_need_not_be_called_like_its_package():
    class Foreign(Shortcut):
        pass

    Foreign.__module__ = "dateutil.models"  # of python-dateutil, as xgboost may be of xgboost-cpu
    sklearn, generic = (adapters.load("frameworks", name) for name in ("sklearn", "generic"))
    assert not sklearn.detects(Foreign())
    assert "python-dateutil" in generic.distributions(Foreign())
    assert "python-dateutil" in sklearn.distributions(make_pipeline(StandardScaler(), Foreign()))


def test_a_model_of_a_script_has_no_framework():
    rule = Rule(1)
    type(rule).__module__, before = "__main__", type(rule).__module__
    try:
        assert adapters.load("frameworks", "generic").framework(rule) is None
    finally:
        type(rule).__module__ = before


def test_training_again_in_another_process_gives_the_same_bytes():
    code = (
        "import hashlib, io, joblib; from sklearn.datasets import load_wine;"
        "from sklearn.ensemble import RandomForestClassifier; from sklearn.pipeline import make_pipeline;"
        "from sklearn.preprocessing import StandardScaler;"
        "model = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0));"
        "model.fit(*load_wine(return_X_y=True)); file = io.BytesIO(); joblib.dump(model, file);"
        "print(hashlib.sha256(file.getvalue()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 65
