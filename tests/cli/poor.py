"""Shows a directory as a file system that lacks something, as those of sticks, shares and other systems do.

    python poor.py WHAT DIRECTORY MOUNTPOINT

Of `WHAT` there is none: `case`, `links`, `locks`, `syncs` of directories. Stays until it is unmounted.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import mfusepy


class Passing(mfusepy.Operations):
    """Passes everything on to the directory `root`."""

    use_ns = True

    def __init__(self, root: str) -> None:
        self._root = root

    def _real(self, path: str) -> str:
        return self._root + path

    def _new(self, path: str) -> str:
        real = self._real(path)
        if os.path.lexists(real):
            raise mfusepy.FuseOSError(errno.EEXIST)
        return real

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        status = os.lstat(self._real(path))
        names = ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_ino")
        times = {name: getattr(status, f"{name}_ns") for name in ("st_atime", "st_mtime", "st_ctime")}
        return {**{name: getattr(status, name) for name in names}, **times}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._real(path))]

    def readlink(self, path: str) -> str:
        return os.readlink(self._real(path))

    def access(self, path: str, amode: int) -> int:
        return 0 if os.access(self._real(path), amode) else -errno.EACCES

    def mkdir(self, path: str, mode: int) -> int:
        os.mkdir(self._new(path), mode)
        return 0

    def rmdir(self, path: str) -> int:
        os.rmdir(self._real(path))
        return 0

    def unlink(self, path: str) -> int:
        os.unlink(self._real(path))
        return 0

    def link(self, target: str, source: str) -> int:
        os.link(self._real(source), self._new(target))
        return 0

    def symlink(self, target: str, source: str) -> int:
        os.symlink(source, self._new(target))
        return 0

    def rename(self, old: str, new: str) -> int:
        os.rename(self._real(old), self._real(new))
        return 0

    def chmod(self, path: str, mode: int) -> int:
        os.chmod(self._real(path), mode)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        os.utime(self._real(path), ns=times)
        return 0

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(self._real(path), length)
        return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return os.open(self._real(path), os.O_RDWR | os.O_CREAT, mode)

    def open(self, path: str, flags: int) -> int:
        return os.open(self._real(path), flags & ~(os.O_CREAT | os.O_EXCL))

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        os.fsync(fh)
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0


class WithoutCase(Passing):
    """Tells no upper from lower case: a file is there under any spelling, and keeps the one that it was made with."""

    def _real(self, path: str) -> str:
        """Returns where `path` lies: as it is spelled on the disk, else as it is spelled here."""
        real = self._root
        for part in filter(None, path.split("/")):
            names = os.listdir(real) if os.path.isdir(real) else []
            real = os.path.join(real, next((name for name in names if name.lower() == part.lower()), part))
        return real


class WithoutLinks(Passing):
    """Refuses hard links, as exFAT and many shares do."""

    def link(self, target: str, source: str) -> int:
        return -errno.EPERM


class WithoutLocks(Passing):
    """Refuses locks, as shares without a lock daemon do."""

    def flock(self, path: str, fh: int, op: int) -> int:
        return -errno.ENOLCK


class WithoutSyncs(Passing):
    """Cannot sync a directory, as some network file systems."""

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        return -errno.EINVAL


LACKING = {"case": WithoutCase, "links": WithoutLinks, "locks": WithoutLocks, "syncs": WithoutSyncs}

if __name__ == "__main__":
    what, root, mountpoint = sys.argv[1:]
    mfusepy.FUSE(LACKING[what](os.path.abspath(root)), mountpoint, foreground=True, nothreads=True)
