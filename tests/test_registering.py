"""Registering Python objects, files with roles, facts of the data, and what is captured besides."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from itertools import count

import joblib
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mlreg.adapters import load
from mlreg.domain.metric import MAX_WHOLE
from mlreg.errors import NotFoundError, UsageError
from mlreg.registry import Registry
from mlreg.store.repository import Repository

FEATURES = [str(name) for name in load_breast_cancer().feature_names]


def trained(inputs=None):
    data = load_breast_cancer()
    inputs = StandardScaler().fit_transform(data.data) if inputs is None else inputs
    return LogisticRegression().fit(inputs, data.target)


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture(scope="module")
def scaler():
    return StandardScaler().fit(load_breast_cancer().data)


def facts(registry, reference):
    return registry.info(reference).record


def roles(registry, reference):
    return {entry.path: entry.role for entry in facts(registry, reference).files}


def test_a_trained_model_is_registered_as_a_file_in_the_role_of_the_model(registry, model):
    assert registry.register("cancer", model).version == "1.0.0"
    assert roles(registry, "cancer") == {"model.joblib": "model"}


def test_the_same_object_again_is_the_version_that_is_there(registry, model):
    answers = [registry.register("cancer", model, metrics={"auc": 0.9}) for _ in range(2)]
    assert [(answer.version, answer.created) for answer in answers] == [("1.0.0", True), ("1.0.0", False)]


def test_an_object_leaves_no_file_behind(registry, model, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    registry.register("cancer", model, companions={"rule": {"threshold": 0.5}})
    with pytest.raises(UsageError):
        registry.register("cancer", model, features=["one"])
    assert list(tmp_path.iterdir()) == []


def test_companions_are_objects_or_paths_each_in_its_role(registry, model, scaler, tmp_path):
    for name in ("config.json", "vocabulary.txt", "merges.txt"):
        (tmp_path / name).write_text(name)
    words = [tmp_path / "vocabulary.txt", tmp_path / "merges.txt"]
    registry.register(
        "cancer", model, companions={"scaler": scaler, "config": tmp_path / "config.json", "words": words}
    )
    assert roles(registry, "cancer") == {
        "config.json": "config",
        "merges.txt": "words",
        "model.joblib": "model",
        "scaler.joblib": "scaler",
        "vocabulary.txt": "words",
    }


def test_another_scaler_makes_another_version(registry, model, scaler):
    other = StandardScaler(with_mean=False).fit(load_breast_cancer().data)
    versions = [registry.register("cancer", model, companions={"scaler": one}).version for one in (scaler, other)]
    assert versions == ["1.0.0", "1.0.1"]


def test_a_role_can_be_given_to_a_file_of_a_directory(registry, tmp_path):
    export = tmp_path / "export"
    (export / "words").mkdir(parents=True)
    for name in ("model.bin", "scaler.bin", "words/a.txt", "words/b.txt"):
        (export / name).write_text(name)
    registry.register("x", export, companions={"model": export / "model.bin", "words": export / "words"})
    assert roles(registry, "x") == {
        "model.bin": "model", "scaler.bin": None, "words/a.txt": "words", "words/b.txt": "words"
    }  # fmt: skip


def test_a_directory_can_have_a_role_beside_files(registry, tmp_path):
    (tmp_path / "words").mkdir()
    for name in ("model.bin", "words/a.txt"):
        (tmp_path / name).write_text(name)
    registry.register("x", tmp_path / "model.bin", companions={"words": tmp_path / "words"})
    assert roles(registry, "x") == {"model.bin": None, "words/a.txt": "words"}


def test_a_file_with_two_names_gets_the_role_under_the_one_that_was_said(registry, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    (export / "model-7.bin").write_text("weights")
    (export / "latest.bin").symlink_to("model-7.bin")
    registry.register("x", export, companions={"model": export / "model-7.bin"})
    assert roles(registry, "x") == {"latest.bin": None, "model-7.bin": "model"}


def test_a_file_of_two_roles_is_refused(registry, model_file):
    path = model_file()
    with pytest.raises(UsageError, match=r"is given two roles, model and scaler"):
        registry.register("x", companions={"model": path, "scaler": path})


@pytest.mark.parametrize("role", ["", "two words", "../up", "a/b", "-x"])
def test_a_role_is_one_word(registry, model_file, role):
    with pytest.raises(UsageError, match="cannot be a role"):
        registry.register("x", companions={role: model_file()})


@pytest.mark.parametrize("thing", [None, 3, b"model.pkl", ["a.bin", "b.bin"], LogisticRegression])
def test_what_is_no_model_is_refused(registry, thing):
    with pytest.raises(UsageError, match="cannot be the model") as refusal:
        registry.register("x", thing)
    assert "one by one" in refusal.value.hint


def test_two_objects_are_refused_with_the_way_to_say_it(registry, model, scaler):
    with pytest.raises(UsageError, match="several objects") as refusal:
        registry.register("x", model, scaler)
    assert refusal.value.hint == "give the others as companions={'scaler': scaler}"


def test_a_model_and_a_file_in_the_role_of_the_model_are_refused(registry, model, model_file):
    with pytest.raises(UsageError, match="two models are given"):
        registry.register("x", model, companions={"model": model_file()})


def test_a_pickle_that_was_compressed_is_kept_and_what_that_costs_is_said(registry, model, tmp_path):
    notes = []
    for level in (0, 3):
        joblib.dump(model, tmp_path / "model.joblib", compress=level)
        notes.append(registry.register("cancer", tmp_path / "model.joblib").notes)
    assert not notes[0]
    assert "model.joblib is compressed (zlib): saved plain" in notes[1][0]


def test_a_dry_run_of_an_object_tells_the_same_and_writes_nothing(registry, model):
    foreseen = registry.register("cancer", model, dry_run=True)
    assert registry.list().models == []
    assert registry.register("cancer", model).digest == foreseen.digest


class TestTheFramework:
    def test_is_filled_in_by_who_saves_the_model(self, registry, model):
        registry.register("cancer", model)
        assert facts(registry, "cancer").framework == "sklearn"

    @pytest.mark.parametrize("stated", ["sklearn", "scikit-learn==1.5", "Scikit-Learn"])
    def test_is_taken_as_it_was_stated(self, registry, model, stated):
        assert registry.register("cancer", model, framework=stated).notes == []
        assert facts(registry, "cancer").framework == stated

    def test_is_warned_about_where_the_claim_is_wrong(self, registry, model):
        answer = registry.register("cancer", model, framework="torch")
        assert answer.notes == ["the framework is stated as torch, but the model is one of sklearn"]

    @pytest.mark.parametrize("stated", ["sklearn", "scikit-learn==1.4"])
    def test_tells_what_has_to_be_installed(self, registry, model_file, stated):
        registry.register("x", model_file(), framework=stated)
        pins = facts(registry, "x").captured["environment"]["packages"]
        assert [pin.split("==")[0] for pin in pins] == ["joblib", "numpy", "scikit-learn", "scipy"]

    def test_that_nobody_knows_tells_nothing_of_packages(self, registry, model_file):
        registry.register("x", model_file(), framework="fortran")
        assert "packages" not in facts(registry, "x").captured["environment"]


class TestDeclaredFeatures:
    def test_are_as_many_as_the_model_takes(self, registry, model):
        assert registry.register("cancer", model, features=FEATURES).created

    def test_of_another_number_are_refused_with_both_numbers(self, registry, model):
        with pytest.raises(UsageError, match=r"^5 features are declared, but the model takes 30$") as refusal:
            registry.register("cancer", model, features=FEATURES[:5])
        assert refusal.value.facts == {"declared": 5, "model": 30}
        with pytest.raises(NotFoundError):
            registry.info("cancer")

    def test_may_be_those_of_a_companion_that_stands_before_the_model(self, registry):
        pca = PCA(3).fit(load_breast_cancer().data)
        model = trained(pca.transform(load_breast_cancer().data))
        assert registry.register("cancer", model, companions={"pca": pca}, features=FEATURES).created
        with pytest.raises(UsageError, match="29 features are declared, but the model takes 3"):
            registry.register("cancer", model, companions={"pca": pca}, features=FEATURES[1:])

    def test_are_only_warned_about_where_a_companion_was_not_looked_into(self, registry, model, model_file):
        answer = registry.register("cancer", model, companions={"pca": model_file()}, features=FEATURES[:5])
        assert answer.notes == ["5 features are declared, but the model takes 30"]

    def test_are_filled_in_where_the_model_knows_them(self, registry):
        registry.register("cancer", named(trained(), FEATURES))
        assert list(facts(registry, "cancer").features) == FEATURES

    def test_of_other_names_are_refused_with_the_first_that_differs(self, registry):
        wrong = [*FEATURES[:4], "weight", *FEATURES[5:]]
        with pytest.raises(UsageError, match="'weight' is declared where the model was trained on 'mean smoothness'"):
            registry.register("cancer", named(trained(), FEATURES), features=wrong)

    def test_in_another_order_are_warned_about(self, registry):
        answer = registry.register("cancer", named(trained(), FEATURES), features=FEATURES[::-1])
        assert answer.notes == ["the features are declared in another order than the model was trained on"]


def named(model, names):
    """A model as it is after training on a table with named columns."""
    model.feature_names_in_ = np.array(names, dtype=object)
    return model


class TestTheData:
    def test_is_known_by_digest_and_size_of_its_file(self, registry, model_file, tmp_path):
        (tmp_path / "train.csv").write_text("a,b\n1,2\n")
        registry.register("x", model_file(), dataset={"file": tmp_path / "train.csv", "rows": 1, "version": "2026-01"})
        digest = sha256(b"a,b\n1,2\n").hexdigest()
        assert facts(registry, "x").dataset == {
            "version": "2026-01", "rows": 1, "size_bytes": 8, "digest": f"sha256:{digest}"
        }  # fmt: skip

    def test_that_changed_makes_another_version(self, registry, model_file):
        path = model_file()
        versions = [registry.register("x", path, dataset={"rows": rows}).version for rows in (10, 10, 11)]
        assert versions == ["1.0.0", "1.0.0", "1.0.1"]

    @pytest.mark.parametrize(
        ("stated", "rows"),
        [(0, 0), ("120000", 120_000), ("120k", 120_000), ("100k rows", 100_000), ("2M", 2_000_000), (np.int64(7), 7)],
    )
    def test_has_rows_as_people_write_them(self, registry, model_file, stated, rows):
        registry.register("x", model_file(), dataset={"rows": stated})
        assert facts(registry, "x").dataset == {"rows": rows}

    @pytest.mark.parametrize("rows", [-1, "1.5", "many", "5 MB", True, "nan", "inf", 10**15 + 1, "1e400", [], ""])
    def test_has_no_other_number_of_rows(self, registry, model_file, rows):
        with pytest.raises(UsageError, match=r"is not a number of rows"):
            registry.register("x", model_file(), dataset={"rows": rows})

    @pytest.mark.parametrize(
        "wrong",
        [
            {"size_bytes": -1}, {"size_bytes": 1.5}, {"size_bytes": "12MB"}, {"digest": "md5:0"},
            {"digest": "sha256:ABC"}, {"version": ""}, {"version": "a\nb"}, {"version": ["a"]}, {"row": 3},
        ],
    )  # fmt: skip
    def test_has_no_other_facts(self, registry, model_file, wrong):
        with pytest.raises(UsageError):
            registry.register("x", model_file(), dataset=wrong)

    def test_is_not_stated_and_hashed_at_once(self, registry, model_file):
        path = model_file()
        with pytest.raises(UsageError, match="the digest of the data is stated, and its file too"):
            registry.register("x", path, dataset={"file": path, "digest": "sha256:" + "0" * 64})

    def test_that_is_not_there_is_named(self, registry, model_file, tmp_path):
        with pytest.raises(UsageError, match=r"there is no file .*train\.csv"):
            registry.register("x", model_file(), dataset={"file": tmp_path / "train.csv"})


class TestWhatIsCaptured:
    def test_never_makes_two_versions_differ(self, registry, model_file):
        path = model_file()
        answers = [registry.register("x", path, captured={"run": {"duration_s": seconds}}) for seconds in (1, 2)]
        assert [answer.created for answer in answers] == [True, False]
        assert facts(registry, "x").captured["run"] == {"duration_s": 1}

    def test_is_the_commit_where_there_is_one(self, registry, model_file, monkeypatch):
        path = model_file()
        monkeypatch.chdir(path.parent)
        commit(path.parent)
        registry.register("x", path)
        (path.parent / "train.py").write_text("changed")
        assert not registry.register("x", path).created
        git = facts(registry, "x").captured["git"]
        assert (len(git["commit"]), git["branch"], git["dirty"]) == (40, "main", False)

    def test_can_only_be_what_a_record_can_hold(self, registry, model_file):
        with pytest.raises(UsageError, match="what is captured"):
            registry.register("x", model_file(), captured={"run": object()})


def commit(directory):
    (directory / "train.py").write_text("train()")
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    for words in (("init", "-q", "-b", "main"), ("add", "train.py"), (*who, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=directory, check=True)


def test_facts_of_ones_own_may_be_nested(registry, model_file):
    meta = {"team": {"name": "risk", "members": ["ann", "bo"]}, "ticket": 4711}
    registry.register("x", model_file(), meta=meta)
    meta["team"]["members"].append("eve")
    assert facts(registry, "x").meta == {"team": {"name": "risk", "members": ["ann", "bo"]}, "ticket": 4711}


@pytest.fixture(scope="module")
def numbers_kept(tmp_path_factory):
    """Registers a version with a metric, and returns what `info --json` says of it."""
    backend = load("backends", "memory").connect(".")
    registry = Registry(Repository(backend), actor="ann@example.org")
    file = tmp_path_factory.mktemp("numbers") / "model.bin"
    file.write_bytes(b"weights")
    names = (f"m{number}" for number in count())

    def kept(value):
        name = next(names)
        registry.register(name, file, metrics={"auc": value})
        return json.loads(json.dumps(registry.info(name).document()))["metrics"]["auc"]

    return kept


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-MAX_WHOLE, MAX_WHOLE))
@settings(max_examples=50, deadline=None, derandomize=True)
@example(10**18)
@example(10**18 - 1)
@example(-(10**30))
@example(5e-324)
@example(1.7976931348623157e308)
def test_a_number_is_told_as_it_was_stated_to_the_last_digit(numbers_kept, number):
    assert numbers_kept(number) == numbers_kept(str(number)) == number


@pytest.mark.parametrize(("stated", "version"), [("v3", "3.0.0"), ("V3.1", "3.1.0"), ("v3.1.4", "3.1.4")])
def test_a_version_may_be_stated_with_its_v_and_what_is_filled_in_is_said(registry, model_file, stated, version):
    answer = registry.register("fraud", model_file("m.bin"), version=stated)
    assert answer.version == version
    assert list(answer.notes) == [f"{stated} was read as {version}"] * (stated.count(".") < 2)


@pytest.mark.parametrize("stated", ["3", "3.1", "v", "v3.x", "v03"])
def test_half_a_version_is_refused(registry, model_file, stated):
    with pytest.raises(UsageError, match="is not a semantic version"):
        registry.register("fraud", model_file("m.bin"), version=stated)
