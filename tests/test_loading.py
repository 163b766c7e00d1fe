"""Models come back as objects: of bytes that were checked, and of nobody's that are not trusted."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mlreg.adapters.frameworks import _unpickler
from mlreg.errors import IntegrityError, MissingError, NotAllowedError, NotFoundError, UsageError
from mlreg.loading import IN_MEMORY_MAX_BYTES
from mlreg.registry import Registry

ROOT = Path(__file__).parent.parent
DATA = load_breast_cancer()


class Touch:
    """What an attacker would register: unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture(scope="module")
def scaler():
    return StandardScaler().fit(DATA.data)


@pytest.fixture(scope="module")
def model(scaler):
    return LogisticRegression().fit(scaler.transform(DATA.data), DATA.target)


@pytest.fixture
def on_disk(tmp_path):
    return Registry.init(tmp_path / "project", actor="ann@example.org")


def blob_of(place, data):
    return next(path for path in (place / ".mlreg/blobs").rglob("*") if path.is_file() and path.read_bytes() == data)


def test_a_model_predicts_as_it_did_when_it_was_registered(registry, model, scaler):
    registry.register("cancer", model, stage="production")
    inputs = scaler.transform(DATA.data)
    assert (registry.load("cancer", trust=True).predict_proba(inputs) == model.predict_proba(inputs)).all()


@pytest.mark.parametrize(
    "save",
    [
        lambda model, path: joblib.dump(model, path),
        lambda model, path: joblib.dump(model, path, compress=3),
        lambda model, path: path.write_bytes(pickle.dumps(model)),
        lambda model, path: path.write_bytes(pickle.dumps(model, protocol=2)),
    ],
    ids=["joblib", "joblib, compressed", "pickle", "pickle of protocol 2"],
)
def test_files_that_others_pickled_load_too(registry, model, save, tmp_path):
    path = tmp_path / "model.pkl"
    save(model, path)
    registry.register("cancer", path, stage="production")
    assert (registry.load("cancer", trust=True).coef_ == model.coef_).all()


class TestWithItsCompanions:
    def test_a_version_is_a_model_its_scaler_and_its_facts(self, registry, model, scaler):
        registry.register("cancer", model, companions={"scaler": scaler}, metrics={"auc": 0.99}, stage="production")
        loaded = registry.load("cancer@production", trust=True, companions=True)
        scaled = loaded.companions["scaler"].transform(DATA.data)
        assert loaded.model.score(scaled, DATA.target) == model.score(scaler.transform(DATA.data), DATA.target)
        assert loaded.record.shown_metrics() == {"auc": 0.99}

    def test_it_tells_which_one_it_is_so_that_a_prediction_can(self, registry, model):
        answer = registry.register("cancer", model, stage="production")
        loaded = registry.load("cancer", trust=True, companions=True)
        assert (loaded.reference, loaded.digest) == ("cancer@1.0.0", answer.digest)
        assert (loaded.name, loaded.version, loaded.companions) == ("cancer", "1.0.0", {})

    def test_files_that_are_no_pickles_are_values_or_bytes(self, registry, model, tmp_path):
        (tmp_path / "config.json").write_text(json.dumps({"threshold": 0.5}))
        (tmp_path / "words.txt").write_text("a\nb\n")
        (tmp_path / "merges.txt").write_text("c")
        words = [tmp_path / "words.txt", tmp_path / "merges.txt"]
        registry.register("cancer", model, companions={"config": tmp_path / "config.json", "words": words})
        assert registry.load("cancer@1.0.0", trust=True, companions=True).companions == {
            "config": {"threshold": 0.5},
            "words": {"merges.txt": b"c", "words.txt": b"a\nb\n"},
        }

    def test_one_that_is_damaged_spoils_the_version(self, on_disk, model, tmp_path):
        (tmp_path / "config.json").write_text("{}")
        on_disk.register("cancer", model, companions={"config": tmp_path / "config.json"})
        damage(blob_of(tmp_path / "project", b"{}"), b"[]")
        with pytest.raises(IntegrityError):
            on_disk.load("cancer@1.0.0", trust=True, companions=True)


