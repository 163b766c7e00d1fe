"""Owns how a text of several lines is shown: line by line, as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlreg.cli.output import View
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_IN_ASCII = str.maketrans({"└": "`", "─": "-"})


def view_of(text: str, *, ids: Iterable[str] | None = None) -> View:
    """Returns the view of `text`; `-q` prints `ids`, by default the text: a document stays whole."""
    lines = text.splitlines()
    return View(rows=[(line,) for line in lines], ids=lines if ids is None else ids, draw=lambda on: draw(on, lines))


def draw(on: screen.Screen, lines: Iterable[str]) -> None:
    """Draws `lines` as they are: a terminal that is narrower goes on below, so that a copy of it is the text again."""
    for line in lines:
        on.strip([(line if on.is_unicode else line.translate(_IN_ASCII), "")])
