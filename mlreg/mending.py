"""Owns putting a damaged repository in order, as far as duplicates and the files that you still have allow it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mlreg.answers.verified import Verified
from mlreg.bench import Bench
from mlreg.errors import ConflictError
from mlreg.intake import open_input
from mlreg.store import layout
from mlreg.store.blobs import Progress
from mlreg.verify import verify

MendOne = Callable[[str, Iterable[BinaryIO], Iterable[str]], bool]

_MENDABLE = ("blob-damaged", "blob-missing", "unreadable")


def mend(
    bench: Bench, name: str | None, files: Sequence[Path], progress: Progress, *, dry_run: bool = False
) -> Verified:
    """Verifies all, or the model `name`, mends what is damaged or missing among its blobs, and verifies again.

    A blob comes back from one of `files` that has its digest, or from segments that other blobs have too. What cannot
    be mended stays as it is, and is still told; so does all with `dry_run`.

    Raises:
        ConflictError: Somebody is adding to the repository just now.
    """
    before = verify(bench, name, progress)
    broken = sorted({problem.object for problem in before.problems if problem.code in _MENDABLE})
    backend = bench.repository.backend
    if not broken:
        backend.settle(layout.BLOBS)  # what was mended before may have ended in a kill
        return replace(before, mended=[], dry_run=dry_run)
    with ExitStack() as held:
        if not held.enter_context(backend.removing()):
            raise ConflictError("somebody is registering just now", hint="try again when that is done")
        copies = [held.enter_context(open_input(path)) for path in files]
        digests = {digest for key in backend.list(layout.BLOBS) if (digest := layout.digest_of_blob(key))}
        mend_one = bench.repository.blobs.can_mend if dry_run else bench.repository.blobs.mend
        mended = [key for key in broken if _mend(mend_one, key, copies, sorted(digests))]
    after = verify(bench, name, progress) if mended and not dry_run else before
    return replace(after, mended=mended, dry_run=dry_run)


def _mend(mend_one: MendOne, key: str, copies: Iterable[BinaryIO], others: Iterable[str]) -> bool:
    digest = layout.digest_of_blob(key)
    return digest is not None and mend_one(digest, copies, others)
