"""The best version: leaderboard, `NAME@best`, and the promotion of the best without flapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlreg.adapters import load
from mlreg.errors import BlockedError, NotFoundError, UsageError
from mlreg.registry import Registry
from mlreg.store.rankings import Rankings

GOOD = {"accuracy": 0.90, "auc": 0.95, "f1_score": 0.88, "data_quality_score": 0.9}


@pytest.fixture
def configured(tmp_path):
    """Makes a repository on the disk with a section `[score]`."""

    def make(text: str) -> Registry:
        Registry.init(tmp_path, actor="ann")
        (tmp_path / ".mlreg/config.toml").write_text(f"[score]\n{text}\n")
        return Registry.open(tmp_path, actor="ann")

    return make


@pytest.fixture
def add(model_file):
    """Registers a version of `m` of which the accuracy is given."""

    def add(registry: Registry, version: str, accuracy: float, **words):
        metrics = {**GOOD, "accuracy": accuracy, **words.pop("metrics", {})}
        return registry.register("m", model_file(version), version=version, metrics=metrics, **words)

    return add


def order(answer):
    return [row["version"] for row in answer.document()["rows"]]


def test_the_rows_have_the_columns_of_the_requirement(registry, add):
    """S2-8, S2-14."""
    add(registry, "1.0.0", 0.90, type="RandomForest", stage="production")
    add(registry, "1.1.0", 0.92)
    rows = registry.best("m").document()["rows"]
    assert [row["composite_score"] for row in rows] == [0.919, 0.911]
    assert {key: rows[1][key] for key in ("model_id", "name", "type", "accuracy", "auc", "f1_score", "is_active")} == {
        "model_id": "m@1.0.0",
        "name": "m",
        "type": "RandomForest",
        "accuracy": 0.9,
        "auc": 0.95,
        "f1_score": 0.88,
        "is_active": True,
    }
    assert rows[1]["training_date"] == registry.info("m@1.0.0").standing.registered.at


def test_ten_rows_are_shown_or_as_many_as_are_asked_for(registry, add):
    for at in range(12):
        add(registry, f"1.0.{at}", at / 100)
    assert len(registry.best("m").rows) == 10
    assert order(registry.best("m", limit=2)) == ["1.0.11", "1.0.10"]
    assert registry.best("m", limit=2).document()["versions"] == 12
    assert len(registry.best("m", limit=None).rows) == 12
    with pytest.raises(UsageError):
        registry.best("m", limit=0)


def test_best_is_a_reference(registry, add):
    """S2-29: with its id, wherever a version is wanted."""
    add(registry, "1.0.0", 0.92)
    add(registry, "1.1.0", 0.90)
    found = registry.info("m@best")
    assert (str(found.standing.version), found.resolved_by) == ("1.0.0", "best")
    assert registry.promote("m@BEST", to="production").version == "1.0.0"
    assert registry.compare("m@1.1.0", "m@best").document()["versions_compared"] == ["1.1.0", "1.0.0"]
    with pytest.raises(UsageError):
        registry.alias("m", "1.0.0", alias="best")


def test_the_best_brings_its_companions(registry, add, tmp_path):
    """S2-13, S2-29."""
    (tmp_path / "scaler.bin").write_text("scale")
    add(registry, "1.0.0", 0.92, companions={"scaler": tmp_path / "scaler.bin"})
    add(registry, "1.1.0", 0.90)
    registry.checkout("m@best", directory=tmp_path / "out")
    assert (tmp_path / "out/scaler.bin").read_text() == "scale"


def test_who_lacks_metrics_is_shown_and_cannot_be_the_best(registry, add, model_file):
    registry.register("m", model_file("x"), version="1.0.0", metrics={"accuracy": 0.99})
    assert registry.best("m").document()["rows"][0]["objection"] == "without auc, f1, data_quality"
    with pytest.raises(NotFoundError) as caught:
        registry.info("m@best")
    assert caught.value.stable_code == "no-best"


@pytest.mark.parametrize(
    ("spoil", "objection"),
    [
        (lambda registry: registry.deprecate("m@2.0.0", reason="leaks"), "deprecated"),
        (lambda registry: registry.set("m@2.0.0", metrics={"auc": "nan"}), "auc is not finite"),
        (lambda registry: (registry.promote("m@1.0.0", to="production"), registry.promote("m@2.0.0", to="production"),
                           registry.rollback("m")), "rolled back"),
    ],
)  # fmt: skip
def test_what_should_not_be_used_is_never_the_best(registry, add, spoil, objection):
    add(registry, "1.0.0", 0.5)
    add(registry, "2.0.0", 0.9)
    spoil(registry)
    rows = registry.best("m").document()["rows"]
    assert [(row["version"], row["objection"]) for row in rows] == [("1.0.0", None), ("2.0.0", objection)]


def test_what_came_back_after_a_rollback_can_be_the_best_again(registry, add):
    for version in ("1.0.0", "2.0.0"):
        add(registry, version, 0.5 if version == "1.0.0" else 0.9)
        registry.promote("m", version, to="production")
    registry.rollback("m")
    assert registry.best("m").best == "1.0.0"
    registry.promote("m@2.0.0", to="production")
    registry.promote("m@1.0.0", to="production")
    assert registry.best("m").best == "2.0.0"


def test_a_pre_release_is_ranked_and_not_chosen(registry, add):
    add(registry, "1.0.0", 0.5)
    add(registry, "2.0.0-rc.1", 0.9)
    assert registry.best("m").best == "1.0.0"


def test_late_metrics_count(registry, add):
    add(registry, "1.0.0", 0.5)
    add(registry, "1.1.0", 0.4)
    registry.set("m@1.1.0", metrics={"accuracy": 0.99})
    assert order(registry.best("m")) == ["1.1.0", "1.0.0"]


def test_ties_are_told_and_stable(registry, add):
    for version in ("1.10.0", "1.2.0", "1.0.0", "1.0.1", "1.9.0"):
        add(registry, version, 0.9)
    answer = registry.best("m")
    assert order(answer) == ["1.10.0", "1.9.0", "1.2.0", "1.0.1", "1.0.0"]
    shown = "1.10.0 has the same score as 1.9.0, 1.2.0, 1.0.1, 1 more: the greatest version stands first"
    assert shown in answer.notes


def test_rows_that_were_measured_on_other_data_are_flagged(registry, add):
    add(registry, "1.0.0", 0.5, metrics={"auc": {"value": 0.9, "dataset_digest": "sha256:a"}})
    add(registry, "1.1.0", 0.9, metrics={"auc": {"value": 0.9, "dataset_digest": "sha256:b"}})
    answer = registry.best("m")
    assert [row["same_data"] for row in answer.document()["rows"]] == [True, False]
    assert "measured on other data than 1.1.0: 1.0.0" in answer.notes
    registry.promote("m@1.0.0", to="production")
    with pytest.raises(BlockedError) as caught:
        registry.best("m", promote="production")
    assert caught.value.stable_code == "not-comparable"


def test_the_best_is_promoted_where_it_is_better_by_enough(registry, add):
    add(registry, "1.0.0", 0.900, stage="production")
    add(registry, "1.1.0", 0.924)
    stays = registry.best("m", promote="production")
    assert (stays.promoted, stays.gain) == (None, 0.0096)
    assert "1.0.0 stays: 1.1.0 is better by 0.0096, not by 0.01" in stays.notes
    add(registry, "1.2.0", 0.925)
    goes = registry.best("m", promote="prod")
    assert (goes.promoted.version, goes.promoted.replaced, goes.gain) == ("1.2.0", "1.0.0", 0.01)
    stages = {row["version"]: (row["stage"], row["is_active"]) for row in goes.document()["rows"]}
    assert (stages["1.2.0"], stages["1.0.0"]) == (("production", True), ("archived", False))
    assert registry.history("m").events[-1].reason == "best by score: 0.921, 0.01 more than 1.0.0"
    again = registry.best("m", promote="production")
    assert (again.promoted, registry.best("m").active) == (None, "1.2.0")


def test_noise_does_not_flap(registry, add):
    """Trap 46."""
    add(registry, "1.0.0", 0.9, stage="production")
    for at in range(1, 12):
        add(registry, f"1.{at}.0", 0.9 + (at % 3 - 1) * 0.01)
        registry.best("m", promote="production")
    assert registry.info("m@production").document()["version"] == "1.0.0"


def test_equal_scores_move_nothing_even_without_a_minimum(registry, add):
    add(registry, "1.0.0", 0.9, stage="production")
    add(registry, "1.1.0", 0.9)
    assert registry.best("m", promote="production", min_gain=0).promoted is None


def test_an_empty_stage_takes_the_best_at_once(registry, add):
    add(registry, "1.0.0", 0.1)
    assert registry.best("m", promote="staging", reason="first").promoted.version == "1.0.0"


def test_a_dry_run_promotes_nothing(registry, add):
    add(registry, "1.0.0", 0.9)
    answer = registry.best("m", promote="production", dry_run=True)
    assert answer.document()["dry_run"] is True
    assert registry.best("m").active is None


def test_a_holder_without_a_score_blocks_the_choice(registry, add):
    add(registry, "1.0.0", float("nan"), stage="production")
    add(registry, "1.1.0", 0.9)
    with pytest.raises(BlockedError) as caught:
        registry.best("m", promote="production")
    assert caught.value.stable_code == "not-comparable"


@pytest.mark.parametrize("gain", [float("nan"), float("inf"), -0.1])
def test_a_minimum_gain_is_a_number_from_0(registry, add, gain):
    add(registry, "1.0.0", 0.9)
    with pytest.raises(UsageError):
        registry.best("m", promote="production", min_gain=gain)


def test_the_choice_passes_the_gates_of_a_promotion(registry, add):
    add(registry, "1.0.0", 0.9, stage="production")
    add(registry, "0.9.0", 0.1, stage="staging")
    with pytest.raises(BlockedError):  # production's holder does not go down to staging
        registry.best("m", promote="staging")


def test_the_configuration_says_what_is_weighed(configured, add):
    registry = configured('weights = { accuracy = 1 }\nmissing = "reweight"\n[score.models."other"]\nmin_gain = 0')
    add(registry, "1.0.0", 0.5)
    answer = registry.best("m").document()
    assert (answer["rows"][0]["composite_score"], answer["formula"]["source"]) == (0.5, "score")


def test_a_formula_that_is_wrong_is_told_with_file_and_line(configured, add):
    registry = configured("weights = { accuracy = 0.5 }")
    with pytest.raises(UsageError) as caught:
        add(registry, "1.0.0", 0.9)
    assert "config.toml, line 2: the weights are 0.5 together, not 1" in caught.value.message


def test_the_best_goes_by_itself_where_that_is_configured(configured, add):
    """S2-23: auto_select_best."""
    registry = configured('auto_select = "production"')
    first = add(registry, "1.0.0", 0.9)
    assert (first.stage, list(first.notes)) == ("production", ["1.0.0 is the best by score and went to production"])
    second = add(registry, "1.1.0", 0.901)
    assert second.stage == "development"
    assert "stays" in second.notes[-1]
    assert add(registry, "1.2.0", 0.99).stage == "production"


def test_the_best_is_selected_under_the_names_of_the_requirement(configured, add):
    registry = configured('auto_select_best = true\n[score.models."x"]\nauto_select_best = false')
    assert registry._bench.config.sections["score"].of("x").auto_select is None
    assert add(registry, "1.0.0", 0.9).stage == "production"
    assert registry.auto_select_best("m").promoted is None
    assert registry.best("m").document()["formula"]["auto_select"] is True


def test_what_cannot_be_chosen_does_not_hinder_a_registration(configured, model_file):
    registry = configured('auto_select = "nowhere"')
    answer = registry.register("m", model_file("x"), metrics=GOOD)
    assert answer.created
    assert answer.notes[-1].startswith("the best was not promoted to nowhere: ")


def test_a_leaderboard_that_was_kept_tells_the_same_and_follows_what_happens(configured, add, tmp_path):
    registry = configured("min_gain = 0")
    for at in range(4):
        add(registry, f"1.0.{at}", at / 10, type="ensemble" if at else None)
    cache = load("caches", "local").connect(tmp_path / ".mlreg/cache")

    def told(*, is_kept: bool):
        registry = Registry.open(tmp_path, actor="ann")
        registry._bench.repository.rankings = Rankings(cache if is_kept else None, kept_from=1)
        return [registry.best("m", limit=limit).document() for limit in (2, None)]

    def same() -> bool:
        return told(is_kept=False) == told(is_kept=True) == told(is_kept=True)

    assert same()
    registry.deprecate("m@1.0.3", reason="old")
    assert same()
    registry.set("m@1.0.0", metrics={"auc": float("nan")})
    assert same()
    before = told(is_kept=True)
    (tmp_path / ".mlreg/config.toml").write_text('[score]\nensemble_bonus = 1.05\n[metrics.auc]\ndirection = "down"\n')
    assert same()
    assert told(is_kept=True)[0]["rows"][0]["composite_score"] != before[0]["rows"][0]["composite_score"]


def test_nothing_goes_by_itself_where_nobody_said_so(registry, add):
    assert add(registry, "1.0.0", 0.9).stage == "development"


def test_where_none_can_be_the_best_it_is_said_what_to_type_and_that_helps(mlreg, model_file):
    mlreg("init")
    for version, score in (("1.0.0", "0.8"), ("1.1.0", "0.9")):
        model = str(model_file(version))
        mlreg("register", "m", model, "--version", version, "--metric", f"auc={score}", "--metric", f"top.5={score}")
    for words in (("best", "m"), ("best", "m", "--promote", "production"), ("checkout", "m@best")):
        said = mlreg(*words).err
        assert "`mlreg config set score.weights.auc 1`" in said, words
        assert "`mlreg set m 1.1.0 --metric accuracy=VALUE`" in said, words
    mlreg("config", "set", "score.weights.auc", "1")
    assert mlreg("best", "m", "-q").out == "1.1.0\n"


def test_of_a_formula_of_ones_own_it_is_said_what_is_missing(mlreg, model_file):
    mlreg("init")
    (Path(".mlreg") / "config.toml").write_text("[score]\nweights = { auc = 0.5, f1 = 0.5 }\n")
    mlreg("register", "m", str(model_file()), "--metric", "auc=0.8")
    said = mlreg("best", "m").err
    assert "`mlreg set m 1.0.0 --metric f1=VALUE`" in said
    assert "`mlreg config set score.missing reweight`" in said
    mlreg("config", "set", "score.missing", "reweight")
    assert mlreg("best", "m", "-q").out == "1.0.0\n"
