"""Owns payloads of planes: how the bytes of one place of all elements are kept.

    payload = K headers, K bodies, the rest
    header  = u8 mode, u32 length (little-endian)

Plane 0 holds the lowest byte of every element, plane K - 1 the highest; each has as many bytes as there are elements,
n = size of the segment // K. The rest are the size % K last bytes of the segment, as they are. Bodies follow each
other without gaps, in the order of their headers, each `length` bytes long:

    mode 0  constant  every byte of the plane is `length` (at most 255); there is no body
    mode 1  raw       the plane
    mode 2  frame     one zstd frame of the plane
    mode 3  sparse    u8 value, header of the mask, header of the others, their bodies. Bit i % 8 of byte i // 8 of the
                      mask says that byte i of the plane is not `value`; the others are those bytes, in their order.
                      Mask, of (n + 7) // 8 bytes, and others are parts of mode 0, 1 or 2
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlreg.store.blobs.codecs import frames
from mlreg.store.blobs.codecs.damage import DamagedError
from mlreg.store.blobs.codecs.frames import Bytes
from mlreg.store.blobs.codecs.scratch import scratch

Plane = NDArray[np.uint8]

_HEADER = struct.Struct("<BI")
_SPARSE_BETWEEN = (0.001, 0.3)  # size by Huffman / raw: where codes of no less than a bit each can cost too much
_SPARSE_FROM = 0.5  # of all bytes are the same one
_THOROUGHLY_SPARSE_FROM = 0.1
_SPARSE_MUST_GAIN = 0.96  # of the frame, which is quicker to read
_COUNTED = 1 << 12  # bytes of a plane that are counted, so as to know its commonest, at most
_INCOMPRESSIBLE = 0.99  # 7.92 bits a byte


class Mode(IntEnum):
    """How a plane, or a part of a sparse one, is kept."""

    CONSTANT = 0
    RAW = 1
    FRAME = 2
    SPARSE = 3


class Part(NamedTuple):
    """A plane as it is kept: its mode, what stands in the header as `length`, and the body."""

    mode: Mode
    length: int
    bodies: tuple[Bytes, ...] = ()

    @property
    def size_bytes(self) -> int:
        """What it takes of a payload."""
        return _HEADER.size + (0 if self.mode is Mode.CONSTANT else self.length)


class Guess(NamedTuple):
    """What a sample says of its plane: the mode to try, the commonest byte, and the sample's size when kept so."""

    mode: Mode
    value: int
    size_bytes: int


def guess(sample: Plane) -> Guess:
    """Returns how the plane of `sample` is best kept."""
    if _is_constant(sample):
        return Guess(Mode.CONSTANT, int(sample[0]) if sample.size else 0, 0)
    size_bytes = len(frames.huffman(sample.data))
    if size_bytes > sample.size * _INCOMPRESSIBLE:
        return Guess(Mode.RAW, 0, sample.size)
    if _SPARSE_BETWEEN[0] < size_bytes / sample.size < _SPARSE_BETWEEN[1]:
        value, share = _commonest(sample)
        if share > _SPARSE_FROM and (sparse := _sparse(sample, value).size_bytes) < size_bytes * _SPARSE_MUST_GAIN:
            return Guess(Mode.SPARSE, value, sparse)
    return Guess(Mode.FRAME, 0, size_bytes)


def pack(plane: Plane, guessed: Guess) -> Part:
    """Returns `plane` in the mode of `guessed`, or a safer one where that does not fit."""
    if guessed.mode is Mode.RAW:
        return _raw(plane)
    if guessed.mode is Mode.SPARSE:
        return min(_sparse(plane, guessed.value), _raw(plane), key=_size_bytes)
    if guessed.mode is Mode.FRAME:
        return _frame_or_raw(plane)
    if _is_constant(plane):
        return _constant(plane)
    return min(_sparse(plane, guessed.value), _frame_or_raw(plane), key=_size_bytes)


def pack_thoroughly(plane: Plane) -> Part:
    """Returns `plane` in the mode that turns out to be the smallest."""
    if _is_constant(plane):
        return _constant(plane)
    part = _frame_or_raw(plane)
    value, share = _commonest(plane)
    return min(part, _sparse(plane, value), key=_size_bytes) if share > _THOROUGHLY_SPARSE_FROM else part


def payload(parts: Sequence[Part], rest: Bytes) -> bytes:
    """Returns the planes `parts` and the `rest` of the segment as one payload."""
    headers = [_HEADER.pack(part.mode, part.length) for part in parts]
    return b"".join([*headers, *(body for part in parts for body in part.bodies), rest])


