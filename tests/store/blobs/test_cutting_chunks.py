"""Chunks end where the content says, by a rule that never changes, however the bytes come in."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise

import joblib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_files import saved
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

from mlreg.store.blobs.cutting.chunks import AVERAGE, MAX, MIN, borders


def noise(size_bytes: int, seed: int = 0) -> bytes:
    """Returns bytes that look random and are the same on every machine: SHA-256 of `seed` and a counter."""
    blocks = (sha256(b"%d:%d" % (seed, number)).digest() for number in range(-(-size_bytes // 32)))
    return b"".join(blocks)[:size_bytes]


def ends(data: bytes) -> list[int]:
    return borders(memoryview(data), final=True)


def chunks(data: bytes) -> list[bytes]:
    return [data[begin:end] for begin, end in pairwise([0, *ends(data)])]


def windowed(data: bytes, sizes: Iterable[int]) -> list[int]:
    """Returns the ends as a caller finds them who reads `sizes` bytes at a time, and what is left at the end."""
    found: list[int] = []
    read = 0
    for size in sizes:
        read = min(read + size, len(data))
        begin = found[-1] if found else 0
        found += [begin + end for end in borders(memoryview(data)[begin:read], final=False)]
    begin = found[-1] if found else 0
    return found + [begin + end for end in borders(memoryview(data)[begin:], final=True)]


def slow(data: bytes) -> list[int]:
    """Returns the ends by the rule as the format states it, one position after the other."""
    factors = [pow(0x9E35, distance, 1 << 16) for distance in range(64)]

    def is_end(begin: int, position: int) -> bool:
        last = data[position - 64 : position]
        small = 2 if position < begin + 32768 else 8
        return (0x5000 + sum(map(int.__mul__, reversed(last), factors))) % 65536 < small

    found = [0]
    while found[-1] < len(data):
        begin = found[-1]
        limit = min(begin + 131072, len(data))
        found.append(next((place for place in range(begin + 8192, limit) if is_end(begin, place)), limit))
    return found[1:]


FLAT, NOISE = bytes(200_000), noise(400_000)
MIXED = NOISE[:100_000] + FLAT + b"\1\2\3\4" * 20_000 + NOISE[100_000:200_000] + bytes([7]) * 140_000


@pytest.mark.parametrize("data", [NOISE, MIXED], ids=["noise", "mixed"])
def test_chunks_end_where_the_format_says(data):
    assert ends(data) == slow(data)


def test_the_rule_is_the_one_of_all_releases():
    assert ends(noise(300_000)) == [
        15438,
        51705,
        92142,
        129597,
        164504,
        182842,
        206484,
        218179,
        231417,
        243110,
        262079,
        284232,
        300000,
    ]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([NOISE, MIXED, NOISE[:9000], FLAT, b"", b"x"]), st.lists(st.integers(1, 300_000), max_size=12))
def test_the_way_in_which_bytes_come_does_not_matter(data, sizes):
    assert windowed(data, sizes) == ends(data)


def test_a_byte_at_a_time_is_a_way_too():
    data = noise(40_000, seed=2)
    assert windowed(data, [1] * len(data)) == ends(data)


@pytest.mark.parametrize("data", [NOISE, MIXED, noise(MIN - 1), noise(MIN + 1), FLAT[:MAX], FLAT[: MAX + 1], b"x", b""])
def test_chunks_are_all_of_it_and_neither_small_nor_large(data):
    found = chunks(data)
    assert b"".join(found) == data
    assert all(MIN <= len(chunk) <= MAX for chunk in found[:-1])
    assert all(0 < len(chunk) <= MAX for chunk in found[-1:])


def test_chunks_have_about_the_average_size():
    data = noise(8 << 20)
    assert 0.8 * AVERAGE < len(data) / len(ends(data)) < 1.1 * AVERAGE


def test_a_run_of_one_byte_is_cut_as_late_as_possible():
    assert [byte for byte in range(256) if ends(bytes([byte]) * (MAX + MIN)) != [MAX, MAX + MIN]] == []


def test_bytes_put_in_the_middle_change_few_chunks():
    old = noise(4 << 20)
    middle = len(old) // 2
    for change in (b"x", noise(999, seed=1), noise(100_000, seed=1)):
        new = old[:middle] + change + old[middle:]
        fresh = set(chunks(new)) - set(chunks(old))
        assert sum(map(len, fresh)) <= len(change) + 2 * MAX


def test_bytes_taken_away_in_front_change_few_chunks():
    old = noise(4 << 20)
    fresh = set(chunks(old[12_345:])) - set(chunks(old))
    assert sum(map(len, fresh)) <= 2 * MAX


def test_it_does_not_matter_where_in_memory_the_bytes_are():
    data = bytearray(b"abc" + NOISE)
    assert borders(memoryview(data)[3:], final=True) == ends(NOISE)


def test_a_forest_that_grew_has_its_old_trees_in_common_with_the_one_before():
    features, labels = load_digits(return_X_y=True)
    forest = RandomForestClassifier(60, random_state=0, warm_start=True).fit(features, labels)
    old = saved(lambda stream: joblib.dump(forest, stream))
    forest.set_params(n_estimators=66).fit(features, labels)
    new = saved(lambda stream: joblib.dump(forest, stream))
    known = set(chunks(old))
    common = sum(len(chunk) for chunk in chunks(new) if chunk in known)
    assert common > 0.95 * len(old)


def test_positions_are_plain_numbers_that_ascend():
    found = ends(NOISE)
    assert {type(end) for end in found} == {int}
    assert found == sorted(set(found))
