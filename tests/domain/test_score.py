"""Scores: the formula, its scales, what cannot be scored, and the order that follows."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.leaderboard import leaderboard_of
from mlreg.domain.metric import Metric
from mlreg.domain.record import ModelVersion
from mlreg.domain.score import Candidate, Formula, Formulas, gain, parse_formulas, rank
from mlreg.domain.semver import Version
from mlreg.domain.sheet import card_of
from mlreg.errors import UsageError

GOOD = {"accuracy": 0.90, "auc": 0.95, "f1": 0.88, "data_quality": 0.9}


def candidate(version: str, metrics: dict[str, object], objection: str | None = None, **facts: object) -> Candidate:
    record = ModelVersion(
        "m",
        Version.parse(version),
        metrics={name: Metric.parse(name, value) for name, value in metrics.items()},
        **facts,  # type: ignore[arg-type]
    )
    sheet = {**card_of(record), "version": version, "stage": "development", "registered_at": "now"}
    return Candidate(sheet, objection)


def ranked(*candidates: Candidate, formula: Formula = Formula(), **directions: str):  # noqa: B008
    return leaderboard_of(rank(candidates, formula, directions=directions)).rows()  # type: ignore[arg-type]


def scored(metrics: dict[str, object], formula: Formula = Formula(), **facts: object) -> float | None:  # noqa: B008
    return ranked(candidate("1.0.0", metrics, **facts), formula=formula)[0].score


def test_the_usual_formula_gives_the_numbers_of_the_requirement():
    """S2-8: accuracy·0.4 + auc·0.3 + f1·0.2 + data_quality·0.1."""
    assert scored(GOOD) == pytest.approx(0.90 * 0.4 + 0.95 * 0.3 + 0.88 * 0.2 + 0.9 * 0.1) == 0.911
    assert scored({"accuracy": 1, "auc": 1, "f1": 1, "data_quality": 1}) == 1
    assert scored(dict.fromkeys(GOOD, 0)) == 0


def test_metrics_may_be_called_scores():
    assert scored({"accuracy": 0.9, "auc": 0.95, "f1_score": 0.88, "data_quality_score": 0.9}) == 0.911


@pytest.mark.parametrize("facts", [{"meta": {"is_ensemble": True}}, {"type": "Ensemble"}])
def test_an_ensemble_has_a_bonus_where_it_is_switched_on(facts):
    """S2-9; off by default, and shown."""
    formula = Formula(ensemble_bonus=1.05)
    assert scored(GOOD, **facts) == 0.911
    assert scored(GOOD, formula, **facts) == pytest.approx(0.911 * 1.05)
    assert scored(GOOD, formula) == 0.911
    assert ranked(candidate("1.0.0", GOOD, **facts), formula=formula)[0].bonus == 1.05


def test_a_falling_metric_counts_the_more_the_less_it_is():
    formula = Formula(weights={"auc": 0.5, "latency": 0.5})
    rows = ranked(
        candidate("1.0.0", {"auc": 0.9, "latency": "200ms"}),
        candidate("1.1.0", {"auc": 0.9, "latency": "0.02 s"}),
        formula=formula,
    )
    assert [row.version for row in rows] == ["1.1.0", "1.0.0"]
    assert rows[0].score == pytest.approx(0.45 + 0.5 / 1.02)


def test_a_direction_may_be_stated_with_the_metric_or_configured():
    formula = Formula(weights={"oddness": 1})
    low, high = candidate("1.0.0", {"oddness": 1}), candidate("2.0.0", {"oddness": 2})
    assert ranked(low, high, formula=formula)[0].version == "2.0.0"
    assert ranked(low, high, formula=formula, oddness="down")[0].version == "1.0.0"
    stated = [
        candidate(one, {"oddness": {"value": at, "direction": "down"}}) for at, one in ((1, "1.0.0"), (2, "2.0.0"))
    ]
    assert ranked(*stated, formula=formula)[0].version == "1.0.0"


@pytest.mark.parametrize(("value", "score"), [("0.2 s", 0), ("0 s", 1), ("100ms", 0.5), ("3 s", 0), ("-1 s", 1)])
def test_a_range_says_what_counts_0_and_what_counts_1(value, score):
    formula = Formula(weights={"latency": 1}, ranges={"latency": (0.2, 0)})
    assert scored({"latency": value}, formula) == pytest.approx(score)


def test_a_falling_metric_below_0_needs_a_range():
    row = ranked(candidate("1.0.0", {"loss": -3}), formula=Formula(weights={"loss": 1}))[0]
    assert (row.score, row.objection) == (None, "loss is below 0 and has no range")


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("missing", ["ineligible", "reweight"])
def test_what_is_not_finite_never_wins(odd, missing):
    rows = ranked(
        candidate("2.0.0", {**GOOD, "accuracy": odd}),
        candidate("1.0.0", dict.fromkeys(GOOD, 0.01)),
        formula=Formula(missing=missing),
    )
    assert (rows[0].version, rows[0].is_eligible) == ("1.0.0", True)
    assert (rows[1].score, rows[1].objection) == (None, "accuracy is not finite")


def test_without_a_metric_a_version_cannot_be_the_best():
    """Trap 43: neither a crash nor a 0."""
    row = ranked(candidate("1.0.0", {"accuracy": 0.99}))[0]
    assert (row.score, row.objection, row.is_eligible) == (None, "without auc, f1, data_quality", False)


def test_or_the_weights_of_the_others_are_stretched_and_it_says_so():
    row = ranked(candidate("1.0.0", {"accuracy": 0.9, "auc": 0.8}), formula=Formula(missing="reweight"))[0]
    assert row.score == pytest.approx((0.4 * 0.9 + 0.3 * 0.8) / 0.7)
    assert list(row.missing) == ["f1", "data_quality"]


def test_who_has_none_of_the_metrics_has_no_score_in_any_case():
    assert scored({"rmse": 3}, Formula(missing="reweight")) is None


def test_equals_stay_in_their_order_and_say_so():
    rows = ranked(*(candidate(version, GOOD) for version in ("1.10.0", "1.9.0", "1.2.0")))
    assert [(row.version, list(row.tied)) for row in rows] == [
        ("1.10.0", ["1.9.0", "1.2.0"]),
        ("1.9.0", ["1.10.0", "1.2.0"]),
        ("1.2.0", ["1.10.0", "1.9.0"]),
    ]


def test_who_may_not_be_chosen_keeps_its_score_and_stands_below():
    rows = ranked(candidate("1.0.0", GOOD), candidate("2.0.0", {**GOOD, "auc": 0.99}, "deprecated"))
    assert [(row.version, row.is_eligible, row.score is None) for row in rows] == [
        ("1.0.0", True, False),
        ("2.0.0", False, False),
    ]


def test_versions_that_were_measured_on_other_data_are_told():
    """Trap 45."""

    def measured(version: str, auc: float, digest: str | None) -> Candidate:
        stated = {"value": auc, "dataset_digest": digest} if digest else auc
        return candidate(version, {**GOOD, "auc": stated})

    rows = ranked(measured("3.0.0", 0.99, "sha256:a"), measured("2.0.0", 0.9, "sha256:b"),
                  measured("1.0.0", 0.8, "sha256:a"), measured("0.9.0", 0.7, None))  # fmt: skip
    assert [row.same_data for row in rows] == [True, False, True, None]


def test_a_gain_has_no_dust_of_binary_fractions():
    assert gain(0.3, 0.1 + 0.2 - 0.1) == 0.1
    assert gain(0.92, 0.91) == 0.01


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("weights = { auc = 0.5, f1 = 0.4 }", "weights"),
        ("weights = { auc = 1.5, f1 = -0.5 }", "f1"),
        ("weights = { auc = true }", "auc"),
        ("weights = { auc = nan }", "auc"),
        ("weights = {}", "weights"),
        ("weights = 1", "weights"),
        ("missing = 'zero'", "missing"),
        ("ensemble_bonus = 0.5", "ensemble_bonus"),
        ("min_gain = -1", "min_gain"),
        ("ranges = { auc = [1, 1] }", "auc"),
        ("ranges = { auc = 1 }", "auc"),
        ("wieghts = { auc = 1 }", "wieghts"),
        ("auto_select = true", "auto_select"),
        ("auto_select_best = 'production'", "auto_select_best"),
        ("auto_select = 'production'\nauto_select_best = true", "auto_select_best"),
        ("models = 3", "models"),
        ("[models]\n'x/*' = 3", "x/*"),
        ("[models.'x/*']\nmissing = 1", "missing"),
    ],
)
def test_a_formula_that_means_nothing_is_refused_where_it_is_wrong(text, key):
    def fail(at: str, what: str) -> UsageError:
        return UsageError(what, facts={"key": at})

    with pytest.raises(UsageError) as caught:
        parse_formulas(tomllib.loads(text), fail)
    assert caught.value.facts["key"] == key


def test_models_may_have_formulas_of_their_own():
    text = """
    min_gain = 0.02
    [models."regression/*"]
    weights = { rmse = 1 }
    [models."*"]
    missing = "reweight"
    """
    formulas = parse_formulas(tomllib.loads(text), lambda key, what: UsageError(what))
    assert formulas.of("regression/price").weights == {"rmse": 1}
    assert formulas.of("regression/price").min_gain == 0.02
    assert formulas.of("fraud").missing == "reweight"
    assert formulas.of("fraud").source == "*"
    assert Formulas().of("fraud") == Formula()


VALUES = st.floats(0, 1, allow_nan=False)
SETS = st.fixed_dictionaries(dict.fromkeys(GOOD, VALUES))


@given(SETS)
def test_a_score_of_shares_is_a_share(metrics):
    score = scored(metrics)
    assert score is not None
    assert 0 <= score <= 1


@given(SETS, st.sampled_from(sorted(GOOD)), VALUES)
def test_more_of_a_metric_is_never_worse(metrics, name, value):
    better = {**metrics, name: max(metrics[name], value)}
    assert scored(better) >= scored(metrics)


@given(st.lists(st.one_of(SETS, SETS.map(lambda one: {**one, "auc": math.nan})), max_size=6), st.randoms())
def test_the_scores_do_not_depend_on_who_came_first(sets, chance):
    candidates = [candidate(f"1.0.{at}", metrics) for at, metrics in enumerate(sets)]
    mixed = chance.sample(candidates, len(candidates))
    assert {row.version: row.score for row in ranked(*candidates)} == {row.version: row.score for row in ranked(*mixed)}


def test_many_that_are_tied_are_counted_once_for_the_rows_that_are_shown():
    rows = rank([candidate(f"1.0.{at}", GOOD) for at in range(2000)], Formula(), directions={})
    assert [len(row.tied) for row in leaderboard_of(rows).rows(2)] == [1999, 1999]
