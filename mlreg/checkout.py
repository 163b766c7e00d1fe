"""Owns the way out: the files of a version written to a directory, verified while they are written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlreg.answers.checked_out import CheckedOut
from mlreg.bench import Bench
from mlreg.domain.names import checked_path, quoted
from mlreg.domain.record import FileEntry
from mlreg.errors import ConflictError, IntegrityError, UsageError
from mlreg.resolve import find_used, joined_ref
from mlreg.store.blobs import Blobs, Progress, measure, no_progress


def check_out(
    bench: Bench,
    name: str,
    version: str | None,
    *,
    directory: str | os.PathLike[str] | None,
    dry_run: bool,
    progress: Progress,
) -> CheckedOut:
    """Writes the files of the version that `name` and `version` mean below `directory`, by default `NAME-VERSION`."""
    found = find_used(bench, joined_ref(name, version, bench.stages))
    record = bench.record(found.state, found.standing)
    target = Path(directory or f"{found.name.replace('/', '-')}-{found.version}")
    if not dry_run:
        write_files(bench.repository.blobs, record.files, target, progress)
    return CheckedOut(
        name=found.name,
        version=found.version,
        path=str(target),
        files=record.files,
        notes=found.notes,
        dry_run=dry_run,
    )


def write_files(blobs: Blobs, files: Sequence[FileEntry], directory: Path, progress: Progress = no_progress) -> None:
    """Writes `files` below `directory`: all of them or none.

    Files that are there with the same bytes stay; nothing is ever overwritten.

    Raises:
        ConflictError: A file is there with other bytes.
        IntegrityError: Bytes of the repository are damaged, or a path of the record leads out of the directory.
        NotFoundError: Bytes are not here.
        OSError: The disk cannot be written.
    """
    missing = [entry for entry in files if not _is_there(directory / _safe(entry.path), entry)]
    made = _make(directory)
    staging = Path(tempfile.mkdtemp(prefix=".mlreg-checkout-", dir=directory))
    done = False
    try:
        for entry in missing:
            _write(blobs, entry, staging / entry.path, progress)
        for entry in missing:
            _place(staging / entry.path, directory, entry.path)
        _sync_tree(directory, missing)
        done = True
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if not done:
            _unmake(made)


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
    raise ConflictError(
        f"{quoted(str(path), 200)} is there with other content",
        hint="check out to another directory with `-o DIR`, or move the file away",
        facts={"file": str(path)},
    )


def _make(directory: Path) -> list[Path]:
    """Makes `directory` with its parents and returns those made, the deepest last."""
    absent = [path for path in (directory, *directory.parents) if not path.exists()]
    if directory.exists() and not directory.is_dir():
        raise ConflictError(f"{quoted(str(directory), 200)} is a file", hint="name a directory with `-o DIR`")
    for path in reversed(absent):
        path.mkdir(exist_ok=True)
    return absent[::-1]


def _unmake(made: list[Path]) -> None:
    for path in reversed(made):
        try:
            path.rmdir()
        except OSError:  # somebody else has put something there: theirs stays
            return


def _write(blobs: Blobs, entry: FileEntry, path: Path, progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o777 if entry.executable else 0o666)
    with open(file, "wb") as stream:
        for chunk in blobs.read(entry.digest, progress):
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())


def _place(staged: Path, directory: Path, path: str) -> None:
    final = directory / path
    parent = directory
    for part in Path(path).parts[:-1]:
        parent = parent / part
        if parent.is_symlink():
            raise ConflictError(f"{quoted(str(parent), 200)} is a link", hint="check out to another directory")
        parent.mkdir(exist_ok=True)
    try:
        os.link(staged, final, follow_symlinks=False)  # unlike rename, link refuses to replace
    except FileExistsError:
        raise ConflictError(
            f"{quoted(str(final), 200)} has appeared meanwhile", hint="look at it, then try again"
        ) from None
    except OSError:
        os.rename(staged, final)


def _sync_tree(directory: Path, entries: Sequence[FileEntry]) -> None:
    for path in {directory, *((directory / entry.path).parent for entry in entries)}:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
