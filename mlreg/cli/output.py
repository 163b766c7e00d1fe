"""Owns printing: the answer to stdout in one of four ways, everything else to stderr."""

from __future__ import annotations

import json as json_codec
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from mlreg.adapters import load
from mlreg.answers.base import Answer, Warned
from mlreg.cli.text import one_line, safe_json
from mlreg.errors import DiskError, MlregError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import shutil
    import textwrap

    from mlreg import findings
    from mlreg.cli import screen
    from mlreg.domain.findings import Finding
else:
    findings = LazyModule("mlreg.findings")
    shutil = LazyModule("shutil")
    textwrap = LazyModule("textwrap")
    screen = LazyModule("mlreg.cli.screen")


class View(NamedTuple):
    """An answer as people and scripts see it.

    Attributes:
        rows: One line each, cells apart by tabs: complete, for scripts; a row of one cell is a sentence.
        ids: What `-q` prints, one a line.
        draw: Draws it on a terminal; None where the rows are sentences that serve there too.
        findings: What a check has found, for `--output-format` and the annotations of `--ci`; None of what is no check.
    """

    rows: Iterable[Sequence[Any]]
    ids: Iterable[str] = ()
    draw: Callable[[screen.Screen], None] | None = None
    findings: Callable[[], Sequence[Finding]] | None = None


class Output:
    """Where a call prints, and how."""

    def __init__(
        self, *, json: bool, quiet: bool, no_color: bool, ci: str | None = None, format: str | None = None
    ) -> None:
        self._format = load("formats", format) if format else None
        self._json = json
        self._quiet = quiet
        self._no_color = no_color
        self._ci = load("ci", ci) if ci else None

    def show(self, answer: Answer, view: View) -> None:
        """Prints `answer`: as one JSON document, ids, a drawing, or tab-separated lines.

        Raises:
            DiskError: It cannot be written.
            MlregError: It was printed, and leaves out what cannot be read.
        """
        if self._json and self._format:
            raise UsageError(
                "`--json` and `--output-format` are two documents",
                hint="write `--output-format json`, or `--json` alone",
            )
        if not self._json and not self._quiet and not self._format:
            self.say_lines([f"{'warning' if isinstance(note, Warned) else 'note'}: {note}" for note in answer.notes])
            self.say_lines(["note: this is a dry run: nothing was written"] * answer.dry_run)
        try:
            self._print_answer(answer, view)
            check_stdout().flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise DiskError(
                f"cannot write to standard output: {(error.strerror or str(error)).lower()}",
                hint="what was asked is done, only the answer is lost: look with `mlreg list`",
                facts={"stdout": True},
            ) from error
        if self._ci is not None:
            self._ci.publish(_document(answer), os.environ)
            if view.findings is not None and not self._format and not self._json:
                found = view.findings()
                self.say_lines(self._ci.lines(found, findings.kinds_of(found)))
        answer.check_whole()

    def say(self, text: str) -> None:
        """Prints a line to stderr; where nobody can read it, it is lost."""
        self.say_lines([text])

    def remark(self, text: str) -> None:
        """Prints a line for people to stderr; nothing where the answer is a document or names only."""
        self.say_lines([] if self._json or self._quiet or self._format else [text])

    def say_lines(self, texts: Iterable[str]) -> None:
        """Prints lines to stderr."""
        if sys.stderr is not None:
            with suppress(OSError):
                for text in texts:
                    print(one_line(text), file=sys.stderr)

    def fail(self, error: MlregError) -> None:
        """Prints `error` to stderr: what is wrong, and what to type next."""
        self._tell(error)
        if not self._json:
            details = [f"  {line}" for line in error.details]
            self.say_lines([f"error: {error.message}", *details, *([f"hint: {error.hint}"] if error.hint else [])])
            self.say_lines([line] if self._ci and (line := self._ci.annotation(error)) else [])
        elif sys.stderr is not None:
            with suppress(OSError):
                print(json_text(error.document(), sys.stderr), file=sys.stderr)

    def _tell(self, error: MlregError) -> None:
        """Prints the finding that `error` is, where findings are asked for and it names a file that can be mended."""
        known = findings.of_error(error) if self._format and not self._json else []
        if self._format and known and sys.stdout is not None:
            with suppress(OSError):
                sys.stdout.write(self._format.render(known, findings.kinds_of(known)))

    @contextmanager
    def progress(self) -> Iterator[Callable[[int], None]]:
        """Yields what to call with the number of bytes done; draws a bar on a terminal while it takes long."""
        is_terminal = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        if self._json or self._quiet or self._format or not is_terminal:
            yield lambda size_bytes: None
            return
        with closing(screen.ByteBar(sys.stderr, no_color=self._no_color)) as bar:
            yield bar

    def _print_answer(self, answer: Answer, view: View) -> None:
        stdout = check_stdout()
        if self._format is not None and view.findings is not None:
            found = view.findings()
            stdout.write(self._format.render(found, findings.kinds_of(found)))
        elif self._json:
            self._print(json_text(_document(answer), stdout))
        elif self._quiet:
            self._print_rows((word,) for word in view.ids)
        elif not stdout.isatty():
            self._print_rows(view.rows)
        elif view.draw is not None:
            view.draw(screen.Screen(stdout, no_color=self._no_color))
        else:
            self._print_sentences(view.rows)

    def _print_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        check_stdout().writelines(map(_tab_separated, rows))

    def _print_sentences(self, rows: Iterable[Sequence[Any]]) -> None:
        width = shutil.get_terminal_size().columns
        for row in rows:
            sentence = " ".join(map(one_line, row))
            self._print(textwrap.fill(sentence, width, break_long_words=False, break_on_hyphens=False))

    def _print(self, line: str) -> None:
        print(line, file=check_stdout())


def _document(answer: Answer) -> dict[str, Any]:
    """Returns the document of `answer`, with what people read beside it on stderr."""
    document = answer.document()
    return {**document, "warnings": document.get("warnings", list(answer.notes))} if answer.notes else document


def _tab_separated(row: Sequence[Any]) -> str:
    cells = [cell if isinstance(cell, str) else one_line(cell) for cell in row]
    is_plain = "".join(cells).isprintable()  # one look at all of them: most are
    return "\t".join(cells if is_plain else map(one_line, cells)) + "\n"


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


def check_stdout() -> TextIO:
    """Returns standard output.

    Raises:
        DiskError: It is closed: what is asked must not be done where nobody can be told.
    """
    if sys.stdout is None:
        raise DiskError("standard output is closed", hint="send it somewhere, as with `> /dev/null`")
    return sys.stdout
