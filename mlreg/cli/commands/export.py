"""`mlreg export`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.exported import Exported
from mlreg.cli import verbatim
from mlreg.cli.options import DryRun, VersionOrNone
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg export fraud-detector@production --layout devskyy -o out
  mlreg export fraud-detector --layout specweave -o .specweave/increments/0042
  mlreg export --layout flat -o model_registry
  mlreg export fraud-detector --format cyclonedx -o bom.json
  mlreg export fraud-detector@production --format deployment -o deployment_manifest.json"""


def run(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A model, or a reference. Default: all of the repository.")
    ] = None,
    version: VersionOrNone = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="devskyy|specweave|flat|brixa", help="Versions, as that tool keeps them."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="cyclonedx|deployment|huggingface", help="A document about one version."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="The directory of a layout, or the file.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Hand versions on to other tools, in the form that they know.

    A layout has the files of the models, verified while they are written, and texts with their facts.
    """
    if (layout is None) == (format is None):
        raise UsageError(
            "one form is asked for: a layout or a format",
            hint="write `--layout flat -o DIR`, or another form of `mlreg export --help`",
        )
    session = ctx.obj
    out = session.output()
    if layout is not None:
        if output is None:
            raise UsageError("a layout needs a directory", hint=f"write `--layout {layout} -o DIR`")
        with out.progress() as progress:
            answer = session.registry().export(
                name, version, layout=layout, to=output, dry_run=dry_run, progress=progress
            )
        rows = [(one.path, one.size_bytes, one.digest) for one in answer.files]
        out.show(answer, View(rows=rows, ids=answer.versions, draw=lambda on: _draw(on, answer)))
        return
    if name is None:
        raise UsageError("a document is about one version", hint=f"write `mlreg export NAME --format {format}`")
    answer = session.registry().export(name, version, format=format, to=output, dry_run=dry_run)
    out.show(answer, _view(answer))


def _draw(on: screen.Screen, answer: Exported) -> None:
    columns = (screen.Column("file", least=24), screen.Column("size", is_number=True), screen.Column("digest", rank=1))
    on.table(columns, [(one.path, size(one.size_bytes), one.digest) for one in answer.files])
    on.line()
    would = "would be " if answer.dry_run else ""
    count = len(answer.versions)
    on.line(f"{count} version{'s' if count != 1 else ''} {would}written to {answer.place}", "green")


def _view(answer: Exported) -> View:
    if answer.place is None:
        return verbatim.view_of(answer.text or "")
    would = "would be " if answer.dry_run else ""
    return View(
        rows=[(f"{would}written to {answer.place}: {answer.form} of {answer.versions[0]}",)], ids=answer.versions
    )
