"""`mlreg du`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.occupied import Occupied, Room, Shelf
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg du
  mlreg du fraud-detector
  mlreg du --json"""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A model: each of its versions.")] = None,
) -> None:
    """Tell how much room models take on the disk.

    Of what versions share, the first that has it is counted.
    """
    session = ctx.obj
    answer = session.registry().du(name)
    draw = _draw_models if name is None else _draw_versions
    view = View(rows=[*_rows(answer)], ids=[shelf.name for shelf in answer.models], draw=lambda on: draw(on, answer))
    session.output().show(answer, view)


def _rows(answer: Occupied) -> Iterator[Sequence[Any]]:
    for shelf in answer.models:
        for room in shelf.versions:
            mark = "dropped" if room.is_dropped else ""
            yield shelf.name, room.version, room.logical_bytes, room.stored_bytes, room.freed_bytes, mark


def _draw_models(on: screen.Screen, answer: Occupied) -> None:
    if not answer.models:
        on.line("there is no model yet: `mlreg register NAME FILE` registers the first")
        return
    columns = (
        screen.Column("model", least=24),
        screen.Column("versions", is_number=True, rank=1),
        *_sizes(),
    )
    on.table(columns, [_shelf_cells(shelf) for shelf in answer.models])
    on.line(_sum(answer), "bold")
    if answer.garbage_bytes:
        on.line(f"and {size(answer.garbage_bytes)} of no version, as texts of policies: `mlreg gc` tells what may go")


def _draw_versions(on: screen.Screen, answer: Occupied) -> None:
    columns = (screen.Column("version"), *_sizes(), screen.Column("dropping it frees", is_number=True, rank=1))
    on.table(columns, [_room_cells(room) for shelf in answer.models for room in shelf.versions])
    on.line(_sum(answer), "bold")


def _sizes() -> tuple[screen.Column, screen.Column, screen.Column]:
    return (
        screen.Column("files", is_number=True),
        screen.Column("stored", is_number=True),
        screen.Column("ratio", is_number=True, rank=2),
    )


def _shelf_cells(shelf: Shelf) -> Sequence[Any]:
    sizes = size(shelf.logical_bytes), size(shelf.stored_bytes), _ratio(shelf.stored_bytes, shelf.logical_bytes)
    return screen.styled(shelf.name, "bold"), len(shelf.versions), *sizes


def _room_cells(room: Room) -> Sequence[Any]:
    if room.is_dropped:
        return screen.styled(room.version, "bold"), screen.styled("dropped", "dim"), "-", "", ""
    ratio = _ratio(room.stored_bytes, room.logical_bytes)
    return (
        screen.styled(room.version, "bold"),
        size(room.logical_bytes),
        size(room.stored_bytes),
        ratio,
        size(room.freed_bytes),
    )


def _sum(answer: Occupied) -> str:
    ratio = _ratio(answer.stored_bytes, answer.logical_bytes)
    return f"{size(answer.logical_bytes)} in files, {size(answer.stored_bytes)} on the disk ({ratio or '-'})"


def _ratio(stored_bytes: int, logical_bytes: int) -> str:
    return f"{stored_bytes / logical_bytes:.1%}" if logical_bytes else ""
