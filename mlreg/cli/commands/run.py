"""`mlreg run`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.ran import Ran
from mlreg.answers.registered import Registered
from mlreg.cli.context import BEHIND_DASHES
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.errors import UsageError

EXAMPLES = """\b
Examples:
  mlreg run --register fraud-detector model.joblib -- python train.py --depth 8
  mlreg run --experiment xgboost-v1 --increment 0042 -f fraud-detector.yaml -- make train
  mlreg run -- python train.py      # which says itself what to register, with mlreg.current_run()"""


def run(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH...] -- COMMAND...", help="The files that the command writes, then the command itself."
        ),
    ] = None,
    register: Annotated[
        str | None, typer.Option("--register", metavar="NAME", help="The model that the files are a version of.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("-f", "--file", metavar="SPEC", help="What to register, as in `mlreg register -f`.")
    ] = None,
    experiment: Annotated[str | None, typer.Option("--experiment", metavar="NAME", help="The experiment.")] = None,
    increment: Annotated[str | None, typer.Option("--increment", metavar="ID", help="The project's increment.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Run a training, and register what came of it.

    What it prints goes to stderr, and its exit code is ours; unless that is 0, nothing is registered. It may leave
    params.json, metrics.json and features.txt in the directory MLREG_RUN_DIR, or note them with mlreg.current_run().
    """
    behind = ctx.meta[BEHIND_DASHES]
    if not behind:
        raise UsageError(
            "there is no command to run", hint="write it behind `--`, as in `mlreg run -- python train.py`"
        )
    given = words or []
    paths, command = given[:-behind], given[-behind:]
    if paths and register is None and file is None:
        raise UsageError(
            "which model are these files a version of?", hint="say so with `--register NAME`, before the `--`"
        )
    session = ctx.obj
    output = session.output()
    with output.progress() as progress:
        answer = session.registry().run(
            command,
            register=register,
            paths=paths,
            spec=file,
            experiment=experiment,
            increment=increment,
            dry_run=dry_run,
            progress=progress,
        )
    rows = [(_sentence(version),) for version in answer.registered]
    output.show(
        answer, View(rows=[*rows, (_took(answer),)], ids=[_reference(version) for version in answer.registered])
    )


def _sentence(version: Registered) -> str:
    if not version.created:
        return f"Already registered: {version.name} v{version.version} ({version.stage})"
    because = f", {version.level}: {'; '.join(version.reasons)}" if version.level else ""
    return f"Registered model: {version.name} v{version.version} ({version.stage}, {size(version.size_bytes)}{because})"


def _reference(version: Registered) -> str:
    return f"{version.name}@{version.version}"


def _took(answer: Ran) -> str:
    return f"the command took {answer.duration_s:.1f} s"
