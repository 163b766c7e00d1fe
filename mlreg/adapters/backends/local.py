"""Owns bytes kept as files below a directory, safe against crashes, loss of power and other processes.

A file is written in `tmp/`, synced, and linked to its name (renamed, where the file system has no hard links and can
do so without replacing), then the directories of the name are synced.
The directory `tmp/` belongs to this module: it is no place for keys, and `list("")` leaves it out.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import time_ns
from typing import TYPE_CHECKING, Any, BinaryIO

from mlreg.adapters.backends._keys import check_key, check_prefix
from mlreg.adapters.surroundings.durable import early_writeback, sync_directory
from mlreg.lazy import LazyModule
from mlreg.ports import Backend, Bytes

if TYPE_CHECKING:
    from mlreg.adapters.surroundings import naming
else:
    naming = LazyModule("mlreg.adapters.surroundings.naming")

_STAGING = "tmp"
_LOCK = f"{_STAGING}/lock"
_FICLONE = 0x40049409  # of linux/fs.h
_YOUNG_NS = 2_000_000_000
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
_NO_NEW_NAMES = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EROFS}


def connect(location: str | os.PathLike[str]) -> Backend:
    """Returns the backend below the directory `location`."""
    return LocalBackend(location)


class NamedFile(io.FileIO):
    """A file whose errors name it."""

    def readinto(self, buffer: Any) -> int:
        """Reads into `buffer`, as any file does."""
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.name) from error

    def readall(self) -> bytes:
        """Reads all that is left, as any file does."""
        try:
            return super().readall()
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.name) from error


class LocalBackend:
    """Keeps bytes as read-only files below `root`, as `mlreg.ports.Backend` says.

    Args:
        root: A directory that is there: a missing one may be a disk that is not mounted, so it is not made.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.fspath(root)
        self._durable: set[str] = set()  # directories whose own name has been synced
        self._put_off: dict[str, str] | None = None  # one key for each directory that is synced later

    def open(self, key: str) -> BinaryIO:
        """Opens the file `key` for reading.

        Raises:
            FileNotFoundError: There is none.
            OSError: It cannot be read, or something else than a file is there: a symbolic link answers ELOOP.
        """
        check_key(key)
        return io.BufferedReader(NamedFile(self._path(key), "rb", opener=_open_file))

    def create(self, key: str | Callable[[], str], chunks: Iterable[Bytes]) -> bool:
        """Keeps `chunks` under `key` unless something is there, and returns whether it did.

        Raises:
            ValueError: `key` is not a clean relative key, or is in `tmp/`.
            OSError: The disk is full, read-only or failing, the file system can name nothing without replacing,
                or something else than a file is there.
        """
        if isinstance(key, str):
            _check_free(key)
            created = not self._is_kept(key) and self._add(key, chunks, _link)[1]
        else:
            key, created = self._add(key, chunks, _link)
        self._sync_names(key)
        return created

    def replace(self, key: str, chunks: Iterable[Bytes]) -> None:
        """Keeps `chunks` under `key` in place of what is there.

        Raises:
            ValueError: `key` is not a clean relative key, or is in `tmp/`.
            OSError: The disk is full, read-only or failing.
        """
        _check_free(key)
        self._add(key, chunks, _rename)
        self._sync_names(key)

    def link(self, key: str, path: str) -> bool:
        """Makes `path` a hard link of the file `key`; False where there is none, or it is on another device."""
        check_key(key)
        try:
            self.open(key).close()
            os.link(self._path(key), path, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:
            return False
        return True

    def clone(self, key: str, file: int) -> bool:
        """Lets `file` share the blocks of the file `key`; False where the file system cannot (ext4, tmpfs)."""
        try:
            with self.open(key) as source:
                fcntl.ioctl(file, _FICLONE, source.fileno())
        except OSError:
            return False
        return True

    def list(self, prefix: str) -> Iterator[str]:
        """Yields every file below the directory `prefix`, sorted, and what else lies there: links, sockets.

        Directories behind symbolic links are not entered. Names that are no clean keys may be among them.
        """
        check_prefix(prefix)
        return self._walk(prefix and prefix + "/")

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields the names of the directories directly in `prefix`, sorted; links to directories are none."""
        check_prefix(prefix)
        start = prefix and prefix + "/"
        found = (key for key in reversed(_entries(self._root, start)) if key.endswith("/"))
        return iter(sorted(key[len(start) : -1] for key in found))

    def mark(self, key: str) -> str | None:
        """Returns which file lies under `key`, and when it last changed in any way; None where nothing does.

        A file of a moment ago has another mark each time: file systems tell moments in steps of some milliseconds, and
        one that takes its place within such a step looks the same.
        """
        check_key(key)
        try:
            found = os.lstat(f"{self._root}/{key}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        now = time_ns()
        young = f"-{now:x}" if now - found.st_ctime_ns < _YOUNG_NS else ""
        return f"{found.st_ino:x}-{found.st_ctime_ns:x}-{found.st_size:x}{young}"

    def delete(self, key: str) -> None:
        """Removes the file `key` if it is there."""
        check_key(key)
        self._catch_up()  # what takes its place may be among that
        with suppress(FileNotFoundError):
            os.unlink(self._path(key))
            sync_directory(self._path(_parent(key)))

    def settle(self, prefix: str) -> None:
        """Makes all names below the directory `prefix`, and that they are gone, outlast a loss of power."""
        check_prefix(prefix)
        for directory, _, _ in os.walk(self._path(prefix), onerror=_unless_missing):
            sync_directory(directory)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Syncs directories at its end, each once, instead of with every file; or before something is removed."""
        self._put_off = {}
        try:
            yield
            self._catch_up()
        finally:
            self._put_off = None

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Holds a shared lock on `tmp/lock`, a file that is never deleted; waits while someone removes.

        Goes on without one where the file system has no locks or is read-only: the lock only keeps a removal
        from what nothing refers to yet, while two events can never take one number, with or without it.
        """
        with ExitStack() as held:
            try:
                fcntl.flock(self._open_lock(held), fcntl.LOCK_SH)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise OSError(error.errno, error.strerror, self._path(_LOCK)) from error
            yield

    @contextmanager
    def removing(self) -> Iterator[bool]:
        """Holds the lock on `tmp/lock` alone, or yields False at once where someone else holds it.

        Raises:
            OSError: There can be no lock here, so nothing may be removed.
        """
        with ExitStack() as held:
            try:
                fcntl.flock(self._open_lock(held), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError as error:
                raise OSError(error.errno, error.strerror, self._path(_LOCK)) from error
            yield True

    def _open_lock(self, held: ExitStack) -> int:
        self._make_directory(_STAGING)
        flags = os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.open(self._path(_LOCK), flags, 0o666)
        held.callback(os.close, lock)
        return lock

    def _path(self, key: str) -> str:
        return os.path.join(self._root, key)

    def _is_kept(self, key: str) -> bool:
        """Opens it: a link or a directory in the way must not pass for bytes that can be relied on."""
        try:
            self.open(key).close()
        except FileNotFoundError:
            return False
        return True

    def _add(
        self, key: str | Callable[[], str], chunks: Iterable[Bytes], name: Callable[[str, str], bool]
    ) -> tuple[str, bool]:
        """Stages `chunks`, then names them `key` by `name`; returns the key, and whether they have the name now."""
        staged = self._path(f"{_STAGING}/{os.getpid()}-{os.urandom(8).hex()}")
        is_for_people = isinstance(key, str) and "/" not in key  # such as a configuration, which is theirs to edit
        try:
            self._stage(staged, chunks, 0o666 if is_for_people else 0o444)
            final = key if isinstance(key, str) else key()
            _check_free(final)
            self._make_directories(final)
            if name(staged, self._path(final)):
                return final, True
            self.open(final).close()
            return final, False
        finally:
            with suppress(OSError):  # one that stays is swept later
                os.unlink(staged)

    def _stage(self, path: str, chunks: Iterable[Bytes], mode: int) -> None:
        self._make_directory(_STAGING)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(path, flags, mode)
        try:
            for chunk in early_writeback(file, chunks):
                _write(file, chunk, path)
            _sync(file, path)
        finally:
            os.close(file)

    def _make_directories(self, key: str) -> None:
        if not os.path.isdir(self._path(_parent(key))):
            for directory in reversed([*_directories(key)]):
                self._make_directory(directory)

    def _make_directory(self, directory: str) -> None:
        with suppress(FileExistsError):
            os.mkdir(self._path(directory))
            self._durable.discard(directory)

    def _sync_names(self, key: str) -> None:
        """Makes the name `key` outlast a loss of power, and those of the directories on the way to it."""
        if self._put_off is None:
            self._sync_names_now(key)
        else:
            self._put_off[_parent(key)] = key

    def _catch_up(self) -> None:
        while self._put_off:
            self._sync_names_now(self._put_off.pop(next(iter(self._put_off))))

    def _sync_names_now(self, key: str) -> None:
        sync_directory(self._path(_parent(key)))
        for directory in _directories(key):
            if directory not in self._durable:
                sync_directory(self._path(_parent(directory)))
                self._durable.add(directory)

    def _walk(self, start: str) -> Iterator[str]:
        """Yields what lies below the directory `start`; here directories are the keys that end with `/`."""
        pending = _entries(self._root, start)
        while pending:
            key = pending.pop()
            if key.endswith("/"):
                pending.extend(_entries(self._root, key))
            else:
                yield key


def _check_free(key: str) -> None:
    check_key(key)
    if key.split("/", 1)[0] == _STAGING:
        raise ValueError(f"{key!r} is in a directory that the backend needs for itself")


def _parent(key: str) -> str:
    return key.rpartition("/")[0]


def _directories(key: str) -> Iterator[str]:
    """Yields the directories that `key` lies in, innermost first, without the root."""
    while key := _parent(key):
        yield key


def _entries(root: str, directory: str) -> list[str]:
    """Returns the keys directly in `directory`, sorted backwards: as they come off a stack."""
    try:
        # a path that ends with `/` would follow a link
        opened = _open_directory(os.path.join(root, directory.rstrip("/")), os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        with os.scandir(opened) as entries:
            # the `/` also sorts: `a.b` comes before `a/b`
            found = [directory + e.name + ("/" if e.is_dir(follow_symlinks=False) else "") for e in entries]
    finally:
        os.close(opened)
    return sorted((key for key in found if key != f"{_STAGING}/"), reverse=True)


def _unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _open_file(path: str, flags: int) -> int:
    # without O_NONBLOCK a FIFO in the way would wait for a writer for ever
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    mode = os.fstat(file).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # open() itself refuses directories
        os.close(file)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return file


def _open_directory(path: str, flags: int = 0) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | flags)


def _write(file: int, chunk: Bytes, path: str) -> None:
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError as error:  # what has only a number for the file would not name it
        raise OSError(error.errno, error.strerror, path) from error


def _sync(file: int, path: str) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def _link(staged: str, path: str) -> bool:
    """Gives a staged file its name unless the name is taken: unlike rename, link refuses to replace."""
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return _rename_new(staged, path, error)
    return True


def _rename_new(staged: str, path: str, refused: OSError) -> bool:
    """Does as `_link`, which the file system has `refused`, by a rename."""
    try:
        naming.rename_new(staged, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_NEW_NAMES:
            raise
        why = f"a repository needs a file system with hard links ({refused.strerror})"
        raise OSError(errno.EOPNOTSUPP, why, path) from error
    return True


def _rename(staged: str, path: str) -> bool:
    """Gives a staged file its name in place of what has it."""
    os.rename(staged, path)
    return True
