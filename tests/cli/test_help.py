"""Help: every command explains itself, and its examples are ones that work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from mlreg.cli import COMMANDS, load_command

Type = Callable[..., Any]
LIFE = (
    "init", "register", "list", "info", "promote", "rollback", "compare", "history", "checkout", "verify",
    "deprecate", "archive", "tag",
)  # fmt: skip


def examples(name: str) -> list[list[str]]:
    """Returns the words of each example that the help of a command has."""
    text = import_module(f"mlreg.cli.commands.{name}").EXAMPLES
    lines = (re.split(" [>|] ", line)[0] for line in text.splitlines() if line.strip().startswith("mlreg "))
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself_with_examples(name: str, mlreg: Type) -> None:
    for flag in ("--help", "-h"):
        answer = mlreg(name, flag)
        assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"Usage: mlreg {name} ")
    assert answer.out.count(f"\n    mlreg {name}") == len(examples(name)) >= 2
    assert not re.search(r"[{}]", answer.out.split("\n")[0])
    assert all(option in answer.out for option in ("--repo", "--json", "--quiet", "--verbose", "--no-color", "--actor"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_parse(name: str) -> None:
    for words in examples(name):
        assert words[0] == name
        command = load_command(name)
        parent = typer.Context(command, info_name="mlreg", obj=type("Session", (), {})())
        context = command.make_context(name, words[1:], parent=parent)
        assert context.command is command


def test_all_commands_are_listed_in_the_order_of_a_life_with_a_line_each(mlreg: Type) -> None:
    out = mlreg("--help").out
    listed = re.findall(r"^  ([a-z]+)  +([A-Z].*)$", out.split("\nCommands:\n")[1], re.MULTILINE)
    assert [name for name, _ in listed] == list(COMMANDS)
    assert "..." not in out.split("\nCommands:\n")[1].split("\n\n")[0]
    assert [name for name, line in listed if name in LIFE and not line.endswith(".")] == []
    assert max(map(len, out.splitlines())) <= 80


def test_the_first_steps_are_in_the_help_and_work(project: Path, mlreg: Type) -> None:
    out = mlreg("--help").out
    (project / "model.joblib").write_text("weights")
    for line in re.findall(r"^    mlreg (.*)", out, re.MULTILINE):
        assert mlreg(*shlex.split(line)).code in (0, 3), line


def test_help_is_help_wherever_it_stands(mlreg: Type) -> None:
    assert mlreg("-h") == mlreg("--help")
    assert mlreg("promote", "churn", "--help").out == mlreg("promote", "-h").out


def test_the_version_is_told(mlreg: Type) -> None:
    assert re.fullmatch(r"mlreg \d+\.\d+\.\d+\S*\n", mlreg("--version").out)
