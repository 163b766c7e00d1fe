"""Owns the first look at a file that is to be kept: its segments, and which of them are here already.

The file is read once: each segment is named, and compared with what has that name already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
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
_AHEAD = 8
_REFERENCE_MIN_BYTES = 1 << 10  # to need another blob for less is not worth it
_WIDTHS = {"f64": 8, "i64": 8, "u64": 8, "c64": 8, "f16": 2, "bf16": 2, "i16": 2, "u16": 2}

Progress = Callable[[int], None]
Follow = Callable[[Sequence["Cut"]], None]


class Cut(NamedTuple):
    """One segment of a file: `tensor` is the one that it is of, if any; `same` is where its bytes are already."""

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
    cuts: list[Cut]


class Stretch(NamedTuple):
    """A part of a file that is cut by one rule: at every so many elements of a tensor, or where its content says."""

    offset: int
    size_bytes: int
    tensor: Tensor | None


def survey(
    source: Access,
    known: Mapping[bytes, Place],
    restorer: Restorer,
    workers: ThreadPoolExecutor,
    follow: Follow,
    progress: Progress,
) -> Survey:
    """Reads `source` and returns what it is made of.

    Args:
        known: By key the segments that are here.
        restorer: Reads those for comparing: equal keys alone are not believed.
        follow: Called with the cuts of each window in order.

    Raises:
        ChangedError: It became shorter meanwhile.
    """
    outline = cutting.look(source)
    reading = _Reading(source, known, restorer)
    running: deque[Future[list[Cut]]] = deque()
    cuts: list[Cut] = []

    def take() -> None:
        found = running.popleft().result()
        cuts.extend(found)
        follow(found)

    for job, size_bytes in reading.jobs(outline):
        running.append(workers.submit(job))
        progress(size_bytes)
        if len(running) == _AHEAD:
            take()
    while running:
        take()
    return Survey(source.size_bytes, outline, cuts)


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
    """One pass over a file, in jobs for several threads."""

    def __init__(self, source: Access, known: Mapping[bytes, Place], restorer: Restorer) -> None:
        self._source = source
        self._known = known
        self._restorer = restorer

    def jobs(self, outline: Outline) -> Iterator[tuple[Callable[[], list[Cut]], int]]:
        """Yields what names the segments, in order, each with the number of bytes that it covers."""
        run: list[Stretch] = []
        for part in _parts(self._source.size_bytes, outline):
            if run and (part.tensor is None or _span(run) + part.size_bytes > WINDOW_BYTES):
                yield partial(self._name_run, run), _span(run)
                run = []
            if part.tensor is None:
                yield from self._windows(part)
            else:
                run.append(part)
        if run:
            yield partial(self._name_run, run), _span(run)

    def _windows(self, stretch: Stretch) -> Iterator[tuple[Callable[[], list[Cut]], int]]:
        """Yields jobs for what is cut where its content says: each begins where the last chunk before it ended."""
        at, carried, end = stretch.offset, b"", stretch.offset + stretch.size_bytes
        while at < end:
            window = memoryview(bytearray(min(len(carried) + WINDOW_BYTES, end - at)))
            window[: len(carried)] = carried
            if len(filled(self._source, at + len(carried), window[len(carried) :])) != len(window) - len(carried):
                raise ChangedError
            ends = chunks.borders(window, final=at + len(window) == end)
            yield partial(self._name_chunks, at, window, ends), len(window) - len(carried)
            done = ends[-1] if ends else 0
            at, carried = at + done, bytes(window[done:])

    def _name_run(self, run: Sequence[Stretch]) -> list[Cut]:
        begin, size_bytes = run[0].offset, _span(run)
        data = filled(self._source, begin, scratch("run", size_bytes).data)
        if len(data) != size_bytes:
            raise ChangedError
        parts = [(part, part.offset - begin) for part in run]
        return [self._cut(part.offset, data[at : at + part.size_bytes], part.tensor) for part, at in parts]

    def _name_chunks(self, at: int, window: memoryview, ends: Sequence[int]) -> list[Cut]:
        return [self._cut(at + start, window[start:end], None) for start, end in pairwise([0, *ends])]

    def _cut(self, offset: int, part: memoryview, tensor: Tensor | None) -> Cut:
        key = xxhash.xxh3_128_digest(part)
        return Cut(offset, len(part), key, tensor, self._same(key, part))

    def _same(self, key: bytes, part: memoryview) -> Place | None:
        place = self._known.get(key)
        if place is None or not _REFERENCE_MIN_BYTES <= place.size_bytes == len(part):
            return None
        there = scratch("same", len(part)).data
        try:
            self._restorer.read_into(place.digest, place.offset, there)
        except UNUSABLE:
            return None
        return place if is_equal(part, there) else None


def _parts(size_bytes: int, outline: Outline) -> Iterator[Stretch]:
    """Yields the segments of tensors, and the stretches between tensors."""
    for stretch in stretches(size_bytes, outline.tensors):
        if stretch.tensor is None:
            yield stretch
            continue
        step = segment_bytes(stretch.tensor)
        for at in range(0, stretch.size_bytes, step):
            yield Stretch(stretch.offset + at, min(step, stretch.size_bytes - at), stretch.tensor)


def _span(run: Sequence[Stretch]) -> int:
    return run[-1].offset + run[-1].size_bytes - run[0].offset


def is_equal(one: Bytes, other: Bytes) -> bool:
    """Whether the bytes are the same; many times faster than comparing the views, which goes item by item."""
    here, there = np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8)
    whole = here.size // 8 * 8
    return (
        here.size == there.size
        and np.array_equal(here[:whole].view(np.uint64), there[:whole].view(np.uint64))
        and np.array_equal(here[whole:], there[whole:])
    )


def segment_bytes(tensor: Tensor) -> int:
    """Returns how many bytes of `tensor` make a segment: as many elements for all widths, so that casts meet."""
    return min(ELEMENTS_MAX * _WIDTHS.get(tensor.dtype, 4), WINDOW_BYTES)
