"""`mlreg archive`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.cli.options import DryRun, Name, Reason, VersionOrNone
from mlreg.cli.output import View

EXAMPLES = """\b
Examples:
  mlreg archive fraud-detector@2.0.0
  mlreg archive fraud-detector@3.1.0 --force --reason "the service is switched off"\n"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    force: Annotated[bool, typer.Option("--force", help="Also the one in production; takes a reason.")] = False,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> None:
    """Put a version into the archive.

    It keeps its bytes and can be promoted again.
    """
    session = ctx.obj
    answer = session.registry().archive(name, version, force=force, reason=reason, dry_run=dry_run)
    already = "" if answer.changed else " already"
    sentence = f"{answer.name} {answer.version} is archived{already}"
    session.output().show(answer, View(rows=[(sentence,)], ids=[answer.version]))
