"""`mlreg docs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from mlreg.answers.documented import Documented
from mlreg.cli.options import DryRun, OutputFormat
from mlreg.cli.output import View
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError
from mlreg.findings import of_documented

EXAMPLES = """\b
Examples:
  mlreg docs sync docs/models.md
  mlreg docs sync registry/model_catalog.yaml registry/lineage_graph.json registry/deployment_history.md
  mlreg docs check docs/*.md

In a document:
  <!-- mlreg:begin fraud-detector -->
  <!-- mlreg:end -->"""
_VERBS = ("sync", "check")


def run(
    ctx: typer.Context,
    verb: Annotated[str, typer.Argument(metavar="sync|check", help="Write them anew, or tell which are stale.")],
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Documents with sections of mlreg.")],
    dry_run: DryRun = False,
    output_format: OutputFormat = None,
) -> None:
    """Keep what documents say of models up to date.

    Only what stands between the markers changes. A check writes nothing, and exits with 1 where a page is stale.
    """
    if verb not in _VERBS:
        near = suggestion(verb, _VERBS)
        raise UsageError(f"{quoted(verb)} is nothing that docs does", hint=near or "write `mlreg docs sync FILE`")
    session = ctx.obj
    is_check = verb == "check"
    if output_format and not is_check:
        raise UsageError("`--output-format` is for what checks", hint="it is for `mlreg docs check`")
    registry = session.registry()
    answer = registry.check_docs(files) if is_check else registry.docs(files, dry_run=dry_run)
    output = session.output()
    view = View(
        rows=_rows(answer, is_check=is_check),
        ids=answer.stale,
        findings=(lambda: of_documented(answer)) if is_check else None,
    )
    output.show(answer, view)
    if is_check and answer.stale:
        output.remark(f"stale: write them anew with `mlreg docs sync {' '.join(answer.stale)}`")
        raise typer.Exit(1)


def _rows(answer: Documented, *, is_check: bool) -> Iterator[Sequence[str]]:
    changed = "stale" if is_check else "would be written" if answer.dry_run else "written"
    for one in answer.files:
        yield one.file, changed if one.changed else "up to date" if one.sections else "no section"
