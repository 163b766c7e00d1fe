"""`mlreg alias`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.aliased import Aliased, AliasListing
from mlreg.cli.options import DryRun, Name
from mlreg.cli.output import View
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg alias fraud-detector 3.1.0 champion
  mlreg alias fraud-detector@production baseline
  mlreg alias fraud-detector champion --remove
  mlreg alias fraud-detector"""


def run(
    ctx: typer.Context,
    name: Name,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[VERSION] [ALIAS]", help="The version, then what to call it.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the alias away.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Give a version a name of your own, or list such names.

    NAME@ALIAS means that version from then on; the same command with another version moves it.
    """
    session = ctx.obj
    given = words or []
    registry = session.registry()
    if not given and not remove and "@" not in name:
        listing = registry.aliases(name)
        session.output().show(listing, _listed(listing))
        return
    if remove:
        answer = registry.unalias(name, _only(name, given, f"mlreg alias {name} ALIAS --remove"), dry_run=dry_run)
    elif "@" in name:
        answer = registry.alias(name, alias=_only(name, given, f"mlreg alias {name} ALIAS"), dry_run=dry_run)
    elif len(given) == 2:
        answer = registry.alias(name, given[0], alias=given[1], dry_run=dry_run)
    else:
        raise UsageError(
            f"which version shall {given[0]} mean?", hint=f"name it, as in `mlreg alias {name} VERSION {given[0]}`"
        )
    session.output().show(answer, View(rows=[(_sentence(answer),)], ids=[answer.version] if answer.version else []))


def _only(name: str, given: Sequence[str], form: str) -> str:
    if len(given) != 1 or ("--remove" in form and "@" in name):
        raise UsageError("one alias is taken at a time", hint=f"write `{form}`")
    return given[0]


def _listed(answer: AliasListing) -> View:
    rows = sorted(answer.aliases.items())
    return View(rows=rows, ids=[alias for alias, _ in rows], draw=lambda on: _draw(on, answer))


def _draw(on: screen.Screen, answer: AliasListing) -> None:
    if not answer.aliases:
        on.line(f"{answer.name} has no alias yet: `mlreg alias {answer.name} VERSION ALIAS` makes one")
        return
    columns = (screen.Column("alias"), screen.Column("version"))
    on.table(columns, [(screen.styled(alias, "bold"), version) for alias, version in sorted(answer.aliases.items())])


def _sentence(answer: Aliased) -> str:
    reference = f"{answer.name}@{answer.alias}"
    would = answer.dry_run
    if answer.version is None:
        if not answer.changed:
            return f"{answer.name} has no alias {answer.alias}"
        return f"{reference} {'would mean' if would else 'means'} nothing any more; it meant {answer.before}"
    if not answer.changed:
        return f"{reference} means {answer.version} already"
    before = f"; it meant {answer.before}" if answer.before else ""
    return f"{reference} {'would mean' if would else 'means'} {answer.version}{before}"
