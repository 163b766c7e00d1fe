"""Owns the way out: the files of a version written to a directory, verified while they are written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from mlreg.adapters.surroundings import location
from mlreg.adapters.surroundings.durable import early_writeback, sync_directory, sync_file, sync_way_to
from mlreg.adapters.surroundings.process import is_running
from mlreg.answers.checked_out import CheckedOut
from mlreg.bench import Bench
from mlreg.domain.decide import check_kept
from mlreg.domain.names import checked_path, quoted
from mlreg.domain.record import FileEntry
from mlreg.errors import ConflictError, IntegrityError, TakenError, UsageError
from mlreg.resolve import find_used, joined_ref
from mlreg.store.blobs import Blobs, Progress, announce, measure, no_progress

_STAGING = ".mlreg-checkout-"
WriteOne = Callable[[Blobs, FileEntry, Path, Progress], None]


def check_out(
    bench: Bench,
    name: str,
    version: str | None,
    *,
    directory: str | os.PathLike[str] | None,
    linked: bool,
    dry_run: bool,
    progress: Progress,
) -> CheckedOut:
    """Writes the files of the version that `name` and `version` mean below `directory`, by default `NAME-VERSION`.

    Those that are kept as they are become read-only links of the repository's own where `linked` says so.
    """
    found = find_used(bench, joined_ref(name, version, bench.stages))
    check_kept(found.state, found.standing)
    record = bench.record(found.state, found.standing)
    target = Path(directory or f"{found.name.replace('/', '-')}-{found.version}")
    if not target.is_absolute():
        location.working_directory()
    blobs = bench.repository.blobs
    if dry_run:
        foresee_files(blobs, record.files, target, progress)
    else:
        write_files(blobs, record.files, target, progress, write_one=_link if linked else _write)
    return CheckedOut(
        name=found.name,
        version=found.version,
        path=target,
        files=record.files,
        notes=found.notes,
        dry_run=dry_run,
    )


def _write(blobs: Blobs, entry: FileEntry, path: Path, progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o777 if entry.executable else 0o666)
    try:
        with open(file, "w+b") as stream:
            if blobs.clone(entry.digest, stream.fileno()):
                _check(stream, entry, progress)
            else:
                for chunk in early_writeback(file, blobs.read(entry.digest, progress)):
                    stream.write(chunk)
                stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        if error.filename is None:  # what has only a number for the file does not name it
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise


def _link(blobs: Blobs, entry: FileEntry, path: Path, progress: Progress) -> None:
    """Makes `path` a link of the blob; one that is coded is written, as is a program: a blob may not be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.executable or not blobs.link(entry.digest, os.fspath(path)):
        _write(blobs, entry, path, progress)
        return
    with path.open("rb") as stream:
        _check(stream, entry, progress)


def _check(stream: BinaryIO, entry: FileEntry, progress: Progress) -> None:
    if measure(stream, progress) != (entry.digest, entry.size_bytes):
        raise IntegrityError(
            f"{quoted(entry.path)} is damaged in the repository: its bytes are not what its name says",
            hint="bring it back from a copy of the repository; see all damage with `mlreg verify`",
            facts={"file": entry.path, "digest": entry.digest},
            code="blob-damaged",
        )


def write_files(
    blobs: Blobs,
    files: Sequence[FileEntry],
    directory: Path,
    progress: Progress = no_progress,
    *,
    write_one: WriteOne = _write,
) -> None:
    """Writes `files` below `directory`: all of them or none.

    Files that are there with the same bytes stay; nothing is ever overwritten.

    Raises:
        ConflictError: A file is there with other bytes.
        IntegrityError: Bytes of the repository are damaged, or a path of the record leads out of the directory.
        NotFoundError: Bytes are not here.
        OSError: The disk cannot be written.
    """
    missing = _missing(files, directory)
    announce(progress, sum(entry.size_bytes for entry in missing))
    made = _make(directory)
    placed: list[Path] = []
    try:
        _sweep(directory)
        staging = Path(tempfile.mkdtemp(prefix=f"{_STAGING}{os.getpid()}-", dir=directory))
        try:
            for entry in missing:
                write_one(blobs, entry, staging / entry.path, progress)
            for entry in missing:
                _place(staging / entry.path, directory, entry.path, placed)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        _sync_tree(directory, files)
    except BaseException:
        _unmake([*made, *placed])
        raise


