"""Owns putting a damaged blob together again, from segments that other blobs have too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

import xxhash

from mlreg.store import codec
from mlreg.store.blobs.container import Segment
from mlreg.store.blobs.heading import UNUSABLE
from mlreg.store.blobs.kin import Place
from mlreg.store.blobs.restoring import OpenBlob, Restorer


def rebuild(digest: str, others: Iterable[str], open_blob: OpenBlob, into: BinaryIO) -> bool:
    """Writes what the blob with `digest` restored to into `into`, and returns whether all of it could be had.

    Args:
        others: The digests of blobs that may have the segments that are damaged.
    """
    with Restorer(open_blob) as restorer:
        try:
            index = restorer.index(digest)
        except UNUSABLE:
            return False  # without its index nobody knows what was where
        wanted = {
            key: segment
            for segment, key in zip(index.segments, index.keys, strict=True)
            if _read(restorer, Place(digest, segment.offset, segment.size_bytes), key) is None
        }
        found = _found(wanted, (other for other in others if other != digest), restorer)
        hasher = codec.Hasher()
        for segment, key in zip(index.segments, index.keys, strict=True):
            place = found.get(key, Place(digest, segment.offset, segment.size_bytes))
            data = _read(restorer, place, key)
            if data is None:
                return False
            hasher.update(data)
            into.write(data)
    return hasher.digest() == digest


def _found(wanted: dict[bytes, Segment], others: Iterable[str], restorer: Restorer) -> dict[bytes, Place]:
    """Returns by key where segments are, whole, that are wanted."""
    found: dict[bytes, Place] = {}
    for other in others:
        if len(found) == len(wanted):
            break
        try:
            if restorer.opened(other).coded is None:
                continue
            index = restorer.index(other)
        except UNUSABLE:
            continue
        for segment, key in zip(index.segments, index.keys, strict=True):
            if key in wanted and key not in found:
                place = Place(other, segment.offset, segment.size_bytes)
                if _read(restorer, place, key) is not None:
                    found[key] = place
    return found


def _read(restorer: Restorer, place: Place, key: bytes) -> bytes | bytearray | memoryview | None:
    try:
        data = restorer.read(*place)
    except UNUSABLE:
        return None
    return data if xxhash.xxh3_128_digest(data) == key else None
