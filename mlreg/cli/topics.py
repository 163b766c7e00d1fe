"""Owns the topics of `mlreg help`, and the JSON Schemas of what `--json` prints; both are files of the package."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlreg.cli.exits import exits
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import textwrap
else:
    textwrap = LazyModule("textwrap")

TOPICS = ("exit-codes", "format", "refs", "glossary", "json", "policies")
_PACKAGE = os.path.dirname(os.path.dirname(__file__))


def text(topic: str) -> str:
    """Returns the text of a topic; its first line says what it is about."""
    body = _read("help", f"{topic}.txt")
    if topic == "exit-codes":
        body = body.replace("{table}", "\n".join(_exit_lines()))
    if topic == "json":
        body = body.replace("{documents}", _wrapped(", ".join(documents()), hang=2))
    return body


def summary(topic: str) -> str:
    """Returns what a topic is about, one line."""
    return text(topic).split("\n", 1)[0].partition(": ")[2]


def documents() -> list[str]:
    """Returns the names of all documents that `--json` prints, sorted."""
    files = os.listdir(os.path.join(_PACKAGE, "schemas"))
    return sorted(file.removesuffix(".json") for file in files if file.endswith(".json"))


def schema_text(document: str) -> str:
    """Returns the JSON Schema of a document, as the text of its file."""
    return _read("schemas", f"{document}.json")


def schema(document: str) -> Any:
    """Returns the JSON Schema of a document."""
    return json.loads(schema_text(document))


def _exit_lines() -> list[str]:
    return [_wrapped(f"{exit_.code:>4}{'*' if exit_.retryable else ' '} {exit_.meaning}", hang=8) for exit_ in exits()]


def _wrapped(line: str, *, hang: int) -> str:
    return textwrap.fill(line, 79, initial_indent="  ", subsequent_indent=" " * hang, break_on_hyphens=False)


def _read(*parts: str) -> str:
    with open(os.path.join(_PACKAGE, *parts), encoding="utf-8") as file:
        return file.read()
