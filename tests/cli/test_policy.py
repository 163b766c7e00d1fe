"""`policy`, and `promote` where a policy guards the stage: what is typed, what comes out, and the exit codes."""

from __future__ import annotations

import json

import pytest

RULES = '\n[policy.production]\nmetrics.auc = { min = 0.88 }\nrequire = ["owner"]\n'


@pytest.fixture
def guarded(mlreg, model_file, tmp_path):
    """A repository with `fraud` 1.0.0, which opens no gate of production."""
    mlreg("init")
    model_file()
    mlreg("register", "fraud", "model.bin", "--metric", "auc=0.871")

    def rule(text: str):
        with open(tmp_path / ".mlreg/config.toml", "a") as config:
            config.write(text)
        return mlreg

    return rule


def test_a_refusal_is_a_table_and_exit_code_7(guarded):
    answer = guarded(RULES)("promote", "fraud", "1.0.0", "--to", "production")
    assert (answer.code, answer.out) == (7, "")
    assert answer.err.splitlines() == [
        "error: fraud 1.0.0 may not go to production: 2 of 2 gates are shut",
        "  auc    0.871    needs at least 0.88",
        "  owner  missing  needs to be stated",
        "         state it: `mlreg set fraud@1.0.0 --owner TEXT`",
        "hint: see `mlreg policy show fraud@1.0.0 --to production`",
    ]


def test_a_refusal_in_json_has_every_gate(guarded):
    answer = guarded(RULES)("promote", "fraud", "1.0.0", "--to", "production", "--json", "--dry-run")
    error = json.loads(answer.err)
    assert (answer.code, error["code"], error["exit_code"]) == (7, "policy", 7)
    gates = [{key: gate[key] for key in ("gate", "open", "value", "needs")} for gate in error["facts"]["gates"]]
    assert gates == [
        {"gate": "auc", "open": False, "value": 0.871, "needs": "at least 0.88"},
        {"gate": "owner", "open": False, "value": None, "needs": "to be stated"},
    ]


def test_a_dry_run_shows_every_gate_and_a_promotion_only_that_it_is_done(guarded):
    mlreg = guarded(RULES)
    mlreg("set", "fraud", "1.0.0", "--metric", "auc=0.9", "--owner", "risk")
    sentence = "fraud 1.0.0 went from development to production"
    foreseen = mlreg("promote", "fraud", "1.0.0", "--to", "production", "--dry-run")
    gates = ["auc\topen\t0.9\tat least 0.88\t", "owner\topen\trisk\tto be stated\t"]
    assert foreseen.out.splitlines() == [sentence, *gates]
    assert mlreg("promote", "fraud", "1.0.0", "--to", "production").out.splitlines() == [sentence]


def test_what_a_version_lacks_is_no_failure_of_looking(guarded):
    answer = guarded(RULES)("policy", "show", "fraud", "1.0.0")
    assert answer.code == 0
    assert [line.split("\t")[:2] for line in answer.out.splitlines()] == [["auc", "shut"], ["owner", "shut"]]
    assert guarded("")("policy", "show", "fraud@1.0.0", "-q").out.splitlines() == ["auc", "owner"]


def test_force_shows_in_history_and_why_for_ever(guarded):
    mlreg = guarded(f"{RULES}allow_force = true\n")
    words = ("promote", "fraud", "1.0.0", "--to", "production", "--force")
    assert mlreg(*words).code == 2
    assert "by force" in mlreg(*words, "--reason", "night").out
    assert "production, by force" in mlreg("history", "fraud").out
    assert mlreg("why", "fraud", "--json").document["event"]["forced"] is True


def test_force_that_no_policy_allows_says_what_would(guarded):
    answer = guarded(RULES)("promote", "fraud", "1.0.0", "--to", "production", "--force", "--reason", "night")
    assert answer.code == 7
    assert "allow_force = true" in answer.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("policy", "missing argument"),
        ("policy shw", "did you mean `show`?"),
        ("policy show a b c", "takes one model or version"),
        ("policy show --config x.toml", "is for `mlreg policy test`"),
        ("policy test --history --to production", "is for `mlreg policy show`"),
        ("policy test", "mlreg policy test --history"),
        ("policy show fraud --to development", "no single holder"),
    ],
)
def test_words_that_mean_nothing_are_usage(guarded, words, says):
    answer = guarded("")(*words.split())
    assert answer.code == 2
    assert says in answer.err.lower()


def test_a_rule_that_is_misspelled_is_never_lost(guarded):
    answer = guarded("\n[policy.production]\nmin_acu = 0.9\n")("promote", "fraud", "1.0.0", "--to", "production")
    assert answer.code == 2
    assert "'min_acu' is not a gate" in answer.err
    assert "mlreg help policies" in answer.err
