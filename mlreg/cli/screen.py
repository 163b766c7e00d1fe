"""Owns drawing on a terminal: tables, badges, bars. The only module that imports rich."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from mlreg.cli.text import one_line

_STAGE_STYLES = {"production": "bold green", "staging": "yellow", "development": "cyan", "archived": "dim"}
_PATIENCE_S = 0.5


class Screen:
    """A terminal to draw on."""

    def __init__(self, stream: TextIO, *, no_color: bool) -> None:
        self._console = Console(file=stream, no_color=no_color or None, highlight=False, markup=False, emoji=False)

    def line(self, text: Any = "", style: str = "") -> None:
        """Draws one line."""
        self._console.print(Text(one_line(text), style=style), soft_wrap=True)

    def heading(self, text: str) -> None:
        """Draws the title of what follows."""
        self._console.print()
        self._console.print(Text(one_line(text), style="bold"))

    def facts(self, pairs: Iterable[tuple[str, Any]]) -> None:
        """Draws names and values below each other; pairs without a value are left out."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in pairs:
            if value not in (None, "", [], {}):
                grid.add_row(name, _cell(value))
        self._console.print(grid)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> None:
        """Draws a table; the columns named in `right` are numbers."""
        table = Table(box=box.ROUNDED, border_style="dim", header_style="bold", pad_edge=True)
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(_cell, row))
        self._console.print(table)


def badge(stage: str) -> Text:
    """Returns a stage's name in its colour."""
    return Text(one_line(stage), style=_STAGE_STYLES.get(stage, ""))


def styled(value: Any, style: str) -> Text:
    """Returns `value` as safe text in `style`."""
    return Text(one_line(value), style=style)


class ByteBar:
    """Draws how many bytes were done, once it has taken half a second."""

    def __init__(self, stream: TextIO, *, no_color: bool) -> None:
        self._console = Console(file=stream, no_color=no_color or None)
        self._progress: Progress | None = None
        self._start = time.monotonic()
        self._done = 0

    def __call__(self, size_bytes: int) -> None:
        """Counts `size_bytes` more."""
        self._done += size_bytes
        if self._progress is None and time.monotonic() - self._start > _PATIENCE_S:
            self._progress = self._bar()
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=self._done)

    def _bar(self) -> Progress:
        columns = (TextColumn("hashing"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
        progress = Progress(*columns, console=self._console, transient=True)
        progress.add_task("bytes", total=None)
        progress.start()
        return progress

    def close(self) -> None:
        """Takes the bar away."""
        if self._progress is not None:
            self._progress.stop()


def _cell(value: Any) -> Text:
    return value if isinstance(value, Text) else Text(one_line(value))