def read(coded: Plane, width: int, length: int, rest: Plane) -> list[Plane | int]:
    """Returns the `width` planes of `length` bytes that are in the payload `coded`, and fills `rest`.

    A constant plane is its byte. The others are views of `coded` or of this thread's scratch memory.

    Raises:
        DamagedError: It is not the payload of such planes.
    """
    headers = [_header(coded, place * _HEADER.size) for place in range(width)]
    planes: list[Plane | int] = []
    start = width * _HEADER.size
    for place, (mode, size) in enumerate(headers):
        body = coded[start : start + size] if mode is not Mode.CONSTANT else coded[:0]
        room: Plane = scratch(f"plane {place}", length) if mode in (Mode.FRAME, Mode.SPARSE) else coded[:0]
        planes.append(_read_sparse(body, room) if mode is Mode.SPARSE else _read_part(mode, size, body, room, length))
        start += body.size
    if coded.size - start != rest.size:
        raise DamagedError("its payload has another length than its planes")
    np.copyto(rest, coded[start:])
    return planes


def _size_bytes(part: Part) -> int:
    return part.size_bytes


def _is_constant(plane: Plane) -> bool:
    return plane.size == 0 or bool(plane[0] == plane[-1] and plane.min() == plane.max())


def _commonest(plane: Plane) -> tuple[int, float]:
    """Returns the commonest byte of `plane`, as far as some of it tells, and its share."""
    some = plane[:: 1 + plane.size // _COUNTED]
    counts = np.bincount(some)
    value = int(counts.argmax())
    return value, counts[value] / some.size


def _constant(plane: Plane) -> Part:
    return Part(Mode.CONSTANT, int(plane[0]) if plane.size else 0)


def _raw(plane: Plane) -> Part:
    return Part(Mode.RAW, plane.size, (plane.data,))


def _frame_or_raw(plane: Plane) -> Part:
    frame = frames.huffman(plane.data)
    return Part(Mode.FRAME, len(frame), (frame,)) if len(frame) < plane.size else _raw(plane)


def _simple(plane: Plane) -> Part:
    return _constant(plane) if _is_constant(plane) else _frame_or_raw(plane)


def _sparse(plane: Plane, value: int) -> Part:
    mask = np.not_equal(plane, value, out=scratch("mask", plane.size).view(np.bool_))
    parts = [_simple(np.packbits(mask, bitorder="little")), _simple(plane[np.flatnonzero(mask)])]
    headers = b"".join(_HEADER.pack(part.mode, part.length) for part in parts)
    bodies = (bytes([value]), headers, *parts[0].bodies, *parts[1].bodies)
    return Part(Mode.SPARSE, sum(map(len, bodies)), bodies)


def _header(coded: Plane, start: int) -> tuple[Mode, int]:
    if coded.size - start < _HEADER.size:
        raise DamagedError("its payload ends early")
    mode, length = _HEADER.unpack_from(coded.data, start)
    if mode > Mode.SPARSE:
        raise DamagedError(f"there is no plane of mode {mode}")
    return Mode(mode), length


def _read_part(mode: Mode, header_length: int, body: Plane, room: Plane, length: int) -> Plane | int:
    if mode is Mode.CONSTANT:
        if header_length > 0xFF:
            raise DamagedError("a constant is no byte")
        return header_length
    if body.size != header_length:
        raise DamagedError("its payload ends early")
    if mode is Mode.FRAME:
        frames.unpack(body.data, room)
        return room
    if mode is Mode.RAW and body.size == length:
        return body
    raise DamagedError("a plane has another size than is needed")


def _read_sparse(body: Plane, out: Plane) -> Plane:
    """Fills `out` from the body of a sparse plane."""
    starts = (1, 1 + _HEADER.size, 1 + 2 * _HEADER.size)
    mask_mode, mask_length = _header(body, starts[0])
    others_mode, others_length = _header(body, starts[1])
    others_start = starts[2] + (0 if mask_mode is Mode.CONSTANT else mask_length)
    room: Plane = scratch("packed mask", (out.size + 7) // 8)
    bits = _read_part(mask_mode, mask_length, body[starts[2] : others_start], room, room.size)
    if isinstance(bits, int):
        room.fill(bits)
        bits = room
    mask = np.unpackbits(bits, count=out.size, bitorder="little").view(np.bool_)
    places = np.flatnonzero(mask)
    room = scratch("others", places.size)
    out.fill(body[0])
    out[places] = _read_part(others_mode, others_length, body[others_start:], room, room.size)
    return out
