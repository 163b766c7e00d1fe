"""The slower pass makes blobs smaller, checks them before the old form goes, and breaks nothing stored against them."""

from __future__ import annotations

import io

import pytest
from store.blobs import weights

from mlreg.adapters.backends.local import LocalBackend
from mlreg.errors import IntegrityError
from mlreg.store import layout
from mlreg.store.blobs import Blobs, codecs

BASE = weights.model()
TUNED = weights.tuned(BASE)


@pytest.fixture
def blobs(tmp_path):
    return Blobs(LocalBackend(tmp_path))


def add(blobs, data, *kin, plain=False):
    return (blobs.add_plain if plain else blobs.add)(io.BytesIO(data), "model.bin", kin=kin)[0]


def read(blobs, digest):
    return b"".join(map(bytes, blobs.read(digest)))


def test_a_squeezed_fine_tune_is_smaller_and_the_same(blobs):
    base = add(blobs, weights.safetensors(BASE))
    tuned = add(blobs, weights.safetensors(TUNED), base)
    before = blobs.stored(tuned).stored_bytes
    assert blobs.squeeze(tuned, [base])
    assert blobs.stored(tuned).stored_bytes < before
    assert read(blobs, tuned) == weights.safetensors(TUNED)


def test_a_raw_blob_is_put_into_the_coded_form(blobs, tmp_path):
    base = add(blobs, weights.safetensors(BASE), plain=True)
    tuned = add(blobs, weights.safetensors(TUNED), plain=True)
    assert blobs.squeeze(base, [])
    assert blobs.squeeze(tuned, [base])
    assert blobs.stored(tuned).bases == (base,)
    assert not (tmp_path / layout.blob(tuned)).exists()
    assert read(blobs, tuned) == weights.safetensors(TUNED)


def test_what_is_stored_against_a_squeezed_blob_stays_readable(blobs):
    base = add(blobs, weights.safetensors(BASE), plain=True)
    tuned = add(blobs, weights.safetensors(TUNED), base)
    assert blobs.squeeze(base, [tuned])  # which is stored against it: no way to store it against that
    assert blobs.stored(base).bases == ()
    assert read(blobs, tuned) == weights.safetensors(TUNED)


def test_a_squeezed_blob_is_not_squeezed_again(blobs):
    base = add(blobs, weights.safetensors(BASE))
    tuned = add(blobs, weights.safetensors(TUNED), base)
    assert blobs.squeeze(tuned, [base])
    assert not blobs.squeeze(tuned, [base])


def test_a_blob_that_would_not_be_smaller_stays_as_it_is(blobs):
    base = add(blobs, weights.safetensors(BASE))
    before = blobs.stored(base)
    assert blobs.squeeze(base) == (blobs.stored(base).stored_bytes < before.stored_bytes)
    assert read(blobs, base) == weights.safetensors(BASE)


def test_a_damaged_blob_is_not_squeezed(blobs, tmp_path):
    base = add(blobs, weights.safetensors(BASE), plain=True)
    path = tmp_path / layout.blob(base)
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    with pytest.raises(IntegrityError):
        blobs.squeeze(base)
    assert path.exists()


def test_the_old_form_stays_where_the_new_one_does_not_decode_to_the_same(blobs, tmp_path, monkeypatch):
    base = add(blobs, weights.safetensors(BASE), plain=True)
    encode = codecs.encode

    def wrong(data, kind, base=None, *, thorough=False):
        return encode(bytes(len(data)), kind, None, thorough=thorough)

    monkeypatch.setattr(codecs, "encode", wrong)
    with pytest.raises(IntegrityError, match="does not restore"):
        blobs.squeeze(base)
    assert read(blobs, base) == weights.safetensors(BASE)
    assert not (tmp_path / layout.coded_blob(base)).exists()
