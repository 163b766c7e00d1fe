"""Owns the verb `scan`: which files are looked at, in directories and versions. `mlreg.scanning` has the look.

`verdict_of(bench, reference)` is the verdict of a registered version in one call, for whoever decides by it.
"""

from __future__ import annotations

import io
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, cast

from mlreg.answers.scanned import Scanned, ScannedFile
from mlreg.bench import Bench
from mlreg.domain.names import quoted
from mlreg.domain.record import FileEntry
from mlreg.domain.refs import says_version
from mlreg.errors import MlregError, NotFoundError, UsageError
from mlreg.lazy import LazyModule
from mlreg.resolve import find_used, joined_ref
from mlreg.scanning import scan_path, scan_stream, settled
from mlreg.scanning.codes import VERDICTS
from mlreg.vouching import trusted_of

if TYPE_CHECKING:
    import tempfile
else:
    tempfile = LazyModule("tempfile")

Versions = Callable[[str], Sequence[ScannedFile]]
"""Looks at the files of the version that a reference means; called where there is no file of that name."""
IN_MEMORY_MAX_BYTES = 64 << 20
_NOT_MODELS = frozenset({".git", ".mlreg", ".hg", ".svn"})


def scan_words(words: Sequence[str | os.PathLike[str]], versions: Versions) -> Scanned:
    """Looks at the files, directories and references that `words` are, in their order.

    Where there is no file of that name, two words that are a model and a version of it are one reference.

    Raises:
        NotFoundError: One of them is neither there nor a version.
        UsageError: One of them is no regular file.
    """
    return Scanned(files=_settled([*_files([os.fspath(word) for word in words], versions)]))


def verdict_of(bench: Bench, reference: str) -> str:
    """Returns the worst verdict of the files of the version that `reference` means, what is trusted of it considered.

    Raises:
        NotFoundError: There is no such model or version, or its bytes are not here.
        IntegrityError: Its bytes are damaged.
    """
    return max(
        (file.report.verdict for file in scan_version(bench, reference)), key=VERDICTS.index, default=VERDICTS[0]
    )


def scan_version(bench: Bench, reference: str) -> list[ScannedFile]:
    """Looks at the files of the version that `reference` means, at bytes that are verified while they are read.

    What is trusted of the version is allowed.

    Raises:
        NotFoundError: There is no such model or version, or its bytes are not here.
        IntegrityError: Its bytes are damaged.
    """
    found = find_used(bench, joined_ref(reference, None, bench.stages))
    named = f"{found.name}@{found.version}"
    trusted = trusted_of(bench, found.state, found.standing)
    files = bench.record(found.state, found.standing).files
    return _settled([_scan_blob(bench, entry, named, trusted) for entry in files])


def _settled(files: Sequence[ScannedFile]) -> list[ScannedFile]:
    """Returns `files`, those that are what they are by what lies beside them told as that."""
    reports = settled([file.report for file in files])
    return [ScannedFile(report, file.reference) for file, report in zip(files, reports, strict=True)]


def _scan_blob(bench: Bench, entry: FileEntry, named: str, trusted: Iterable[str]) -> ScannedFile:
    is_small = entry.size_bytes <= IN_MEMORY_MAX_BYTES
    with io.BytesIO() if is_small else tempfile.TemporaryFile() as copy:
        stream = cast("BinaryIO", copy)
        for chunk in bench.repository.blobs.read(entry.digest):
            stream.write(chunk)
        return ScannedFile(scan_stream(stream, f"{named}:{entry.path}", trusted=trusted), named)


def _files(words: Iterable[str], versions: Versions) -> Iterator[ScannedFile]:
    waiting = deque(words)
    refused: dict[str, MlregError] = {}  # of words that are no version of the model before them, why
    while waiting:
        word = waiting.popleft()
        if os.path.lexists(word):
            yield from _at_path(word)
            continue
        if waiting and not (os.path.lexists(waiting[0]) or says_version(word) or says_version(waiting[0])):
            try:
                files = versions(f"{word}@{waiting[0]}")
            except (NotFoundError, UsageError) as error:
                refused[waiting[0]] = error
            else:
                waiting.popleft()
                yield from files
                continue
        yield from _of_version(word, versions, refused.get(word))


def _at_path(path: str) -> Iterator[ScannedFile]:
    if os.path.isdir(path):
        yield from (ScannedFile(scan_path(file)) for file in _walk(path))
    elif stat.S_ISREG(os.stat(path).st_mode):
        yield ScannedFile(scan_path(path))
    else:
        raise UsageError(f"{quoted(path)} is no regular file", hint="name files and directories")


def _of_version(word: str, versions: Versions, why_no_version: MlregError | None) -> Sequence[ScannedFile]:
    try:
        return versions(word)
    except (NotFoundError, UsageError) as error:
        if "@" in word:
            raise
        raise why_no_version or NotFoundError(
            f"there is no file {quoted(word)}, and no model of that name",
            hint="see what is there with `ls`, and which models there are with `mlreg list`",
            facts={"path": word},
            code="file-not-found",
        ) from error


def _walk(directory: str) -> Iterator[str]:
    """Yields the regular files below `directory`, sorted; links to directories are not followed."""
    for place, directories, names in os.walk(directory, onerror=_raise):
        directories[:] = sorted(set(directories) - _NOT_MODELS)
        for name in sorted(names):
            path = os.path.join(place, name)
            if os.path.isfile(path):  # no pipe, no device, no link to nothing
                yield path


def _raise(error: OSError) -> None:
    raise error
