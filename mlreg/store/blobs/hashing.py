"""Owns SHA-256 in a thread of its own, beside whatever else is done with the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event

import xxhash

from mlreg.ports import Bytes
from mlreg.store import codec
from mlreg.store.blobs.access import Access, filled
from mlreg.store.blobs.cutting import chunks
from mlreg.store.blobs.heading import ChangedError
from mlreg.store.blobs.surveying import WINDOW_BYTES, Cut


class Digesting:
    """Hashes a file that is being surveyed, in a thread of its own that follows the survey; leaves off at the end."""

    def __init__(self, source: Access) -> None:
        self._source = source
        self._cuts: SimpleQueue[Sequence[Cut]] = SimpleQueue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sha256")
        self._enough = Event()

    def __enter__(self) -> Digesting:
        self._digest = self._thread.submit(self._follow)
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._cuts.put(())
        self._thread.shutdown()

    def follow(self, cuts: Sequence[Cut]) -> None:
        """Lets it go on to the end of `cuts`, which continue those of before and lie in one window."""
        self._cuts.put(cuts)

    def digest(self) -> str:
        """Waits for the digest of the whole file.

        Raises:
            ChangedError: It is not what was surveyed.
        """
        return self._digest.result()

    def _follow(self) -> str:
        hasher = codec.Hasher()
        buffer = bytearray(WINDOW_BYTES + chunks.MAX)
        while hasher.size_bytes < self._source.size_bytes and not self._enough.is_set():
            cuts = self._cuts.get()
            begin, size_bytes = (cuts[0].offset, sum(cut.size_bytes for cut in cuts)) if cuts else (0, 0)
            data = filled(self._source, begin, memoryview(buffer)[:size_bytes])
            for cut in cuts:
                if xxhash.xxh3_128_digest(data[cut.offset - begin : cut.offset - begin + cut.size_bytes]) != cut.key:
                    raise ChangedError
            hasher.update(data)
        return hasher.digest()


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
