"""Programs that keep one text in a directory, most of them in a way that loses it: the harness must find out each.

`careful` is the way to do it. What the others leave out stands in their names.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

STORE = Path("store")
VALUE = STORE / "value"
COPY = STORE / "copy"
STAGED = STORE / "staged"
LOCK = STORE / "lock"


def run(program: str, text: str) -> None:
    """Has `program` change the text; an error is one line, and the staged file is taken away."""
    try:
        globals()[program](text)
    except OSError as error:
        if program == "shows_a_traceback":
            raise
        if program != "forgets_to_tidy_up":
            _discard()
        sys.stderr.write(f"error: {error}\n")
        sys.exit(11)


def careful(text: str) -> None:
    """Stages, syncs, renames, syncs the directory."""
    _stage(text)
    os.rename(STAGED, VALUE)
    _sync(STORE)


def writes_in_place(text: str) -> None:
    """Truncates the file and writes it anew."""
    VALUE.write_text(text)
    _sync(VALUE)


def syncs_no_file(text: str) -> None:
    """Renames a file whose bytes may not be on the disk yet."""
    STAGED.write_text(text)
    os.rename(STAGED, VALUE)
    _sync(STORE)


def syncs_no_directory(text: str) -> None:
    """Says that it is done before the new name is on the disk."""
    _stage(text)
    os.rename(STAGED, VALUE)


def speaks_too_early(text: str) -> None:
    """Does all of it, but says so before the last step."""
    _stage(text)
    os.rename(STAGED, VALUE)
    os.write(1, b"done\n")
    _sync(STORE)


def relies_on_what_it_finds(text: str) -> None:
    """Has nothing to do where the text is there, and does not ask whether it is there for good."""
    if VALUE.read_text() != text:
        careful(text)


def writes_two_files(text: str) -> None:
    """Changes two files that must agree, one after the other."""
    for path in (VALUE, COPY):
        _stage(text)
        os.rename(STAGED, path)
    _sync(STORE)


def removes_first(text: str) -> None:
    """Takes the old file away before the new one has its name."""
    _stage(text)
    VALUE.unlink()
    os.rename(STAGED, VALUE)
    _sync(STORE)


def leaves_a_lock(text: str) -> None:
    """Refuses to work while a lock file is there, and a killed process leaves one."""
    os.close(os.open(LOCK, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    careful(text)
    LOCK.unlink()


def ignores_errors(text: str) -> None:
    """Says that it is done whatever the disk answers."""
    try:
        careful(text)
    except OSError:
        _discard()


def ignores_short_writes(text: str) -> None:
    """Does not look how much was written."""
    file = os.open(STAGED, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.write(file, text.encode())
    os.fsync(file)
    os.close(file)
    os.rename(STAGED, VALUE)
    _sync(STORE)


def does_not_end(text: str) -> None:
    """Goes on when it is asked to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    careful(text)


shows_a_traceback = forgets_to_tidy_up = careful


def _discard() -> None:
    with suppress(OSError):
        STAGED.unlink()


def _stage(text: str) -> None:
    STAGED.write_text(text)
    _sync(STAGED)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
