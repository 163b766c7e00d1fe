"""Owns keeping a file in the coded form, and reading one that is kept so, with the threads that both take."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, NamedTuple

from mlreg.ports import Bytes
from mlreg.store import codec
from mlreg.store.blobs import coding
from mlreg.store.blobs.access import Access, access
from mlreg.store.blobs.heading import DamagedBlobError
from mlreg.store.blobs.kin import known_segments, relatives
from mlreg.store.blobs.restoring import OpenBlob, Restorer
from mlreg.store.blobs.surveying import Survey, survey

Progress = Callable[[int], None]

_AHEAD = 4


class Form(NamedTuple):
    """The coded form of a file that was surveyed: `pieces` are made while they are taken, so they can be taken once.

    `pays` says whether it is going to be smaller than the file.
    """

    survey: Survey
    bases: Sequence[str]
    pieces: Iterator[Bytes]
    pays: bool


class NotSmallerError(Exception):
    """The new form of a blob is not smaller than the one that is there."""


def store(
    stream: BinaryIO, kin: Iterable[str], open_blob: OpenBlob, keep: Callable[[Form], None], progress: Progress
) -> tuple[str, int]:
    """Surveys `stream`, lets `keep` have its coded form, and returns its digest and size.

    Args:
        kin: The digests of blobs that it may be stored against.

    Raises:
        ChangedError: It changed meanwhile.
    """
    with Restorer(open_blob) as restorer, _workers() as workers:
        form = _form(access(stream), kin, restorer, workers, progress, thorough=False)
        keep(form)
        return form.survey.digest, form.survey.size_bytes


def squeeze(digest: str, kin: Iterable[str], open_blob: OpenBlob, keep: Callable[[Form], None]) -> None:
    """Lets `keep` have the smallest form of the blob with `digest`; the last of its pieces follows a full check.

    Raises:
        NotSmallerError: From the pieces: it is not smaller than what is there.
        DamagedBlobError: What is there is damaged; or, from the pieces: the new form does not restore to `digest`.
    """
    with Restorer(open_blob) as restorer, _workers() as workers:
        form = _form(_Restored(restorer, digest), kin, restorer, workers, _nobody, thorough=True)
        if form.survey.digest != digest:
            raise DamagedBlobError(digest, "its bytes are not what its name says")
        stored_bytes = restorer.opened(digest).stored_bytes
        keep(form._replace(pieces=_checked(form, stored_bytes, open_blob)))


def is_thorough(digest: str, open_blob: OpenBlob) -> bool:
    """Whether the blob with `digest` is in the coded form that the slower pass makes."""
    with Restorer(open_blob) as restorer:
        return restorer.opened(digest).coded is not None and restorer.index(digest).is_thorough


def check_frames(digest: str, open_blob: OpenBlob) -> None:
    """Checks every byte of the coded form of a blob without decoding it.

    Raises:
        DamagedBlobError: One is not what it was.
    """
    with Restorer(open_blob) as restorer:
        coded = restorer.opened(digest).coded
        if coded is not None:
            for number in range(len(restorer.index(digest).frames)):
                restorer.payload(digest, coded, number)


def restored(digest: str, open_blob: OpenBlob) -> Iterator[Bytes]:
    """Yields what a coded blob restores to; several threads work ahead of the reader."""
    with Restorer(open_blob) as restorer, _workers() as workers:
        running: deque[Future[Bytes]] = deque()
        for offset, size_bytes in restorer.pieces(digest):
            running.append(workers.submit(restorer.read, digest, offset, size_bytes))
            if len(running) == _AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def hashed(pieces: Iterable[Bytes], hasher: codec.Hasher) -> Iterator[Bytes]:
    """Yields `pieces` while a thread of its own hashes them; all are hashed when it ends."""
    with ThreadPoolExecutor(1, thread_name_prefix="sha256") as one:
        before: Future[None] | None = None
        for piece in pieces:
            now = one.submit(hasher.update, piece)
            yield piece
            if before:
                before.result()
            before = now
        if before:
            before.result()


class _Restored:
    """Random access to what a blob restores to."""

    def __init__(self, restorer: Restorer, digest: str) -> None:
        self._restorer = restorer
        self._digest = digest
        self.size_bytes = restorer.opened(digest).size_bytes

    def read_at(self, offset: int, size_bytes: int) -> Bytes:
        """Returns `size_bytes` from `offset` on; fewer only at the end."""
        return self._restorer.read(self._digest, offset, max(0, min(size_bytes, self.size_bytes - offset)))

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fills `buffer` from `offset` on and returns how much that was; less than it takes only at the end."""
        data = self.read_at(offset, len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _form(
    source: Access,
    kin: Iterable[str],
    restorer: Restorer,
    workers: ThreadPoolExecutor,
    progress: Progress,
    *,
    thorough: bool,
) -> Form:
    near = relatives(kin, restorer)
    found = survey(source, known_segments(near), restorer, workers, _half(progress, up=True))
    planned = coding.plan(source, found, near, restorer)
    half = _half(progress, up=False)
    pieces = coding.coded(source, planned, restorer, workers, half, thorough=thorough)
    return Form(found, planned.named, pieces, planned.pays(source))


def _checked(form: Form, stored_bytes: int, open_blob: OpenBlob) -> Iterator[Bytes]:
    """Yields the pieces of `form`, and ends well only when all were decoded again and found to be what they should."""
    digest, size = form.survey.digest, 0
    with tempfile.TemporaryFile() as copy:
        for piece in form.pieces:
            size += copy.write(piece)
            if size >= stored_bytes:
                raise NotSmallerError
            yield piece
        copy.flush()

        def open_new(wanted: str) -> tuple[BinaryIO, bool]:
            if wanted == digest:
                return open(os.dup(copy.fileno()), "rb"), True
            return open_blob(wanted)

        hasher = codec.Hasher()
        for data in restored(digest, open_new):
            hasher.update(data)
    if hasher.digest() != digest:
        raise DamagedBlobError(digest, "its new form does not restore to it")


def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(8, max(2, os.cpu_count() or 2)), thread_name_prefix="codec")


def _half(progress: Progress, *, up: bool) -> Progress:
    return lambda size_bytes: progress((size_bytes + up) // 2)


def _nobody(size_bytes: int) -> None:
    pass
