from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.compare import Comparison, Labelled, compare, feature_changes
from mlreg.domain.metric import MAX_WHOLE, Metric
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.semver import Version
from mlreg.errors import UsageError

NAMES = ["accuracy", "auc", "f1", "loss", "rmse", "latency", "score"]

values = st.one_of(
    st.floats(),
    st.integers(-MAX_WHOLE, MAX_WHOLE),
    st.sampled_from([0, 1, 0.5, "40ms", "0.04s", "0.2 cores", {"value": 1, "direction": "down"}]),
)
metrics = st.dictionaries(st.sampled_from(NAMES), values)


def of(version: str, stated: dict[str, Any] | None = None, **facts: Any) -> Labelled:
    parsed = {name: Metric.parse(name, raw) for name, raw in (stated or {}).items()}
    return version, ModelVersion("fraud", Version.parse(version), metrics=parsed, **facts)


def row(name: str, *raw: Any) -> dict[str, Any]:
    """Returns the document of one metric for as many versions as there are values; ... is a version without it."""
    sides = [of(f"{at}.0.0", {} if value is ... else {name: value}) for at, value in enumerate(raw, start=1)]
    found: dict[str, Any] = compare(sides).document()["metric_comparison"][name]
    return found


def pair(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    return compare([of("1.0.0", old), of("2.0.0", new)])


def votes(improved: int, declined: int) -> Comparison:
    names = [f"m{at}_loss" for at in range(improved + declined)]
    return pair(dict.fromkeys(names, 5), {name: 4 if at < improved else 6 for at, name in enumerate(names)})


def test_the_document_has_the_shape_of_the_contract() -> None:
    document = compare(
        [
            of("1.0.0", {"accuracy": 0.85}, features=["age"], params={"depth": 3}),
            of("1.1.0", {"accuracy": 0.87}, features=["age", "income"], params={"depth": 5}),
        ]
    ).document()
    assert document == {
        "name": "fraud",
        "versions_compared": ["1.0.0", "1.1.0"],
        "metric_comparison": {
            "accuracy": {
                "1.0.0": 0.85,
                "1.1.0": 0.87,
                "difference": 0.02,
                "difference_pct": 2.352941,
                "direction": "up",
                "better": "1.1.0",
            }
        },
        "features": {"added": ["income"], "removed": [], "modified": [], "reordered": False},
        "params": {"depth": {"1.0.0": 3, "1.1.0": 5}},
        "signature": {"compatible": None, "changes": []},
        "files": {"added": [], "removed": [], "changed": [], "size_bytes": {"1.0.0": 0, "1.1.0": 0}},
        "recommendation": {
            "verdict": "deploy",
            "text": "Recommend deploying newer version (70%+ metrics improved)",
            "improved": 1,
            "declined": 0,
            "tied": 0,
            "unknown": 0,
            "missing": 0,
        },
        "candidate": "1.1.0",
    }
    assert list(document)[:8] == [
        *("name", "versions_compared", "metric_comparison", "features", "params", "signature", "files"),
        "recommendation",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "difference", "pct", "better"),
    [
        ("accuracy", 0.85, 0.87, 0.02, 2.352941, "2.0.0"),
        ("accuracy", 0.87, 0.85, -0.02, -2.298851, "1.0.0"),
        ("rmse", 0.3, 0.1, -0.2, -66.666667, "2.0.0"),
        ("r2", -0.5, -0.4, 0.1, 20.0, "2.0.0"),
        ("f1", 0.0, 0.5, 0.5, None, "2.0.0"),
        ("f1", 0, 0, 0, 0.0, None),
        ("f1", 0.9, 0.9, 0.0, 0.0, None),
        ("accuracy", 1, 1.0, 0.0, 0.0, None),
        ("score", 1, 3, 2, 200.0, None),
        ("auc", 0.9, ..., None, None, None),
        ("auc", ..., 0.9, None, None, None),
        ("auc", "NaN", 0.1, None, None, "2.0.0"),
        ("auc", 0.1, "NaN", None, None, "1.0.0"),
        ("auc", 0.1, "inf", None, None, "1.0.0"),
        ("loss", 0.1, "-inf", None, None, "1.0.0"),
        ("auc", "NaN", "NaN", None, None, None),
        ("auc", "inf", "-inf", None, None, None),
        ("score", "NaN", 1, None, None, None),
        ("accuracy", -1.7e308, 1.7e308, None, 200.0, "2.0.0"),
        ("accuracy", 10**30, 10**30 + 0, 0, 0.0, None),
        ("accuracy", 10**30 - 1, 10**30, 1, 0.0, "2.0.0"),
    ],
)
def test_a_metric_is_compared_without_noise_and_without_guesses(
    name: str, old: Any, new: Any, difference: Any, pct: Any, better: Any
) -> None:
    found = row(name, old, new)
    assert (found["difference"], found["difference_pct"], found["better"]) == (difference, pct, better)
    assert type(found["difference"]) is type(difference)


def test_a_missing_metric_is_null_and_never_0() -> None:
    assert row("auc", ..., 0.9)["1.0.0"] is None


