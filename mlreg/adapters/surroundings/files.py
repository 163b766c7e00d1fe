"""Owns files that people ask for: each is written whole, or is as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from mlreg.adapters.surroundings import preferences
from mlreg.domain.names import quoted
from mlreg.errors import NotFoundError, UsageError


def write(path: Path, data: bytes) -> bool:
    """Writes `data` to `path`, in place of what is there, and returns whether it differs.

    Raises:
        NotFoundError: The directory is not there.
        UsageError: It is a directory.
        OSError: It cannot be written; the file is as it was.
    """
    check_place(path)
    return preferences.change(path, lambda _: data)


def add(path: Path, data: bytes) -> None:
    """Writes `data` to a new file `path`; one that is there with the same content stays.

    Raises:
        FileExistsError: Something else is there.
        NotFoundError: The directory is not there.
        OSError: It cannot be written; nothing is there.
    """

    def unless_there(before: bytes) -> bytes:
        if before != data and os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        return data

    check_place(path.parent / f".{path.name}")
    preferences.change(path, unless_there)


def check_add(path: Path, data: bytes) -> None:
    """Raises what `add` would, and writes nothing."""
    check_place(path.parent / f".{path.name}")
    if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == data):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def check_place(path: Path) -> None:
    """Checks that a file can be at `path`.

    Raises:
        NotFoundError: The directory is not there.
        UsageError: It is a directory.
    """
    if path.is_dir():
        raise UsageError(f"{quoted(str(path), 200)} is a directory", hint="name a file")
    if not path.parent.is_dir():
        raise NotFoundError(
            f"there is no directory {quoted(str(path.parent), 200)}", hint=f"make it with `mkdir -p {path.parent}`"
        )
