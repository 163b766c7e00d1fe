"""Owns the first look at a file that is to be kept: its digest, its segments, and which of them are here already.

The file is read once. SHA-256 runs in a thread of its own; others name the segments and compare those that are known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

import xxhash

from mlreg.store import codec
from mlreg.store.blobs import cutting
from mlreg.store.blobs.access import Access, filled
from mlreg.store.blobs.cutting import Outline, Tensor, chunks
from mlreg.store.blobs.heading import UNUSABLE, ChangedError
from mlreg.store.blobs.kin import Place
from mlreg.store.blobs.restoring import Restorer

ELEMENTS_MAX = 1 << 20
WINDOW_BYTES = 4 << 20
_AHEAD = 4
_REFERENCE_MIN_BYTES = 1 << 10  # to need another blob for less is not worth it
_WIDTHS = {"f64": 8, "i64": 8, "u64": 8, "c64": 8, "f16": 2, "bf16": 2, "i16": 2, "u16": 2}

Progress = Callable[[int], None]


class Cut(NamedTuple):
    """One segment of a file: `tensor` is the one that it is of, if any; `same` is where it is already."""

    offset: int
    size_bytes: int
    key: bytes
    tensor: Tensor | None
    same: Place | None


@dataclass(slots=True)
class Survey:
    """What the first look has found: `cuts` cover the file from begin to end."""

    digest: str
    size_bytes: int
    outline: Outline
    cuts: list[Cut] = field(default_factory=list)


class Stretch(NamedTuple):
    """A part of a file that is cut by one rule: at every so many elements of a tensor, or where its content says."""

    offset: int
    size_bytes: int
    tensor: Tensor | None


def survey(
    source: Access, known: Mapping[bytes, Place], restorer: Restorer, workers: ThreadPoolExecutor, progress: Progress
) -> Survey:
    """Reads `source` and returns what it is made of.

    Args:
        known: By key the segments that are here.
        restorer: Reads those for comparing.
    """
    outline = cutting.look(source)
    reading = _Reading(source, known, restorer, workers)
    with ThreadPoolExecutor(1, thread_name_prefix="sha256") as one:
        reading.read(outline, one, progress)
    return Survey(reading.hasher.digest(), source.size_bytes, outline, reading.cuts)


def stretches(size_bytes: int, tensors: list[Tensor]) -> Iterator[Stretch]:
    """Yields the stretches of a file of `size_bytes` with `tensors`, in order."""
    at = 0
    for tensor in tensors:
        if tensor.offset > at:
            yield Stretch(at, tensor.offset - at, None)
        yield Stretch(tensor.offset, tensor.size_bytes, tensor)
        at = tensor.offset + tensor.size_bytes
    if at < size_bytes:
        yield Stretch(at, size_bytes - at, None)


class _Reading:
    """One pass over a file."""

    def __init__(
        self, source: Access, known: Mapping[bytes, Place], restorer: Restorer, workers: ThreadPoolExecutor
    ) -> None:
        self._source = source
        self._known = known
        self._restorer = restorer
        self._workers = workers
        self._buffers: SimpleQueue[bytearray] = SimpleQueue()
        self._tasks: deque[tuple[Future[list[Cut]], Future[None], bytearray]] = deque()
        self.hasher = codec.Hasher()
        self.cuts: list[Cut] = []

    def read(self, outline: Outline, hashing: ThreadPoolExecutor, progress: Progress) -> None:
        for _ in range(_AHEAD):
            self._buffers.put(bytearray(WINDOW_BYTES + chunks.MAX))
        for offset, view, ends, fresh, tensor, buffer in self._windows(outline):
            hashed = hashing.submit(self.hasher.update, view[-fresh:] if fresh else view[:0])
            cuts = self._workers.submit(self._name, offset, view, ends, tensor)
            self._tasks.append((cuts, hashed, buffer))
            progress(fresh)
        while self._tasks:
            self._finish()
        if self.hasher.size_bytes != self._source.size_bytes:
            raise ChangedError

    def _windows(self, outline: Outline) -> Iterator[tuple[int, memoryview, list[int], int, Tensor | None, bytearray]]:
        """Yields windows: offset, bytes, the ends of their segments, how many of the last bytes are new, the tensor."""
        for stretch in stretches(self._source.size_bytes, outline.tensors):
            step = segment_bytes(stretch.tensor) if stretch.tensor else WINDOW_BYTES
            offset, carried, end = stretch.offset, 0, stretch.offset + stretch.size_bytes
            tail = b""
            while offset + carried < end:
                buffer = self._buffer()
                fresh = min(step, end - offset - carried)
                whole = memoryview(buffer)[: carried + fresh]
                whole[:carried] = tail
                if len(filled(self._source, offset + carried, whole[carried:])) != fresh:
                    raise ChangedError
                is_last = offset + carried + fresh == end
                ends = [fresh] if stretch.tensor else chunks.borders(whole, final=is_last)
                done = ends[-1] if ends else 0
                tail = bytes(whole[done:])
                yield offset, whole, ends, fresh, stretch.tensor, buffer
                offset, carried = offset + done, len(tail)

    def _buffer(self) -> bytearray:
        if self._buffers.empty():
            self._finish()
        return self._buffers.get()

    def _finish(self) -> None:
        cuts, hashed, buffer = self._tasks.popleft()
        self.cuts.extend(cuts.result())
        hashed.result()
        self._buffers.put(buffer)

    def _name(self, offset: int, view: memoryview, ends: list[int], tensor: Tensor | None) -> list[Cut]:
        cuts, start = [], 0
        for end in ends:
            part = view[start:end]
            key = xxhash.xxh3_128_digest(part)
            cuts.append(Cut(offset + start, end - start, key, tensor, self._same(key, part)))
            start = end
        return cuts

    def _same(self, key: bytes, part: memoryview) -> Place | None:
        """Returns where the bytes of `part` are already: equal keys alone are not believed."""
        place = self._known.get(key)
        if place is None or not _REFERENCE_MIN_BYTES <= place.size_bytes == len(part):
            return None
        try:
            there = self._restorer.read(*place)
        except UNUSABLE:
            return None
        return place if part == memoryview(there) else None


def segment_bytes(tensor: Tensor) -> int:
    """Returns how many bytes of `tensor` make a segment: as many elements for all widths, so that casts meet."""
    return min(ELEMENTS_MAX * _WIDTHS.get(tensor.dtype, 4), WINDOW_BYTES)
