"""What is trusted can be looked over as a whole, and what was taken back is not among it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]


@pytest.fixture
def vouched(project: Path, mlreg: Type) -> None:
    """Two versions of one model and one of another of which something is trusted; of a fourth nothing any more."""
    for reference in ("fraud-detector@2.0.0", "fraud-detector@1.0.0", "churn@0.1.0", "fraud-detector@1.1.0"):
        assert mlreg("trust", "add", reference, "--global", "team.Scorer", "--reason", "looked").code == 0
    mlreg("trust", "remove", "fraud-detector@1.1.0", "--global", "team.Scorer")


def test_without_a_model_it_is_of_all(vouched: None, mlreg: Type) -> None:
    rows = [line.split("\t")[:3] for line in mlreg("trust", "list").out.splitlines()]
    assert rows == [
        ["churn", "0.1.0", "team.Scorer"],
        ["fraud-detector", "2.0.0", "team.Scorer"],
        ["fraud-detector", "1.0.0", "team.Scorer"],
    ]


def test_each_version_of_all_is_told_as_alone(vouched: None, mlreg: Type) -> None:
    for one in mlreg("trust", "list", "--json").document["versions"]:
        alone = mlreg("trust", "list", f"{one['name']}@{one['version']}", "--json").document
        assert alone == {"schema": "mlreg.trust/1", **one}


def test_people_see_versions_and_classes(vouched: None, drawn: Type) -> None:
    assert "churn@0.1.0" in drawn("trust", "list", "--no-color")


def test_nothing_trusted_is_an_empty_list(project: Path, mlreg: Type, drawn: Type) -> None:
    assert (mlreg("trust", "list").code, mlreg("trust", "list").out) == (0, "")
    assert "nothing is trusted" in drawn("trust", "list")


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_change_is_of_one_version(project: Path, mlreg: Type, verb: str) -> None:
    answer = mlreg("trust", verb, "--global", "team.Scorer")
    assert answer.code == 2
    assert f"`mlreg trust {verb} NAME@VERSION --global CLASS`" in answer.err
