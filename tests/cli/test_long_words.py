"""Words of a call that are too long, and places that no file can have: what was typed is wrong, not the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlreg.errors import NotFoundError, shortened

Type = Callable[..., Any]
NAME = "y" * 300  # longer than any file system takes
HUGE = "z" * 100_000
PLACES = (
    "register q {}",
    "register q v100.pkl --metrics {}",
    "register q v100.pkl --data-file {}",
    "register -f {}",
    "signature check {} {}",
    "signature infer {}.csv",
    "validate {} {}",
    "docs sync {}",
    "verify --against {}",
    "card fraud-detector -o {}",
    "checkout fraud-detector -o {}",
    "export fraud-detector --layout flat -o {}",
    "init {}",
    "keys add bo {}",
)


@pytest.mark.parametrize("line", PLACES)
def test_a_name_that_is_too_long_for_a_file_is_usage_and_is_shown_shortened(
    line: str, project: Path, mlreg: Type
) -> None:
    answer = mlreg(*line.format(NAME, NAME).split())
    assert (answer.code, answer.out) == (2, ""), answer.err
    assert "df -h" not in answer.err
    assert NAME not in answer.err and "…" in answer.err


def test_a_place_that_is_not_there_is_not_found(project: Path, mlreg: Type) -> None:
    for line in (f"-C {NAME} list", "checkout fraud-detector -o /proc/nowhere"):
        answer = mlreg(*line.split())
        assert answer.code == 3, answer.err
        assert "df -h" not in answer.err


@pytest.mark.parametrize(
    "line",
    [
        "explain {}",
        "{}",
        "list --{}",
        "help {}",
        "register x v100.pkl --bump {}",
        "register x v100.pkl --framework {}",
        "register x v100.pkl --metric a={}",
        "signature check {} {}",
        "info fraud-detector@{}",
        "promote fraud-detector 1.0.0 --to {}",
        "history churn --since {}",
        "list --where {}",
        "export churn --layout {}",
        "best churn --min-gain {}",
        "config set {} 1",
    ],
)
def test_a_huge_word_is_not_said_again_whole(line: str, project: Path, mlreg: Type) -> None:
    for mode in ((), ("--json",)):
        answer = mlreg(*line.format(HUGE, HUGE).split(" "), *mode)
        assert answer.code in (2, 3), answer.err[:500]
        assert len(answer.out) + len(answer.err) < 2000


def test_what_an_error_says_has_an_end() -> None:
    error = NotFoundError(f"there is no {HUGE} here", hint=f"see `{HUGE}`", facts={"word": HUGE, "number": 1})
    assert max(len(error.message), len(error.hint or ""), len(error.facts["word"])) < 500
    assert error.message.startswith("there is no zzz") and error.message.endswith("… here")
    assert len(shortened("word " * 100_000)) == 4000
    assert shortened("short enough") == "short enough"


def test_a_link_that_leads_nowhere_is_told_as_that(project: Path, mlreg: Type) -> None:
    (project / "export").mkdir()
    (project / "export/model.bin").write_text("weights")
    (project / "export/config.json").symlink_to("nowhere.json")
    for path in ("export", "export/config.json"):
        answer = mlreg("register", "new", path)
        assert answer.code == 2
        assert "error: the link 'export/config.json' leads nowhere: there is no 'nowhere.json'\n" in answer.err


@pytest.mark.parametrize(("said", "quoted"), [("nowhere", "nowhere"), ("not here", "'not here'")])
def test_where_no_repository_is_init_is_told_the_place(
    said: str, quoted: str, tmp_path: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"hint: make one with `mlreg init {quoted}`\n" in mlreg("-C", said, "list").err
    monkeypatch.setenv("MLREG_DIR", said)
    assert f"hint: make one with `mlreg init {quoted}`\n" in mlreg("list").err
    assert mlreg("init", said).code == 0
    assert mlreg("list").code == 0
