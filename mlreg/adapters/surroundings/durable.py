"""Owns making names outlast a loss of power."""

from __future__ import annotations

import errno
import os
from pathlib import Path


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
