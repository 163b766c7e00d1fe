"""Owns codecs: pure functions from the bytes of a segment to what is kept of them, and back, bit by bit the same.

The name of a codec is part of the format, and says all that a reader needs besides the size and the base:

    raw                         the bytes
    zstd                        one zstd frame (`frames`)
    planes1 … sorted4:fp16      elements of 1, 2, 4 or 8 bytes, transformed (`forms`), then byte by byte (`planes`)

What is tried, and when it pays (`trials`), is no part of it: any payload that decodes to the segment is right. The
functions keep nothing but scratch memory for each thread, and let other threads run in their long steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mlreg.store.blobs.codecs import forms, frames, planes
from mlreg.store.blobs.codecs.damage import DamagedError, UnknownCodecError
from mlreg.store.blobs.codecs.forms import FORMS, SORTED, Form
from mlreg.store.blobs.codecs.frames import Bytes
from mlreg.store.blobs.codecs.planes import Plane
from mlreg.store.blobs.codecs.trials import KINDS, ZSTD_LEVEL, Base, Trial, best_trial

__all__ = [
    "KINDS",
    "Base",
    "Bytes",
    "Coded",
    "DamagedError",
    "UnknownCodecError",
    "decode",
    "decode_into",
    "encode",
    "gain",
]

_THOROUGH_ZSTD_LEVEL = 9
_SORTED_MUST_GAIN = 0.985  # of the same without: it takes three times as long to read
_WORTH = 0.99  # of the raw size: to save less is not worth the time of decoding


class Coded(NamedTuple):
    """What a segment became."""

    codec: str
    payload: Bytes


def encode(data: Bytes, kind: str, base: Base | None = None, *, thorough: bool = False) -> Coded:
    """Returns the smallest of the forms that samples of `data` speak for; never one larger than `data` itself.

    Args:
        data: The segment; a raw payload is this very object.
        kind: What its elements are, a key of `KINDS`; others are taken as "", untyped bytes. A wrong kind costs
            size and nothing else.
        base: A segment that the reader will have; it is used where it has as many elements and brings something.
        thorough: Tries what is several times slower: sorted differences, and zstd of a higher level.
    """
    trial = best_trial(data, kind, base)
    coded = _coded(trial, data, base)
    if thorough:
        coded = _coded_better(coded, trial, data, base)
    return coded if len(coded.payload) < len(data) else Coded("raw", data)


def decode_into(codec: str, payload: Bytes, out: memoryview, base: Bytes | None = None) -> None:
    """Fills `out` with the segment that became `payload`.

    Args:
        codec: The name that `encode` gave.
        payload: What it gave with it.
        out: Writable bytes of the size of the segment.
        base: The bytes of the segment that was its base; needed for the codecs that begin with `sub` and `sorted`.

    Raises:
        UnknownCodecError: No codec has this name.
        DamagedError: `payload` or `base` is not what such a segment has; `out` holds anything.
    """
    target = np.frombuffer(out, np.uint8)
    coded = np.frombuffer(payload, np.uint8)
    if codec == "raw":
        if coded.size != target.size:
            raise DamagedError("it has another size than is needed")
        np.copyto(target, coded)
    elif codec == "zstd":
        frames.unpack(payload, target)
    elif (form := FORMS.get(codec)) is not None:
        _decode_form(form, coded, target, base)
    else:
        raise UnknownCodecError(codec)


def decode(codec: str, payload: Bytes, size_bytes: int, base: Bytes | None = None) -> Bytes:
    """Returns the `size_bytes` of the segment that became `payload`; see `decode_into`."""
    if codec == "raw" and len(payload) == size_bytes:
        return payload
    out = np.empty(size_bytes, np.uint8)
    decode_into(codec, payload, out.data, base)
    return out.data


def gain(sample: Bytes, kind: str, base_sample: Base | None = None) -> float:
    """Returns what part of its size a segment like `sample` would be kept in, between 0 and 1.

    Args:
        sample: Some tens of KiB of the segment.
        kind: What its elements are.
        base_sample: The elements at the same places of a base.
    """
    return min(1.0, best_trial(sample, kind, base_sample).ratio)


def _decode_form(form: Form, coded: Plane, target: Plane, base: Bytes | None) -> None:
    length = target.size // form.width
    if form.is_relative and (base is None or len(base) // form.base_width != length):
        raise DamagedError("its base is missing or has another number of elements")
    found = planes.read(coded, form.width, length, target[length * form.width :])
    forms.join(form, found, target, base)


def _coded(trial: Trial, data: Bytes, base: Base | None) -> Coded:
    if trial.ratio > _WORTH:
        return Coded("raw", data)
    if trial.form is None:
        return Coded("zstd", frames.zstd(data, ZSTD_LEVEL))
    split = forms.split(trial.form, data, base.data if base else None)
    parts = [planes.pack(plane, guessed) for plane, guessed in zip(split, trial.guesses, strict=True)]
    return Coded(trial.form.name, planes.payload(parts, _rest(trial.form, data)))


def _coded_better(coded: Coded, trial: Trial, data: Bytes, base: Base | None) -> Coded:
    """Returns `coded` or what slower ways make of `data`, where that is clearly smaller."""
    if trial.form is None or trial.form.width == 1:
        return min(coded, Coded("zstd", frames.zstd(data, _THOROUGH_ZSTD_LEVEL)), key=_size_bytes)
    if base is None or (form := SORTED.get(coded.codec)) is None:
        return coded
    parts = [planes.pack_thoroughly(plane) for plane in forms.split(form, data, base.data)]
    in_order = Coded(form.name, planes.payload(parts, _rest(form, data)))
    return in_order if _size_bytes(in_order) < _size_bytes(coded) * _SORTED_MUST_GAIN else coded


def _rest(form: Form, data: Bytes) -> Bytes:
    return memoryview(data)[len(data) // form.width * form.width :]


def _size_bytes(coded: Coded) -> int:
    return len(coded.payload)
