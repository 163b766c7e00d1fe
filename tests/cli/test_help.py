"""`mlreg help`: its topics are there, and what they say is so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlreg import cli, errors
from mlreg.cli import COMMANDS, load_command
from mlreg.cli.commands import help as help_command
from mlreg.cli.exits import exits
from mlreg.cli.topics import TOPICS, documents, schema, text
from mlreg.domain.policies import FORCE, KINDS
from mlreg.store import layout
from mlreg.store.config import TEMPLATE, parse_config

Type = Callable[..., Any]
HELP = Path(cli.__file__).parent.parent / "help"


def test_every_topic_is_a_file_and_every_file_a_topic() -> None:
    assert {path.stem for path in HELP.iterdir()} == set(TOPICS)


def test_help_lists_the_topics(mlreg: Type) -> None:
    answer = mlreg("help")
    assert answer.code == 0
    assert re.findall(r"^  mlreg help (\S+)", answer.out, re.MULTILINE) == [*TOPICS]
    assert mlreg("help", "-q").out.split() == [*TOPICS]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_a_terminal_and_says_what_it_is_about(mlreg: Type, topic: str) -> None:
    out = mlreg("help", topic).out
    assert max(map(len, out.splitlines())) <= 80
    assert re.match(r"[A-Z][A-Za-z -]+: \S", out)
    assert out.isascii()
    assert "{" + "table}" not in out


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_drawn_on_a_terminal_as_it_is_piped(mlreg: Type, drawn: Type, topic: str) -> None:
    assert drawn("help", topic, columns=80).split("\n") == mlreg("help", topic).out.split("\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_what_it_says_itself(mlreg: Type, command: str) -> None:
    assert mlreg("help", command).out.split() == mlreg(command, "--help").out.split()


@pytest.mark.parametrize("name", documents())
def test_help_prints_the_schema_of_a_document(mlreg: Type, name: str) -> None:
    assert json.loads(mlreg("help", "json", name).out) == schema(name)
    assert mlreg("help", "json", name, "--json").document["json_schema"] == schema(name)


def test_other_words_for_topics_lead_to_those_that_are_there() -> None:
    assert set(help_command._MEANT.values()) <= set(TOPICS)


def test_the_topic_on_json_names_every_document() -> None:
    assert set(documents()) <= set(re.findall(r"[\w-]+", text("json").rpartition("\n\n")[2]))


@pytest.mark.parametrize(
    ("words", "hint"),
    {
        "reffs": "did you mean `refs`",
        "references": "did you mean `refs`",
        "exit": "did you mean `exit-codes`",
        "promot": "did you mean `promote`",
        "xyz": "`mlreg help`",
        "json lst": "did you mean `list`",
        "json xyzzy": "`mlreg help json`",
        "what ever else": "`mlreg help`",
    }.items(),
)
def test_what_is_no_topic_is_usage_and_names_what_is(mlreg: Type, words: str, hint: str) -> None:
    answer = mlreg("help", *words.split())
    assert (answer.code, answer.out) == (2, "")
    assert hint in answer.err


def kinds(base: type[errors.MlregError] = errors.MlregError) -> set[type[errors.MlregError]]:
    """Returns all kinds of error that there are."""
    return {kind for child in base.__subclasses__() for kind in ({child} | kinds(child))}


def test_the_table_has_every_exit_code_once() -> None:
    own = {cli._BUG, cli._INTERRUPTED, cli._PIPE_CLOSED, cli._TERMINATED, 0, 1}
    codes = [exit_.code for exit_ in exits()]
    assert codes == sorted({kind.exit_code for kind in kinds()} | own)


def test_the_table_is_printed_and_marks_what_can_be_tried_again(mlreg: Type) -> None:
    rows = re.findall(r"^ +(\d+)([* ]) (\S)", mlreg("help", "exit-codes").out, re.MULTILINE)
    assert [(int(code), mark == "*") for code, mark, _ in rows] == [(exit_.code, exit_.retryable) for exit_ in exits()]
    assert [code for code, mark, _ in rows if mark == "*"] == ["5", "8"]


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_names_no_command_and_no_option_that_is_not_there(topic: str) -> None:
    words = re.findall(r"(?:`|^  )mlreg ([a-z][a-z-]*)", text(topic), re.MULTILINE)
    known = {option for command in COMMANDS for param in load_command(command).params for option in param.opts}
    assert set(words) <= set(COMMANDS)
    assert set(re.findall(r"--[a-z-]+", text(topic))) <= known | {"--help"}


def test_the_topic_on_policies_knows_what_the_configuration_knows() -> None:
    settings = {line.partition("#")[0].strip() for line in text("policies").splitlines()}
    known = {
        re.sub(r"\s+#.*", "", line.strip("# ")) for line in TEMPLATE.splitlines() if re.match(r"# (\[|\w+ =)", line)
    }
    assert {line.replace("[metrics.score]", "[metrics.NAME]") for line in known} <= settings
    written = "\n".join(line for line in settings if re.match(r"(order|aliases) = ", line))
    assert parse_config(f"[stages]\n{written}".encode()).stages.top == "production"


def test_the_topic_on_policies_knows_every_gate() -> None:
    lines = [line.partition("  #")[0] for line in text("policies").splitlines()]
    gates = [
        line for line in lines if re.match(r"  [\w.]+ = ", line) and not re.match(r"  (order|aliases|direction)", line)
    ]
    assert {re.split(r"\W", line.strip())[0] for line in gates} == {kind.KEY for kind in KINDS} | {FORCE}
    for line in gates:
        parse_config(f"[policy.production]\n{line}".encode())


def test_the_topic_on_the_format_names_every_room() -> None:
    rooms = (layout.FORMAT, layout.CONFIG, layout.CATALOG, layout.HISTORY, layout.BLOBS, layout.CACHE, layout.TMP)
    assert [room for room in (*rooms, layout.OBSERVATIONS) if room not in text("format")] == []


def test_every_reference_of_the_topic_means_something(mlreg: Type, project: Path) -> None:
    mlreg("register", "NAME", "v100.pkl", "--version", "3.1.0", "--stage", "staging")
    mlreg("alias", "NAME", "3.1.0", "champion")
    mlreg("register", "NAME", "v110.pkl", "--version", "3.0.0")
    for version in ("3.0.0", "3.1.0"):
        assert mlreg("promote", "NAME", version, "--to", "production").code == 0
    shown = {word.strip("'`") for word in re.findall(r"'?NAME@\S+", text("refs"))} - {"NAME@VERSION"}
    codes = {reference: mlreg("info", reference).code for reference in shown}
    assert {reference for reference, code in codes.items() if code != 0} == {
        "NAME@sha256:ab12cd",
        "NAME@production@{2026-03-31}",  # which is before it was registered
        "NAME@development",
    }
    assert {code for code in codes.values() if code} == {3}
