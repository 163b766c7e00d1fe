"""`mlreg gc`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.collected import Collected, Fate, Item
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_SHOWN = 200
EXAMPLES = """\b
Examples:
  mlreg gc
  mlreg gc fraud-detector
  mlreg gc --prune
  mlreg gc --prune --no-squeeze

What is kept is said in the section [retention] of .mlreg/config.toml; without it no version is ever dropped."""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Drop versions of this model only.")] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Do it; without this it is only told.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Also what nothing refers to since less than an hour.")] = False,
    no_squeeze: Annotated[
        bool, typer.Option("--no-squeeze", help="Do not put what stays into its smallest form, which takes long.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Tell what is kept and why, and remove the rest.

    Versions that no rule keeps lose their bytes; their records, metrics and history stay.
    """
    session = ctx.obj
    output = session.output()
    with output.progress() as progress:
        answer = session.registry().gc(
            name, prune=prune, now=now, squeeze=not no_squeeze, dry_run=dry_run, progress=progress
        )
    view = View(
        rows=[*_rows(answer)],
        ids=[*(f"{fate.name}@{fate.version}" for fate in answer.versions if not fate.reasons), *_keys(answer)],
        draw=lambda on: _draw(on, answer),
    )
    output.show(answer, view)


def _rows(answer: Collected) -> Iterator[Sequence[Any]]:
    for fate in answer.versions:
        yield "keep" if fate.reasons else "drop", fate.name, fate.version, _why(fate), fate.freed_bytes
    for verb, items in (("remove", answer.garbage), ("leave", answer.left)):
        yield from ((verb, item.object, "", item.why, item.size_bytes) for item in items)
    for blob in answer.squeezed:
        yield "squeeze", blob.digest, "", f"{blob.before_bytes} -> {blob.after_bytes}", _saved(blob)


def _saved(blob: Any) -> int:
    return int(blob.before_bytes - blob.after_bytes)


def _keys(answer: Collected) -> Iterator[str]:
    return (item.object for item in answer.garbage)


def _why(fate: Fate) -> str:
    return "; ".join(reason.text for reason in fate.reasons) or fate.missed or ""


def _draw(on: screen.Screen, answer: Collected) -> None:
    if answer.versions:
        columns = (
            screen.Column("model", least=16),
            screen.Column("version"),
            screen.Column("stage", rank=1),
            screen.Column("bytes"),
            screen.Column("why", least=24),
            screen.Column("frees", is_number=True),
        )
        on.table(columns, [_cells(fate, answer) for fate in _dropped_first(answer.versions)[:_SHOWN]])
    if len(answer.versions) > _SHOWN:
        on.line(f"and {len(answer.versions) - _SHOWN} more: see them all with `--json`", "dim")
    for line in _summary("removed" if answer.pruned else "to remove", answer.garbage):
        on.line(line)
    for line in _summary("left", answer.left):
        on.line(line, "dim")
    if answer.squeezed:
        saved = sum(map(_saved, answer.squeezed))
        on.line(f"squeezed: {_count(len(answer.squeezed), 'blob')}, {size(saved)} smaller")
    on.line(_sum(answer), "bold")


def _cells(fate: Fate, answer: Collected) -> Sequence[Any]:
    fall = "dropped" if answer.pruned else "to drop"
    kept = screen.styled("keep", "green") if fate.reasons else screen.styled(fall, "bold red")
    frees = "" if fate.reasons else size(fate.freed_bytes)
    return screen.styled(fate.name, "bold"), fate.version, screen.badge(fate.stage), kept, _why(fate), frees


def _dropped_first(fates: Sequence[Fate]) -> list[Fate]:
    return sorted(fates, key=lambda fate: bool(fate.reasons))


def _summary(what: str, items: Sequence[Item]) -> Iterator[str]:
    counts, sizes = Counter[str](), Counter[str]()
    for item in items:
        counts[item.why] += 1
        sizes[item.why] += item.size_bytes
    for why, count in counts.items():
        yield f"{what}: {_count(count, 'file')}, {size(sizes[why])}: {why}"


def _sum(answer: Collected) -> str:
    if answer.pruned:
        return f"{size(answer.freed_bytes)} freed"
    if not answer.garbage:
        return "there is nothing to remove"
    return f"{size(answer.freed_bytes)} would be freed: `mlreg gc --prune` does it"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
