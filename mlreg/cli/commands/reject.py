"""`mlreg reject`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.approved import Approved
from mlreg.cli.options import DryRun, Name, VersionOrNone
from mlreg.cli.output import View

EXAMPLES = """\b
Examples:
  mlreg reject fraud-detector@3.1.0 --for production --reason "worse for new customers"
  mlreg approve fraud-detector@3.1.0 --list"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    stage: Annotated[str, typer.Option("--for", metavar="STAGE", help="To which stage it may not go.")] = ...,  # type: ignore[assignment]
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is signed too.")] = ...,  # type: ignore[assignment]
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="The SSH key to sign with; else MLREG_KEY, ~/.ssh.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Say that a version may not go to a stage, signed as well.

    It takes back what you approved before. What others approved stays.
    """
    session = ctx.obj
    answer = session.registry().reject(name, version, stage=stage, reason=reason, key=key, dry_run=dry_run)
    session.output().show(answer, View(rows=[(_sentence(answer),)], ids=[answer.version]))


def _sentence(answer: Approved) -> str:
    said = answer.approval
    verb = "rejected already" if not answer.changed else "would reject" if answer.dry_run else "rejects"
    how = f"signed with {said.key}" if said.key else "unsigned"
    return f"{said.approver} {verb} {answer.name} {answer.version} for {said.stage}, {how}"
