"""`why` tells who put a version where it stands, on what word, and how to get back."""

from __future__ import annotations

import re
from shlex import split

import pytest


def why(mlreg, *words):
    return mlreg("why", *words, "--json").document


def test_the_version_in_production_is_there_on_somebodys_word(project, mlreg):
    told = why(mlreg, "fraud-detector")
    assert (told["version"], told["stage"], told["holds"], told["resolved_by"]) == (
        "1.1.0", "production", True, "production",
    )  # fmt: skip
    assert (told["by"], told["reason"], told["replaced"]) == ("ann@example.org", "better", "1.0.0")
    assert (told["event"]["kind"], told["since"]) == ("promoted", told["event"]["at"])
    assert told["lineage"] == {"parent": "fraud-detector@1.0.0", "data": "tx-2026-01"}


def test_it_is_held_against_the_version_that_it_replaced(project, mlreg):
    told = why(mlreg, "fraud-detector")
    assert told["compared_with"] == {"version": "1.0.0", "because": "replaced"}
    assert told["metric_comparison"]["latency"]["better"] == "1.1.0"
    assert told["recommendation"]["verdict"] == "deploy"


def test_the_command_that_it_names_goes_back(project, mlreg):
    back = why(mlreg, "fraud-detector")["way_back"]
    assert (back["command"], back["version"]) == ("mlreg rollback fraud-detector", "1.0.0")
    assert mlreg(*back["command"].split()[1:], "--json").document["version"] == back["version"]
    forward = why(mlreg, "fraud-detector", "1.1.0")["way_back"]
    assert mlreg(*forward["command"].split()[1:], "--json").document["version"] == "1.1.0"


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "2.0.0", "1.0.1", "2.1.0-rc.1"])
def test_every_way_that_is_named_can_be_gone(project, mlreg, version):
    back = why(mlreg, "fraud-detector", version)["way_back"]
    if back["command"]:
        assert mlreg(*back["command"].split()[1:]).code == 0
    else:
        assert back["obstacle"] and back["hint"]


def test_after_a_rollback_the_reason_is_that_of_the_rollback(project, mlreg):
    mlreg("rollback", "fraud-detector", "--reason", "p99 doubled")
    told = why(mlreg, "fraud-detector")
    assert (told["version"], told["event"]["kind"], told["reason"]) == ("1.0.0", "rolled-back", "p99 doubled")
    assert [span["until"] is None for span in told["held"]] == [False, True]


def test_an_archived_version_tells_what_took_its_place(project, mlreg, drawn):
    told = why(mlreg, "fraud-detector", "1.0.0")
    assert (told["stage"], told["replaced_by"], told["replaced"], told["reason"]) == (
        "archived", "1.1.0", None, "better",
    )  # fmt: skip
    shown = drawn("why", "fraud-detector", "1.0.0", "--no-color")
    assert re.search(r"^archived .*: ann@example.org promoted 1.1.0 in its place$", shown, re.MULTILINE)


def test_a_version_that_never_moved_is_there_since_its_registration(project, mlreg):
    told = why(mlreg, "fraud-detector", "2.1.0-rc.1")
    assert (told["stage"], told["event"]["kind"]) == ("development", "registered")
    assert told["compared_with"] == {"version": "2.0.0", "because": "below"}
    assert told["way_back"]["command"] == "mlreg promote fraud-detector 2.1.0-rc.1 --to staging"


def test_a_parent_is_what_a_version_is_held_against_where_it_replaced_nothing(project, mlreg):
    mlreg(*split("register fraud-detector v100.pkl --version 3.0.0 --parent fraud-detector@1.0.0"))
    assert why(mlreg, "fraud-detector", "3.0.0")["compared_with"] == {"version": "1.0.0", "because": "parent"}


def test_the_first_version_is_held_against_nothing(project, mlreg):
    told = why(mlreg, "churn")
    assert (told["compared_with"], told["metric_comparison"], told["recommendation"]) == (None, {}, None)


def test_of_a_model_without_production_the_latest_is_shown_and_said_so(project, mlreg):
    shown = mlreg("why", "churn")
    assert shown.err == "note: nothing of churn is in production: this is its latest version\n"
    assert "version\t0.1.0" in shown.out.splitlines()


def test_deprecation_notes_and_aliases_are_told(project, mlreg):
    mlreg("set", "fraud-detector", "1.0.1", "--note", "do not use")
    mlreg("alias", "fraud-detector", "1.0.1", "leaky")
    told = why(mlreg, "fraud-detector", "1.0.1")
    assert (told["deprecated"]["reason"], told["deprecated"]["by"]) == ("leaked", "ann@example.org")
    assert [note["text"] for note in told["notes"]] == ["do not use"]
    assert told["aliases"] == ["leaky"]
    assert told["way_back"]["hint"] == "lift it with `mlreg deprecate fraud-detector@1.0.1 --lift`"


def test_where_there_is_nothing_to_go_back_to_it_says_so(project, mlreg):
    mlreg("promote", "churn", "0.1.0", "--to", "production")
    back = why(mlreg, "churn")["way_back"]
    assert (back["command"], back["obstacle"]) == (None, "churn has nothing to roll back to at production")


def test_the_way_back_of_staging_names_the_stage(project, mlreg):
    mlreg("promote", "fraud-detector", "2.1.0-rc.1", "--to", "staging")
    assert (
        why(mlreg, "fraud-detector@staging")["way_back"]["command"] == "mlreg rollback fraud-detector --stage staging"
    )


def test_the_story_has_what_happened_to_the_version_and_nothing_else(project, mlreg):
    story = why(mlreg, "fraud-detector", "1.0.0")["story"]
    assert [(event["kind"], event["version"]) for event in story] == [
        ("registered", "1.0.0"),
        ("promoted", "1.0.0"),
        ("promoted", "1.1.0"),
    ]


@pytest.mark.parametrize(
    ("words", "code"), [("nobody", 3), ("fraud-detector 9.9.9", 3), ("fraud-detector@archived", 2)]
)
def test_what_is_not_there_has_no_why(project, mlreg, words, code):
    assert mlreg("why", *words.split()).code == code


@pytest.mark.parametrize("columns", [80, 200])
def test_a_terminal_shows_one_calm_screen(project, drawn, columns):
    shown = drawn("why", "fraud-detector", "--no-color", columns=columns)
    lines = shown.splitlines()
    assert (lines[0], lines[2]) == ("fraud-detector 1.1.0", '"better"')
    assert re.fullmatch("in production: ann@example.org put it there .*", lines[1])
    assert lines[-2:] == ["to get back to 1.0.0", "  mlreg rollback fraud-detector"]
    assert len(lines) <= 24 and max(map(len, lines)) <= columns


def test_a_hostile_note_drives_no_terminal(project, mlreg, drawn):
    mlreg("set", "fraud-detector", "1.1.0", "--note", "\x1b]0;owned\x07 [red]x[/red] \u202eevil")
    shown = drawn("why", "fraud-detector", "--no-color")
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "[red]x[/red]" in shown
