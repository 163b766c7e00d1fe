"""Owns the options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.adapters import load

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, or a reference such as NAME@production.")]
VersionOrNone = Annotated[
    str | None, typer.Argument(metavar="[VERSION]", help="Which version: 3.1.0, production, latest or ^3.1.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Decide and print everything, write nothing.")]


def _keep_format(ctx: typer.Context, value: str | None) -> str | None:
    """Keeps `value` for the whole call, so that an error in other words of it is told in that format too."""
    if value is not None:
        load("formats", value)
        ctx.find_root().obj.output_format = value
    return value


OutputFormat = Annotated[
    str | None,
    typer.Option(
        "--output-format",
        metavar="concise|json|github|gitlab|junit|sarif",
        help="Tell only what was found, so that editors and pipelines show it.",
        callback=_keep_format,
        is_eager=True,
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept in the history.")]
