"""A pickle that was compressed by whoever saved it is known by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import zlib

import pytest

from mlreg.domain.packing import START_BYTES, packing, packing_note

PLAIN = pickle.dumps({"weights": list(range(100))})
PACKED = {
    "gzip": gzip.compress(PLAIN),
    "bz2": bz2.compress(PLAIN),
    "xz": lzma.compress(PLAIN),
    "lzma": lzma.compress(PLAIN, format=lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_was_compressed_is_told_by_name(name):
    assert packing("model.joblib", PACKED[name][:START_BYTES]) == name
    assert f"({name})" in (packing_note("model.pkl", PACKED[name]) or "")


@pytest.mark.parametrize("level", range(10))
def test_every_level_of_zlib_is_known(level):
    assert packing("model.pkl", zlib.compress(PLAIN, level)) == "zlib"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_plain_pickle_is_not_taken_for_one(protocol):
    assert packing_note("model.pkl", pickle.dumps({"a": 1}, protocol)) is None


@pytest.mark.parametrize("path", ["model.bin", "words.txt", "x.csv.gz", "pkl"])
def test_other_files_are_none_of_its_business(path):
    assert packing(path, PACKED["gzip"]) is None


def test_a_name_that_says_so_twice_is_one_too():
    assert packing("Model.PKL.gz", PACKED["gzip"]) == "gzip"
