"""Owns keeping a file in the coded form, and reading one that is kept so, with the threads that both take."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, NamedTuple, TypeVar

from xxhash import xxh3_128_digest

from mlreg.ports import Bytes
from mlreg.store import codec
from mlreg.store.blobs import coding
from mlreg.store.blobs.access import access
from mlreg.store.blobs.hashing import Digesting
from mlreg.store.blobs.heading import DamagedBlobError
from mlreg.store.blobs.kin import known_segments, relatives
from mlreg.store.blobs.restoring import OpenBlob, Restorer
from mlreg.store.blobs.surveying import survey

Progress = Callable[[int], None]

_AHEAD = 4
_SMALL_BYTES, _SMALL_SAMPLES, _SAMPLES = 64 << 10, 256, 16

Item = TypeVar("Item")


class Form(NamedTuple):
    """The coded form of a file: `pieces` are made while they are taken, so they can be taken once.

    `digest` waits for that of the file.
    """

    digest: Callable[[], str]
    bases: Sequence[str]
    pieces: Iterator[Bytes]


class NotSmallerError(Exception):
    """The new form of a blob is not smaller than the one that is there."""


def store(
    stream: BinaryIO,
    kin: Iterable[str],
    open_blob: OpenBlob,
    keep: Callable[[Form], None],
    progress: Progress,
) -> tuple[str, int] | None:
    """Lets `keep` have the coded form of `stream` and returns its digest and size; None where that form does not pay.

    Args:
        kin: The digests of blobs that it may be stored against.

    Raises:
        ChangedError: It changed meanwhile.
    """
    source = access(stream)
    with Restorer(open_blob) as restorer, _workers() as workers, Digesting(source) as digesting:
        near = relatives(kin, restorer)
        half = _half(progress, up=True)
        found = survey(source, known_segments(near), restorer, workers, digesting.follow, half)
        planned = coding.plan(source, found, near, restorer)
        if not planned.pays(source):
            return None
        pieces = coding.coded(source, planned, restorer, workers, _half(progress, up=False))
        keep(Form(digesting.digest, planned.named, pieces))
        return digesting.digest(), found.size_bytes


def squeeze(digest: str, kin: Iterable[str], open_blob: OpenBlob, keep: Callable[[Form], None]) -> None:
    """Lets `keep` have the smallest form of the blob with `digest`; the last of its pieces follows a full check.

    Raises:
        NotSmallerError: From the pieces: it is not smaller than what is there.
        DamagedBlobError: What is there is damaged; or, from the pieces: the new form does not restore to `digest`.
    """
    with Restorer(open_blob) as restorer, _workers() as workers:
        source, near = _Restored(restorer, digest), relatives(kin, restorer)
        found = survey(source, known_segments(near), restorer, workers, _nobody, _nobody)
        planned = coding.plan(source, found, near, restorer)
        pieces = coding.coded(source, planned, restorer, workers, _nobody, thorough=True)
        stored_bytes = restorer.opened(digest).stored_bytes
        keep(Form(lambda: digest, planned.named, _checked(digest, pieces, stored_bytes, open_blob)))


def seems(stream: BinaryIO, digest: str, open_blob: OpenBlob) -> bool:
    """Whether `stream` seems to be the coded blob with `digest`: what is small in it is looked at, and samples."""
    source = access(stream)
    with Restorer(open_blob) as restorer:
        if restorer.opened(digest).size_bytes != source.size_bytes:
            return False
        index = restorer.index(digest)
        pairs = list(zip(index.segments, index.keys, strict=True))
        small = [pair for pair in pairs if pair[0].size_bytes <= _SMALL_BYTES]
        looked_at = [*_sample(small, _SMALL_SAMPLES), *_sample(pairs, _SAMPLES)]
        return all(xxh3_128_digest(source.read_at(at.offset, at.size_bytes)) == key for at, key in looked_at)


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


def _checked(digest: str, pieces: Iterator[Bytes], stored_bytes: int, open_blob: OpenBlob) -> Iterator[Bytes]:
    """Yields `pieces`, and ends well only when all were decoded again and found to be what has the digest."""
    size = 0
    with tempfile.TemporaryFile() as copy:
        for piece in pieces:
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


def _sample(items: Sequence[Item], count: int) -> Sequence[Item]:
    """Returns about `count` of `items`, from all over."""
    return items[:: len(items) // count + 1]


def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(8, max(2, os.cpu_count() or 2)), thread_name_prefix="codec")


def _half(progress: Progress, *, up: bool) -> Progress:
    return lambda size_bytes: progress((size_bytes + up) // 2)


def _nobody(_: object) -> None:
    pass
