"""`mlreg card`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.carded import Card
from mlreg.cli import verbatim
from mlreg.cli.options import DryRun, Name, VersionOrNone
from mlreg.cli.output import View

EXAMPLES = """\b
Examples:
  mlreg card fraud-detector
  mlreg card fraud-detector@production -o README.md
  mlreg set fraud-detector 3.1.0 --meta card.intended_use='scores payments' --meta license=mit"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there, in place of what is there.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Make the model card of a version, as on the Hugging Face Hub.

    What people say of a model in words is stated as `--meta card.intended_use=...`, `card.limitations` and others.
    """
    session = ctx.obj
    answer = session.registry().card(name, version, file=output, dry_run=dry_run)
    session.output().show(answer, _view(answer))


def _view(answer: Card) -> View:
    reference = f"{answer.name}@{answer.version}"
    if answer.file is None:
        return verbatim.view_of(answer.text)
    would = "would be " if answer.dry_run else ""
    return View(rows=[(f"{would}written to {answer.file}: the card of {reference}",)], ids=[reference])
