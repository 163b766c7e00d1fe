"""Whatever happens to a coded blob is found, named, and mended where a copy or a duplicate has what is lost."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
from store.blobs import weights

from mlreg.adapters.backends.local import LocalBackend
from mlreg.errors import IntegrityError, MissingError, MlregError, NotFoundError
from mlreg.store import layout
from mlreg.store.blobs import Blobs, container
from mlreg.store.blobs.access import access
from mlreg.store.blobs.cutting import Outline
from mlreg.store.blobs.heading import MAGIC

BASE = weights.model(rows=200)
TUNED = weights.tuned(BASE)
DAMAGES = 1000


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


class Store:
    """Blobs on the disk, which can be damaged."""

    def __init__(self, root):
        self.root = root
        self.blobs = Blobs(LocalBackend(root))

    def add(self, data, *kin):
        return self.blobs.add(io.BytesIO(data), "model.bin", kin=kin)[0]

    def path(self, digest):
        return self.root / layout.coded_blob(digest)

    def write(self, digest, data):
        path = self.path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)

    def read(self, digest):
        return b"".join(map(bytes, self.blobs.read(digest)))

    def problem(self, digest):
        """What a reader and a quick check say."""
        said = []
        for look in (lambda: self.read(digest), lambda: self.blobs.check(digest)):
            with pytest.raises(MlregError) as error:
                look()
            said.append(error.value)
        return said[0]


def damaged(data, chance):
    """`data` with one thing wrong with it."""
    kind = chance.choice(["flip", "cut", "append", "drop", "zero"])
    at = chance.randrange(len(data))
    match kind:
        case "flip":
            return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        case "cut":
            return data[:at]
        case "append":
            return data + chance.randbytes(chance.randrange(1, 100))
        case "drop":
            return data[:at] + data[at + chance.randrange(1, 100) :]
    end = at + chance.randrange(1, 100)
    zeroed = data[:at] + bytes(len(data[at:end])) + data[end:]
    return zeroed if zeroed != data else data[:-1]


def test_a_thousand_damages_are_all_found(store):
    base = store.add(weights.safetensors(BASE))
    tuned = store.add(weights.safetensors(TUNED), base)
    whole = {digest: store.path(digest).read_bytes() for digest in (base, tuned)}
    chance = random.Random(7)
    for _ in range(DAMAGES):
        digest = chance.choice([base, tuned])
        store.write(digest, damaged(whole[digest], chance))
        assert isinstance(store.problem(digest), IntegrityError | MissingError)
        store.write(digest, whole[digest])


def test_the_blob_that_is_damaged_is_named_not_the_one_that_is_stored_against_it(store):
    base = store.add(weights.safetensors(BASE))
    tuned = store.add(weights.safetensors(TUNED), base)
    store.write(base, damaged(store.path(base).read_bytes(), random.Random(1)))
    with pytest.raises(IntegrityError) as error:
        store.read(tuned)
    assert error.value.facts["object"] == layout.coded_blob(base)


def test_the_tensor_that_is_damaged_is_named(store):
    digest = store.add(weights.safetensors(BASE))
    data = bytearray(store.path(digest).read_bytes())
    file = container.CodedFile(io.BytesIO(data), access(io.BytesIO(data)).read_at)
    number = next(
        n for n, s in enumerate(file.index.segments) if file.index.tensor_at(s.offset) == "encoder.layer.1.bias"
    )
    data[file.index.frames[file.index.segments[number].frame].at] ^= 1
    store.write(digest, bytes(data))
    assert "encoder.layer.1.bias" in store.problem(digest).message


def test_a_base_that_is_missing_is_named(store):
    base = store.add(weights.safetensors(BASE))
    tuned = store.add(weights.safetensors(TUNED), base)
    store.path(base).unlink()
    with pytest.raises(NotFoundError) as error:
        store.read(tuned)
    assert error.value.facts["object"] == layout.blob(base)


def test_a_newer_format_is_told_from_damage(store):
    digest = store.add(weights.safetensors(BASE))
    data = store.path(digest).read_bytes()
    store.write(digest, MAGIC + struct.pack("<H", 2) + data[10:])
    with pytest.raises(MissingError, match="newer mlreg"):
        store.read(digest)


def test_a_codec_that_is_not_known_is_refused_by_its_name(store):
    digest = "sha256:" + "ab" * 32
    store.write(digest, hostile(lambda writer: [writer.add("quantum7", b"x", 100)], 100))
    with pytest.raises(MissingError, match="quantum7"):
        store.read(digest)


class Hostile:
    """Writes coded blobs that lie."""

    def __init__(self, size_bytes, bases=()):
        self.writer = container.Writer(
            size_bytes, [bytes.fromhex(base[7:]) for base in bases], Outline("", []), thorough=False
        )
        self.payloads = []

    def add(self, codec, payload, size_bytes, base=None, depth=0):
        number = self.writer.reserve(size_bytes, bytes(16))
        self.writer.add_frame(codec, payload, [number], base, depth)
        self.payloads.append(payload)

    def point(self, size_bytes, blob, offset):
        self.writer.point(self.writer.reserve(size_bytes, bytes(16)), container.Range(blob, offset, size_bytes))

    def data(self):
        return self.writer.head + b"".join(self.payloads) + self.writer.tail()


def hostile(fill, size_bytes, bases=()):
    writer = Hostile(size_bytes, bases)
    fill(writer)
    return writer.data()


A, B = "sha256:" + "aa" * 32, "sha256:" + "bb" * 32
RAW = b"\1" * 1000

HOSTILE = {
    "points at itself": {A: hostile(lambda w: w.point(1000, 0, 0), 1000)},
    "two point at each other": {
        A: hostile(lambda w: w.point(1000, 1, 0), 1000, [B]),
        B: hostile(lambda w: w.point(1000, 1, 0), 1000, [A]),
    },
    "is stored against itself": {A: hostile(lambda w: w.add("sub4", RAW, 1000, container.Range(0, 0, 1000), 1), 1000)},
    "two are stored against each other": {
        A: hostile(lambda w: w.add("sub4", RAW, 1000, container.Range(1, 0, 1000), 1), 1000, [B]),
        B: hostile(lambda w: w.add("sub4", RAW, 1000, container.Range(1, 0, 1000), 1), 1000, [A]),
    },
    "points past the end of another": {
        A: hostile(lambda w: w.point(1000, 1, 1 << 60), 1000, [B]),
        B: hostile(lambda w: w.add("raw", RAW, 1000), 1000),
    },
    "points at a blob that it does not name": {A: hostile(lambda w: w.point(1000, 3, 0), 1000)},
    "promises more than its segments have": {A: hostile(lambda w: w.add("raw", RAW, 1000), 1 << 60)},
    "promises a frame of a terabyte": {A: hostile(lambda w: w.add("zstd", RAW, 1 << 40), 1 << 40)},
    "a raw frame is longer than it says": {A: hostile(lambda w: w.add("raw", RAW, 10), 10)},
    "a raw frame is shorter than it says": {A: hostile(lambda w: w.add("raw", RAW, 1 << 20), 1 << 20)},
    "is not what its name says": {A: hostile(lambda w: w.add("raw", RAW, 1000), 1000)},
    "has nothing in it": {A: b""},
    "is another file": {A: b"hello" * 100},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_blob_that_lies_ends_in_an_error(store, what):
    for digest, data in HOSTILE[what].items():
        store.write(digest, data)
    with pytest.raises(IntegrityError, match=r"blobs/sha256/.* is damaged"):
        store.read(A)


def test_a_chain_that_is_too_deep_is_refused(store):
    digests = [f"sha256:{number:064x}" for number in range(30)]
    for digest, base in zip(digests, [*digests[1:], None], strict=True):
        fill = (lambda w: w.point(1000, 1, 0)) if base else (lambda w: w.add("raw", RAW, 1000))
        store.write(digest, hostile(fill, 1000, [base] if base else []))
    with pytest.raises(IntegrityError, match="deep"):
        store.read(digests[0])


def test_an_index_that_is_a_bomb_is_refused(store, tmp_path):
    import zstandard

    packed = zstandard.ZstdCompressor(level=19).compress(bytes(200 << 20))
    head = MAGIC + struct.pack("<HHIQ", 1, 0, 0, 100)
    head += struct.pack("<I", zlib.crc32(head))
    import xxhash

    for promised in (200 << 20, 100):
        footer = struct.pack("<QQQ", len(head), len(packed), promised) + xxhash.xxh3_64_digest(packed)
        store.write(A, head + packed + footer + container.END)
        assert isinstance(store.problem(A), IntegrityError)


def test_a_damaged_blob_is_mended_from_the_file_that_it_was(store):
    data = weights.safetensors(BASE)
    base = store.add(data)
    tuned = store.add(weights.safetensors(TUNED), base)
    store.write(base, store.path(base).read_bytes()[:-9])
    assert store.blobs.mend(base, [io.BytesIO(b"another"), io.BytesIO(data)], [])
    assert store.read(base) == data
    assert store.read(tuned) == weights.safetensors(TUNED)


def test_a_damaged_blob_is_mended_from_a_duplicate_of_what_is_damaged(store):
    data = weights.safetensors(BASE)
    base, copy = store.add(data), store.add(weights.safetensors(BASE, run="2"))
    broken = bytearray(store.path(base).read_bytes())
    broken[len(broken) // 2] ^= 1
    store.write(base, bytes(broken))
    assert store.blobs.mend(base, [], [base, copy])
    assert store.read(base) == data


def test_what_nobody_has_cannot_be_mended_and_stays_as_it_is(store):
    base = store.add(weights.safetensors(BASE))
    other = store.add(weights.safetensors(weights.model(9, rows=200)))
    broken = bytearray(store.path(base).read_bytes())
    broken[len(broken) // 2] ^= 1
    store.write(base, bytes(broken))
    assert not store.blobs.mend(base, [io.BytesIO(b"another")], [other])
    assert store.path(base).read_bytes() == broken
