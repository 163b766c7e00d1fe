"""`mlreg approve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.approved import ApprovalListing, Approved
from mlreg.cli.options import DryRun, Name, VersionOrNone
from mlreg.cli.output import View
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg approve fraud-detector@3.1.0 --for production --comment "drift looked at"
  mlreg approve fraud-detector@3.1.0 --for production --key ~/.ssh/id_ed25519 --expires 30d
  mlreg approve fraud-detector@3.1.0 --list"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    stage: Annotated[str | None, typer.Option("--for", metavar="STAGE", help="To which stage it may go.")] = None,
    comment: Annotated[
        str | None, typer.Option("--comment", metavar="TEXT", help="What you have looked at; it is signed too.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="The SSH key to sign with; else MLREG_KEY, ~/.ssh.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="WHEN", help="How long it counts, as `30d`, or until which date.")
    ] = None,
    is_list: Annotated[
        bool, typer.Option("--list", help="List what was said, and what of it counts; nothing is signed.")
    ] = False,
    trust_root: Annotated[
        str | None, typer.Option("--trust-root", metavar="FPR", help="With --list: the root of the keys is this one.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Say that a version may go to a stage, signed with your SSH key.

    The signature binds the version's record, the stage and this repository: it counts nowhere else, and once.
    """
    session = ctx.obj
    if is_list:
        if comment or key or expires:
            raise UsageError("`--list` signs nothing", hint="leave `--comment`, `--key` and `--expires` away")
        listing = session.registry().approvals(name, version, stage=stage, trust_root=trust_root)
        session.output().show(listing, _listed(listing))
        return
    if stage is None:
        raise UsageError("for which stage?", hint="say it: `--for production`")
    if trust_root is not None:
        raise UsageError("`--trust-root` is for `--list`", hint="pin the root with `mlreg keys trust`")
    answer = session.registry().approve(
        name, version, stage=stage, comment=comment, key=key, expires=expires, dry_run=dry_run
    )
    session.output().show(answer, View(rows=[(_sentence(answer),)], ids=[answer.version]))


def _sentence(answer: Approved) -> str:
    said = answer.approval
    verb = "approved already" if not answer.changed else "would approve" if answer.dry_run else "approves"
    how = f"signed with {said.key}" if said.key else "unsigned"
    until = f", until {said.expires[:10]}" if said.expires else ""
    return f"{said.approver} {verb} {answer.name} {answer.version} for {said.stage}{until}, {how}"


def _listed(answer: ApprovalListing) -> View:
    rows = [
        (one.event, one.decision, one.stage, one.approver, "counts" if one.refusal is None else one.refusal.code,
         one.key or "unsigned", one.at, one.expires, one.comment, one.refusal.why if one.refusal else None)
        for one in answer.approvals
    ]  # fmt: skip
    ids = [one.approver for one in answer.approvals if one.refusal is None and one.decision == "approve"]
    return View(rows=rows, ids=ids, draw=lambda on: _draw(on, answer))


def _draw(on: screen.Screen, answer: ApprovalListing) -> None:
    on.line(f"{answer.name} {answer.version}, registered by {answer.tally.registrant}", "bold")
    if not answer.approvals:
        on.line("nobody has said anything of it")
        return
    columns = (screen.Column("#", is_number=True), screen.Column("who", least=16), screen.Column("says"),
               screen.Column("for"), screen.Column("counts", least=24), screen.Column("comment", least=16))  # fmt: skip
    rows = []
    for one in answer.approvals:
        if one.refusal:
            counts = screen.styled(f"no: {one.refusal.why}", "red")
        else:
            counts = screen.styled("yes" if one.is_signed else "yes, unsigned", "green" if one.is_signed else "yellow")
        rows.append([one.event, one.approver, one.decision, one.stage, counts, one.comment or ""])
    on.table(columns, rows)