class Own:
    """A class that mlreg does not know."""


OWN = f"{Own.__module__}.Own"


class TestTrust:
    def test_is_not_needed_for_what_mlreg_knows(self, registry, model, scaler):
        registry.register("cancer", model, companions={"scaler": scaler})
        assert (registry.load("cancer@1.0.0").coef_ == model.coef_).all()
        assert registry.load("cancer@1.0.0", companions=True).companions["scaler"].mean_.shape == (30,)

    @pytest.mark.parametrize("trust", [False, None, 1, "yes", [], ["test_loading"]])
    def test_is_needed_for_classes_of_ones_own(self, registry, trust):
        registry.register("x", Own())
        with pytest.raises(NotAllowedError) as refusal:
            registry.load("x@1.0.0", trust=trust)
        assert refusal.value.message == f"loading x 1.0.0 builds what mlreg does not know: {OWN}"
        assert refusal.value.hint == (
            f"if you trust ann@example.org, who registered it: `mlreg trust add x@1.0.0 --global {OWN}`"
        )
        assert refusal.value.stable_code == "needs-trust"

    @pytest.mark.parametrize("trust", [True, [OWN], {OWN, "other.Class"}, OWN])
    def test_is_said_for_once_by_name_or_for_all(self, registry, trust):
        registry.register("x", Own())
        assert type(registry.load("x@1.0.0", trust=trust)) is Own

    def test_that_was_recorded_counts_until_it_is_taken_back(self, registry):
        registry.register("x", Own())
        registry.trust("x@1.0.0", names=[OWN], reason="reviewed")
        assert type(registry.load("x@1.0.0")) is Own
        registry.distrust("x@1.0.0", names=[OWN])
        with pytest.raises(NotAllowedError):
            registry.load("x@1.0.0")

    def test_in_a_version_is_none_in_another(self, registry):
        registry.register("x", Own(), metrics={"auc": 0.1})
        registry.register("x", {"model": Own()}, version="2.0.0")
        registry.trust("x@1.0.0", names=[OWN])
        with pytest.raises(NotAllowedError):
            registry.load("x@2.0.0")

    def test_tells_what_nobody_can_trust(self, registry, tmp_path):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(Touch(tmp_path / "ran")))
        registry.register("x", tmp_path / "model.pkl")
        with pytest.raises(NotAllowedError) as refusal:
            registry.load("x@1.0.0", trust=True)
        assert refusal.value.stable_code == "refused"
        assert refusal.value.message == "loading x 1.0.0 would run what no model needs: see 'model.pkl'"
        assert "MLR301  posix.mkdir is called" in refusal.value.details
        assert "`mlreg scan x@1.0.0`" in refusal.value.hint

    @pytest.mark.parametrize("name", ["os.system", "builtins.eval", "sklearn.nothing", "numpy.load"])
    def test_is_not_recorded_for_parts_of_what_is_known(self, registry, name):
        registry.register("x", Own())
        with pytest.raises(NotAllowedError, match="nobody can trust it") as refusal:
            registry.trust("x@1.0.0", names=[name])
        assert refusal.value.stable_code == "never-trusted"

    def test_nothing_runs_whatever_is_trusted(self, registry, tmp_path):
        for name in ("model.pkl", "scaler.pkl"):
            (tmp_path / name).write_bytes(pickle.dumps(Touch(tmp_path / "ran")))
        registry.register("x", tmp_path / "model.pkl", companions={"scaler": tmp_path / "scaler.pkl"})
        for companions in (False, True):
            with pytest.raises(NotAllowedError):
                registry.load("x@1.0.0", companions=companions, trust=True)
        registry.checkout("x@1.0.0", directory=tmp_path / "out")
        assert not (tmp_path / "ran").exists()

    def test_a_companion_needs_it_as_the_model_does(self, registry, model):
        registry.register("x", model, companions={"scaler": Own()})
        assert registry.load("x@1.0.0") is not None
        with pytest.raises(NotAllowedError, match=OWN):
            registry.load("x@1.0.0", companions=True)


