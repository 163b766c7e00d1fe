"""`NAME VERSION` and `NAME@VERSION` are the same, wherever a version is wanted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlreg.cli.shells.commandline import tree

Type = Callable[..., Any]

SIGNATURE = "inputs:\n  - name: amount\n    type: double\n"
PAIRS = (
    "alias {} champion --dry-run",
    "approve {} --for production --actor bo@example.org --dry-run",
    "approve {} --list",
    "archive {} --dry-run",
    "card {}",
    "checkout {} --dry-run",
    "deprecate {} --reason old --dry-run",
    "export {} --format cyclonedx",
    "export {} --layout flat -o out --dry-run",
    "hold {} --reason case --dry-run",
    "impact {}",
    "info {}",
    "lineage {}",
    "policy show {}",
    "promote {} --to production --dry-run",
    "reject {} --for production --reason no --dry-run",
    "scan {}",
    "scan v100.pkl {} v110.pkl",
    "set {} --owner bo@example.org --dry-run",
    "signature check {} other.yaml",
    "signature check other.yaml {}",
    "signature check {} 1.1.0",
    "signature set {} other.yaml --dry-run",
    "signature show {}",
    "tag {} audited --dry-run",
    "trust list {}",
    "trust add {} --global team.Scorer --dry-run",
    "validate {} rows.csv",
    "why {}",
)
SELECTORS = ("2.0.0", "staging", "^2", "sha256:{}", "staging@{{2099-01-01}}")


@pytest.fixture
def signed(project: Path, mlreg: Type) -> str:
    """Makes every question one that has an answer; returns the first digits of the digest of version 2.0.0."""
    with (project / ".mlreg" / "config.toml").open("a") as config:
        config.write("\n[approvals]\nunsigned = true\n")
    (project / "other.yaml").write_text(SIGNATURE)
    (project / "rows.csv").write_text("amount\n1.5\n")
    for version in ("1.1.0", "2.0.0"):
        (project / "signed.pkl").write_text(version)
        words = ("--signature", "other.yaml", "--feature", "amount")
        done = mlreg("register", "signed", "signed.pkl", "--version", version, *words)
        assert done.code == 0, done.err
    mlreg("promote", "signed", "2.0.0", "--to", "staging")
    return str(mlreg("info", "signed@2.0.0", "--json").document["digest"].removeprefix("sha256:")[:12])


@pytest.mark.parametrize("line", PAIRS)
@pytest.mark.parametrize("selector", SELECTORS[:2])
def test_a_version_is_one_word_or_two(signed: str, mlreg: Type, line: str, selector: str) -> None:
    one, two = (mlreg(*_words(line, f"signed{mark}{selector}"), "--json") for mark in "@ ")
    assert (_timeless(two), two.code) == (_timeless(one), one.code)
    assert one.code in (0, 1, 7), one.err


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("line", ["info {}", "scan {}", "compare {} 1.1.0", "signature check {} other.yaml"])
def test_every_selector_can_be_a_word_of_its_own(signed: str, mlreg: Type, line: str, selector: str) -> None:
    said = selector.format(signed)
    one, two = (mlreg(*_words(line, f"signed{mark}{said}"), "--json") for mark in "@ ")
    assert (_timeless(two), two.code) == (_timeless(one), one.code)
    assert one.code in (0, 1), one.err


def test_no_command_that_takes_references_is_left_out() -> None:
    taking = {verb.name for verb in tree().verbs if "references" in verb.arguments or verb.name == "scan"}
    assert taking == {line.split()[0] for line in (*PAIRS, "compare")}


def test_a_version_that_is_not_there_is_what_is_missing_not_a_file(signed: str, mlreg: Type) -> None:
    assert "signed has no version 9.9.9" in mlreg("scan", "signed", "9.9.9").err
    assert "there is no file 'nothing'" in mlreg("scan", "nothing", "9.9.9").err


@pytest.mark.parametrize("line", ["promote signed signed@2.0.0 --to prod", "info signed signed@2.0.0"])
def test_a_model_that_is_named_twice_is_told_which_word_is_enough(signed: str, mlreg: Type, line: str) -> None:
    answer = mlreg(*line.split())
    assert (answer.code, answer.out) == (2, "")
    assert "the model is said twice: signed and signed@2.0.0\nhint: write the version alone: `2.0.0`\n" in answer.err


def test_a_whole_digest_that_several_versions_share_asks_for_no_more_of_it(signed: str, mlreg: Type) -> None:
    assert mlreg("register", "signed", "signed.pkl", "--version", "2.0.1", "--owner", "bo").code == 0
    (shared,) = (file["digest"] for file in mlreg("info", "signed@2.0.1", "--json").document["files"])
    files = {version: mlreg("info", f"signed@{version}", "--json").document["files"] for version in ("2.0.0", "2.0.1")}
    assert files["2.0.0"][0]["digest"] == shared
    for digest, hint in ((shared, "`signed@2.0.1`"), (shared[:20], "`signed@2.0.1`, or more of the digest")):
        answer = mlreg("info", f"signed@{digest}")
        assert answer.code == 2
        assert answer.err.endswith(f"hint: name one of them: {hint}\n")


def test_a_file_comes_before_a_version_of_its_name(signed: str, project: Path, mlreg: Type) -> None:
    (project / "2.0.0").write_text("a text")
    assert [file["path"] for file in mlreg("scan", "signed", "2.0.0", "--json").document["files"]][1:] == ["2.0.0"]


def test_models_one_after_the_other_are_each_their_own(signed: str, mlreg: Type) -> None:
    files = mlreg("scan", "signed", "churn", "signed", "1.1.0", "--json").document["files"]
    assert [file["path"].partition(":")[0] for file in files] == ["signed@2.0.0", "churn@0.1.0", "signed@1.1.0"]


def _words(line: str, reference: str) -> Iterator[str]:
    for word in line.split():
        yield from reference.split(" ") if word == "{}" else [word]


def _timeless(answer: Any) -> Any:
    text = re.sub(r"[0-9-]{10}T[0-9:.]{8,15}Z", "then", answer.out).replace("signed staging", "signed@staging")
    return json.loads(text.replace("signed 2.0.0", "signed@2.0.0")) if text else answer.err
