"""Owns the first look at a file that is to be kept: its segments, and which of them are here already.

The file is read once and its segments named; those whose names are known are read again and compared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
import xxhash

from mlreg.ports import Bytes
from mlreg.store.blobs import cutting
from mlreg.store.blobs.access import Access, filled
from mlreg.store.blobs.codecs.scratch import scratch
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
    """One segment of a file: `tensor` is the one that it is of, if any; `same` is where it seems to be already."""

    offset: int
    size_bytes: int
    key: bytes
    tensor: Tensor | None
    same: Place | None


@dataclass(slots=True)
class Survey:
    """What the first look has found: `cuts` cover the file from begin to end."""

    size_bytes: int
    outline: Outline
    cuts: list[Cut] = field(default_factory=list)

    def seems_known(self) -> bool:
        """Whether there is nothing in it that does not seem to be here already."""
        return all(cut.same is not None or cut.size_bytes < _REFERENCE_MIN_BYTES for cut in self.cuts)


class Stretch(NamedTuple):
    """A part of a file that is cut by one rule: at every so many elements of a tensor, or where its content says."""

    offset: int
    size_bytes: int
    tensor: Tensor | None


def survey(source: Access, known: Mapping[bytes, Place], workers: ThreadPoolExecutor, progress: Progress) -> Survey:
    """Reads `source` and returns what it is made of.

    Args:
        known: By key the segments that are here.

    Raises:
        ChangedError: It became shorter meanwhile.
    """
    outline = cutting.look(source)
    reading = _Reading(source, known, workers)
    reading.read(outline, progress)
    return Survey(source.size_bytes, outline, reading.cuts)


def confirm(source: Access, found: Survey, restorer: Restorer, workers: ThreadPoolExecutor) -> None:
    """Compares each segment of `found` that seems to be here with what is: equal keys alone are not believed."""

    def confirmed(cut: Cut) -> Cut:
        return cut if cut.same is None or _is_there(source, cut, cut.same, restorer) else cut._replace(same=None)

    found.cuts[:] = workers.map(confirmed, found.cuts) if any(cut.same for cut in found.cuts) else found.cuts


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

    def __init__(self, source: Access, known: Mapping[bytes, Place], workers: ThreadPoolExecutor) -> None:
        self._source = source
        self._known = known
        self._workers = workers
        self._buffers: SimpleQueue[bytearray] = SimpleQueue()
        self._tasks: deque[tuple[Future[list[Cut]], bytearray]] = deque()
        self.cuts: list[Cut] = []

    def read(self, outline: Outline, progress: Progress) -> None:
        for _ in range(_AHEAD):
            self._buffers.put(bytearray(WINDOW_BYTES + chunks.MAX))
        for offset, view, ends, fresh, tensor, buffer in self._windows(outline):
            self._tasks.append((self._workers.submit(self._name, offset, view, ends, tensor), buffer))
            progress(fresh)
        while self._tasks:
            self._finish()

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
        cuts, buffer = self._tasks.popleft()
        self.cuts.extend(cuts.result())
        self._buffers.put(buffer)

    def _name(self, offset: int, view: memoryview, ends: list[int], tensor: Tensor | None) -> list[Cut]:
        cuts, start = [], 0
        for end in ends:
            key = xxhash.xxh3_128_digest(view[start:end])
            cuts.append(Cut(offset + start, end - start, key, tensor, self._same(key, end - start)))
            start = end
        return cuts

    def _same(self, key: bytes, size_bytes: int) -> Place | None:
        place = self._known.get(key)
        return place if place is not None and _REFERENCE_MIN_BYTES <= place.size_bytes == size_bytes else None


def _is_there(source: Access, cut: Cut, place: Place, restorer: Restorer) -> bool:
    here, there = scratch("here", cut.size_bytes).data, scratch("there", cut.size_bytes).data
    try:
        restorer.read_into(place.digest, place.offset, there)
    except UNUSABLE:
        return False
    return len(filled(source, cut.offset, here)) == cut.size_bytes and is_equal(here, there)


def is_equal(one: Bytes, other: Bytes) -> bool:
    """Whether the bytes are the same; many times faster than comparing the views, which goes item by item."""
    return np.array_equal(np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8))


def segment_bytes(tensor: Tensor) -> int:
    """Returns how many bytes of `tensor` make a segment: as many elements for all widths, so that casts meet."""
    return min(ELEMENTS_MAX * _WIDTHS.get(tensor.dtype, 4), WINDOW_BYTES)
