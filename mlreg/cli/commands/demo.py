"""`mlreg demo`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from mlreg import demo
from mlreg.adapters.surroundings import location
from mlreg.answers.demonstrated import Demonstrated, Step
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.domain.names import quoted
from mlreg.errors import TakenError

EXAMPLES = """\b
Examples:
  mlreg demo
  mlreg demo --keep digits"""


def run(
    ctx: typer.Context,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Work in this new directory and leave it there.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Train real models, and walk through a model's life."""
    session = ctx.obj
    output = session.output()
    if keep is not None and keep.exists():
        raise TakenError(
            f"{quoted(str(keep), 200)} is there already", hint="name a new directory: `mlreg demo --keep DIR`"
        )
    with tempfile.TemporaryDirectory(prefix="mlreg-demo-") as scratch:
        place = Path(scratch) if keep is None or dry_run else keep
        place.mkdir(parents=True, exist_ok=True)
        output.remark("training four classifiers of handwritten digits …")
        typed = demo.prepare(place)
        steps = _type_all(typed, place, quiet=session.json or session.quiet)
        answer = Demonstrated(path=str(keep or place), kept=keep is not None, steps=steps, dry_run=dry_run)
        ending = "it was all in a temporary directory; keep it with `--keep DIR`"
        if keep is not None:
            ending = f"it {'would be' if dry_run else 'is'} all in {keep}"
        output.show(answer, View(rows=[(ending,)], ids=[step.command for step in steps]))
    if steps[-1].exit_code:
        raise typer.Exit(steps[-1].exit_code)


def _type_all(typed: ModuleType, place: Path, *, quiet: bool) -> list[Step]:
    """Types the commands one after the other, as far as they succeed."""
    steps: list[Step] = []
    for title, command in demo.steps(typed):
        steps.append(_type(title, command, place, quiet=quiet))
        if steps[-1].exit_code:
            break
    return steps


def _type(title: str, command: str, place: Path, *, quiet: bool) -> Step:
    """Types `command` in `place`; what it prints goes where ours goes, or (`quiet`) into the step."""
    if not quiet:
        print(f"\n# {title}\n$ {command}", flush=True)
    elsewhere = (location.VARIABLE, location.OTHER_VARIABLE)
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        check=False,
    )
    return Step(command, done.returncode, done.stdout.decode() if quiet else "")
