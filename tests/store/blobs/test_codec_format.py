"""The format is what its description says: a reader made of nothing else, slow and in whole numbers, reads it all."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import zstandard

from mlreg.store.blobs import codecs
from mlreg.store.blobs.codecs import forms, planes


class Described:
    """A reader of one payload, after the description of the format."""

    def __init__(self, codec, payload, size_bytes, base):
        self.form, _, self.cast = codec.partition(":")
        self.form, self.width = self.form[:-1], int(self.form[-1])
        self.payload, self.count, self.rest = payload, size_bytes // self.width, size_bytes % self.width
        self.bits = 8 * self.width
        self.base = base

    def read(self):
        headers = [struct.unpack_from("<BI", self.payload, 5 * place) for place in range(self.width)]
        at, columns = 5 * self.width, []
        for mode, length in headers:
            stop = at + (length if mode else 0)
            columns.append(self.plane(mode, length, self.payload[at:stop]))
            at = stop
        numbers = [sum(column[i] << 8 * place for place, column in enumerate(columns)) for i in range(self.count)]
        assert len(self.payload) - at == self.rest
        return b"".join(x.to_bytes(self.width, "little") for x in self.elements(numbers)) + self.payload[at:]

    def plane(self, mode, length, body):
        if mode != 3:
            return self.part(mode, length, body, self.count)
        value, mask_mode, mask_length, others_mode, others_length = struct.unpack_from("<BBIBI", body)
        stop = 11 + (mask_length if mask_mode else 0)
        mask = self.part(mask_mode, mask_length, body[11:stop], (self.count + 7) // 8)
        is_other = [mask[i // 8] >> i % 8 & 1 for i in range(self.count)]
        others = iter(self.part(others_mode, others_length, body[stop:], sum(is_other)))
        return bytes(next(others) if other else value for other in is_other)

    def part(self, mode, length, body, size):
        if mode == 0:
            return bytes([length]) * size
        out = body if mode == 1 else zstandard.ZstdDecompressor().decompress(body)
        assert mode in (1, 2) and len(out) == size
        return out

    def elements(self, numbers):
        modulus = 1 << self.bits
        if self.form == "planes":
            return numbers
        if self.form == "rotated":
            return [x >> 1 | (x & 1) << self.bits - 1 for x in numbers]
        predicted = self.predicted()
        places = range(self.count)
        if self.form == "sorted":
            shift, mask = {2: (7, 0xFF), 4: (23, 0xFF), 8: (52, 0x7FF)}[self.width]
            places = sorted(places, key=lambda place: predicted[place] >> shift & mask)
        bias = int.from_bytes(b"\x80" * self.width, "little")
        out = [0] * self.count
        for place, x in zip(places, numbers, strict=True):
            out[place] = (x - bias + predicted[place]) % modulus
        return out

    def predicted(self):
        width = (6 - self.width) if self.cast else self.width
        base = [int.from_bytes(self.base[at : at + width], "little") for at in range(0, self.count * width, width)]
        cast = {"": int, "bf16": self.bf16, "fp16": self.fp16}[self.cast]
        return [cast(x) for x in base]

    def bf16(self, x):
        if self.width == 4:
            return x << 16
        if x & 0x7FFFFFFF > 0x7F800000:
            return x >> 16 | 0x40
        return (x + 0x7FFF + (x >> 16 & 1)) >> 16

    def fp16(self, x):
        if self.width == 4:
            return self.wide(x)
        sign, a = x >> 16 & 0x8000, x & 0x7FFFFFFF
        if a > 0x7F800000:
            return sign | 0x7E00 | a >> 13 & 0x3FF
        if a >= 0x38800000:
            return sign | min((a - 0x38000000 + 0xFFF + (a >> 13 & 1)) >> 13, 0x7C00)
        s, m = min(126 - (a >> 23), 31), a & 0x7FFFFF | 0x800000
        return sign | (m + (1 << s - 1) - 1 + (m >> s & 1)) >> s

    def wide(self, h):
        sign, a = (h & 0x8000) << 16, h & 0x7FFF
        if a < 0x400:
            return sign | int(np.array(a * 2.0**-24, "f4").view("u4"))
        return sign | (a << 13) + (0x38000000 if a < 0x7C00 else 0x70000000)


def elements_near(form, seed, length):
    """Returns elements of all sorts, and a base whose prediction is near to them, as bytes."""
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, length * form.base_width, dtype="u1").tobytes()
    predicted = Described(form.name, b"", length * form.width, base).predicted()
    steps = rng.integers(-2, 3, length) * (rng.random(length) < 0.1)
    near = [(x + int(step)) % (1 << 8 * form.width) for x, step in zip(predicted, steps, strict=True)]
    return b"".join(x.to_bytes(form.width, "little") for x in near), base


@pytest.mark.parametrize("form", forms.FORMS.values(), ids=forms.FORMS)
def test_the_described_reader_reads_every_form(form):
    for seed, length in enumerate((0, 1, 9, 400)):
        data, base = elements_near(form, seed, length)
        data += b"rest of segment"[: form.width - 1]
        split = [plane.copy() for plane in forms.split(form, data, base)]
        for pack in (planes.pack_thoroughly, lambda plane: planes.pack(plane, planes.guess(plane))):
            payload = planes.payload([pack(plane) for plane in split], data[length * form.width :])
            assert Described(form.name, payload, len(data), base).read() == data


def part(mode, length):
    return struct.pack("<BI", mode, length)


def frame(data):
    return zstandard.ZstdCompressor().compress(data)


MASK = bytes([0b00000101, 0b10])  # bytes 0, 2 and 9
PAYLOADS = {
    "constant": part(0, 7),
    "raw": part(1, 10) + b"0123456789",
    "frame": part(2, len(frame(b"0" * 10))) + frame(b"0" * 10),
    "sparse": part(3, 16) + b"." + part(1, 2) + part(1, 3) + MASK + b"abc",
    "sparse, one other": part(3, 13) + b"." + part(1, 2) + part(0, 33) + MASK,
    "sparse, none other": part(3, 11) + b"." + part(0, 0) + part(0, 0),
    "sparse, all others": part(3, 21) + b"." + part(0, 255) + part(1, 10) + b"0123456789",
    "sparse, frames": part(3, 11 + len(frame(MASK)) + len(frame(b"abc")))
    + (b"." + part(2, len(frame(MASK))) + part(2, len(frame(b"abc"))) + frame(MASK) + frame(b"abc")),
}
SEGMENTS = {
    "constant": b"\7" * 10,
    "raw": b"0123456789",
    "frame": b"0" * 10,
    "sparse": b"a.b......c",
    "sparse, one other": b"!.!......!",
    "sparse, none other": b"..........",
    "sparse, all others": b"0123456789",
    "sparse, frames": b"a.b......c",
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_written_by_another_hand_is_read(name):
    assert bytes(codecs.decode("planes1", PAYLOADS[name], 10)) == SEGMENTS[name]
    assert Described("planes1", PAYLOADS[name], 10, b"").read() == SEGMENTS[name]


def test_all_modes_of_planes_are_among_those():
    assert {payload[0] for payload in PAYLOADS.values()} == set(planes.Mode)
