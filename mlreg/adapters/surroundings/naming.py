"""Owns new names for files where there are no hard links: renames that replace nothing, which Python does not offer."""

from __future__ import annotations

import ctypes
import errno
import os

_AT_FDCWD = -100  # of linux/fcntl.h
_RENAME_NOREPLACE = 1  # of linux/fs.h


def rename_new(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> None:
    """Gives the file `old` the name `new`, which nothing has.

    Raises:
        FileExistsError: Something has that name.
        OSError: It could not be done; EINVAL or ENOSYS where the file system or the machine cannot do so at all.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), os.fspath(new))
    if rename(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), _RENAME_NOREPLACE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(new))