def foresee_files(blobs: Blobs, files: Sequence[FileEntry], directory: Path, progress: Progress = no_progress) -> None:
    """Reads and checks all that `write_files` would, raises what it would, and writes nothing."""
    for entry in _missing(files, directory):
        for _ in blobs.read(entry.digest, progress):
            pass


def _missing(files: Sequence[FileEntry], directory: Path) -> list[FileEntry]:
    """Returns those of `files` that are not below `directory` yet; all the others are there with the same bytes."""
    _check_directory(directory, "name another directory with `-o DIR`")
    missing = []
    for entry in files:
        path = directory / _safe(entry.path)
        for parent in list(path.relative_to(directory).parents)[-2::-1]:
            if (directory / parent).is_symlink():
                raise TakenError(
                    f"{quoted(str(directory / parent), 200)} is a link", hint="check out to another directory: `-o DIR`"
                )
            _check_directory(directory / parent, "check out to another directory: `-o DIR`")
        if not _is_there(path, entry):
            missing.append(entry)
    return missing


def _check_directory(path: Path, hint: str) -> None:
    for place in (path, *path.parents):
        if os.path.lexists(place):
            if not place.is_dir():
                raise TakenError(f"{quoted(str(place), 200)} is not a directory", hint=hint)
            return


def _safe(path: str) -> str:
    try:
        return checked_path(path)
    except UsageError as error:
        raise IntegrityError(f"the record names a file that it may not: {error.message}") from error


def _is_there(path: Path, entry: FileEntry) -> bool:
    if not os.path.lexists(path):
        return False
    if path.is_file() and not path.is_symlink() and path.stat().st_size == entry.size_bytes:
        with path.open("rb") as stream:
            if measure(stream)[0] == entry.digest:
                return True
    raise TakenError(
        f"{quoted(str(path), 200)} is there with other content",
        hint="check out to another directory with `-o DIR`, or move the file away",
        facts={"file": str(path)},
    )


def _make(directory: Path) -> list[Path]:
    """Makes `directory` with its parents and returns those made, the deepest last."""
    absent = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(absent):
        path.mkdir(exist_ok=True)
    return absent[::-1]


def _unmake(made: Sequence[Path]) -> None:
    """Takes away files and directories that were made, the newest first; what others have put there stays."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def _place(staged: Path, directory: Path, path: str, placed: list[Path]) -> None:
    """Gives a staged file its name; what is made on the way joins `placed`."""
    final = directory / path
    for parent in list(final.relative_to(directory).parents)[-2::-1]:
        if not (directory / parent).is_dir():
            (directory / parent).mkdir()
            placed.append(directory / parent)
    try:
        os.link(staged, final, follow_symlinks=False)  # unlike rename, link refuses to replace
    except FileExistsError:
        raise ConflictError(
            f"{quoted(str(final), 200)} has appeared meanwhile", hint="look at it with `ls -l`, then try again"
        ) from None
    except OSError:
        os.rename(staged, final)
    placed.append(final)


def _sync_tree(directory: Path, entries: Sequence[FileEntry]) -> None:
    """Makes all the files outlast a loss of power; those found were perhaps left by one who was killed before."""
    for entry in entries:
        sync_file(directory / entry.path)
    within = {parent for entry in entries for parent in Path(entry.path).parents}
    for parent in within:
        sync_directory(directory / parent)
    sync_way_to(directory)


def _sweep(directory: Path) -> None:
    """Takes away what checkouts have left that were killed."""
    for left in directory.glob(f"{_STAGING}*"):
        pid = left.name.removeprefix(_STAGING).partition("-")[0]
        if pid.isdigit() and not is_running(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
