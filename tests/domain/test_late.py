"""What is stated of a version after its registration is checked as if it were stated then."""

from __future__ import annotations

import pytest

from mlreg.domain.late import changes, completed, covered, late_facts, not_finite
from mlreg.domain.metric import Metric
from mlreg.domain.record import ModelVersion, with_late_facts
from mlreg.domain.semver import Version
from mlreg.errors import UsageError

NOTHING = {"metrics": {}, "description": None, "owner": None, "meta": {}}
KNOWN = ModelVersion(
    name="fraud",
    version=Version(1, 0, 0),
    owner="risk@example.org",
    metrics={"auc": Metric(0.91), "latency": Metric.parse("latency", "35ms")},
    meta={"ticket": 4711, "flag": True, "team": {"lead": "bo", "name": "x"}},
)


def facts(**stated):
    return late_facts(**{**NOTHING, **stated})


@pytest.mark.parametrize(
    ("stated", "is_new"),
    [
        ({"owner": "risk@example.org"}, False),
        ({"owner": "bo@example.org"}, True),
        ({"metrics": {"auc": 0.91}}, False),
        ({"metrics": {"auc": "0.91"}}, False),
        ({"metrics": {"auc": 0.92}}, True),
        ({"metrics": {"latency": "35ms"}}, False),
        ({"metrics": {"live": float("nan")}}, True),
        ({"meta": {"ticket": 4711}}, False),
        ({"meta": {"flag": 1}}, True),
        ({"description": "better"}, True),
    ],
)
def test_only_what_a_version_does_not_say_yet_changes_it(stated, is_new):
    assert changes(KNOWN, facts(**stated)) == is_new


def test_what_was_stated_late_is_no_change_any_more():
    late = facts(metrics={"auc": float("nan"), "live": "12ms"}, meta={"a": [1]}, owner="bo", description="d")
    assert not changes(with_late_facts(KNOWN, late), late)


def test_what_is_covered_is_told():
    late = facts(metrics={"auc": 0.92, "live": 0.9}, owner="bo", description="d")
    assert covered(KNOWN, late) == {
        "metrics": {"auc": 0.91, "live": None},
        "owner": "risk@example.org",
        "description": None,
    }


def test_nested_facts_keep_their_neighbours():
    assert completed(KNOWN, facts(meta={"team": {"name": "y"}, "ticket": 1}))["meta"] == {
        "team": {"lead": "bo", "name": "y"},
        "ticket": 1,
    }


def test_metrics_that_are_not_finite_are_named():
    assert not_finite(facts(metrics={"b": "inf", "a": "nan", "c": 1})) == ["a", "b"]


@pytest.mark.parametrize(
    "stated", [{"owner": ""}, {"owner": "a\nb"}, {"metrics": {"auc": "high"}}, {"meta": {"a": object()}}]
)
def test_what_could_not_be_registered_cannot_be_set(stated):
    with pytest.raises(UsageError):
        facts(**stated)
