"""`mlreg trust`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.trusted import AllTrusted, TrustChange, TrustListing
from mlreg.cli.options import DryRun, Reason, VersionOrNone
from mlreg.cli.output import View
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
    from mlreg.domain.vouching import Trusted
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg trust add fraud-detector@3.1.0 --global team.models.Scorer --reason "reviewed in !42"
  mlreg trust list
  mlreg trust list fraud-detector@3.1.0
  mlreg trust remove fraud-detector@3.1.0 --global team.models.Scorer"""
_VERBS = ("list", "add", "remove")


def run(
    ctx: typer.Context,
    verb: Annotated[str, typer.Argument(metavar="list|add|remove", help="What to do.")],
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The model, or a reference; list: without it, of all.")
    ] = None,
    version: VersionOrNone = None,
    global_: Annotated[
        list[str] | None,
        typer.Option("--global", metavar="CLASS", help="What to trust, as package.Class; several of them repeat it."),
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> None:
    """Allow classes of your own to a version that is loaded.

    Trust is of the files as they are, and of exact names; `mlreg scan` says which a version needs. It is kept in the
    history. What is a part of Python, or would be called, nobody can trust.
    """
    session = ctx.obj
    if verb not in _VERBS:
        raise UsageError(
            f"{quoted(verb)} is nothing that trust does", hint=suggestion(verb, _VERBS) or "see `mlreg trust --help`"
        )
    registry = session.registry()
    if verb == "list":
        _check_plain(global_, reason, dry_run=dry_run)
        if name is None:
            everything = registry.all_trusted()
            session.output().show(everything, _all_listed(everything))
        else:
            listing = registry.trusted(name, version)
            session.output().show(listing, _listed(listing))
        return
    if name is None:
        raise UsageError(
            f"trust {verb} is about one version", hint=f"write `mlreg trust {verb} NAME@VERSION --global CLASS`"
        )
    change = registry.trust if verb == "add" else registry.distrust
    answer = change(name, version, names=global_ or (), reason=reason, dry_run=dry_run)
    session.output().show(answer, View(rows=[(_sentence(answer),)], ids=answer.globals))


def _check_plain(names: list[str] | None, reason: str | None, *, dry_run: bool) -> None:
    if names or reason or dry_run:
        raise UsageError("trust list takes no option of its own", hint="write `mlreg trust list NAME@VERSION`")


def _sentence(answer: TrustChange) -> str:
    subject, names = f"{answer.name} {answer.version}", ", ".join(answer.globals)
    is_add = answer.change == "add"
    if not answer.changed:
        return f"{names} of {subject} {'was trusted already' if is_add else 'was not trusted'}"
    would = "would be" if answer.dry_run else "is" if len(answer.globals) == 1 else "are"
    return f"{names} of {subject} {would} {'trusted' if is_add else 'not trusted any more'}"


def _listed(answer: TrustListing) -> View:
    rows = [(one.name, one.by, one.at, one.reason) for one in answer.trusted]
    return View(rows=rows, ids=[one.name for one in answer.trusted], draw=lambda on: _draw(on, answer))


def _all_listed(answer: AllTrusted) -> View:
    rows = [
        (one.name, one.version, said.name, said.by, said.at, said.reason)
        for one in answer.versions
        for said in one.trusted
    ]
    ids = [f"{one.name}@{one.version}" for one in answer.versions]
    return View(rows=rows, ids=ids, draw=lambda on: _draw_all(on, answer))


def _draw_all(on: screen.Screen, answer: AllTrusted) -> None:
    if not answer.versions:
        on.line("nothing is trusted of any version: `mlreg scan` says what one needs")
        return
    columns = (screen.Column("version", least=16), *_columns())
    on.table(columns, [
        [f"{one.name}@{one.version}", *_cells(said)] for one in answer.versions for said in one.trusted
    ])  # fmt: skip


def _draw(on: screen.Screen, answer: TrustListing) -> None:
    if not answer.trusted:
        on.line(f"nothing is trusted of {answer.name} {answer.version}: `mlreg scan` says what it needs")
        return
    on.table(_columns(), [_cells(one) for one in answer.trusted])


def _columns() -> Sequence[screen.Column]:
    return (screen.Column("class", least=16), screen.Column("by", least=12), screen.Column("since"),
            screen.Column("why", least=12))  # fmt: skip


def _cells(one: Trusted) -> Sequence[Any]:
    return screen.styled(one.name, "bold"), one.by, one.at[:10], one.reason or ""
