"""Facts, notes and names that a version gets after its registration."""

from __future__ import annotations

from shlex import split

import pytest


def test_a_late_fact_covers_that_of_the_record_everywhere(project, mlreg):
    mlreg(
        *split(
            "set fraud-detector 1.1.0 --metric accuracy=0.9 --metric live=0.8 --owner bo@example.org --meta ticket=1"
        )
    )
    mlreg("set", "fraud-detector@1.1.0", "--description", "the *second* one")
    info = mlreg("info", "fraud-detector", "1.1.0", "--json").document
    assert info["metrics"] == {"accuracy": 0.9, "latency": "35ms", "live": 0.8}
    assert (info["owner"], info["description"], info["meta"]) == ("bo@example.org", "the *second* one", {"ticket": 1})
    listed = mlreg("list", "fraud-detector", "--json").document["versions"]
    assert next(line for line in listed if line["version"] == "1.1.0")["metrics"]["live"] == 0.8
    compared = mlreg("compare", "fraud-detector", "1.0.0", "1.1.0", "--json").document
    assert compared["metric_comparison"]["accuracy"]["1.1.0"] == 0.9


def test_what_was_said_and_covered_is_told(project, mlreg):
    words = "set fraud-detector 1.1.0 --metric accuracy=0.9 --owner bo@example.org --note"
    assert mlreg(*words.split(), "watch it").out == (
        'fraud-detector 1.1.0 says now: accuracy=0.9 (was 0.87), owner "bo@example.org", note "watch it"\n'
    )
    document = mlreg("set", "fraud-detector", "1.1.0", "--metric", "accuracy=0.91", "--json").document
    assert document["set"] == {"metrics": {"accuracy": 0.91}}
    assert document["before"] == {"metrics": {"accuracy": 0.9}}
    assert (document["changed"], document["event"] is None) == (True, False)


@pytest.mark.parametrize(
    "words",
    [
        "--metric accuracy=0.87",
        "--metric latency=35ms --owner risk@example.org --meta ticket=4711",
    ],
)
def test_saying_what_is_said_already_changes_nothing(project, mlreg, tree, words):
    before = tree(project / ".mlreg/history")
    again = mlreg("set", "fraud-detector", "1.1.0", *words.split(), "--json")
    assert (again.code, again.document["changed"], again.document["event"]) == (0, False, None)
    assert tree(project / ".mlreg/history") == before


def test_the_same_note_again_is_one_note(project, mlreg):
    for _ in range(2):
        assert mlreg("set", "fraud-detector", "1.1.0", "--note", "watch it").code == 0
    mlreg("set", "fraud-detector", "1.1.0", "--note", "watch it closely")
    notes = mlreg("info", "fraud-detector", "1.1.0", "--json").document["notes"]
    assert [note["text"] for note in notes] == ["watch it", "watch it closely"]
    assert all(note["by"] == "ann@example.org" and note["at"] and note["event"] for note in notes)


def test_a_dry_run_says_the_same_and_writes_nothing(project, mlreg, tree):
    before = tree(project / ".mlreg/history")
    would = mlreg("set", "fraud-detector", "1.1.0", "--owner", "bo", "--dry-run", "--json").document
    assert (would["changed"], would["dry_run"]) == (True, True)
    assert mlreg("alias", "fraud-detector", "1.1.0", "champion", "--dry-run", "--json").document["dry_run"] is True
    assert tree(project / ".mlreg/history") == before


def test_the_record_stays_as_it_was_written(project, mlreg):
    before = mlreg("info", "fraud-detector", "1.1.0", "--json").document["digest"]
    mlreg("set", "fraud-detector", "1.1.0", "--metric", "accuracy=0.9")
    assert mlreg("info", "fraud-detector", "1.1.0", "--json").document["digest"] == before
    assert mlreg("verify").code == 0


def test_registering_again_finds_the_version_whatever_was_set_since(project, mlreg):
    mlreg("set", "churn", "0.1.0", "--metric", "rmse=0.2", "--owner", "bo")
    again = mlreg(*split("register churn churn.onnx --version 0.1.0 --metric rmse=0.3 --json")).document
    assert again["created"] is False


def test_nested_custom_facts_keep_their_neighbours(project, mlreg):
    mlreg("set", "churn", "0.1.0", "--meta", "team.name=x", "--meta", "team.lead=bo")
    mlreg("set", "churn", "0.1.0", "--meta", "team.name=y")
    assert mlreg("info", "churn", "--json").document["meta"] == {"team": {"name": "y", "lead": "bo"}}


