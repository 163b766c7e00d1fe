"""Blobs give back what they were given, byte for byte, and take little room for it."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store.blobs import weights

from mlreg.adapters.backends.local import LocalBackend
from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.errors import ConflictError
from mlreg.store import codec, layout
from mlreg.store.blobs import CODED_MIN_BYTES, IN_MEMORY_MAX_BYTES, Blobs

BASE = weights.model()
TUNED = weights.tuned(BASE)


@pytest.fixture
def blobs(tmp_path):
    return Blobs(LocalBackend(tmp_path))


def add(blobs, data, *kin, plain=False):
    keep = blobs.add_plain if plain else blobs.add
    digest, size_bytes = keep(io.BytesIO(data), "model.bin", kin=kin)
    assert (digest, size_bytes) == (codec.digest(data), len(data))
    assert b"".join(map(bytes, blobs.read(digest))) == data
    return digest


def ratio(blobs, digest):
    stored = blobs.stored(digest)
    return stored.stored_bytes / stored.size_bytes


def test_weights_take_less_room_than_the_file(blobs):
    assert ratio(blobs, add(blobs, weights.safetensors(BASE))) < 0.9


def test_a_fine_tune_is_kept_as_the_difference_from_its_parent(blobs):
    base = add(blobs, weights.safetensors(BASE))
    tuned = add(blobs, weights.safetensors(TUNED), base)
    assert ratio(blobs, tuned) < 0.45
    assert blobs.stored(tuned).bases == (base,)


def test_of_a_fine_tune_of_the_head_only_the_head_is_kept(blobs):
    base = add(blobs, weights.safetensors(BASE))
    head = add(blobs, weights.safetensors(weights.tuned(BASE, only="encoder.layer.2")), base)
    assert ratio(blobs, head) < 0.16


def test_a_half_precision_export_of_what_is_there_costs_next_to_nothing(blobs):
    base = add(blobs, weights.safetensors(BASE))
    half = add(blobs, weights.safetensors(weights.halved(BASE), "BF16"), base)
    assert ratio(blobs, half) < 0.002


def test_a_difference_from_a_half_precision_export_finds_its_way_through_both(blobs):
    base = add(blobs, weights.safetensors(BASE))
    half = add(blobs, weights.safetensors(weights.halved(BASE), "BF16"), base)
    tuned = add(blobs, weights.safetensors(weights.halved(TUNED), "BF16"), half)
    assert ratio(blobs, tuned) < 0.2
    assert blobs.needed([tuned]) >= {tuned, half}


def test_the_same_weights_in_another_container_cost_next_to_nothing(blobs):
    base = add(blobs, weights.safetensors(BASE))
    file = io.BytesIO()
    np.savez(file, **BASE)
    assert ratio(blobs, add(blobs, file.getvalue(), base)) < 0.002


def test_names_of_tensors_may_have_gained_a_wrapper(blobs):
    base = add(blobs, weights.safetensors(BASE))
    wrapped = {f"module.{name}": array for name, array in TUNED.items()}
    assert ratio(blobs, add(blobs, weights.safetensors(wrapped), base)) < 0.45


def test_of_several_relatives_the_nearest_is_found(blobs):
    others = [add(blobs, weights.safetensors(weights.model(seed))) for seed in (5, 6)]
    base = add(blobs, weights.safetensors(BASE))
    tuned = add(blobs, weights.safetensors(TUNED), *others, base)
    assert blobs.stored(tuned).bases == (base,)


def test_chains_stay_short(blobs):
    arrays, digests = BASE, []
    for seed in range(6):
        digests.append(add(blobs, weights.safetensors(arrays), *reversed(digests)))
        arrays = weights.tuned(arrays, seed)
    assert blobs.stored(digests[-1]).bases == (digests[0],)


def test_of_a_pickle_with_something_put_in_the_middle_only_that_is_new(blobs):
    data = np.random.default_rng(3).integers(0, 40, 800_000, dtype=np.uint8).tobytes()
    base = add(blobs, data)
    longer = add(blobs, data[:300_001] + b"something new" * 100 + data[300_001:], base)
    assert ratio(blobs, longer) < 0.25 * ratio(blobs, base)


def test_a_part_that_repeats_in_a_file_is_kept_once(blobs):
    array = BASE["encoder.layer.0.weight"]
    once = ratio(blobs, add(blobs, weights.safetensors({"a": array})))
    assert ratio(blobs, add(blobs, weights.safetensors({"a": array, "tied": array}))) < 0.6 * once


def test_what_cannot_be_made_smaller_is_kept_as_it_is(blobs, tmp_path):
    data = random.Random(1).randbytes(300_000)
    digest = add(blobs, data)
    assert (tmp_path / layout.blob(digest)).read_bytes() == data


def test_small_files_are_kept_as_they_are(blobs, tmp_path):
    data = b"{}" * (CODED_MIN_BYTES // 2 - 1)
    assert (tmp_path / layout.blob(add(blobs, data))).read_bytes() == data


def test_raw_files_are_kept_as_they_are(blobs, tmp_path):
    data = weights.safetensors(BASE)
    assert len(data) > IN_MEMORY_MAX_BYTES
    assert (tmp_path / layout.blob(add(blobs, data, plain=True))).read_bytes() == data


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("was_plain", [False, True])
def test_the_same_bytes_again_are_not_written_again(blobs, tmp_path, plain, was_plain):
    data = weights.safetensors(BASE)
    digest = add(blobs, data, plain=was_plain)
    before = sorted((path, path.stat().st_ino) for path in tmp_path.rglob("*") if path.is_file())
    add(blobs, data, digest, plain=plain)
    assert sorted((path, path.stat().st_ino) for path in tmp_path.rglob("*") if path.is_file()) == before


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("data", [b"small", weights.safetensors(BASE)], ids=["small", "large"])
@pytest.mark.parametrize("left", [0, 0.5, 0.99])
def test_the_same_bytes_again_take_the_place_of_a_blob_that_was_cut_off(blobs, tmp_path, plain, data, left):
    digest = add(blobs, data, plain=plain)
    damaged = next(path for path in (layout.blob(digest), layout.coded_blob(digest)) if (tmp_path / path).exists())
    whole = (tmp_path / damaged).read_bytes()
    (tmp_path / damaged).chmod(0o644)
    (tmp_path / damaged).write_bytes(whole[: int(len(whole) * left)])
    assert add(blobs, data, digest, plain=plain) == digest  # and reads them back


def test_the_same_bytes_again_take_a_form_away_that_was_cut_off_beside_a_whole_one(blobs, tmp_path):
    data = weights.safetensors(BASE)
    path = tmp_path / layout.coded_blob(add(blobs, data))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-9])
    (tmp_path / layout.blob(codec.digest(data))).write_bytes(data)  # as one leaves it that is killed meanwhile
    add(blobs, data)
    assert not path.exists()


def test_the_same_bytes_again_are_kept_whole_where_what_they_are_stored_against_is_gone(blobs, tmp_path):
    base = add(blobs, weights.safetensors(BASE))
    tuned = add(blobs, weights.safetensors(TUNED), base)
    assert blobs.stored(tuned).bases
    blobs.drop(base)
    assert add(blobs, weights.safetensors(TUNED)) == tuned  # and reads them back


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("share", [0.001, 0.31, 0.5, 0.999])
def test_a_file_that_is_nearly_the_same_is_not_taken_for_the_same(blobs, plain, share):
    data = weights.safetensors(BASE)
    base = add(blobs, data, plain=plain)
    place = int(len(data) * share)
    other = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    assert add(blobs, other, base, plain=plain) != base


def test_what_is_here_but_under_no_relative_is_not_kept_twice(blobs, tmp_path):
    data = weights.safetensors(BASE)
    add(blobs, data, plain=True)
    files = {path: path.stat().st_ino for path in tmp_path.rglob("*") if path.is_file()}
    add(blobs, data)
    assert {path: path.stat().st_ino for path in tmp_path.rglob("*") if path.is_file()} == files


def test_a_raw_file_serves_as_a_base_too(blobs):
    base = add(blobs, weights.safetensors(BASE), plain=True)
    assert ratio(blobs, add(blobs, weights.safetensors(TUNED), base)) < 0.45


def test_relatives_that_are_missing_or_damaged_are_no_use_and_no_harm(blobs, tmp_path):
    base = add(blobs, weights.safetensors(BASE))
    path = tmp_path / layout.coded_blob(base)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-50])
    add(blobs, weights.safetensors(TUNED), base, "sha256:" + "0" * 64)


@pytest.mark.parametrize("bytes_left", [9, -50])
def test_a_relative_that_is_itself_stored_against_what_is_damaged_is_no_use_and_no_harm(blobs, tmp_path, bytes_left):
    base = add(blobs, weights.safetensors(BASE))
    tuned = add(blobs, weights.safetensors(TUNED), base)
    path = tmp_path / layout.coded_blob(base)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:bytes_left])
    assert add(blobs, weights.safetensors(BASE), tuned) == base  # and reads them back


class Changing(io.BytesIO):
    """A file that somebody goes on writing: each time it has been read to its end, another byte is another."""

    def read(self, size=-1):
        data = super().read(size)
        if self.tell() == len(self.getbuffer()):
            self.getbuffer()[len(self.getbuffer()) // 2] = (self.getbuffer()[len(self.getbuffer()) // 2] + 1) % 256
        return data


def test_a_file_that_changes_meanwhile_is_refused(blobs, tmp_path):
    with pytest.raises(ConflictError, match=r"model\.bin changed"):
        blobs.add(Changing(weights.safetensors(BASE)), "model.bin")
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_any_backend_will_do():
    blobs = Blobs(MemoryBackend())
    base = add(blobs, weights.safetensors(BASE))
    assert ratio(blobs, add(blobs, weights.safetensors(TUNED), base)) < 0.45


SIZES = st.sampled_from([0, 1, CODED_MIN_BYTES - 1, CODED_MIN_BYTES, CODED_MIN_BYTES + 1, 70_001, 200_000])


@settings(deadline=None, max_examples=25)
@given(size=SIZES, letters=st.integers(1, 256), seed=st.integers(0, 99), edits=st.lists(st.integers(0, 200_000)))
def test_any_bytes_come_back_whatever_they_are_stored_against(size, letters, seed, edits):
    blobs = Blobs(MemoryBackend())
    data = bytearray(np.random.default_rng(seed).integers(0, letters, size, dtype=np.uint8).tobytes())
    base = add(blobs, bytes(data))
    for at in edits:
        data[at % max(size, 1) : at % max(size, 1) + 1] = b"edit"
    add(blobs, bytes(data), base)


@settings(deadline=None, max_examples=25)
@given(
    kinds=st.lists(st.sampled_from(["F64", "F32", "F16", "BF16", "I64", "I8", "BOOL"]), min_size=2, max_size=2),
    seed=st.integers(0, 99),
)
def test_tensors_come_back_whatever_their_type_is_said_to_be(kinds, seed):
    blobs = Blobs(MemoryBackend())
    noise = np.random.default_rng(seed).integers(0, 256, 80_000, dtype=np.uint8)
    files = [weights.safetensors({"w": _as(noise, kind)}, kind) for kind in kinds]
    base = add(blobs, files[0])
    add(blobs, files[1], base)


def _as(noise, kind):
    width = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I8": 1, "BOOL": 1}[kind]
    return noise.view(f"u{width}")
