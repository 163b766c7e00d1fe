"""`mlreg help`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.help import Help
from mlreg.cli import COMMANDS, load_command
from mlreg.cli.topics import TOPICS, documents, schema, schema_text, summary, text
from mlreg.cli.verbatim import view_of
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError

EXAMPLES = """\b
Examples:
  mlreg help
  mlreg help refs
  mlreg help promote
  mlreg help json info"""


_MEANT = {
    "references": "refs", "reference": "refs", "selectors": "refs", "names": "refs", "versions": "refs",
    "exit": "exit-codes", "exits": "exit-codes", "codes": "exit-codes", "errors": "exit-codes",
    "terms": "glossary", "words": "glossary", "stages": "glossary", "storage": "format", "layout": "format",
    "schema": "json", "schemas": "json", "documents": "json", "gates": "policies",
}  # fmt: skip


def run(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC...]", help="A topic, a command, or `json` and a document.")
    ] = None,
) -> None:
    """Explain a topic or a command, or print a JSON Schema.

    Without a topic, the topics are listed.
    """
    answer = _answer(ctx, words or [])
    ctx.obj.output().show(answer, view_of(answer.text, ids=None if answer.topic else answer.topics))


def _answer(ctx: typer.Context, words: list[str]) -> Help:
    match words:
        case []:
            return Help(topic=None, text=_overview(), topics=TOPICS)
        case ["json", document]:
            return _document(document)
        case [topic] if topic in TOPICS:
            return Help(topic=topic, text=text(topic), topics=TOPICS)
        case [command] if command in COMMANDS:
            return Help(topic=command, text=_command(ctx, command), topics=TOPICS)
    word = " ".join(words)
    meant = _MEANT.get(word.lower())
    near = f"did you mean `{meant}`?" if meant else suggestion(word, [*TOPICS, *COMMANDS])
    raise UsageError(f"there is no help on {quoted(word)}", hint=near or "see the topics with `mlreg help`")


def _overview() -> str:
    lines = [f"  mlreg help {topic:<12}{summary(topic)}" for topic in TOPICS]
    return "\n".join(
        [
            "Topics:",
            "",
            *lines,
            "",
            "`mlreg help COMMAND` explains a command, `mlreg --help` lists them all.",
            "`mlreg help json DOCUMENT` prints the JSON Schema of what `--json` prints.",
        ]
    )


def _document(name: str) -> Help:
    known = documents()
    if name not in known:
        near = suggestion(name, known)
        raise UsageError(f"{quoted(name)} is not a document", hint=near or "see the documents with `mlreg help json`")
    return Help(topic=f"json {name}", text=schema_text(name), topics=TOPICS, json_schema=schema(name))


def _command(ctx: typer.Context, name: str) -> str:
    command = load_command(name)
    return command.get_help(typer.Context(command, info_name=name, parent=ctx.parent))
