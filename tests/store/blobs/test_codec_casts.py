"""The casts of the format agree with those of the world, bit by bit, wherever the world agrees with itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.store.blobs.codecs import casts

ALL_HALVES = np.arange(1 << 16, dtype="u2")
# around every value that a rounding turns at: below, at and above the middle of two neighbours, and at each of them
LOW_BITS = [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x0FFF, 0x1000, 0x1001, 0x1FFF, 0x2000, 0x3000, 0x5000, 0xF000]


def cast(function, values, to):
    out = np.empty(values.size, to)
    function(values, out)
    return out


def with_every_upper_half(low_bits):
    return (ALL_HALVES.astype("u4") << 16) | np.uint32(low_bits)


def is_nan(bits):
    return bits & 0x7FFFFFFF > 0x7F800000


@pytest.mark.parametrize("low_bits", LOW_BITS)
def test_rounding_to_bf16_is_to_the_nearest_and_to_even_between(low_bits):
    bits = with_every_upper_half(low_bits)
    bits = bits[~is_nan(bits)]
    below, upper = bits & 0xFFFF, bits >> 16
    expected = upper + ((below > 0x8000) | ((below == 0x8000) & (upper % 2 == 1)))
    assert np.array_equal(cast(casts.to_bf16, bits, "u2"), expected.astype("u2"))


@pytest.mark.parametrize("low_bits", LOW_BITS)
def test_rounding_to_fp16_is_that_of_ieee_754(low_bits):
    bits = with_every_upper_half(low_bits)
    bits = bits[~is_nan(bits)]
    with np.errstate(over="ignore", under="ignore"):
        expected = bits.view("f4").astype("f2").view("u2")
    assert np.array_equal(cast(casts.to_fp16, bits, "u2"), expected)


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1))
def test_any_float_rounds_as_numpy_rounds_it(values):
    floats = np.array(values, "f4")
    with np.errstate(over="ignore", under="ignore"):
        assert np.array_equal(cast(casts.to_fp16, floats.view("u4"), "u2"), floats.astype("f2").view("u2"))


@pytest.mark.parametrize(
    ("value", "bf16", "fp16"),
    [
        (0x00000000, 0x0000, 0x0000),
        (0x80000000, 0x8000, 0x8000),  # -0
        (0x80000001, 0x8000, 0x8000),  # the least denormal
        (0x3F808000, 0x3F80, 0x3C04),  # between two bf16, down to even
        (0x3F818000, 0x3F82, 0x3C0C),  # between two bf16, up to even
        (0x33000000, 0x3300, 0x0000),  # 2**-25: between 0 and the least of fp16, down to even
        (0x33000001, 0x3300, 0x0001),
        (0x387FFFFF, 0x3880, 0x0400),  # rounds to the least normal of fp16
        (0x477FEFFF, 0x4780, 0x7BFF),  # the last that is not infinite in fp16
        (0x477FF000, 0x4780, 0x7C00),  # 65520
        (0x7F7FFFFF, 0x7F80, 0x7C00),  # the greatest
        (0xFF800000, 0xFF80, 0xFC00),
        (0x7FC00000, 0x7FC0, 0x7E00),  # NaNs: quiet, signalling, with payloads, one that rounding would carry out of
        (0x7F800001, 0x7FC0, 0x7E00),
        (0xFFA12345, 0xFFE1, 0xFF09),
        (0xFFFFFFFF, 0xFFFF, 0xFFFF),
    ],
)
def test_casts_down_are_these(value, bf16, fp16):
    bits = np.array([value], "u4")
    assert (cast(casts.to_bf16, bits, "u2")[0], cast(casts.to_fp16, bits, "u2")[0]) == (bf16, fp16)


def test_widening_is_exact():
    assert np.array_equal(cast(casts.from_bf16, ALL_HALVES, "u4"), with_every_upper_half(0))
    wide = cast(casts.from_fp16, ALL_HALVES, "u4")
    numbers = ~is_nan(wide)
    assert np.array_equal(wide[numbers], ALL_HALVES[numbers].view("f2").astype("f4").view("u4"))


@pytest.mark.parametrize(("widen", "narrow"), [(casts.from_bf16, casts.to_bf16), (casts.from_fp16, casts.to_fp16)])
def test_what_was_widened_narrows_to_itself_but_for_signalling_nans(widen, narrow):
    quiet = 0x0040 if widen is casts.from_bf16 else 0x0200
    back = cast(narrow, cast(widen, ALL_HALVES, "u4"), "u2")
    nans = is_nan(cast(widen, ALL_HALVES, "u4"))
    assert np.array_equal(back, np.where(nans, ALL_HALVES | quiet, ALL_HALVES))


@pytest.mark.parametrize("function", [*casts.NARROWING.values(), *casts.WIDENING.values()])
def test_nothing_has_nothing_to_cast(function):
    source, target = ("u4", "u2") if function in casts.NARROWING.values() else ("u2", "u4")
    assert cast(function, np.empty(0, source), target).size == 0
