"""`mlreg checkpoint`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.checkpointed import Checkpointed
from mlreg.cli.options import DryRun
from mlreg.cli.output import View

if TYPE_CHECKING:
    from mlreg.cli import screen

EXAMPLES = """\b
Examples:
  mlreg checkpoint -o 2026-03.checkpoint
  mlreg checkpoint --unsigned > today.checkpoint
  mlreg verify --against 2026-03.checkpoint"""


def run(
    ctx: typer.Context,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there; a file is never written over.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="The SSH key to sign with; else MLREG_KEY, ~/.ssh.")
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Do not sign it.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Write down where all histories stand, to keep it elsewhere.

    Whatever is changed, dropped or made anew of them later, `mlreg verify --against FILE` finds.
    """
    session = ctx.obj
    answer = session.registry().checkpoint(output, key=key, unsigned=unsigned, dry_run=dry_run)
    said, kept = (_sentence(answer), answer.digest) if output else (answer.text, answer.text)
    session.output().show(answer, View(rows=[(said,)], ids=[kept], draw=lambda on: _draw(on, answer)))


def _sentence(answer: Checkpointed) -> str:
    count, events = len(answer.heads), sum(head.number for head in answer.heads.values())
    how = f"signed with {answer.key}" if answer.key else "unsigned"
    would = "would be " if answer.dry_run else ""
    return f"{would}written to {answer.file}: {events} events of {count} histories, {answer.digest}, {how}"


def _draw(on: screen.Screen, answer: Checkpointed) -> None:
    if answer.file is not None:
        on.line(_sentence(answer), "green")
        return
    on.line(f"where all histories stand: {answer.digest}", "bold")
    on.facts([(name, f"event {head.number}, {head.digest}") for name, head in answer.heads.items()])
    on.line("write it down with `-o FILE`, and keep it elsewhere")