def test_what_is_not_finite_is_shown_as_a_text() -> None:
    found = row("auc", math.nan, -math.inf)
    assert (found["1.0.0"], found["2.0.0"]) == ("NaN", "-Infinity")


def test_units_are_compared_in_their_base_unit() -> None:
    assert row("latency", "40ms", "0.035s") == {
        "1.0.0": 0.04,
        "2.0.0": 0.035,
        "difference": -0.005,
        "difference_pct": -12.5,
        "direction": "down",
        "better": "2.0.0",
        "unit": "s",
        "text": {"1.0.0": "40ms", "2.0.0": "0.035s"},
    }


def test_two_spellings_of_one_quantity_are_a_tie() -> None:
    found = row("model_size", "12MB", "12000kB")
    assert (found["1.0.0"], found["difference"], found["better"]) == (12_000_000, 0, None)


def test_a_percentage_and_a_number_without_unit_are_both_ratios() -> None:
    found = row("accuracy", "90%", 0.91)
    assert (found["1.0.0"], found["2.0.0"], found["difference"]) == (0.9, 0.91, 0.01)
    assert (found["better"], found["unit"], found["text"]["1.0.0"]) == ("2.0.0", "ratio", "90%")
    assert row("accuracy", 0.9, "900‰")["difference"] == 0


@pytest.mark.parametrize(("new", "units"), [("12MB", "B, s"), (40, "none, s"), ("40m", "m, s")])
def test_units_that_do_not_compare_are_said_and_count_for_nobody(new: Any, units: str) -> None:
    found = row("latency", "40ms", new)
    assert (found["1.0.0"], found["2.0.0"]) == ("40ms", new)
    assert (found["difference"], found["better"], found["unit"]) == (None, None, None)
    assert found["note"] == f"the units do not compare: {units}"


def test_the_direction_of_the_record_goes_before_the_table_and_configuration_before_both() -> None:
    old, new = of("1.0.0", {"auc": {"value": 1, "direction": "down"}}), of("2.0.0", {"auc": 2})
    assert compare([old, new]).metrics[0].best == 0
    assert compare([old, new], directions={"auc": "up"}).metrics[0].best == 1


def test_opposite_directions_of_two_versions_are_no_direction() -> None:
    found = row("auc", {"value": 1, "direction": "down"}, {"value": 2, "direction": "up"})
    assert (found["direction"], found["better"]) == (None, None)
    assert found["note"] == "the versions state opposite directions"


@pytest.mark.parametrize(
    ("improved", "declined", "verdict"),
    [
        (8, 2, "deploy"),
        (71, 29, "deploy"),
        (7, 3, "ab_test"),
        (70, 30, "ab_test"),
        (14, 6, "ab_test"),
        (5, 5, "ab_test"),
        (3, 7, "ab_test"),
        (30, 70, "ab_test"),
        (29, 71, "keep"),
        (2, 8, "keep"),
        (0, 1, "keep"),
        (1, 0, "deploy"),
        (0, 0, "none"),
    ],
)
def test_the_verdict_turns_strictly_beyond_its_boundaries(improved: int, declined: int, verdict: str) -> None:
    assert votes(improved, declined).verdict == verdict


@pytest.mark.parametrize(
    ("improved", "declined", "text"),
    [
        (1, 0, "Recommend deploying newer version (70%+ metrics improved)"),
        (0, 1, "Keep current version (metrics declined)"),
        (1, 1, "Mixed results - conduct A/B test"),
        (0, 0, "No recommendation (no metric is known to be better or worse)"),
    ],
)
def test_the_sentences_are_those_of_the_contract(improved: int, declined: int, text: str) -> None:
    assert votes(improved, declined).document()["recommendation"]["text"] == text


@given(metrics, metrics)
def test_swapping_the_versions_swaps_better_and_negates_the_difference(old: Any, new: Any) -> None:
    there, back = pair(old, new), pair(new, old)
    for one, other in zip(there.metrics, back.metrics, strict=True):
        assert one.best == (None if other.best is None else 1 - other.best)
        assert one.difference == (None if other.difference is None else -other.difference)
    assert there.tally["improved"] == back.tally["declined"]


@given(metrics, metrics)
def test_what_is_not_finite_never_wins(old: Any, new: Any) -> None:
    for found in pair(old, new).metrics:
        assert found.best is None or not isinstance(found.values[found.best], str)


@given(metrics, metrics, values)
def test_a_tie_or_a_missing_metric_never_changes_the_verdict(old: Any, new: Any, value: Any) -> None:
    verdict = pair(old, new).verdict
    assert pair({**old, "recall": value}, {**new, "recall": value}).verdict == verdict
    assert pair({**old, "recall": value}, new).verdict == verdict
    assert pair(old, {**new, "recall": value}).verdict == verdict


@given(metrics, metrics)
def test_every_metric_of_either_side_has_one_row_in_the_order_of_names(old: Any, new: Any) -> None:
    comparison = pair(old, new)
    assert [found.name for found in comparison.metrics] == sorted(old.keys() | new.keys())
    assert sum(comparison.tally.values()) == len(comparison.metrics)


