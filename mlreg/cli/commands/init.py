"""`mlreg init`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.registry import Registry

EXAMPLES = """\b
Examples:
  mlreg init
  mlreg init project"""


def run(
    ctx: typer.Context,
    directory: Annotated[str | None, typer.Argument(metavar="[DIR]", help="Where; the working directory.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Make a repository, `.mlreg`, in a directory.

    One that an interruption left half made is completed, one that is whole is left as it is.
    """
    session = ctx.obj
    answer = Registry.initialise(directory or session.repo, actor=session.actor, dry_run=dry_run)
    verb = "made" if answer.created else "found"
    session.output().show(answer, View(rows=[(f"{verb} the repository {answer.path}",)], ids=[answer.path]))
