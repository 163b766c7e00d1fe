"""Owns the options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, or a reference such as NAME@production.")]
VersionOrNone = Annotated[
    str | None, typer.Argument(metavar="[VERSION]", help="Which version: 3.1.0, production, latest or ^3.1.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Decide and print everything, write nothing.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; kept in the history.")]