def test_a_metric_that_is_not_finite_is_warned_about(project, mlreg):
    assert "the metric auc is not finite" in mlreg("set", "churn", "0.1.0", "--metric", "auc=NaN").err


@pytest.mark.parametrize(
    "words",
    [
        "churn 0.1.0",
        "churn --owner bo",
        "churn 0.1.0 --metric auc",
        "churn 0.1.0 --metric auc=high",
        "churn 0.1.0 --meta =1",
        "churn 0.1.0 --owner=",
        "churn 0.1.0 --note=",
        "churn archived --owner bo",
    ],
)
def test_what_cannot_be_set_is_refused(project, mlreg, words):
    refused = mlreg("set", *words.split())
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: ")


def test_who_set_what_is_in_the_history(project, mlreg):
    mlreg("set", "churn", "0.1.0", "--metric", "rmse=0.2", "--actor", "bo@example.org")
    event = mlreg("history", "churn", "--json").document["events"][-1]
    assert (event["kind"], event["actor"], event["set"]) == ("set", "bo@example.org", {"metrics": {"rmse": 0.2}})
    assert "rmse=0.2" in mlreg("history", "churn").out


def test_an_alias_means_its_version_until_it_is_moved(project, mlreg):
    assert mlreg("alias", "fraud-detector", "1.0.0", "champion").out == "fraud-detector@champion means 1.0.0\n"
    assert mlreg("info", "fraud-detector@champion", "--json").document["version"] == "1.0.0"
    moved = mlreg("alias", "fraud-detector@production", "champion")
    assert moved.out == "fraud-detector@champion means 1.1.0; it meant 1.0.0\n"
    assert mlreg("info", "fraud-detector", "champion", "-q").out == "fraud-detector@1.1.0\n"


def test_the_same_alias_again_changes_nothing(project, mlreg):
    mlreg("alias", "fraud-detector", "1.0.0", "champion")
    again = mlreg("alias", "fraud-detector", "1.0.0", "champion", "--json")
    assert (again.code, again.document["changed"], again.document["aliases"]) == (0, False, {"champion": "1.0.0"})


def test_aliases_are_listed(project, mlreg):
    mlreg("alias", "fraud-detector", "1.1.0", "champion")
    mlreg("alias", "fraud-detector", "1.0.0", "baseline")
    assert mlreg("alias", "fraud-detector").out == "baseline\t1.0.0\nchampion\t1.1.0\n"
    assert mlreg("alias", "fraud-detector", "--json").document["aliases"] == {"baseline": "1.0.0", "champion": "1.1.0"}
    assert mlreg("list", "--json").document["models"][1]["aliases"] == {"baseline": "1.0.0", "champion": "1.1.0"}


def test_an_alias_that_was_taken_away_means_nothing(project, mlreg):
    mlreg("alias", "fraud-detector", "1.0.0", "champion")
    assert mlreg("alias", "fraud-detector", "champion", "--remove").out == (
        "fraud-detector@champion means nothing any more; it meant 1.0.0\n"
    )
    assert mlreg("info", "fraud-detector@champion").code == 3
    again = mlreg("alias", "fraud-detector", "champion", "--remove", "--json")
    assert (again.code, again.document["changed"]) == (0, False)


@pytest.mark.parametrize(
    "alias", ["production", "PROD", "archived", "latest", "1.2.3", "v1", "^1", "a b", "a/b", "x@y"]
)
def test_what_means_something_else_cannot_be_an_alias(project, mlreg, alias):
    refused = mlreg("alias", "fraud-detector", "1.0.0", alias)
    assert (refused.code, refused.out) == (2, "")
    assert mlreg("alias", "fraud-detector").out == ""


@pytest.mark.parametrize("said", ["1.0.0", "v1.0", "production", "fraud-detector@1.0.0", "^1.0"])
def test_an_alias_before_its_version_is_told_the_order(project, mlreg, said):
    refused = mlreg("alias", "fraud-detector", "champion", said)
    meant = said.removeprefix("fraud-detector@")
    assert refused.code == 2
    assert refused.err.endswith(f"hint: the version comes first: `mlreg alias fraud-detector {meant} champion`\n")
    assert "choose a word of your own" in mlreg("alias", "fraud-detector", "1.0.0", "production").err


@pytest.mark.parametrize(
    "words", ["champion", "1.0.0 champion other", "--remove", "1.0.0 champion --remove", "nothing champion"]
)
def test_words_that_say_no_alias_are_refused(project, mlreg, words):
    assert mlreg("alias", "fraud-detector", *words.split()).code in (2, 3)
