"""`mlreg verify`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.verified import Verified
from mlreg.cli.options import DryRun, OutputFormat
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import findings
    from mlreg.answers import checkpointed
    from mlreg.cli import screen
else:
    findings = LazyModule("mlreg.findings")
    checkpointed = LazyModule("mlreg.answers.checkpointed")
    screen = LazyModule("mlreg.cli.screen")

_AFTER_SHOWN = 10
_COUNTED = ("events", "records", "blobs")
EXAMPLES = """\b
Examples:
  mlreg verify
  mlreg verify fraud-detector
  mlreg verify --quick
  mlreg verify --against 2026-03.checkpoint
  mlreg verify --repair --from model.pkl"""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this model.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare the sizes and checks of blobs; do not hash what they restore to.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend damaged and missing blobs, from duplicates and from files given.")
    ] = False,
    source: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="FILE", help="With --repair: a file that may be what was lost."),
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="FILE", help="A checkpoint: no history that it saw was changed.")
    ] = None,
    trust_root: Annotated[
        str | None, typer.Option("--trust-root", metavar="FPR", help="With --against: the key that vouches for it.")
    ] = None,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Bytes that are not here are told, and are no reason to exit with 1."),
    ] = False,
    output_format: OutputFormat = None,
    dry_run: DryRun = False,
) -> None:
    """Check that every byte is as it was written.

    Whatever is not is named, and the exit code is 1.
    """
    if source and not repair:
        raise UsageError("`--from` is for mending", hint="add `--repair`")
    if dry_run and not repair:
        raise UsageError("`verify` writes nothing", hint="`--dry-run` is for `--repair`")
    if trust_root is not None and against is None:
        raise UsageError("`--trust-root` is for a checkpoint", hint="name one with `--against FILE`")
    session = ctx.obj
    output = session.output()
    with output.progress() as progress:
        registry = session.damaged_registry()
        if repair:
            answer = registry.repair(name, files=source or (), dry_run=dry_run, progress=progress)
        else:
            answer = registry.verify(name, quick=quick, progress=progress)
        if against is not None:
            answer = registry.hold_against(answer, against, trust_root=trust_root)
    view = View(
        rows=[
            *(("mended", key, "") for key in answer.mended or ()),
            *((problem.code, problem.object, problem.message) for problem in answer.problems),
        ]
        or [(_summary(answer),), *(("after", *event) for event in _after(answer))],
        ids=[problem.object for problem in answer.problems],
        draw=lambda on: _draw(on, answer),
        findings=lambda: findings.of_verified(answer, session.directory(), is_whole=not allow_missing),
    )
    output.show(answer, view)
    if not answer.ok and not (allow_missing and answer.only_missing):
        raise typer.Exit(1)


def _summary(answer: Verified) -> str:
    return f"ok: {_seen(answer)}{_as_seen(answer)}"


def _as_seen(answer: Verified) -> str:
    """Returns what there is to say of the checkpoint where nothing is wrong."""
    if not isinstance(answer, checkpointed.VerifiedAgainst):
        return ""
    count, since = len(answer.against.heads), len(answer.after)
    later = f"; {since} event{'' if since == 1 else 's'} since" if since else "; nothing since"
    return f"; {count} histories as on {answer.against.at[:10]}{later}"


def _after(answer: Verified) -> Sequence[checkpointed.After]:
    return answer.after if isinstance(answer, checkpointed.VerifiedAgainst) else ()


def _seen(answer: Verified) -> str:
    checked = answer.checked
    counts = [f"{checked[name]} {name.removesuffix('s') if checked[name] == 1 else name}" for name in _COUNTED]
    return f"{', '.join(counts)}, {size(checked['bytes'])} hashed"


def _draw(on: screen.Screen, answer: Verified) -> None:
    for key in answer.mended or ():
        on.line(f"{'would be mended' if answer.dry_run else 'mended'}: {key}", "green")
    if answer.ok:
        on.line(_summary(answer), "green")
        for event in _after(answer)[-_AFTER_SHOWN:]:
            on.line(
                f"since: {event.history} {event.number}, {event.kind} {event.version or ''} by {event.actor}", "dim"
            )
        return
    rows = [(screen.styled(problem.code, "bold red"), problem.object, problem.message) for problem in answer.problems]
    on.table((screen.Column("what"), screen.Column("file", least=24), screen.Column("why", least=24)), rows)
    on.line(f"{len(rows)} problem{'' if len(rows) == 1 else 's'} in {_seen(answer)}", "bold")
