"""Owns SHA-256 in a thread of its own, beside whatever else is done with the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import xxhash

from mlreg.ports import Bytes
from mlreg.store import codec
from mlreg.store.blobs.access import Access, filled
from mlreg.store.blobs.heading import ChangedError
from mlreg.store.blobs.surveying import WINDOW_BYTES, Cut, Survey


@contextmanager
def digesting(source: Access, found: Survey) -> Iterator[Callable[[], str]]:
    """Begins to hash `source` and yields what waits for its digest; leaves off at the end.

    Raises:
        ChangedError: From what is yielded: it is not what was surveyed.
    """
    enough = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="sha256") as one:
        digest = one.submit(_digest, source, found, enough)
        try:
            yield digest.result
        finally:
            enough.set()


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


def _digest(source: Access, found: Survey, enough: Event) -> str:
    hasher = codec.Hasher()
    buffer = memoryview(bytearray(WINDOW_BYTES))
    for run in _runs(found.cuts):
        if enough.is_set():
            break
        begin, size_bytes = run[0].offset, sum(cut.size_bytes for cut in run)
        data = filled(source, begin, buffer[:size_bytes])
        for cut in run:
            if xxhash.xxh3_128_digest(data[cut.offset - begin : cut.offset - begin + cut.size_bytes]) != cut.key:
                raise ChangedError
        hasher.update(data)
    return hasher.digest()


def _runs(cuts: Sequence[Cut]) -> Iterator[list[Cut]]:
    """Yields the cuts in runs of `WINDOW_BYTES` at most; none is longer than that."""
    run: list[Cut] = []
    size_bytes = 0
    for cut in cuts:
        if run and size_bytes + cut.size_bytes > WINDOW_BYTES:
            yield run
            run, size_bytes = [], 0
        run.append(cut)
        size_bytes += cut.size_bytes
    if run:
        yield run
