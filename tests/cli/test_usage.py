"""Words that mlreg does not know are answered with the words that it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlreg.cli import COMMANDS, usage

Type = Callable[..., Any]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("log fraud-detector", "here that is `mlreg history`"),
        ("revert fraud-detector", "here that is `mlreg rollback`"),
        ("LS", "here that is `mlreg list`"),
        ("promot fraud-detector", "did you mean `promote`?"),
        ("xyzzy", "see all with `mlreg --help`"),
        ("promote fraud-detector 1.0.0", "to which stage? `mlreg promote fraud-detector 1.0.0 --to production`"),
        ("promote fraud-detector 1.0.0 stage", "to which stage? `mlreg promote fraud-detector 1.0.0 --to stage`"),
        ("promote fraud-detector 1.0.0 --stage prod", "here that is `--to`"),
        ("promote fraud-detector 1.0.0 --to prod -m better", "here that is `--reason`"),
        ("approve fraud-detector 1.0.0 --to production", "here that is `--for`"),
        ("rollback fraud-detector 1.0.0", "`mlreg rollback fraud-detector --to 1.0.0`"),
        ("list --jsn", "did you mean `--json`?"),
        ("list --zzz", "see `mlreg list --help`"),
    ],
)
def test_what_was_meant_is_named(mlreg: Type, line: str, hint: str) -> None:
    outcome = mlreg(*line.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1] == f"hint: {hint}"


def test_words_of_other_tools_lead_to_commands_that_are_there_and_hide_none() -> None:
    assert {*usage._VERBS.values()} <= {*COMMANDS}
    assert not usage._VERBS.keys() & {*COMMANDS}
