"""`list` with conditions finds the versions that are so, over all models or in one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import split

import jsonschema
import pytest

from mlreg.cli.trends import sparkline

SCHEMA = json.loads((Path(__file__).parents[2] / "mlreg/schemas/list.json").read_text())


@pytest.fixture
def found(project, mlreg):
    """Types `list` with conditions and returns what was found, as `NAME@VERSION`."""
    mlreg(*split("set fraud-detector 2.0.0 --note 'trained without the Black Friday week' --meta team.name=risk"))
    mlreg(*split("set churn 0.1.0 --description 'friday mornings, in black ink' --owner bo@example.org"))

    def find(words: str) -> list[str]:
        answer = mlreg("list", *split(words), "--json")
        assert (answer.code, answer.err) == (0, "")
        jsonschema.validate(answer.document, SCHEMA)
        return [f"{line['name']}@{line['version']}" for line in answer.document["versions"]]

    return find


FRAUD = "fraud-detector@"


@pytest.mark.parametrize(
    ("words", "versions"),
    [
        ("--stage production", [FRAUD + "1.1.0"]),
        ("--stage PROD", [FRAUD + "1.1.0"]),
        ("--stage archived", [FRAUD + "1.0.0"]),
        ("--tag reviewed", [FRAUD + "1.1.0"]),
        ("--owner bo@example.org", ["churn@0.1.0"]),
        ("--framework xgboost", [FRAUD + "1.1.0"]),
        ("--increment 0042", []),
        ("--deprecated", [FRAUD + "1.0.1"]),
        ("fraud-detector --no-deprecated --limit 2", [FRAUD + "2.1.0-rc.1", FRAUD + "2.0.0"]),
        ("--where 'metrics.accuracy>0.85'", [FRAUD + "2.0.0", FRAUD + "1.1.0"]),
        ("--where 'metrics.accuracy>0.85' --where 'metrics.latency<40ms'", [FRAUD + "1.1.0"]),
        ("--where meta.team.name=risk", [FRAUD + "2.0.0"]),
        ("--where params.depth=8", [FRAUD + "1.1.0"]),
        ("--where 'metrics.accuracy>0' --sort -metrics.accuracy --limit 2", [FRAUD + "1.1.0", FRAUD + "2.0.0"]),
        ("--sort registered_at --limit 1", [FRAUD + "1.0.0"]),
        ("--search 'black friday'", ["churn@0.1.0", FRAUD + "2.0.0"]),
        ("--search BLACK --stage staging", [FRAUD + "2.0.0"]),
        ("fraud-detector --search friday", [FRAUD + "2.0.0"]),
        ("--search leaked", [FRAUD + "1.0.1"]),
        ("--search nowhere", []),
    ],
)
def test_the_versions_that_are_so_are_found(found, words, versions):
    assert found(words) == versions


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def test_ends_that_are_near_are_found_the_first_to_end_first(found, mlreg):
    for version, days in {"1.0.0": 12, "1.1.0": -3, "2.0.0": 31}.items():
        mlreg("deprecate", f"fraud-detector@{version}", "--reason", "old", "--end-of-life", in_days(days))
    assert found("--eol") == [FRAUD + "1.1.0", FRAUD + "1.0.0"]
    assert found("fraud-detector --eol --limit 1") == [FRAUD + "1.1.0"]
    assert found("--eol --sort -version") == [FRAUD + "1.1.0", FRAUD + "1.0.0"]
    assert found("churn --eol") == []
    lines = mlreg("list", "--eol", "--json").document["versions"]
    assert [line["days_left"] for line in lines] == [-3, 12]


def test_the_end_of_a_holder_is_noted_by_a_plain_list(project, mlreg):
    mlreg("deprecate", "fraud-detector@1.1.0", "--reason", "old", "--end-of-life", in_days(5))
    mlreg("deprecate", "fraud-detector@1.0.0", "--reason", "old", "--end-of-life", in_days(5))
    assert mlreg("list").err == (
        "note: fraud-detector 1.1.0 (production) ends in 5 days: see `mlreg why fraud-detector@1.1.0`\n"
    )
    assert mlreg("list", "--json").err == mlreg("list", "-q").err == ""


def test_a_model_that_is_named_keeps_its_form(found, mlreg):
    document = mlreg("list", "fraud-detector", "--stage", "production", "--json").document
    assert (document["name"], [line["version"] for line in document["versions"]]) == ("fraud-detector", ["1.1.0"])
    plain = mlreg("list", "fraud-detector").out.splitlines()
    assert mlreg("list", "fraud-detector", "--stage", "production").out.splitlines() == [
        line for line in plain if line.startswith("1.1.0")
    ]


def test_lines_over_all_models_begin_with_the_model(found, mlreg):
    lines = mlreg("list", "--search", "friday").out.splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        ["churn", "0.1.0", "development"],
        ["fraud-detector", "2.0.0", "staging"],
    ]
    assert mlreg("list", "--search", "friday", "-q").out == "churn@0.1.0\nfraud-detector@2.0.0\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--stage nonsense", 2),
        ("--where accuracy", 2),
        ("--where 'metrics.accuracy>high'", 2),
        ("--where 'nonsense=1'", 2),
        ("--sort nonsense", 2),
        ("--limit 0", 2),
        ("--limit x", 2),
        ("nobody --stage production", 3),
    ],
)
def test_a_condition_that_means_nothing_is_refused(project, mlreg, words, code):
    refused = mlreg("list", *split(words))
    assert (refused.code, refused.out) == (code, "")


def test_a_terminal_shows_what_was_asked_for(found, drawn):
    shown = drawn(*split("list --where metrics.rmse<1 --no-color"))
    assert "rmse" in shown and "churn" in shown and "fraud-detector" not in shown
    assert drawn(*split("list --tag nobody --no-color")) == "no version is so\n"
    assert "leaked" in drawn(*split("list --deprecated --no-color"), columns=120)


def test_a_terminal_shows_how_metrics_went(project, drawn):
    shown = drawn("list", "fraud-detector", "--no-color")
    assert "  accuracy  █▁██  0.85 → 0.86" in shown.splitlines()
    assert "latency" not in shown.split("trend")[1]  # two versions are no trend


@pytest.mark.parametrize(
    ("points", "drawing"),
    [([1, 2, 3], "▁▅█"), ([3, 1], "█▁"), ([5, 5, 5], "▄▄▄"), ([0, 1e308], "▁█"), ([-1, 0, 1, 0], "▁▅█▅")],
)
def test_a_sparkline_is_lowest_at_the_least(points, drawing):
    assert sparkline(points, is_unicode=True) == drawing
    assert len(sparkline(points, is_unicode=False)) == len(points)
    assert sparkline(points, is_unicode=False).isascii()
