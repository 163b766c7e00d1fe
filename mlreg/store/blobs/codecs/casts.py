"""Owns the casts between 32-bit and 16-bit floats, as integer arithmetic on their bits.

Casts are part of the format, so no CPU and no library has a say in them. Elements are little-endian bit patterns;
f32 has 1 sign, 8 exponent and 23 mantissa bits, bf16 1, 8 and 7, f16 (here fp16, as a cast) 1, 5 and 10. All rounding
is to nearest, ties to even (IEEE 754-2019, 4.3.1). A NaN stays one: the upper bits of its mantissa are kept and the
highest is set.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlreg.store.blobs.codecs.scratch import Unsigned, scratch

U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
Cast = Callable[[Unsigned, Unsigned], None]

_F32_INFINITY = 0x7F800000
_F16_INFINITY = 0x7C00
_F16_IN_F32_LEAST_NORMAL = 0x38800000  # 2**-14
_BIAS_APART = 0x38000000  # (127 - 15) << 23: what the exponents of f32 and f16 differ by


def to_bf16(source: Unsigned, out: Unsigned) -> None:
    """Writes the f32 elements of `source` to `out` as bf16.

    out = (x + 0x7fff + bit 16 of x) >> 16; a NaN: (x >> 16) | 0x0040.
    """
    room: U32 = scratch("cast", source.size, np.uint32)
    np.right_shift(source, 16, out=room)
    np.bitwise_and(room, 1, out=room)
    np.add(room, 0x7FFF, out=room)
    np.add(room, source, out=room)
    np.right_shift(room, 16, out=out, casting="unsafe")
    magnitude = np.bitwise_and(source, 0x7FFFFFFF, out=room)
    if magnitude.max(initial=0) > _F32_INFINITY:
        nans = np.flatnonzero(magnitude > _F32_INFINITY)
        out[nans] = (source[nans] >> 16) | 0x0040


def to_fp16(source: Unsigned, out: Unsigned) -> None:
    """Writes the f32 elements of `source` to `out` as f16.

    With a = x without its sign, out is the sign and
    - a NaN: 0x7e00 | bits 13 to 22 of a;
    - a at least 2**-14: (a - 0x38000000 + 0x0fff + bit 13 of a) >> 13, at most 0x7c00, which is infinity;
    - else, a denormal: m = mantissa with its hidden one, s = min(126 - exponent, 31),
      (m + 2**(s-1) - 1 + bit s of m) >> s.
    """
    magnitude: U32 = scratch("magnitude", source.size, np.uint32)
    room: U32 = scratch("cast", source.size, np.uint32)
    np.bitwise_and(source, 0x7FFFFFFF, out=magnitude)
    np.right_shift(magnitude, 13, out=room)
    np.bitwise_and(room, 1, out=room)
    np.add(room, magnitude, out=room)
    np.subtract(room, _BIAS_APART - 0xFFF, out=room)
    np.right_shift(room, 13, out=room)
    np.minimum(room, _F16_INFINITY, out=room)
    if magnitude.min(initial=_F32_INFINITY) < _F16_IN_F32_LEAST_NORMAL:
        small = np.flatnonzero(magnitude < _F16_IN_F32_LEAST_NORMAL)
        room[small] = _denormal_f16(magnitude[small])
    if magnitude.max(initial=0) > _F32_INFINITY:
        nans = np.flatnonzero(magnitude > _F32_INFINITY)
        room[nans] = ((magnitude[nans] >> 13) & 0x3FF) | 0x7E00
    signs = np.right_shift(source, 16, out=magnitude)
    np.bitwise_and(signs, 0x8000, out=signs)
    np.bitwise_or(room, signs, out=out, casting="unsafe")


def _denormal_f16(magnitude: U32) -> U32:
    shift = np.minimum(126 - (magnitude >> 23), 31).astype(np.uint32)
    mantissa = (magnitude & 0x7FFFFF) | 0x800000
    half = (np.uint32(1) << (shift - 1)) - 1
    rounded: U32 = (mantissa + half + ((mantissa >> shift) & 1)) >> shift
    return rounded


def from_bf16(source: Unsigned, out: Unsigned) -> None:
    """Writes the bf16 elements of `source` to `out` as f32: out = h << 16."""
    np.copyto(out, source)
    np.left_shift(out, 16, out=out)


def from_fp16(source: Unsigned, out: Unsigned) -> None:
    """Writes the f16 elements of `source` to `out` as f32.

    With a = h without its sign, out is the sign and
    - a below 0x0400: the bits of a * 2**-24, which is exact;
    - a below 0x7c00: (a << 13) + 0x38000000;
    - else, infinity or NaN: (a << 13) + 0x70000000.
    """
    magnitude: U16 = scratch("magnitude", source.size, np.uint16)
    np.bitwise_and(source, 0x7FFF, out=magnitude)
    np.copyto(out, magnitude)
    np.left_shift(out, 13, out=out)
    np.add(out, _BIAS_APART, out=out)
    if magnitude.min(initial=_F16_INFINITY) < 0x0400:
        small = np.flatnonzero(magnitude < 0x0400)
        out[small] = _DENORMALS[magnitude[small]]
    if magnitude.max(initial=0) >= _F16_INFINITY:
        out[np.flatnonzero(magnitude >= _F16_INFINITY)] += np.uint32(_BIAS_APART)
    signs: U32 = scratch("cast", source.size, np.uint32)
    np.copyto(signs, source)
    np.bitwise_and(signs, 0x8000, out=signs)
    np.left_shift(signs, 16, out=signs)
    np.bitwise_or(out, signs, out=out)


def _denormals() -> U32:
    """Returns the f32 bits of 0 to 1023 times 2**-24."""
    count = np.arange(1024, dtype=np.uint32)
    places = np.zeros_like(count)  # of the highest bit that is set
    for place in range(1, 10):
        places[count >> place != 0] = place
    bits: U32 = np.bitwise_or((places + 103) << 23, (count << (23 - places)) & 0x7FFFFF, dtype=np.uint32)
    bits[0] = 0
    return bits


_DENORMALS = _denormals()

NARROWING: dict[str, Cast] = {"bf16": to_bf16, "fp16": to_fp16}
WIDENING: dict[str, Cast] = {"bf16": from_bf16, "fp16": from_fp16}
