"""Owns the choice of a form: slices of a segment are coded in each that could suit its kind, and the smallest wins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mlreg.store.blobs.codecs import forms, frames, planes
from mlreg.store.blobs.codecs.forms import FORMS, Form
from mlreg.store.blobs.codecs.frames import Bytes
from mlreg.store.blobs.codecs.planes import Guess, Plane

# Bytes of the elements of each kind. A complex one counts as two.
KINDS = {"": 1, "f8": 1, "i8": 1, "u8": 1, "bool": 1, "f16": 2, "bf16": 2, "i16": 2, "u16": 2}
KINDS |= {"f32": 4, "c64": 4, "i32": 4, "u32": 4, "f64": 8, "c128": 8, "i64": 8, "u64": 8}
ZSTD_LEVEL = 3

_FLOATS = {"f16", "bf16", "f32", "c64", "f64", "c128"}
_CASTS = {"bf16": "bf16", "f16": "fp16"}
_SLICES = 4
_SLICE_BYTES = 1 << 14
_SLICE_LEAST_BYTES = 1 << 11
_SLICES_OF = 256  # a slice is at most this part of a segment, but no less than the bytes above
_BASE_MUST_GAIN = 0.97  # of what the segment takes alone: to read it, the base is needed too
_CLEARLY = 0.5  # of what single bytes take: no form without a base comes to that unless single bytes do


class Base(NamedTuple):
    """A segment that another may be kept as the difference from, and the kind of its elements."""

    data: Bytes
    kind: str


class Trial(NamedTuple):
    """What a sample became: in which form (None: zstd), what to try with each plane, stored / raw."""

    form: Form | None
    guesses: tuple[Guess, ...]
    ratio: float


def best_trial(data: Bytes, kind: str, base: Base | None) -> Trial:
    """Returns the form in which slices of `data` are the smallest."""
    width = KINDS.get(kind, 1)
    count = len(data) // width
    places = list(_slices(count, width))
    sample = _cut(data, width, places)
    trials = []
    if base is not None:
        for form in _relative_forms(kind, width, base):
            if len(base.data) // form.base_width == count:
                trials.append(_try_form(form, sample, _cut(base.data, form.base_width, places)))
    if not trials or _may_be_less_alone(sample, min(trial.ratio for trial in trials)):
        trials = [trial._replace(ratio=trial.ratio / _BASE_MUST_GAIN) for trial in trials]
        trials.extend(_trials_alone(sample, kind, width))
    return min(trials, key=lambda trial: trial.ratio)


def _relative_forms(kind: str, width: int, base: Base) -> Iterator[Form]:
    yield FORMS[f"sub{width}"]
    if kind in _CASTS and base.kind == "f32":
        yield FORMS[f"sub2:{_CASTS[kind]}"]
    elif kind == "f32" and base.kind in _CASTS:
        yield FORMS[f"sub4:{_CASTS[base.kind]}"]


def _may_be_less_alone(sample: Plane, ratio: float) -> bool:
    part = sample[:_SLICE_BYTES]
    return len(frames.huffman(part.data)) * _CLEARLY < ratio * part.size


def _trials_alone(sample: Plane, kind: str, width: int) -> Iterator[Trial]:
    is_float = kind in _FLOATS
    yield _try_form(FORMS[f"rotated{width}" if is_float else f"planes{width}"], sample, None)
    if not is_float:
        yield Trial(None, (), len(frames.zstd(sample.data, ZSTD_LEVEL)) / max(sample.size, 1))


def _try_form(form: Form, sample: Plane, base_sample: Plane | None) -> Trial:
    guesses = tuple(map(planes.guess, forms.split(form, sample, base_sample)))
    return Trial(form, guesses, sum(guess.size_bytes for guess in guesses) / max(sample.size, 1))


def _slices(count: int, width: int) -> Iterator[tuple[int, int]]:
    """Yields where the slices of `count` elements begin and end: all of them, or four from the first to the last."""
    slice_bytes = min(max(count * width // _SLICES_OF, _SLICE_LEAST_BYTES), _SLICE_BYTES)
    length = slice_bytes // width
    if count <= _SLICES * length:
        yield 0, count
        return
    for number in range(_SLICES):
        start = number * (count - length) // (_SLICES - 1)
        yield start, start + length


def _cut(data: Bytes, width: int, places: list[tuple[int, int]]) -> Plane:
    array = np.frombuffer(data, np.uint8)
    return np.concatenate([array[start * width : stop * width] for start, stop in places])
