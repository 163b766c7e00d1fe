"""Owns what happens to elements before they become planes, and back: rotation, difference, prediction, order.

Elements are unsigned little-endian numbers of K = 1, 2, 4 or 8 bytes; all arithmetic is modulo 2**(8K).

    planesK        the elements x
    rotatedK       (x << 1) | (x >> (8K - 1)): the sign of a float goes to the lowest bit
    subK           x - b + 0x80…80, with b the element of the base at the same place
    subK:bf16      the same, but b is the cast of the base's element: with K = 2 from f32 to bf16, with K = 4 from
    subK:fp16      bf16 to f32; `fp16` likewise (casts.py has the arithmetic)
    sortedK        what `subK` gives, in another order: stably sorted by the key of b, which is the 8 bits below its
    sortedK:…      highest bit (K = 8: the 11 bits), for floats the exponent
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlreg.store.blobs.codecs import casts
from mlreg.store.blobs.codecs.frames import Bytes
from mlreg.store.blobs.codecs.planes import Plane
from mlreg.store.blobs.codecs.scratch import Unsigned, scratch

WIDTHS = (1, 2, 4, 8)
_BLOCK = 1 << 19  # elements that are worked on at once: many enough that threads seldom wait for each other
_DTYPES: dict[int, np.dtype[np.unsignedinteger[Any]]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<u2"),
    4: np.dtype("<u4"),
    8: np.dtype("<u8"),
}
_BIASES = {width: int("80" * width, 16) for width in WIDTHS}
_KEY_SHIFTS = {2: 7, 4: 23, 8: 52}


@dataclass(frozen=True, slots=True)
class Form:
    """One way from elements to planes."""

    name: str
    width: int
    is_rotated: bool = False
    is_relative: bool = False
    is_sorted: bool = False
    cast: str = ""

    @property
    def base_width(self) -> int:
        """How many bytes an element of the base has."""
        return {"": self.width}.get(self.cast, 6 - self.width)


def _all_forms() -> Iterator[Form]:
    for width in WIDTHS:
        yield Form(f"planes{width}", width)
        yield Form(f"sub{width}", width, is_relative=True)
        if width > 1:
            yield Form(f"rotated{width}", width, is_rotated=True)
            yield Form(f"sorted{width}", width, is_relative=True, is_sorted=True)
    for cast in ("bf16", "fp16"):
        for width in (2, 4):
            yield Form(f"sub{width}:{cast}", width, is_relative=True, cast=cast)
            yield Form(f"sorted{width}:{cast}", width, is_relative=True, is_sorted=True, cast=cast)


FORMS = {form.name: form for form in _all_forms()}
SORTED = {form.name.replace("sorted", "sub"): form for form in FORMS.values() if form.is_sorted}  # by that in order


class Elements:
    """The elements of `width` bytes in `data`, at whatever address they lie."""

    def __init__(self, data: Bytes | Plane, width: int, use: str) -> None:
        self.length = len(data) // width
        self._array: Unsigned = np.frombuffer(data, _DTYPES[width], self.length)
        self._use = use

    def read(self, start: int, stop: int) -> Unsigned:
        """Returns the elements from `start` to `stop`, not to be written."""
        block = self._array[start:stop]
        if block.flags.aligned:
            return block
        copy = _room(self._use, block)
        np.copyto(copy, block)
        return copy

    def room(self, start: int, stop: int) -> Unsigned:
        """Returns memory for the elements from `start` to `stop`; `write` brings it home."""
        block = self._array[start:stop]
        return block if block.flags.aligned else _room(self._use, block)

    def write(self, start: int, room: Unsigned) -> None:
        """Makes what is in `room`, which came from the method of that name, the elements from `start` on."""
        block = self._array[start : start + room.size]
        if not block.flags.aligned:
            np.copyto(block, room)


def blocks(length: int) -> Iterator[tuple[int, int]]:
    """Yields start and stop of each block of `length` elements."""
    for start in range(0, length, _BLOCK):
        yield start, min(start + _BLOCK, length)


def split(form: Form, data: Bytes | Plane, base: Bytes | Plane | None) -> list[Plane]:
    """Returns the planes that `form` makes of `data`, in scratch memory; `base` has as many elements."""
    elements = Elements(data, form.width, "elements")
    planes: list[Plane] = [scratch(f"plane {place}", elements.length) for place in range(form.width)]
    transformed = _sorted_blocks if form.is_sorted else _blocks
    for start, stop, block in transformed(form, elements, _base_of(form, base)):
        np.copyto(planes[0][start:stop], block, casting="unsafe")
        for place, plane in enumerate(planes[1:], 1):
            np.right_shift(block, 8 * place, out=plane[start:stop], casting="unsafe")
    return planes


def join(form: Form, planes: Sequence[Plane | int], out: Plane, base: Bytes | Plane | None) -> None:
    """Writes to `out` the elements whose planes `form` had made."""
    elements = Elements(out, form.width, "elements")
    origin = _base_of(form, base)
    if form.is_sorted:
        return _join_sorted(form, planes, elements, origin)
    for start, stop in blocks(elements.length):
        room = elements.room(start, stop)
        _merge(planes, start, stop, room)
        if form.is_relative:
            _add_prediction(form, room, origin, start, stop)
        elif form.is_rotated:
            sign = np.left_shift(room, 8 * form.width - 1, out=_room("carry", room))
            np.right_shift(room, 1, out=room)
            np.bitwise_or(room, sign, out=room)
        elements.write(start, room)
    return None


def _base_of(form: Form, base: Bytes | Plane | None) -> Elements:
    return Elements(b"" if base is None else base, form.base_width, "base")


def _room(use: str, like: Unsigned) -> Unsigned:
    return scratch(use, like.size, like.dtype)


def _blocks(form: Form, elements: Elements, base: Elements) -> Iterator[tuple[int, int, Unsigned]]:
    for start, stop in blocks(elements.length):
        source = elements.read(start, stop)
        if form.is_relative:
            block = _room("block", source)
            np.subtract(source, _predicted(form, base, start, stop), out=block)
            np.add(block, _BIASES[form.width], out=block)
        elif form.is_rotated:
            block = np.left_shift(source, 1, out=_room("block", source))
            sign = np.right_shift(source, 8 * form.width - 1, out=_room("carry", source))
            np.bitwise_or(block, sign, out=block)
        else:
            block = source
        yield start, stop, block


def _sorted_blocks(form: Form, elements: Elements, base: Elements) -> Iterator[tuple[int, int, Unsigned]]:
    differences = scratch("differences", elements.length, _DTYPES[form.width])
    for start, stop, block in _blocks(form, elements, base):
        np.copyto(differences[start:stop], block)
    order = _order(form, base, elements.length)
    for start, stop in blocks(elements.length):
        block = scratch("block", stop - start, _DTYPES[form.width])
        yield start, stop, np.take(differences, order[start:stop], out=block, mode="clip")


def _join_sorted(form: Form, planes: Sequence[Plane | int], elements: Elements, base: Elements) -> None:
    differences = scratch("differences", elements.length, _DTYPES[form.width])
    order = _order(form, base, elements.length)
    for start, stop in blocks(elements.length):
        block = scratch("block", stop - start, _DTYPES[form.width])
        _merge(planes, start, stop, block)
        differences[order[start:stop]] = block
    for start, stop in blocks(elements.length):
        room = elements.room(start, stop)
        np.copyto(room, differences[start:stop])
        _add_prediction(form, room, base, start, stop)
        elements.write(start, room)


def _order(form: Form, base: Elements, length: int) -> NDArray[np.intp]:
    """Returns the places of the elements, stably sorted by the keys of what is predicted for them."""
    keys = scratch("keys", length, np.uint16 if form.width == 8 else np.uint8)
    for start, stop in blocks(length):
        shifted = _room("carry", predicted := _predicted(form, base, start, stop))
        np.right_shift(predicted, _KEY_SHIFTS[form.width], out=shifted)
        np.bitwise_and(shifted, 0x7FF if form.width == 8 else 0xFF, out=keys[start:stop], casting="unsafe")
    return np.argsort(keys, kind="stable")


def _predicted(form: Form, base: Elements, start: int, stop: int) -> Unsigned:
    source = base.read(start, stop)
    if not form.cast:
        return source
    prediction = scratch("prediction", source.size, _DTYPES[form.width])
    cast = casts.NARROWING[form.cast] if form.width == 2 else casts.WIDENING[form.cast]
    cast(source, prediction)
    return prediction


def _add_prediction(form: Form, room: Unsigned, base: Elements, start: int, stop: int) -> None:
    np.subtract(room, _BIASES[form.width], out=room)
    np.add(room, _predicted(form, base, start, stop), out=room)


def _merge(planes: Sequence[Plane | int], start: int, stop: int, out: Unsigned) -> None:
    """Fills `out` with the elements from `start` to `stop`, the highest plane first; constants only shift the rest."""
    constant = 0
    shift = 0
    has_begun = False
    for place in reversed(range(len(planes))):
        plane = planes[place]
        shift += 8
        if isinstance(plane, int):
            constant |= plane << (8 * place)
        elif has_begun:
            np.left_shift(out, shift, out=out)
            np.bitwise_or(out, plane[start:stop], out=out)
            shift = 0
        else:
            np.copyto(out, plane[start:stop])
            has_begun, shift = True, 0
    if not has_begun:
        out.fill(constant)
        return
    if shift:
        np.left_shift(out, shift, out=out)
    if constant:
        np.bitwise_or(out, constant, out=out)
