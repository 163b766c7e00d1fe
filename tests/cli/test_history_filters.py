"""A history is cut to what is asked for, and drawn as a timeline of who held a stage."""

from __future__ import annotations

from datetime import timedelta
from shlex import split

import pytest

from mlreg.errors import NotFoundError, UsageError


def kinds(answer):
    return [event["kind"] for event in answer.document["events"]]


@pytest.fixture
def long_past(registry, clock, model_file):
    """A registry in which a version came every ten days, went to production, and the last one was rolled back."""
    for number in range(4):
        registry.register("fraud", model_file(f"weights {number}"), version=f"1.{number}.0")
        registry.promote("fraud", f"1.{number}.0", to="production", reason=f"number {number}")
        clock.moment += timedelta(days=10)
    registry.rollback("fraud", reason="too slow")
    clock.moment += timedelta(days=5)
    return registry


def told(listing):
    return [(event.kind, event.version) for event in listing.events]


@pytest.mark.parametrize(
    ("since", "count"), [("6d", 1), ("1w", 1), ("16d", 3), ("360h", 1), ("2026-01-25", 5), ("2026-02", 3), ("100w", 9)]
)
def test_since_is_a_span_before_now_or_the_beginning_of_a_day(long_past, since, count):
    assert len(long_past.history("fraud", since=since).events) == count


def test_of_many_the_newest_are_kept_the_oldest_first(long_past):
    assert told(long_past.history("fraud", limit=2)) == [("promoted", "1.3.0"), ("rolled-back", "1.2.0")]


def test_kinds_are_joined_and_the_limit_counts_what_is_left(long_past):
    wanted = long_past.history("fraud", kinds=["rolled-back", "promoted"], limit=3)
    assert told(wanted) == [("promoted", "1.2.0"), ("promoted", "1.3.0"), ("rolled-back", "1.2.0")]


@pytest.mark.parametrize(
    "wish", [{"since": "yesterday"}, {"since": "7"}, {"since": "7m"}, {"limit": 0}, {"kinds": ["x"]}]
)
def test_a_wish_that_means_nothing_is_refused(long_past, wish):
    with pytest.raises(UsageError):
        long_past.history("fraud", **wish)


def test_a_timeline_tells_who_held_production_from_when_to_when(long_past):
    timeline = long_past.timeline("fraud")
    assert [span.version for span in timeline.tenures] == ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.2.0"]
    assert [span.until is None for span in timeline.tenures] == [False] * 4 + [True]
    assert all(one.until == other.since for one, other in zip(timeline.tenures, timeline.tenures[1:], strict=False))


def test_a_timeline_since_has_what_reached_into_it(long_past):
    assert [span.version for span in long_past.timeline("fraud", since="6d").tenures] == ["1.3.0", "1.2.0"]
    assert [span.version for span in long_past.timeline("fraud", limit=1).tenures] == ["1.2.0"]


def test_a_timeline_is_of_a_stage_with_one_holder(long_past):
    assert long_past.timeline("fraud", stage="staging").tenures == []
    with pytest.raises(UsageError):
        long_past.timeline("fraud", stage="development")
    with pytest.raises(NotFoundError):
        long_past.timeline("nobody")


def test_the_document_of_a_timeline_has_the_events_too(project, mlreg):
    document = mlreg("history", "fraud-detector", "--timeline", "--json").document
    assert document["schema"] == "mlreg.history/1"
    assert [span["version"] for span in document["tenures"]] == ["1.0.0", "1.1.0"]
    assert [event["number"] for event in document["events"]] == [span["event"] for span in document["tenures"]]


def test_the_options_do_what_the_method_does(project, mlreg):
    assert kinds(mlreg(*split("history fraud-detector --kind promoted --kind deprecated --limit 2 --json"))) == [
        "promoted",
        "deprecated",
    ]
    assert kinds(mlreg(*split("history fraud-detector --since 1h --limit 1 --json"))) == ["registered"]
    assert mlreg(*split("history fraud-detector --since 2020-01-01 --kind archived")).out == ""


@pytest.mark.parametrize(
    "words",
    [
        "--limit 0",
        "--limit x",
        "--since x",
        "--kind x",
        "--stage production",
        "--timeline --kind promoted",
        "--timeline --stage dev",
    ],
)
def test_options_that_mean_nothing_are_refused(project, mlreg, words):
    assert mlreg("history", "fraud-detector", *words.split()).code == 2


def test_lines_of_a_timeline_are_complete(project, mlreg):
    first, second = mlreg("history", "fraud-detector", "--timeline").out.splitlines()
    assert first.split("\t")[0] == "1.0.0"
    assert second.split("\t")[2:] == ["", "4", "promoted", "ann@example.org", "better"]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_timeline_fits_the_terminal(project, drawn, columns):
    lines = drawn("history", "fraud-detector", "--timeline", "--no-color", columns=columns).splitlines()
    bars = [line for line in lines if line.startswith("1.")]
    assert len(bars) == 2 and all("█" in bar for bar in bars)
    assert max(map(len, lines)) <= columns


def test_what_was_never_held_has_no_timeline(project, drawn):
    assert drawn("history", "churn", "--timeline", "--no-color") == "nothing of churn was in production\n"
