"""Owns how the readings of gates look: as lines for scripts, as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlreg.domain.policies import told
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
    from mlreg.domain.gates.base import Reading
else:
    screen = LazyModule("mlreg.cli.screen")


def rows(readings: Sequence[Reading]) -> list[Sequence[Any]]:
    """Returns a line for each gate: its name, `open` or `shut`, its value, what it needs, why."""
    return [
        (reading.gate, _state(reading), reading.value, reading.needs, "; ".join(reading.details))
        for reading in readings
    ]


def draw(on: screen.Screen, readings: Sequence[Reading]) -> None:
    """Draws the gates as a table."""
    columns = (
        screen.Column("gate", least=12),
        screen.Column("is"),
        screen.Column("value", least=10),
        screen.Column("needs", least=24),
    )
    cells: list[list[Any]] = []
    for reading in readings:
        style = "green" if reading.is_open else "bold red"
        details = [screen.styled(detail, "dim") for detail in reading.details]
        cells.append(
            [reading.gate, screen.styled(_state(reading), style), told(reading.value), [reading.needs, *details]]
        )
    if cells:
        on.table(columns, cells)


def _state(reading: Reading) -> str:
    return "open" if reading.is_open else "shut"
