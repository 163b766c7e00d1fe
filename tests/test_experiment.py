"""Experiments: what a run notes goes into what it registers, and running again finds what is there."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from mlreg.errors import UsageError
from mlreg.experiment import Run


@pytest.fixture(scope="module")
def model():
    return LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True))


def facts(registry, reference="iris"):
    return registry.info(reference).record


def test_a_run_registers_with_all_that_it_noted_and_an_automatic_version(registry, model):
    with registry.experiment("logistic-v1", increment="0042") as run:
        run.log_params({"max_iter": 500})
        run.log_param("C", 1.0)
        run.log_metric("accuracy", 0.97)
        run.log_metrics({"latency": "35ms"})
        run.log_features(load_iris().feature_names)
        assert run.register("iris", model).version == "1.0.0"
    record = facts(registry)
    assert record.params == {"max_iter": 500, "C": 1.0}
    assert record.shown_metrics() == {"accuracy": 0.97, "latency": "35ms"}
    assert list(record.features) == load_iris().feature_names
    assert record.lineage == {"experiment": "logistic-v1", "increment": "0042"}


@pytest.mark.parametrize("words", [("iris", "model"), ("model", "iris")])
def test_the_model_may_be_said_before_its_name(registry, model, words):
    with registry.experiment("e") as run:
        run.register(*[model if word == "model" else word for word in words])
    assert facts(registry).framework == "sklearn"


def test_without_a_name_it_says_how(registry, model):
    with registry.experiment("e") as run, pytest.raises(UsageError, match="what shall the model be called") as refusal:
        run.register(model)
    assert refusal.value.hint == "write `run.register('NAME', model)`"


def test_how_long_it_took_is_captured_and_makes_no_other_version(registry, model):
    ticks = iter(range(0, 1000, 10))
    for _ in range(2):
        with Run(registry.register, experiment="e", increment=None, seconds=lambda: next(ticks)) as run:
            run.log_metric("accuracy", 0.97)
            answer = run.register("iris", model)
    assert (answer.version, answer.created) == ("1.0.0", False)
    assert facts(registry).captured["run"] == {"duration_s": 10}


def test_the_same_model_of_another_experiment_is_another_version(registry, model):
    for experiment in ("one", "two"):
        with registry.experiment(experiment) as run:
            answer = run.register("iris", model)
    assert answer.version == "1.0.1"


def test_what_is_stated_covers_what_was_noted(registry, model):
    with registry.experiment("e") as run:
        run.log_params({"a": 1, "b": 1})
        run.log_metric("f1", 0.1)
        run.register(
            "iris", model, version="3.0.0", params={"b": 2}, metrics={"f1": 0.2}, experiment="other", tags=["x"]
        )
    record = facts(registry, "iris@3.0.0")
    assert (record.params, record.shown_metrics()) == ({"a": 1, "b": 2}, {"f1": 0.2})
    assert (record.lineage, record.tags) == ({"experiment": "other"}, ("x",))


def test_a_run_may_register_several(registry, model):
    with registry.experiment("e") as run:
        for depth in (1, 2):
            run.log_param("depth", depth)
            run.register("iris", model)
    assert [answer.version for answer in run.registered] == ["1.0.0", "1.0.1"]


def test_of_a_metric_noted_in_every_epoch_the_last_counts(registry, model):
    with registry.experiment("e") as run:
        for loss in (3.0, 2.0, 1.5):
            run.log_metric("loss", loss)
        run.register("iris", model)
    assert facts(registry).shown_metrics() == {"loss": 1.5}


def test_what_was_noted_is_a_copy(registry, model):
    layers = [64, 32]
    with registry.experiment("e") as run:
        run.log_param("layers", layers)
        layers.append(16)
        run.register("iris", model)
    assert facts(registry).params == {"layers": [64, 32]}


def test_numbers_of_other_libraries_are_numbers(registry, model):
    with registry.experiment("e") as run:
        run.log_param("depth", np.int64(6))
        run.log_metric("auc", np.float32(0.5))
        run.register("iris", model)
    assert (facts(registry).params, facts(registry).shown_metrics()) == ({"depth": 6}, {"auc": 0.5})


def test_files_are_registered_as_objects_are(registry, model_file):
    with registry.experiment("e") as run:
        run.log_metric("auc", 0.5)
        run.register("iris", model_file())
    assert [entry.path for entry in facts(registry).files] == ["model.bin"]


def test_an_exception_passes_through_and_registers_nothing(registry):
    with pytest.raises(ZeroDivisionError), registry.experiment("e") as run:
        run.log_metric("auc", 1 / 0)
    assert run.registered == []
    assert registry.list().models == []


@pytest.mark.parametrize(
    "note",
    [
        lambda run: run.log_metric("auc", "good"),
        lambda run: run.log_metric("", 1),
        lambda run: run.log_param("model", object()),
        lambda run: run.log_param(1, 2),
        lambda run: run.log_params({"a": 1, "b": object()}),
        lambda run: run.log_features(["a", "b\n"]),
    ],
)
def test_what_cannot_be_kept_is_refused_where_it_is_noted(registry, note):
    with registry.experiment("e") as run, pytest.raises(UsageError):
        note(run)
    assert (run.params, run.metrics, run.features) == ({}, {}, [])


@pytest.mark.parametrize("words", [("",), ("a\nb",), ("e", "")])
def test_experiment_and_increment_are_one_line(registry, words):
    with pytest.raises(UsageError, match="cannot be an"):
        registry.experiment(words[0], increment=dict(enumerate(words)).get(1))
