"""`mlreg promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.promoted import Promoted
from mlreg.cli.options import DryRun, Name, Reason, VersionOrNone
from mlreg.cli.output import View

EXAMPLES = """\b
Examples:
  mlreg promote fraud-detector 3.1.0 --to production --reason "better recall"
  mlreg promote fraud-detector --from staging --to production
  mlreg promote fraud-detector@latest --to staging --expect 3.0.0"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help="The stage it shall stand at.")] = ...,  # type: ignore[assignment]
    from_stage: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="The stage at which it must stand now.")
    ] = None,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="VERSION|none", help="The version that must hold the stage now.")
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> None:
    """Move a version to a stage.

    The version that it displaces there goes to the archive.
    """
    session = ctx.obj
    answer = session.registry().promote(
        name, version, to=to, from_stage=from_stage, expect=expect, reason=reason, dry_run=dry_run
    )
    session.output().show(answer, View(rows=[(_sentence(answer),)], ids=[answer.version]))


def _sentence(answer: Promoted) -> str:
    if not answer.changed:
        return f"{answer.name} {answer.version} is at {answer.to_stage} already"
    replaced = f", in place of {answer.replaced}" if answer.replaced else ""
    return f"{answer.name} {answer.version} went from {answer.from_stage} to {answer.to_stage}{replaced}"
