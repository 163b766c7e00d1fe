"""The table of requirements: complete, and true of the commands and methods that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlreg.cli import COMMANDS, load_command
from mlreg.registry import Registry

PAGE = (Path(__file__).parent.parent / "docs/requirements.md").read_text()
ROWS = re.findall(r"^\| (S\d-\d+) \| (.*) \|$", PAGE, re.M)
COUNTS = {"S0": 43, "S1": 62, "S2": 29, "S3": 29, "S4": 51}
GLOBAL_OPTIONS = {"--json", "--actor", "-q"}


def options_of(command: str) -> set[str]:
    return {option for parameter in load_command(command).params for option in parameter.opts}


def commands_in(text: str) -> list[str]:
    return re.findall(r"`mlreg ([a-z][^`]*)`", text)


def test_every_requirement_stands_there_once():
    ids = [f"{document}-{number}" for document, count in COUNTS.items() for number in range(1, count + 1)]
    assert [row[0] for row in ROWS] == ids


@pytest.mark.parametrize(("requirement", "where"), ROWS, ids=[row[0] for row in ROWS])
def test_what_the_table_names_exists(requirement, where):
    for typed in commands_in(where):
        verb, *words = typed.split()
        assert verb in COMMANDS, f"{requirement} names `mlreg {verb}`"
        options = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}
        assert options <= options_of(verb) | GLOBAL_OPTIONS, f"{requirement} names options of `mlreg {verb}`"
    for method in re.findall(r"`Registry\.(\w+)`", where):
        assert hasattr(Registry, method), f"{requirement} names Registry.{method}"


@pytest.mark.parametrize(("requirement", "where"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_what_does_it_or_that_nothing_does(requirement, where):
    assert "not yet" in where or "`" in where or "](" in where or "n/a" in where
