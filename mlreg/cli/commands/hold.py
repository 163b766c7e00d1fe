"""`mlreg hold`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.cli.options import DryRun, Name, Reason, VersionOrNone
from mlreg.cli.output import View
from mlreg.errors import UsageError

EXAMPLES = """\b
Examples:
  mlreg hold fraud-detector@3.0.0 --reason "case 4711"
  mlreg hold fraud-detector@3.0.0 --lift"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    reason: Reason = None,
    lift: Annotated[bool, typer.Option("--lift", help="Leave it to the rules again.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Keep the bytes of a version, whatever the rules say.

    `mlreg gc` never drops them until the hold is lifted.
    """
    session = ctx.obj
    if lift:
        answer = session.registry().lift_hold(name, version, reason=reason, dry_run=dry_run)
        sentence = f"{answer.name} {answer.version} is not held any more"
    elif reason:
        answer = session.registry().hold(name, version, reason=reason, dry_run=dry_run)
        sentence = f"{answer.name} {answer.version} is held"
    else:
        raise UsageError("a hold takes a reason", hint="say it with `--reason TEXT`, or lift one with `--lift`")
    session.output().show(answer, View(rows=[(sentence,)], ids=[answer.version]))
