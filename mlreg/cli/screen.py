"""Owns drawing on a terminal: tables that fit, badges, bars. The only module that imports rich."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    FileSizeColumn,
    Progress,
    ProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text
from rich.theme import Theme

from mlreg.cli.text import one_line

# of the 256 colours some that can be read on white and on black alike; the first sixteen are as a theme makes them
COLOURS = {"green": "color(28)", "yellow": "color(130)", "cyan": "color(30)", "red": "color(196)"}
_THEME = Theme(COLOURS | {f"bold {name}": f"bold {colour}" for name, colour in COLOURS.items()})
_STAGE_STYLES = {"production": "bold green", "staging": "yellow", "development": "cyan", "archived": "dim"}
_PATIENCE_S = 0.5
_GAP = 2
_LONG_TITLE = 12
_WORD = re.compile(r"\S+\s*")
_PIECE = re.compile(r"[^\s/_@,.-]*[/_@,.-]+\s*|[^\s/_@,.-]+\s*")


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        least: Down to this width it is wrapped where the terminal is narrow; 0: it is as wide as its cells.
        rank: Columns that have one are left out where there is no room for all, the greatest first.
    """

    title: str
    is_number: bool = False
    least: int = 0
    rank: int = 0


Cell = Any  # a text, or several paragraphs of them


