"""Owns the way in: what a survey has found becomes the coded form of a blob.

Segments that are here already become references. Of the others, those of a tensor are coded one by one, against what
fits among the relatives; the rest, such as headers and chunks of pickles, is gathered and coded together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import xxhash

from mlreg.ports import Bytes
from mlreg.store.blobs import codecs
from mlreg.store.blobs.access import Access
from mlreg.store.blobs.codecs.scratch import scratch
from mlreg.store.blobs.container import Range, Writer
from mlreg.store.blobs.heading import UNUSABLE, ChangedError
from mlreg.store.blobs.kin import Base, Place, Relative
from mlreg.store.blobs.restoring import Restorer
from mlreg.store.blobs.surveying import WINDOW_BYTES, Cut, Progress, Survey, is_equal

_AHEAD = 5
_SAMPLE_BYTES = 64 << 10
_SMALL_BYTES = 128  # tensors that are not larger are gathered with what is no tensor
_RANKED_TENSORS = 3
_RELATIVE = ("sub", "sorted")  # how the names of codecs begin that need a base
_PAYING = 0.97  # what would not become smaller than this is kept as it is
_PAYING_SAMPLES = 16


class Plan(NamedTuple):
    """How a surveyed file is going to be coded: by number of the cut what it is stored against, and all these blobs."""

    survey: Survey
    bases: dict[int, Base]
    named: list[str]

    def pays(self, source: Access) -> bool:
        """Whether the coded form is going to be smaller than the file, as far as samples tell."""
        cuts = self.survey.cuts
        if self.named or len({cut.key for cut in cuts}) * 2 < len(cuts):
            return True
        step = len(cuts) // _PAYING_SAMPLES + 1
        gains = [_gain_alone(source, cut) for cut in cuts[::step]]
        return sum(gain * size for gain, size in gains) < _PAYING * sum(size for _, size in gains)


class Task(NamedTuple):
    """One frame to be coded: these cuts together."""

    numbers: list[int]
    base: Base | None


def plan(source: Access, found: Survey, relatives: Sequence[Relative], restorer: Restorer) -> Plan:
    """Returns how `found` is best coded."""
    ranked = _ranked(source, found, relatives, restorer)
    bases: dict[int, Base] = {}
    for number, cut in enumerate(found.cuts):
        if cut.same is None and cut.tensor is not None:
            base = _first_fit(cut, ranked, restorer)
            if base is not None:
                bases[number] = base
    named = dict.fromkeys(cut.same.digest for cut in found.cuts if cut.same is not None)
    named |= dict.fromkeys(base.place.digest for base in bases.values())
    return Plan(found, bases, list(named))


def coded(
    source: Access,
    planned: Plan,
    restorer: Restorer,
    workers: ThreadPoolExecutor,
    progress: Progress,
    *,
    thorough: bool = False,
) -> Iterator[Bytes]:
    """Yields the coded form, piece by piece.

    Raises:
        ChangedError: The file is not what was surveyed.
    """
    return _Coding(source, planned, restorer, workers, progress, thorough=thorough).pieces()


class _Coding:
    """One pass over the new parts of a file."""

    def __init__(
        self,
        source: Access,
        planned: Plan,
        restorer: Restorer,
        workers: ThreadPoolExecutor,
        progress: Progress,
        *,
        thorough: bool,
    ) -> None:
        self._source = source
        self._plan = planned
        self._cuts = planned.survey.cuts
        self._restorer = restorer
        self._workers = workers
        self._progress = progress
        self._thorough = thorough
        self._first: dict[bytes, Cut] = {}
        self._numbers = {digest: number for number, digest in enumerate(planned.named, 1)}
        outline = planned.survey.outline
        digests = [bytes.fromhex(digest.partition(":")[2]) for digest in planned.named]
        size_bytes = planned.survey.size_bytes
        self._writer = Writer(size_bytes, digests, outline, thorough=thorough)

    def pieces(self) -> Iterator[Bytes]:
        yield self._writer.head
        new = [number for number, cut in enumerate(self._cuts) if not self._refers(number, cut)]
        running: deque[tuple[Task, Future[tuple[codecs.Coded, Base | None]]]] = deque()
        for task in self._tasks(new):
            running.append((task, self._workers.submit(self._code, task)))
            if len(running) == _AHEAD:
                yield self._finish(*running.popleft())
        while running:
            yield self._finish(*running.popleft())
        yield self._writer.tail()

    def _refers(self, number: int, cut: Cut) -> bool:
        """Announces a segment, and whether it can refer to where its bytes are: in a relative, or before it."""
        self._writer.reserve(cut.size_bytes, cut.key)
        earlier = self._first.setdefault(cut.key, cut)
        if cut.same is not None:
            self._writer.point(number, self._range(cut.same))
        elif earlier is not cut and earlier.same is None and self._is_same(earlier, cut):
            self._writer.point(number, Range(0, earlier.offset, earlier.size_bytes))
        else:
            return False
        self._progress(cut.size_bytes)
        return True

    def _tasks(self, new: Sequence[int]) -> Iterator[Task]:
        run: list[int] = []
        size = 0
        for number in new:
            cut = self._cuts[number]
            if cut.tensor is not None and cut.size_bytes > _SMALL_BYTES:
                yield Task([number], self._plan.bases.get(number))
                continue
            if size + cut.size_bytes > WINDOW_BYTES:
                yield Task(run, None)
                run, size = [], 0
            run.append(number)
            size += cut.size_bytes
        if run:
            yield Task(run, None)

    def _code(self, task: Task) -> tuple[codecs.Coded, Base | None]:
        data = scratch("segment", sum(self._cuts[number].size_bytes for number in task.numbers)).data
        at = 0
        for number in task.numbers:
            at += len(self._read(self._cuts[number], data[at : at + self._cuts[number].size_bytes]))
        cut = self._cuts[task.numbers[0]]
        kind = cut.tensor.dtype if cut.tensor is not None and len(task.numbers) == 1 else ""
        base = self._base(task.base) if task.base is not None else None
        result = codecs.encode(data, kind, base, thorough=self._thorough)
        if result.payload is data:  # which the next task is going to overwrite
            result = result._replace(payload=bytes(data))
        return result, task.base if result.codec.startswith(_RELATIVE) else None

    def _base(self, base: Base) -> codecs.Base | None:
        data = scratch("against", base.place.size_bytes).data
        try:
            self._restorer.read_into(base.place.digest, base.place.offset, data)
        except UNUSABLE:
            return None
        return codecs.Base(data, base.kind)

    def _read(self, cut: Cut, into: memoryview) -> memoryview:
        if self._source.read_into(cut.offset, into) != cut.size_bytes or xxhash.xxh3_128_digest(into) != cut.key:
            raise ChangedError
        return into

    def _is_same(self, one: Cut, other: Cut) -> bool:
        read = self._source.read_at
        return is_equal(read(one.offset, one.size_bytes), read(other.offset, other.size_bytes))

    def _finish(self, task: Task, future: Future[tuple[codecs.Coded, Base | None]]) -> Bytes:
        result, base = future.result()
        at, depth = (self._range(base.place), base.depth + 1) if base else (None, 0)
        self._writer.add_frame(result.codec, result.payload, task.numbers, at, depth)
        self._progress(sum(self._cuts[number].size_bytes for number in task.numbers))
        return result.payload

    def _range(self, place: Place) -> Range:
        return Range(self._numbers[place.digest], place.offset, place.size_bytes)


def _gain_alone(source: Access, cut: Cut) -> tuple[float, int]:
    sample = source.read_at(cut.offset, min(_SAMPLE_BYTES, cut.size_bytes))
    return codecs.gain(sample, cut.tensor.dtype if cut.tensor else ""), cut.size_bytes


def _first_fit(cut: Cut, ranked: Sequence[Relative], restorer: Restorer) -> Base | None:
    if cut.tensor is None:
        return None
    for relative in ranked:
        base = relative.base(cut.tensor, cut.offset - cut.tensor.offset, cut.size_bytes, restorer)
        if base is not None:
            return base
    return None


def _ranked(source: Access, found: Survey, relatives: Sequence[Relative], restorer: Restorer) -> Sequence[Relative]:
    """Returns the relatives, those first against which a few samples become smallest."""
    if len(relatives) < 2:
        return relatives
    new = [cut for cut in found.cuts if cut.same is None and cut.tensor is not None]
    samples = sorted(new, key=lambda cut: -cut.size_bytes)[: _RANKED_TENSORS * 4 : 4]
    if not samples:
        return relatives
    costs = {relative.digest: sum(_cost(source, cut, relative, restorer) for cut in samples) for relative in relatives}
    return sorted(relatives, key=lambda relative: costs[relative.digest])


def _cost(source: Access, cut: Cut, relative: Relative, restorer: Restorer) -> float:
    base = _first_fit(cut, [relative], restorer)
    if base is None or cut.tensor is None:
        return 1.0
    size = min(_SAMPLE_BYTES, cut.size_bytes)
    start = (cut.size_bytes - size) // 2 // 16 * 16
    scale = base.place.size_bytes / cut.size_bytes
    sample = source.read_at(cut.offset + start, size)
    try:
        there = restorer.read(base.place.digest, base.place.offset + int(start * scale), int(size * scale))
    except UNUSABLE:
        return 1.0
    return codecs.gain(sample, cut.tensor.dtype, codecs.Base(there, base.kind))
