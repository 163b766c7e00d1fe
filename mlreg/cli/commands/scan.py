"""`mlreg scan`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg import scan as room
from mlreg.answers.scanned import Scanned
from mlreg.cli.options import OutputFormat
from mlreg.cli.output import View
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import findings
    from mlreg.cli import screen
else:
    findings = LazyModule("mlreg.findings")
    screen = LazyModule("mlreg.cli.screen")

_STYLES = {"allowed": "green", "needs-trust": "yellow", "refused": "bold red", "invalid": "red"}
EXAMPLES = """\b
Examples:
  mlreg scan model.joblib
  mlreg scan models/
  mlreg scan fraud-detector@production"""


def run(
    ctx: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, directories, or NAME@VERSION.")],
    output_format: OutputFormat = None,
) -> None:
    """Tell whether loading model files would run foreign code.

    Nothing is loaded, imported or run. A file is allowed, needs trust, is refused or invalid; the exit code is 1 unless
    all are allowed.
    """
    session = ctx.obj
    answer = room.scan_words(paths, lambda reference: session.registry().scan(reference).files)
    view = View(
        rows=list(_rows(answer)),
        ids=[file.report.path for file in answer.files if not file.report.is_allowed],
        draw=lambda on: _draw(on, answer),
        findings=lambda: findings.of_scanned(answer),
    )
    session.output().show(answer, view)
    if not answer.ok:
        raise typer.Exit(1)


def _rows(answer: Scanned) -> Iterator[tuple[Any, ...]]:
    for file in answer.files:
        report = file.report
        start = (report.path, report.format, report.verdict)
        for finding in report.findings:
            yield (*start, finding.code, finding.message, finding.offset)
        if not report.findings:
            yield (*start, None, None, None)


def _draw(on: screen.Screen, answer: Scanned) -> None:
    columns = (screen.Column("file", least=16), screen.Column("format"), screen.Column("verdict"),
               screen.Column("code"), screen.Column("why", least=24))  # fmt: skip
    rows = [
        (path, form, screen.styled(verdict, _STYLES[verdict]), code or "", message or "")
        for path, form, verdict, code, message, _ in _rows(answer)
    ]
    on.table(columns, rows)
    for command in dict.fromkeys(command for file in answer.files for command in file.trust):
        on.line(f"to trust it: {command}")
