"""Of several candidates each is told against the baseline, to people and to scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]


@pytest.fixture
def three(tmp_path: Path, mlreg: Type) -> None:
    """Versions 1.0.0, the baseline, and two candidates, of which the last is the better one."""
    mlreg("init")
    for version, auc, words in (
        ("1.0.0", 0.8, "--feature a"),
        ("1.1.0", 0.7, "--feature b"),
        ("2.0.0", 0.9, "--param depth=6"),
    ):
        (tmp_path / "m.bin").write_text(version)
        mlreg("register", "m", "m.bin", "--version", version, "--metric", f"auc={auc}", *words.split())


def test_people_see_what_changed_in_each_candidate(three: None, drawn: Type) -> None:
    _, first, second = drawn("compare", "m", "1.0.0", "1.1.0", "2.0.0", "--no-color").split(", against 1.0.0")
    assert "features added    b" in first
    assert "Keep current version" in first
    assert "features added" not in second
    assert "parameter depth" in second
    assert "Recommend deploying" in second


def test_scripts_see_what_changed_in_each_candidate(three: None, mlreg: Type) -> None:
    rows = [line.split("\t") for line in mlreg("compare", "m", "1.0.0", "1.1.0", "2.0.0").out.splitlines()]
    assert ["feature", "b", "added", "1.1.0"] in rows
    assert ["feature", "a", "removed", "2.0.0"] in rows
    assert [(row[1], row[-1]) for row in rows if row[0] == "recommendation"] == [("keep", "1.1.0"), ("deploy", "2.0.0")]
    of_two = [line.split("\t") for line in mlreg("compare", "m", "1.0.0", "1.1.0").out.splitlines()]
    assert ["feature", "b", "added"] in of_two


def test_programs_see_each_candidate_against_the_baseline(three: None, mlreg: Type) -> None:
    document = mlreg("compare", "m", "1.0.0", "1.1.0", "2.0.0", "--json").document
    assert [one["versions_compared"] for one in document["comparisons"]] == [["1.0.0", "1.1.0"], ["1.0.0", "2.0.0"]]
    assert document["candidate"] == "2.0.0"
