"""Owns what a file system can do, tried out in a directory that is there for such things."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mlreg.adapters.surroundings import naming


class Ability(NamedTuple):
    """What a directory can do: the error where files cannot be written, named, or locked there, else None.

    To be named is to get a name that nothing has: by a hard link, or by a rename that replaces nothing.
    """

    write: OSError | None = None
    link: OSError | None = None
    lock: OSError | None = None


class Leftover(NamedTuple):
    """A file, its size, and how long ago it was last written."""

    path: Path
    size_bytes: int
    age_s: float


def ability(directory: Path) -> Ability:
    """Tells what can be done in `directory`, by doing it with a file that is gone afterwards."""
    probe = directory / f"{os.getpid()}-{os.urandom(8).hex()}"
    link = probe.with_suffix(".link")
    try:
        file = os.open(probe, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        return Ability(write=error)
    try:
        refused = _failure(os.link, probe, link)
        if refused and not _failure(naming.rename_new, probe, link):
            refused = None
        return Ability(_failure(os.fsync, file), refused, _failure(fcntl.flock, file, fcntl.LOCK_SH))
    finally:
        os.close(file)
        for path in (probe, link):
            with suppress(OSError):
                path.unlink()


def free_bytes(directory: Path) -> int:
    """Returns how much room there is."""
    return shutil.disk_usage(directory).free


def files(directory: Path, *, now_s: float) -> Iterator[Leftover]:
    """Yields the files below `directory`; those that go meanwhile are left out.

    Args:
        now_s: The present moment, in seconds since 1970: ages are counted up to it.
    """
    for path in sorted(directory.rglob("*")):
        with suppress(OSError):
            status = path.lstat()
            if not path.is_dir():
                yield Leftover(path, status.st_size, now_s - status.st_mtime)


def unwritable(directory: Path) -> Path | None:
    """Returns the first of `directory` and those below it in which no file can be made, or None."""
    for place, _, _ in os.walk(directory):
        if not os.access(place, os.W_OK | os.X_OK):
            return Path(place)
    return None


def _failure(action: object, *words: object) -> OSError | None:
    try:
        action(*words)  # type: ignore[operator]
    except OSError as error:
        return error
    return None
