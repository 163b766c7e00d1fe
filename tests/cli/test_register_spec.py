"""`mlreg register -f SPEC`, and the words that say the same: what they mean, and where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlreg.spec import KEYS, covered, read_spec

SPEC = """\
# a specification as people write it
name: fraud-detector
version: 3.1.0
files:
  - build/model.joblib
  - {path: build/scaler.joblib, role: scaler}
metrics:
  auc: 0.91
  latency: 35ms
  f1: 0.90
params: {depth: 6, eta: 1e3}
features: features.txt
signature: {inputs: {amount: float}, outputs: {fraud: bool}}
requirements: [xgboost==1.7.0]
framework: xgboost==1.7.0
type: classifier
owner: risk@example.org
description: |
  two
  lines
tags: [nightly, "2026"]
data: transactions
feature_set: v7
experiment: xgboost-v1
increment: 0042
dataset: {version: 2026-01, rows: 100k rows, file: data/train.csv}
meta:
  team: {name: risk, room: 3}
  ticket: 4711
stage: staging
"""


@pytest.fixture
def place(mlreg, tmp_path):
    """A project whose specification lies in a directory of its own."""
    mlreg("init")
    (tmp_path / "models/build").mkdir(parents=True)
    (tmp_path / "models/data").mkdir()
    for name in ("build/model.joblib", "build/scaler.joblib", "build/other.joblib"):
        (tmp_path / "models" / name).write_text(name)
    (tmp_path / "models/data/train.csv").write_text("amount,fraud\n1,0\n")
    (tmp_path / "models/features.txt").write_text("amount\ncountry\n")
    (tmp_path / "models/spec.yaml").write_text(SPEC)
    return tmp_path / "models"


def written(place, text):
    (place / "spec.yaml").write_text(text)


def register(mlreg, *words):
    done = mlreg("register", "-f", "models/spec.yaml", *words)
    assert done.code == 0, done.err
    return done


def record(place, name="fraud-detector"):
    version = max((place.parent / ".mlreg/catalog" / name).iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return version.read_text()


def info(mlreg, reference="fraud-detector@3.1.0"):
    return mlreg("info", reference, "--json").document


class TestASpecification:
    def test_says_all_that_words_can_say(self, mlreg, place):
        register(mlreg)
        document = info(mlreg)
        assert document["stage"] == "staging"
        assert document["metrics"] == {"auc": 0.91, "f1": 0.9, "latency": "35ms"}
        assert document["params"] == {"depth": 6, "eta": "1e3"}
        assert document["features"] == ["amount", "country"]
        assert document["signature"] == {"inputs": {"amount": "float"}, "outputs": {"fraud": "bool"}}
        assert document["lineage"] == {
            "data": "transactions", "feature_set": "v7", "experiment": "xgboost-v1", "increment": "0042"
        }  # fmt: skip
        assert document["description"] == "two\nlines\n"
        assert document["tags"] == ["2026", "nightly"]
        assert document["meta"] == {"team": {"name": "risk", "room": 3}, "ticket": 4711}
        assert {file["path"]: file["role"] for file in document["files"]} == {
            "model.joblib": None, "scaler.joblib": "scaler"
        }  # fmt: skip
        assert 'version: "2026-01"\n  rows: 100000\n  size_bytes: 17\n' in record(place)

    def test_may_be_json(self, mlreg, place):
        (place / "spec.json").write_text(
            json.dumps({"name": "x", "files": "build/model.joblib", "metrics": {"auc": 1}})
        )
        assert mlreg("register", "-f", "models/spec.json", "-q").out == "1.0.0\n"
        assert info(mlreg, "x")["metrics"] == {"auc": 1}

    def test_twice_is_registered_once(self, mlreg, place):
        assert "Registered model" in register(mlreg).out
        assert "Already registered" in register(mlreg).out

    def test_says_the_same_as_words_do(self, mlreg, place):
        written(place, "name: x\nfiles: [build/model.joblib, {path: build/scaler.joblib, role: scaler}]\ntags: [a]\n")
        register(mlreg)
        words = ("x", "models/build/model.joblib", "--role", "scaler=models/build/scaler.joblib", "--tag", "a")
        assert "Already registered: x v1.0.0" in mlreg("register", *words).out

    def test_may_leave_a_key_without_a_value(self, mlreg, place):
        written(place, "name: x\nfiles: build/model.joblib\ntags:\nowner:\nmetrics: ~\n")
        register(mlreg)
        assert info(mlreg, "x")["owner"] is None

    def test_may_name_files_where_values_are_wanted(self, mlreg, place):
        (place / "all.json").write_text('{"a": 1, "features": ["b"]}')
        (place / "requirements.txt").write_text("numpy>=2  # fast\n")
        text = (
            "metrics: m.json\nparams: m.json\nsignature: s.json\nfeatures: all.json\nrequirements: requirements.txt\n"
        )
        (place / "m.json").write_text('{"a": 1}')
        (place / "s.json").write_text('{"inputs": {"a": "int"}}')
        written(place, "name: x\nfiles: build/model.joblib\n" + text)
        register(mlreg)
        document = info(mlreg, "x")
        assert (document["params"], document["features"], document["requirements"]) == ({"a": 1}, ["b"], ["numpy>=2"])


class TestWords:
    def test_cover_texts_and_single_names(self, mlreg, place):
        register(mlreg, "--version", "4.0.0", "--metric", "auc=0.5", "--param", "depth=9", "--owner", "bo@example.org")
        document = info(mlreg, "fraud-detector@4.0.0")
        assert (document["metrics"]["auc"], document["metrics"]["latency"]) == (0.5, "35ms")
        assert (document["params"]["depth"], document["owner"]) == (9, "bo@example.org")

    def test_cover_a_stated_version_with_a_level(self, mlreg, place):
        register(mlreg)
        register(mlreg, "--bump", "minor", "--metric", "auc=0.99")
        assert info(mlreg, "fraud-detector@3.2.0")["metrics"]["auc"] == 0.99

    def test_reach_into_nested_facts(self, mlreg, place):
        register(mlreg, "--meta", "team.name=fraud", "--meta", "a.b.c=1")
        assert info(mlreg)["meta"] == {
            "team": {"name": "fraud", "room": 3}, "ticket": 4711, "a": {"b": {"c": 1}}
        }  # fmt: skip

    def test_add_tags_and_replace_features_and_files(self, mlreg, place):
        register(mlreg, "fraud-detector", "models/build/other.joblib", "--tag", "x", "--feature", "hour")
        document = info(mlreg)
        assert document["tags"] == ["2026", "nightly", "x"]
        assert document["features"] == ["hour"]
        assert {file["path"] for file in document["files"]} == {"other.joblib", "scaler.joblib"}

    def test_replace_the_file_of_a_role(self, mlreg, place):
        register(mlreg, "--role", "scaler=models/build/other.joblib")
        assert {file["path"]: file["role"] for file in info(mlreg)["files"]}["other.joblib"] == "scaler"

    def test_name_another_model(self, mlreg, place):
        register(mlreg, "other-model")
        assert info(mlreg, "other-model@3.1.0")["name"] == "other-model"

    def test_that_are_a_file_where_the_model_is_named_are_refused(self, mlreg, place):
        done = mlreg("register", "-f", "models/spec.yaml", "models/build/other.joblib")
        assert done.code == 2
        assert "is a file, and stands where the model is named" in done.err
        assert "`mlreg register fraud-detector models/build/other.joblib -f models/spec.yaml`" in done.err

    def test_say_all_of_the_data(self, mlreg, place):
        words = ("--data-file", "models/data/train.csv", "--data-rows", "1", "--data-version", "v3")
        assert mlreg("register", "x", "models/build/model.joblib", *words).code == 0
        assert "dataset:\n  version: v3\n  rows: 1\n  size_bytes: 17\n  digest: sha256:" in record(place, "x")

    def test_name_a_file_of_data_in_place_of_a_digest(self, mlreg, place):
        written(
            place,
            "name: x\nfiles: build/model.joblib\ndataset: {rows: 1, size_bytes: 5, digest: 'sha256:"
            + "0" * 64
            + "'}\n",
        )
        register(mlreg, "--data-file", "models/data/train.csv")
        assert "dataset:\n  rows: 1\n  size_bytes: 17\n" in record(place, "x")

    @pytest.mark.parametrize("rows", ["-1", "1.5", "many", "NaN", "1e99", "12 MB", "0x10"])
    def test_with_another_number_of_rows_are_refused(self, mlreg, place, rows):
        done = mlreg("register", "x", "models/build/model.joblib", f"--data-rows={rows}")
        assert (done.code, f"'{rows}' is not a number of rows" in done.err) == (2, True)

    def test_with_dots_that_are_not_meant_may_say_so(self, mlreg, place):
        assert mlreg("register", "x", "models/build/model.joblib", "--meta", r"org\.example\.source=a").code == 0
        assert info(mlreg, "x")["meta"] == {"org.example.source": "a"}

    @pytest.mark.parametrize(
        "words", [("team=x", "team.name=y"), ("team.name=y", "team=x"), ("a..b=1",), (".a=1",), ("a.=1",)]
    )
    def test_that_nest_what_cannot_be_nested_are_refused(self, mlreg, place, words):
        options = [word for pair in words for word in ("--meta", pair)]
        assert mlreg("register", "x", "models/build/model.joblib", *options).code == 2

    @pytest.mark.parametrize("role", ["scaler", "=models/build/model.joblib", "a/b=models/build/model.joblib"])
    def test_with_a_role_that_is_none_are_refused(self, mlreg, place, role):
        assert mlreg("register", "x", "--role", role).code == 2

    def test_without_a_model_are_refused_with_the_way_to_say_it(self, mlreg, place):
        done = mlreg("register")
        assert (done.code, done.err) == (
            2, "error: which model is it?\nhint: name it, as in `mlreg register NAME model.pkl`\n"
        )  # fmt: skip


class TestAMistake:
    @pytest.mark.parametrize(
        ("line", "said", "hint"),
        [
            ("metric: {auc: 1}", "'metric' means nothing", "did you mean `metrics` or `meta`?"),
            ("hyperparameters: {a: 1}", "'hyperparameters' means nothing", "did you mean `params`?"),
            ("feature-set: v7", "'feature-set' means nothing", "did you mean `feature_set` or `features`?"),
            ("Owner: ann", "'Owner' means nothing", "did you mean `owner`?"),
            ("xyzzy: 1", "'xyzzy' means nothing", f"known are {', '.join(KEYS)}"),
            ("dataset: {row: 3}", "'dataset.row' means nothing", "did you mean `rows`?"),
            ("tags: nightly", "'tags' is not a list of texts", None),
            ("tags: [[a]]", "'tags' is not a list of texts", None),
            ("metrics: [1]", "'metrics' is not a mapping", None),
            ("meta: meta.yaml", "'meta' is not a mapping", None),
            ("owner: [ann]", "'owner' is not a text", None),
            ("version: true", "'version' is not a text", None),
            ("follow_links: yes", "'follow_links' is not `true` or `false`", None),
            ("bump: minor\nversion: 1.0.0", "a version is stated or bumped, not both", "leave out `version` or `bump`"),
        ],
    )
    def test_is_named_with_file_line_and_what_was_meant(self, mlreg, place, line, said, hint):
        written(place, f"# a comment\nname: x\nfiles: build/model.joblib\n{line}\n")
        done = mlreg("register", "-f", "models/spec.yaml")
        error, advice = done.err.splitlines()
        assert (done.code, error) == (2, f"error: cannot read 'models/spec.yaml', line 4: {said}")
        assert hint is None or advice == f"hint: {hint}"

    @pytest.mark.parametrize(
        "files", ["{pth: a}", "[{path: a, rol: b}]", "[1]", "[[a]]", "{role: model}", "[{path: 1}]"]
    )
    def test_in_the_list_of_files_is_named(self, mlreg, place, files):
        written(place, f"name: x\nfiles: {files}\n")
        done = mlreg("register", "-f", "models/spec.yaml")
        assert (done.code, done.err.splitlines()[0][:50]) == (
            2,
            "error: cannot read 'models/spec.yaml', line 2: 'fi"[:50],
        )

    @pytest.mark.parametrize("text", ["- a\n", "just a text\n", "", "name: [\n", "name: x\nname: y\n", "a: &b 1\n"])
    def test_in_the_writing_is_named(self, mlreg, place, text):
        written(place, text)
        done = mlreg("register", "-f", "models/spec.yaml")
        assert done.code == 2
        assert done.err.startswith("error: cannot read 'models/spec.yaml'")

    def test_in_json_has_its_line_too(self, mlreg, place):
        (place / "spec.json").write_text('{\n  "name": "x",\n  "metric": {}\n}\n')
        assert "'models/spec.json', line 3: 'metric' means nothing" in mlreg("register", "-f", "models/spec.json").err

    def test_of_a_file_that_is_not_there_is_named(self, mlreg, place):
        written(place, "name: x\nfiles: build/model.joblib\nmetrics: scores.json\n")
        assert "there is no file 'models/scores.json'" in mlreg("register", "-f", "models/spec.yaml").err

    def test_writes_nothing(self, mlreg, place):
        written(place, "name: x\nfiles: build/model.joblib\nmetric: {}\n")
        mlreg("register", "-f", "models/spec.yaml")
        assert mlreg("list").out == ""


def test_covering_leaves_what_it_covers_as_it_was():
    below = {"meta": {"team": {"name": "x"}}, "tags": ["a"], "metrics": {"f1": 1}}
    covered(below, {"meta": {"team": {"name": "y"}}, "tags": ["b"], "metrics": {"f1": 2}, "owner": None})
    assert below == {"meta": {"team": {"name": "x"}}, "tags": ["a"], "metrics": {"f1": 1}}


def test_the_specification_is_read_in_python_too(place):
    arguments = read_spec(Path("models/spec.yaml")).arguments()
    assert arguments["paths"] == [Path("models/build/model.joblib")]
    assert arguments["companions"] == {"scaler": [Path("models/build/scaler.joblib")]}
    assert arguments["increment"] == "0042"
