"""Owns the relatives of a file: the blobs that it may be stored against, and what of them fits where.

Relatives come in the order in which they are likely to be near: the recorded parent first. Segments that one of them
has too are found by their XXH3-128; a tensor is stored as the difference from the one of the same name and length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mlreg.store.blobs import cutting
from mlreg.store.blobs.container import Index
from mlreg.store.blobs.cutting import Tensor
from mlreg.store.blobs.heading import UNUSABLE
from mlreg.store.blobs.restoring import Restorer

KEYS_MAX = 1 << 20
HALVES = ("bf16", "f16")
_CHAIN_MAX = {"bf16": 3, "f16": 3}  # frames in a row for a difference in this kind; one for all others
_WRAPPERS = frozenset({"module", "model", "base_model", "bert", "roberta", "transformer", "encoder_model", "_orig_mod"})


class Place(NamedTuple):
    """A range of the blob with `digest`."""

    digest: str
    offset: int
    size_bytes: int


class Base(NamedTuple):
    """A range to be stored against: its elements are of `kind`, and `depth` frames are restored for it in a row."""

    place: Place
    kind: str
    depth: int


@dataclass(frozen=True, slots=True)
class Relative:
    """One relative: its tensors by their bare names, and its index where it is in the coded form."""

    digest: str
    tensors: Mapping[str, Tensor]
    index: Index | None
    bases: Sequence[str]

    def base(self, tensor: Tensor, offset: int, size_bytes: int, restorer: Restorer) -> Base | None:
        """Returns what the `size_bytes` from `offset` of `tensor` may be stored against, or None where nothing fits.

        What cannot be restored does not fit.
        """
        found = self.tensors.get(bare_name(tensor.name))
        if found is None or not _fit(tensor, found):
            return None
        scale = found.size_bytes / tensor.size_bytes
        place = Place(self.digest, found.offset + int(offset * scale), int(size_bytes * scale))
        try:
            return _shallow(Base(place, found.dtype, 0), tensor.dtype, restorer)
        except UNUSABLE:  # what it is itself stored against
            return None


def relatives(digests: Iterable[str], restorer: Restorer) -> list[Relative]:
    """Returns what is known of the blobs with `digests`; those that are missing or damaged are left out."""
    found = []
    for digest in digests:
        try:
            found.append(_relative(digest, restorer))
        except UNUSABLE:
            continue
    return found


def known_segments(found: Sequence[Relative]) -> dict[bytes, Place]:
    """Returns by its key where each segment of the relatives is: the first of them has the first word."""
    known: dict[bytes, Place] = {}
    for relative in found:
        if relative.index is None or len(known) + len(relative.index.keys) > KEYS_MAX:
            continue
        for segment, key in zip(relative.index.segments, relative.index.keys, strict=True):
            if segment.same is None:
                known.setdefault(key, Place(relative.digest, segment.offset, segment.size_bytes))
            elif segment.same.blob:
                digest = relative.bases[segment.same.blob - 1]
                known.setdefault(key, Place(digest, segment.same.offset, segment.size_bytes))
    return known


def bare_name(name: str) -> str:
    """Returns the name of a tensor without the modules that training wraps around a model."""
    first, dot, rest = name.partition(".")
    while dot and first in _WRAPPERS:
        name = rest
        first, dot, rest = name.partition(".")
    return name


def _relative(digest: str, restorer: Restorer) -> Relative:
    opened = restorer.opened(digest)
    if opened.coded is not None:
        index = restorer.index(digest)
        tensors, bases = index.tensors, opened.coded.heading.bases
    else:
        index, bases = None, ()
        tensors = cutting.look(opened.plain).tensors if opened.plain is not None else []
    named: dict[str, Tensor] = {}
    for tensor in tensors:
        named.setdefault(bare_name(tensor.name), tensor)
    return Relative(digest, named, index, bases)


def _fit(tensor: Tensor, base: Tensor) -> bool:
    if tensor.size_bytes == base.size_bytes:
        return tensor.dtype == base.dtype
    return (tensor.size_bytes * 2 == base.size_bytes and tensor.dtype in HALVES and base.dtype == "f32") or (
        tensor.size_bytes == base.size_bytes * 2 and tensor.dtype == "f32" and base.dtype in HALVES
    )


def _shallow(base: Base, kind: str, restorer: Restorer) -> Base | None:
    """Returns `base`, or what it is itself stored against where the chain would become too long."""
    allowed = _CHAIN_MAX.get(kind, 1) if base.kind == kind else 2
    for _ in range(8):
        frame, bases = restorer.frame_of(base.place.digest, base.place.offset, base.place.size_bytes)
        if frame is None or frame.depth < allowed:
            return base._replace(depth=frame.depth if frame else 0)
        if frame.base is None or frame.restored != base.place.size_bytes or frame.base.size_bytes != frame.restored:
            return None
        digest = base.place.digest if frame.base.blob == 0 else bases[frame.base.blob - 1]
        base = base._replace(place=Place(digest, frame.base.offset, frame.base.size_bytes))
    return None
