"""Owns making bytes and names outlast a loss of power."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from mlreg.ports import Bytes

_WRITEBACK_BYTES = 16 << 20


def early_writeback(file: int, chunks: Iterable[Bytes]) -> Iterator[Bytes]:
    """Yields `chunks`, which the caller writes to `file`, and lets the disk begin with them now and then.

    Or the sync at the end would wait for all of them. Linux starts to write dirty pages when it is told that they are
    not needed; they stay in memory all the same.
    """
    written = 0
    for chunk in chunks:
        yield chunk
        written += len(chunk)
        if written >= _WRITEBACK_BYTES and hasattr(os, "posix_fadvise"):
            written = 0
            with suppress(OSError):
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Makes the names in the directory `path` outlast a loss of power.

    Raises:
        OSError: The disk is failing; `filename` says where.
    """
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot sync a directory, and need not
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        os.close(directory)


def sync_file(path: str | os.PathLike[str]) -> None:
    """Makes the bytes of the file `path` outlast a loss of power.

    Raises:
        OSError: The disk is failing; `filename` says where.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(file)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error
    finally:
        os.close(file)


def sync_way_to(directory: Path) -> None:
    """Makes the names of `directory` and of all that it lies in outlast a loss of power, whoever made them.

    Directories that may not be read are passed over: they are not ours to have made.

    Raises:
        OSError: The disk is failing; `filename` says where.
    """
    for parent in directory.resolve().parents:
        if os.access(parent, os.R_OK):
            sync_directory(parent)