class Screen:
    """A terminal to draw on."""

    def __init__(self, stream: TextIO, *, no_color: bool) -> None:
        self._console = _console(stream, no_color=no_color)
        self.is_unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
        self.arrow, self.rule = ("→", "─") if self.is_unicode else ("->", "-")

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self._console.width

    def line(self, text: Any = "", style: str = "", *, indent: int = 0) -> None:
        """Draws a line, wrapped where the terminal is narrower."""
        for part in _wrapped(_safe(text, style), self._console.width - indent):
            self._draw([Text(" " * indent), part])

    def strip(self, parts: Iterable[tuple[str, str]]) -> None:
        """Draws one line of texts, each in its style, without wrapping it."""
        self._draw(styled(text, style) for text, style in parts)

    def heading(self, text: str) -> None:
        """Draws the title of what follows."""
        self._draw([])
        self.line(text, "bold")

    def facts(self, pairs: Iterable[tuple[str, Cell]], *, indent: int = 0) -> None:
        """Draws names and values below each other; pairs without a value are left out."""
        shown = [(name, value) for name, value in pairs if value not in (None, "", [], {})]
        width = min(max((cell_len(one_line(name)) for name, _ in shown), default=0), self._console.width // 2)
        room = max(self._console.width - indent - width - _GAP, 1)
        for name, value in shown:
            self._draw_row(
                [_lines([Text(one_line(name), "dim")], width), _lines(value, room)], [width, 0], [False, False], indent
            )

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Sequence[Column]:
        """Draws a table and returns the columns for which there was no room."""
        cells = [[_paragraphs(cell) for cell in row] for row in rows]
        widths = _fitted(columns, cells, self._console.width)
        shown = [*widths]
        numbers = [columns[at].is_number for at in shown]
        titles = [_lines([Text(columns[at].title, "bold")], widths[at]) for at in shown]
        self._draw_row(titles, [*widths.values()], numbers)
        self._draw([Text((self.rule * (sum(widths.values()) + _GAP * (len(shown) - 1))), "dim")])
        for row in cells:
            lines = [_lines(row[at], widths[at], hang=2 if columns[at].least else 0) for at in shown]
            self._draw_row(lines, [*widths.values()], numbers)
        return [column for at, column in enumerate(columns) if at not in widths]

    def _draw_row(
        self, cells: Sequence[list[Text]], widths: Sequence[int], numbers: Sequence[bool], indent: int = 0
    ) -> None:
        for parts in zip_longest(*cells, fillvalue=Text()):
            line = [Text(" " * indent)]
            for part, width, is_number in zip(parts, widths, numbers, strict=True):
                space = Text(" " * (width - cell_len(part.plain)))
                line += [space, part] if is_number else [part, space]
                line.append(Text(" " * _GAP))
            self._draw(line)

    def _draw(self, parts: Iterable[Text]) -> None:
        text = Text.assemble(*parts)
        text.rstrip()
        self._console.print(text, soft_wrap=True)


def badge(stage: str, mark: str = "") -> Text:
    """Returns a stage's name in its colour, with a mark behind it."""
    return Text(one_line(stage + mark), style=_STAGE_STYLES.get(stage, ""))


def styled(value: Any, style: str) -> Text:
    """Returns `value` as safe text in `style`."""
    return Text(one_line(value), style=style)


class ByteBar:
    """Draws how many bytes were done, once it has taken half a second."""

    def __init__(self, stream: TextIO, *, no_color: bool) -> None:
        self._console = _console(stream, no_color=no_color)
        self._progress: Progress | None = None
        self._start = time.monotonic()
        self._done = 0
        self._expected: int | None = None

    def expect(self, size_bytes: int) -> None:
        """Says how many more there will be."""
        self._expected = self._done + size_bytes

    def __call__(self, size_bytes: int) -> None:
        """Counts `size_bytes` more."""
        self._done += size_bytes
        if self._progress is None and time.monotonic() - self._start > _PATIENCE_S:
            self._progress = self._bar()
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=self._done, total=self._expected)

    def _bar(self) -> Progress:
        bar = BarColumn(style="dim", complete_style="cyan", finished_style="cyan", pulse_style="default")
        columns: list[ProgressColumn] = [bar, FileSizeColumn(), TransferSpeedColumn(), TimeElapsedColumn()]
        if self._expected:
            columns = [bar, DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
        progress = Progress(*columns, console=self._console, transient=True)
        progress.add_task("bytes", total=self._expected, completed=self._done)
        progress.start()
        return progress

    def close(self) -> None:
        """Takes the bar away."""
        if self._progress is not None:
            self._progress.stop()


def _console(stream: TextIO, *, no_color: bool) -> Console:
    # no_color of rich keeps bold and dim: without a colour system there is no escape sequence at all
    color_system: Any = None if no_color else "auto"
    return Console(file=stream, color_system=color_system, theme=_THEME, highlight=False, markup=False, emoji=False)


def _safe(value: Any, style: str = "") -> Text:
    return value if isinstance(value, Text) else Text(one_line(value), style)


def _paragraphs(cell: Cell) -> list[Text]:
    return [_safe(part) for part in cell] if isinstance(cell, list) else [_safe(cell)]


def _lines(cell: Cell, width: int, hang: int = 0) -> list[Text]:
    return [line for paragraph in _paragraphs(cell) for line in _wrapped(paragraph, width, hang)]


def _fitted(columns: Sequence[Column], rows: Sequence[Sequence[list[Text]]], room: int) -> dict[int, int]:
    """Returns the widths of the columns that are shown, by their place: as wide as they need, in `room` together."""
    texts = [[text.plain for row in rows for text in row[at]] for at in range(len(columns))]
    least = {at: _least(column, texts[at]) for at, column in enumerate(columns)}
    cells = {at: max(least[at], _longest(texts[at])) for at in least}
    whole = {at: max(cells[at], cell_len(column.title)) for at, column in enumerate(columns)}
    shown = [*least]
    while _total(least, shown) > room and (optional := [at for at in shown if columns[at].rank]):
        shown.remove(max(optional, key=lambda at: columns[at].rank))
    widths = {at: least[at] for at in shown}
    for wanted in (cells, whole):
        while _total(widths, shown) < room and (hungry := [at for at in shown if widths[at] < wanted[at]]):
            widths[min(hungry, key=lambda at: widths[at] / wanted[at])] += 1
    if _total(widths, shown) > room:
        narrowest = {at: _narrowest(texts[at]) for at in shown}
        while _total(widths, shown) > room and (wide := [at for at in shown if widths[at] > narrowest[at]]):
            widths[max(wide, key=lambda at: widths[at])] -= 1
    return widths


def _narrowest(texts: Iterable[str]) -> int:
    """Returns how wide the widest sign is: a column cannot be narrower."""
    return 1 if all(map(str.isascii, texts)) else 2


def _least(column: Column, texts: Sequence[str]) -> int:
    """Returns the width that the column needs at least, its title broken where that can be."""
    cells = _longest(texts)
    title = _PIECE.findall(column.title) if len(column.title) > _LONG_TITLE else [column.title]
    return max(_longest(title), min(column.least or cells, cells), 1)


def _longest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _total(widths: Mapping[int, int], shown: Sequence[int]) -> int:
    return sum(widths[at] for at in shown) + _GAP * (len(shown) - 1)


def _wrapped(text: Text, width: int, hang: int = 0) -> list[Text]:
    """Returns `text` as lines that fit: broken at spaces, else behind a punctuation mark, else anywhere."""
    lines, line = [], ""
    hang = hang if width > 2 * hang else 0
    for piece in _pieces(text.plain, max(width - hang, 1)):
        if line and cell_len((line + piece).rstrip()) > width:
            lines.append(line)
            line = " " * hang
            piece = piece.lstrip()
        line += piece
    return [Text(part.rstrip(), text.style) for part in [*lines, line]]


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        for piece in [word] if cell_len(word) <= width else _PIECE.findall(word):
            yield from [piece] if cell_len(piece) <= width else chop_cells(piece, width)
