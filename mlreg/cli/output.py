"""Owns printing: the answer to stdout in one of four ways, everything else to stderr."""

from __future__ import annotations

import errno
import json as json_codec
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from mlreg.answers.base import Answer
from mlreg.cli.text import one_line, safe_json
from mlreg.errors import MlregError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")


class View(NamedTuple):
    """An answer as people and scripts see it.

    Attributes:
        rows: One line each, cells apart by tabs: complete, for scripts; a row of one cell is a sentence.
        ids: What `-q` prints, one a line.
        draw: Draws it on a terminal; None where the rows are sentences that serve there too.
    """

    rows: Iterable[Sequence[Any]]
    ids: Iterable[str] = ()
    draw: Callable[[screen.Screen], None] | None = None


class Output:
    """Where a call prints, and how."""

    def __init__(self, *, json: bool, quiet: bool, no_color: bool) -> None:
        self._json = json
        self._quiet = quiet
        self._no_color = no_color

    def show(self, answer: Answer, view: View) -> None:
        """Prints `answer`: as one JSON document, ids, a drawing, or tab-separated lines."""
        if self._json:
            self._print(json_text(answer.document(), _stdout()))
            return
        if not self._quiet:
            for note in answer.notes:
                self.say(f"note: {note}")
        if self._quiet:
            self._print_rows((word,) for word in view.ids)
        elif view.draw is not None and _stdout().isatty():
            _stdout().flush()
            view.draw(screen.Screen(_stdout(), no_color=self._no_color))
        else:
            self._print_rows(view.rows)
        _stdout().flush()

    def say(self, text: str) -> None:
        """Prints a line to stderr."""
        if sys.stderr is not None:
            print(one_line(text), file=sys.stderr)

    def fail(self, error: MlregError) -> None:
        """Prints `error` to stderr: what is wrong, and what to type next."""
        if self._json:
            if sys.stderr is not None:
                print(json_text(error.document(), sys.stderr), file=sys.stderr)
            return
        self.say(f"error: {error.message}")
        if error.hint:
            self.say(f"hint: {error.hint}")

    def progress(self) -> Callable[[int], None]:
        """Returns what to call with the number of bytes done; draws a bar on a terminal when it takes long."""
        if self._json or self._quiet or sys.stderr is None or not sys.stderr.isatty():
            return lambda size_bytes: None
        return screen.ByteBar(sys.stderr, no_color=self._no_color)

    def _print_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self._print("\t".join(map(one_line, row)))

    def _print(self, line: str) -> None:
        print(line, file=_stdout())


def json_text(document: Any, stream: TextIO) -> str:
    """Returns `document` as JSON that `stream` can encode and that no terminal obeys."""
    is_unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
    return safe_json(json_codec.dumps(document, indent=2, ensure_ascii=not is_unicode, allow_nan=False))


def prepare_streams() -> None:
    """Makes the streams print what they cannot encode as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def silence_stdout() -> None:
    """Drops what stdout still holds: whoever read it has gone."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)


def _stdout() -> TextIO:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    return sys.stdout
