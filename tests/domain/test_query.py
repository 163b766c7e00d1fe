"""Conditions on the facts of versions: what they mean, and what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from mlreg.domain.listing import Brief
from mlreg.domain.metric import Metric
from mlreg.domain.query import Condition, Query, Sort
from mlreg.domain.record import ModelVersion
from mlreg.domain.semver import Version
from mlreg.domain.sheet import card_of, sheet_of, shown_metrics, value_at
from mlreg.errors import UsageError

METRICS = {"f1": 0.9, "latency": "35ms", "share": "92%", "broken": "NaN", "top.5": 3, "auc": 0.8}
RECORD = ModelVersion(
    name="risk/fraud",
    version=Version.parse("1.4.0"),
    framework="xgboost",
    owner="ann@x.org",
    description="Trained on Straße\tdata",
    metrics={
        name: Metric.parse(name, value)
        for name, value in {
            "f1": 0.9,
            "latency": "35ms",
            "share": "92%",
            "broken": "NaN",
            "top.5": 3,
            "auc": 0.8,
        }.items()
    },
    params={"lr": 0.1, "solver": "adam", "depth": 8, "shuffle": True, "none": None, "text": "0.50", "net": {"size": 3}},
    lineage={"increment": "0042"},
    meta={"team": {"name": "risk"}, "langs": ["de", "en", 7]},
)
BRIEF = Brief(
    version="1.4.0",
    stage="staging",
    registered_at="2026-03-04T05:06:07.000000Z",
    registered_by="bo@x.org",
    record="sha256:1",
    tags=["gold", "v2"],
    deprecated={"reason": "it Leaks", "end_of_life": None},
    late={"owner": "cy@x.org", "metrics": {"auc": 0.95, "late": "2 s", "f1": 0.7}, "meta": {"ticket": 4711}},
    notes=["seen in March"],
)
SHEET = sheet_of("risk/fraud", BRIEF, card_of(RECORD))


def holds(condition: str) -> bool:
    return Query.parse(where=[condition]).matches(SHEET)


@pytest.mark.parametrize(
    "condition",
    [
        "metrics.f1=0.7", "metrics.f1<0.9", "metrics.auc>0.9", "metrics.latency<40ms", "metrics.latency<=0.035s",
        "metrics.latency = 35 ms", "metrics.latency>34000us", "metrics.share>90%", "metrics.share=0.92ratio",
        "metrics.top.5>=3", "metrics.late=2000ms", "metrics.f1!=0.9", "params.lr<=0.1", "params.lr=1e-1",
        "params.depth>7", "params.depth=8.0", "params.solver=adam", "params.solver==adam", "params.solver!=sgd",
        "params.shuffle=TRUE", "params.shuffle!=false", "params.text=0.50", "params.text<0.6", "params.net.size=3",
        "owner=cy@x.org", "framework!=sklearn", "stage=staging", "tags=gold", "tag!=silver", "deprecated=true",
        "deprecated!=False", "version>=1.3", "version<1.10.0", "version=1.4", "registered_at>2026-03",
        "registered_by=bo@x.org", "lineage.increment=0042", "increment>=40", "meta.team.name=risk", "meta.langs=de",
        "meta.langs=7", "meta.langs!=fr", "meta.ticket>4000", "name=risk/fraud", "model=risk/fraud", "size_bytes=0",
        "description!=x=y",
    ],
)  # fmt: skip
def test_what_is_so(condition: str) -> None:
    assert holds(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "metrics.f1=0.9", "metrics.latency<35ms", "metrics.latency<40", "metrics.share>0.9", "metrics.broken>0",
        "metrics.broken!=0", "metrics.missing!=1", "metrics.missing<1", "metrics.f1>0.1s", "params.solver<3",
        "params.solver=Adam", "params.none=x", "params.none!=x", "params.net=3", "params.net!=3", "params.missing!=1",
        "params.shuffle>0", "params.shuffle=1", "params.lr=adam", "params.lr!=adam", "params.text=0.5",
        "owner=ann@x.org", "tags=silver", "tags>a", "tags!=gold", "version>1.4.0+x", "increment=42", "meta.langs>1",
        "type!=x", "deprecated=false", "meta.team=risk",
    ],
)  # fmt: skip
def test_what_is_not(condition: str) -> None:
    assert not holds(condition)


def test_a_bare_name_is_taken_for_that_of_a_metric_in_the_hint() -> None:
    with pytest.raises(UsageError) as caught:
        Condition.parse("auc>0.9")
    assert "a metric is `metrics.auc`" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("metrics.f1", "is not a condition"),
        ("metrics.f1>", "is not a condition"),
        (">0.9", "is not a condition"),
        ("f1>0.9", "'f1' is no fact of a version"),
        ("metric.f1>0.9", "'metric.f1' is no fact of a version"),
        ("metrics.>0.9", "'metrics.' is no fact of a version"),
        ("metrics.f1>high", "'high' is not a number"),
        ("metrics.f1>nan", "'nan' is no number that a metric could be held against"),
        ("version>three", "is not a semantic version"),
        ("deprecated=maybe", "is neither `true` nor `false`"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_a_hint(condition: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Condition.parse(condition)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("search", "is_found"),
    [
        ("strasse", True), ("TRAINED data", True), ("march", True), ("leaks", True), ("fraud gold", True),
        ("cy@x.org", True), ("0042", True), ("ann@x.org", False), ("fraud silver", False), ("", True), ("adam", True),
    ],
)  # fmt: skip
def test_words_are_found_anywhere_and_case_does_not_count(search: str, is_found: bool) -> None:
    assert Query.parse(search=search).matches(SHEET) is is_found


@pytest.mark.parametrize(
    ("wish", "is_meant"),
    [
        ({"stage": "staging"}, True), ({"stage": "production"}, False), ({"tags": ["gold", "v2"]}, True),
        ({"tags": ["gold", "silver"]}, False), ({"owner": "cy@x.org"}, True), ({"framework": "xgboost"}, True),
        ({"increment": "0042"}, True), ({"increment": "42"}, False), ({"deprecated": True}, True),
        ({"deprecated": False}, False), ({}, True), ({"stage": "staging", "where": ["metrics.f1>0.8"]}, False),
    ],
)  # fmt: skip
def test_all_that_is_wished_for_must_be_so(wish: dict[str, Any], is_meant: bool) -> None:
    assert Query.parse(**wish).matches(SHEET) is is_meant


@pytest.mark.parametrize(
    ("sort", "values", "order"),
    [
        ("metrics.f1", [0.5, None, 0.1, 0.5], [2, 0, 3, 1]),
        ("-metrics.f1", [0.5, None, 0.1, 0.5], [0, 3, 2, 1]),
        ("metrics.t", [[2, "s"], 5, [1, "s"], [3, "B"]], [1, 3, 2, 0]),
        ("owner", ["bo", None, "ann"], [2, 0, 1]),
        ("-version", ["1.9.0", "1.10.0", "1.10.0-rc.1"], [1, 2, 0]),
        ("params.x", ["b", 3, True, 2.5, "a"], [2, 3, 1, 4, 0]),
        ("tags", [["b"], ["a", "c"], []], [2, 1, 0]),
    ],
)
def test_an_order_is_stable_and_ends_with_those_that_lack_the_fact(
    sort: str, values: list[Any], order: list[int]
) -> None:
    assert Sort.parse(sort).order(values) == order


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_none_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match="is not a number of lines"):
        Query.parse(limit=limit)


def test_late_metrics_are_shown_over_those_of_the_record() -> None:
    shown = shown_metrics(RECORD.shown_metrics(), BRIEF.late)
    assert (shown["auc"], shown["late"], shown["latency"], list(shown)) == (0.95, "2 s", "35ms", sorted(shown))


def test_a_late_metric_that_is_not_finite_hides_the_one_of_the_record() -> None:
    sheet = sheet_of("m", BRIEF._replace(late={"metrics": {"auc": "NaN"}}), card_of(RECORD))
    assert value_at(sheet, "metrics.auc") is None