class TestTheSecondGate:
    """The unpickler itself, which takes nothing that is not listed even where no scan has looked before."""

    @pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
    def test_reads_what_joblib_writes(self, model, compress):
        stream = io.BytesIO()
        joblib.dump({"model": model, "names": np.array(["a", None], dtype=object)}, stream, compress=compress)
        stream.seek(0)
        found = _unpickler.load("m", stream)
        assert (found["model"].coef_ == model.coef_).all()
        assert found["names"].tolist() == ["a", None]

    @pytest.mark.parametrize("wrap", [lambda bad: bad, lambda bad: np.array([bad], dtype=object)])
    @pytest.mark.parametrize("compress", [0, 3])
    def test_refuses_calls_also_in_arrays_of_objects(self, wrap, compress, tmp_path):
        stream = io.BytesIO()
        joblib.dump(wrap(Touch(tmp_path / "ran")), stream, compress=compress)
        stream.seek(0)
        with pytest.raises(NotAllowedError, match=r"m names posix\.mkdir, which no model needs"):
            _unpickler.load("m", stream, ["posix.mkdir"])
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("protocol", range(6))
    def test_refuses_own_classes_in_every_protocol(self, protocol):
        data = pickle.dumps(Own(), protocol)
        with pytest.raises(NotAllowedError, match="not trusted"):
            _unpickler.load("m", io.BytesIO(data))
        assert type(_unpickler.load("m", io.BytesIO(data), [OWN])) is Own


class TestAnotherEnvironment:
    def registered(self, registry, model, tmp_path, **facts):
        joblib.dump(model, tmp_path / "model.joblib")
        known = {"python_version": "3.8.1", "packages": ["numpy==1.26.0", "scikit-learn==0.24.2"], **facts}
        registry.register("x", tmp_path / "model.joblib", framework="sklearn", captured={"environment": known})

    def test_is_told_in_one_line_where_it_may_matter(self, registry, model, tmp_path):
        self.registered(registry, model, tmp_path)
        with pytest.warns(
            UserWarning, match=r"x 1\.0\.0 was registered with Python 3\.8\.1 and .*scikit-learn 0\.24\.2"
        ):
            registry.load("x@1.0.0")
        (note,) = registry.load("x@1.0.0", companions=True).notes
        assert "here it is loaded with Python" in note and "\n" not in note

    def test_is_not_told_where_it_is_the_same(self, registry, model):
        registry.register("x", model)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            registry.load("x@1.0.0")


def damage(path, data):
    path.chmod(0o644)
    path.write_bytes(data)


class Switching:
    """A backend on which blobs are good when they are opened first, and an attacker's from then on."""

    def __init__(self, backend, evil):
        self._backend = backend
        self._evil = evil
        self.opened = 0

    def __getattr__(self, name):
        return getattr(self._backend, name)

    def open(self, key):
        if not key.startswith("blobs/"):
            return self._backend.open(key)
        stream = self._backend.open(key)
        self.opened += 1
        return stream if self.opened == 1 else io.BytesIO(self._evil)