@given(st.lists(metrics, min_size=2, max_size=4))
def test_the_document_is_json_and_does_not_depend_on_the_order_of_the_metrics(sides: list[Any]) -> None:
    there = [of(f"{at}.0.0", side) for at, side in enumerate(sides)]
    back = [of(f"{at}.0.0", dict(reversed(side.items()))) for at, side in enumerate(sides)]
    texts = [json.dumps(compare(versions).document(), allow_nan=False) for versions in (there, back)]
    assert texts[0] == texts[1]


@given(metrics)
def test_a_version_against_itself_is_all_ties(side: Any) -> None:
    comparison = compare([of("1.0.0", side), of("1.0.0", side)])
    assert comparison.verdict == "none"
    assert comparison.document()["versions_compared"] == ["1.0.0", "1.0.0"]


def test_of_several_candidates_the_leading_one_is_spoken_of() -> None:
    sides = [of("1.0.0", {"auc": 0.8}), of("2.0.0", {"auc": 0.9}), of("3.0.0", {"auc": 0.7})]
    document = compare(sides).document()
    assert document["candidate"] == "2.0.0"
    assert document["versions_compared"] == ["1.0.0", "2.0.0", "3.0.0"]
    assert document["metric_comparison"]["auc"]["better"] == "2.0.0"
    assert document["metric_comparison"]["auc"]["difference"] == 0.1
    assert [one["recommendation"]["verdict"] for one in document["comparisons"]] == ["deploy", "keep"]


def test_of_candidates_that_lead_alike_the_later_one_is_spoken_of() -> None:
    assert compare([of("1.0.0", {"auc": 0.8}), of("2.0.0"), of("3.0.0")]).document()["candidate"] == "3.0.0"


def test_two_bests_of_three_are_no_best() -> None:
    assert row("auc", 0.8, 0.9, 0.9)["better"] is None
    assert row("auc", 0.8, 0.9, ...)["better"] == "2.0.0"


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_versions_are_refused(count: int) -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        compare([of("1.0.0")] * count)


def test_parameters_that_differ_are_listed_and_a_missing_one_is_null() -> None:
    old = of("1.0.0", params={"depth": 3, "eta": 0.1, "warm": True, "gap": math.nan})
    new = of("2.0.0", params={"depth": 3, "seed": 7, "warm": 1, "gap": math.nan})
    assert compare([old, new]).document()["params"] == {
        "eta": {"1.0.0": 0.1, "2.0.0": None},
        "seed": {"1.0.0": None, "2.0.0": 7},
        "warm": {"1.0.0": True, "2.0.0": 1},
    }


def test_files_are_told_apart_by_their_bytes() -> None:
    old = of("1.0.0", files=[FileEntry("a", "sha256:1", 3), FileEntry("b", "sha256:2", 4)])
    new = of("2.0.0", files=[FileEntry("b", "sha256:3", 5), FileEntry("c", "sha256:1", 3)])
    assert compare([old, new]).document()["files"] == {
        "added": ["c"],
        "removed": ["a"],
        "changed": ["b"],
        "size_bytes": {"1.0.0": 7, "2.0.0": 8},
    }


def test_features_are_listed_in_their_own_order() -> None:
    changes = feature_changes(["b", "a", "x"], ["z", "y", "b", "y"])
    assert (changes.added, changes.removed) == (("z", "y"), ("a", "x"))


def test_a_feature_is_modified_where_its_declared_type_is_another() -> None:
    old = of("1.0.0", features=["age", "city"], signature={"inputs": {"age": "int", "city": "str"}})
    new = of("2.0.0", features=["city", "age"], signature={"inputs": {"age": "float", "city": "str"}})
    document = compare([old, new]).document()
    assert document["features"] == {"added": [], "removed": [], "modified": ["age"], "reordered": True}
    assert document["signature"] == {
        "compatible": True,
        "changes": [
            {
                "path": "inputs.age",
                "change": "widened",
                "breaking": False,
                "reason": "input 'age' takes float instead of int",
            }
        ],
    }


@pytest.mark.parametrize(
    ("old", "new", "compatible", "changes"),
    [
        (None, None, None, []),
        ({"inputs": {"a": "int"}}, {"inputs": {"a": "int"}}, True, []),
        (None, {"inputs": {}}, None, [("signature", "added")]),
        ({"inputs": {}}, None, False, [("signature", "removed")]),
        ({"inputs": {"a": "int"}}, {"inputs": {"b": "int"}}, False, [("inputs.a", "renamed")]),
        ({"inputs": ["a"]}, {"inputs": ["a"], "outputs": ["p"]}, True, [("outputs", "added")]),
        ({"inputs": "as nobody writes it"}, {"inputs": ["a"]}, False, [("signature", "unreadable")]),
    ],
)
def test_signatures_are_compatible_where_no_change_breaks(
    old: Any, new: Any, compatible: Any, changes: list[Any]
) -> None:
    found = compare([of("1.0.0", signature=old), of("2.0.0", signature=new)]).document()["signature"]
    assert found["compatible"] is compatible
    assert [(change["path"], change["change"]) for change in found["changes"]] == changes
