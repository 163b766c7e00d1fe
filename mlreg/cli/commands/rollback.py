"""`mlreg rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.rolled_back import RolledBack
from mlreg.cli.options import DryRun, Reason
from mlreg.cli.output import View

EXAMPLES = """\b
Examples:
  mlreg rollback fraud-detector --reason "false positives"
  mlreg rollback fraud-detector --to 3.0.0
  mlreg rollback fraud-detector --expect 3.1.0 --dry-run"""


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="A version that held the stage before.")
    ] = None,
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Which stage; production.")] = None,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="VERSION", help="The version that must hold the stage now.")
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> None:
    """Take a stage back to the version that held it before.

    With --to: to any version that held it once. The version that is left goes to the archive; to go to it again is the
    undo.
    """
    session = ctx.obj
    answer = session.registry().rollback(name, to=to, stage=stage, expect=expect, reason=reason, dry_run=dry_run)
    output = session.output()
    output.show(answer, View(rows=[(_sentence(answer),)], ids=[answer.version]))
    if answer.changed and answer.left and not dry_run and not session.json and not session.quiet:
        output.say(f"undo: mlreg rollback {answer.name}{_stage_option(answer)} --to {answer.left}")


def _sentence(answer: RolledBack) -> str:
    if not answer.changed:
        return f"{answer.name} {answer.version} is at {answer.stage} already"
    left = f", in place of {answer.left}" if answer.left else ""
    skipped = "".join(f"; {entry['version']} {entry['why']}" for entry in answer.skipped)
    return f"{answer.name} {answer.version} is at {answer.stage} again{left}{skipped}"


def _stage_option(answer: RolledBack) -> str:
    return "" if answer.stage == "production" else f" --stage {answer.stage}"