class TestTheBytes:
    def test_that_are_damaged_are_not_unpickled(self, on_disk, tmp_path):
        (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
        on_disk.register("x", tmp_path / "model.pkl")
        blob = blob_of(tmp_path / "project", pickle.dumps({"a": 1}))
        damage(blob, pickle.dumps(Touch(tmp_path / "ran")))
        with pytest.raises(IntegrityError, match="is damaged"):
            on_disk.load("x@1.0.0", trust=True)
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("size", [10, IN_MEMORY_MAX_BYTES + 1], ids=["small", "large"])
    def test_that_were_checked_are_those_that_are_used(self, repository, tmp_path, size):
        registry = Registry(repository, actor="ann@example.org")
        registry.register("x", {"weights": np.zeros(size, dtype=np.uint8)})
        backend = Switching(repository.backend, pickle.dumps(Touch(tmp_path / "ran")))
        switching = Registry(type(repository)(backend), actor="ann@example.org")
        assert switching.load("x@1.0.0", trust=True)["weights"].nbytes == size
        assert backend.opened == 1
        assert not (tmp_path / "ran").exists()

    def test_that_are_many_do_not_stay_in_memory_beside_the_model(self, on_disk, tmp_path):
        on_disk.register("x", {"weights": np.zeros(100 << 20, dtype=np.uint8)})
        code = (
            "import mlreg, joblib, numpy, tempfile\n"
            "def most_mb():\n"
            "    lines = open('/proc/self/status').read().splitlines()\n"
            "    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith('VmHWM'))\n"
            "before = most_mb()\n"
            "assert mlreg.Registry.open().load('x@1.0.0', trust=True)['weights'].nbytes == 100 << 20\n"
            "print(most_mb() - before)"
        )
        done = python(code, tmp_path / "project")
        assert int(done.stdout) < 150, done.stderr

    def test_that_are_not_here_are_not_found(self, on_disk, model, tmp_path):
        on_disk.register("cancer", model)
        blob_of(tmp_path / "project", joblib_bytes(model)).unlink()
        with pytest.raises(NotFoundError, match="are not here"):
            on_disk.load("cancer@1.0.0", trust=True)

    def test_that_are_no_pickle_are_refused(self, registry, model_file):
        registry.register("x", model_file("weights"))
        with pytest.raises(UsageError, match=r"model\.bin cannot be loaded as a pickle") as refusal:
            registry.load("x@1.0.0", trust=True)
        assert "`checkout`" in refusal.value.hint


def joblib_bytes(model):
    stream = io.BytesIO()
    joblib.dump(model, stream)
    return stream.getvalue()


def python(code, place, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )


class TestWhichFileIsTheModel:
    def test_the_one_of_that_role(self, registry, model, scaler, tmp_path):
        for name, thing in (("a.pkl", scaler), ("b.pkl", model)):
            (tmp_path / name).write_bytes(pickle.dumps(thing))
        registry.register("x", tmp_path / "a.pkl", companions={"model": tmp_path / "b.pkl"})
        assert isinstance(registry.load("x@1.0.0", trust=True), LogisticRegression)

    def test_the_only_pickle_among_those_without_a_role(self, registry, model, tmp_path):
        (tmp_path / "README.md").write_text("how it was trained")
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
        registry.register("x", tmp_path / "README.md", tmp_path / "model.pkl")
        assert isinstance(registry.load("x@1.0.0", trust=True), LogisticRegression)

    def test_the_one_whose_content_is_a_model(self, registry, tmp_path):
        save = pytest.importorskip("safetensors.numpy").save
        (tmp_path / "README.md").write_text("how it was trained")
        (tmp_path / "weights.safetensors").write_bytes(save({"w": np.arange(3)}))
        registry.register("x", tmp_path / "README.md", tmp_path / "weights.safetensors")
        assert registry.load("x@1.0.0")["w"].tolist() == [0, 1, 2]

    def test_is_asked_where_no_content_tells(self, registry, tmp_path):
        for name in ("a.txt", "b.txt"):
            (tmp_path / name).write_text(name)
        registry.register("x", tmp_path / "a.txt", tmp_path / "b.txt")
        with pytest.raises(UsageError, match=r"which file of x 1\.0\.0 is the model\?"):
            registry.load("x@1.0.0")

    def test_is_asked_where_nothing_tells(self, registry, tmp_path):
        for name in ("a.pkl", "b.pkl"):
            (tmp_path / name).write_text(name)
        registry.register("x", tmp_path / "a.pkl", tmp_path / "b.pkl")
        with pytest.raises(UsageError, match=r"which file of x 1\.0\.0 is the model\? It has 'a\.pkl', 'b\.pkl'"):
            registry.load("x@1.0.0", trust=True)


class TestWhatIsNotThere:
    @pytest.mark.parametrize("reference", ["nobody", "cancer@9.9.9", "cancer@production", "cancer@production~1"])
    def test_is_raised_and_never_none(self, registry, model, reference):
        registry.register("cancer", model)
        with pytest.raises(NotFoundError):
            registry.load(reference, trust=True)

    def test_a_bare_name_is_the_latest_with_a_warning_before_there_ever_was_a_holder(self, registry, model):
        registry.register("cancer", model)
        with pytest.warns(UserWarning, match=r"nothing of cancer was ever in production: taking the latest release"):
            registry.load("cancer", trust=True)

    def test_a_bare_name_is_production_without_a_word(self, registry, model):
        registry.register("cancer", model, stage="production")
        registry.register("cancer", model, version="2.0.0", metrics={"auc": 0.1})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert registry.load("cancer", trust=True, companions=True).version == "1.0.0"
            assert registry.load("cancer", trust=True) is not None

    def test_a_bare_name_is_nobody_where_production_was_emptied(self, registry, model):
        registry.register("cancer", model, stage="production")
        registry.archive("cancer", "1.0.0", force=True, reason="switched off")
        with pytest.raises(NotFoundError):
            registry.load("cancer", trust=True)


def test_the_model_of_a_day_in_the_past_is_told_loaded_and_checked_out(registry, model, clock, tmp_path):
    for version, day in (("1.0.0", 10), ("2.0.0", 20)):
        clock.moment = datetime(2026, 1, day, 12, tzinfo=UTC)
        registry.register("cancer", model, version=version, metrics={"day": day}, stage="production")
    assert registry.load("cancer@production@{2026-01-15}", trust=True, companions=True).version == "1.0.0"
    assert registry.info("cancer@production@{2026-01-20}").document()["version"] == "2.0.0"
    path = registry.checkout("cancer@production@{2026-01-19}", directory=tmp_path / "then").path
    assert joblib.load(path / "model.joblib").coef_.shape == (1, 30)
    with pytest.raises(NotFoundError, match="nothing of cancer was in production at 2026-01-09"):
        registry.load("cancer@production@{2026-01-09}", trust=True)


class TestAPackageThatIsNotInstalled:
    LOAD = "import sys; sys.modules[{module!r}] = None; import mlreg; mlreg.Registry.open().load('x@1.0.0', trust=True)"

    def test_is_named_with_the_version_that_was_there_and_the_line_that_installs_it(self, on_disk, model, tmp_path):
        on_disk.register("x", model)
        pin = next(pin for pin in on_disk.info("x").record.captured["environment"]["packages"] if "scikit" in pin)
        done = python(self.LOAD.format(module="sklearn"), tmp_path / "project")
        assert "MissingError: model.joblib needs the module 'sklearn', which is not there" in done.stderr
        hint = (
            "import sys; sys.modules['sklearn'] = None; import mlreg\n"
            "try: mlreg.Registry.open().load('x@1.0.0', trust=True)\n"
            "except mlreg.MissingError as error: print(error.exit_code, error.hint)"
        )
        assert python(hint, tmp_path / "project").stdout == f"9 install it with `pip install '{pin}'`\n"

    def test_joblib_itself_is_named_too(self, on_disk, model, tmp_path):
        on_disk.register("x", model)
        done = python(self.LOAD.format(module="joblib"), tmp_path / "project")
        assert "MissingError: model.joblib needs the module 'joblib', which is not there" in done.stderr

    def test_a_module_of_ones_own_is_not_looked_for_on_the_package_index(self, on_disk, tmp_path, monkeypatch):
        (tmp_path / "rules_of_ours.py").write_text("class Rule:\n    pass\n")
        monkeypatch.syspath_prepend(tmp_path)
        import rules_of_ours

        on_disk.register("x", rules_of_ours.Rule())
        monkeypatch.delitem(sys.modules, "rules_of_ours")
        sys.path.remove(str(tmp_path))
        with pytest.raises(MissingError, match="needs the module 'rules_of_ours'") as missing:
            on_disk.load("x@1.0.0", trust=True)
        assert "pip" not in missing.value.hint
        assert "`PYTHONPATH`" in missing.value.hint

    def test_a_class_that_has_moved_is_named(self, registry, monkeypatch):
        registry.register("x", Touchless())
        monkeypatch.delattr(sys.modules[__name__], "Touchless")
        with pytest.raises(UsageError, match="AttributeError") as refusal:
            registry.load("x@1.0.0", trust=True)
        assert "import the module that defines its class first" in refusal.value.hint


class Touchless:
    """A class that will not be there any more."""
