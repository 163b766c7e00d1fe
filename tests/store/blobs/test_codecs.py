"""What a codec takes in comes out again bit by bit, whatever it was told of it; what it keeps is small; what is damaged
or hostile ends at once."""

from __future__ import annotations

import struct
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.store.blobs import codecs
from mlreg.store.blobs.codecs import KINDS, Base, DamagedError, UnknownCodecError, forms, planes

# zeros of both signs, least and greatest denormals and normals, ones, infinities, quiet and signalling NaNs of both
SPECIAL = {
    2: [0, 0x8000, 1, 0x3FF, 0x400, 0x7BFF, 0x7C00, 0xFC00, 0x7C01, 0xFE00, 0x7F, 0x80, 0x3F80, 0x7F80, 0x7F81, 0xFFC1],
    4: [0, 1 << 31, 1, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x3F800000, 0x7F800000, 0xFF800000, 0x7F800001, 0xFFC00001],
    8: [0, 1 << 63, 1, (1 << 52) - 1, 1 << 52, 0x3FF << 52, 0x7FF << 52, 0xFFF << 52, (0x7FF << 52) | 1, 0xFFF8 << 48],
}
SPECIAL[1] = [0, 1, 0x7F, 0x80, 0xFF]
LENGTHS = (0, 1, 2, 7, 100, 5_000)


def arrays(seed, length, width, manner):
    """Returns `length` elements of `width` bytes, random in one of several manners."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 1 << 8 * width, length, dtype=f"u{width}", endpoint=False) if width < 8 else None
    numbers = rng.integers(0, (1 << 64) - 1, length, dtype="u8", endpoint=True) if numbers is None else numbers
    if manner == "special":
        return np.array(SPECIAL[width], f"u{width}")[rng.integers(0, len(SPECIAL[width]), length)]
    if manner == "weights" and width in (4, 8):
        return rng.normal(0, 0.04, length).astype(f"f{width}").view(f"u{width}")
    if manner == "sparse":
        return np.where(rng.random(length) < 0.02, numbers, numbers.dtype.type(7))
    return numbers


@st.composite
def segments(draw):
    """Draws bytes, a kind that need not be theirs, and no base or one that need not fit."""
    width = draw(st.sampled_from([1, 2, 4, 8]))
    length = draw(st.sampled_from(LENGTHS))
    seed = draw(st.integers(0, 1 << 32))
    elements = arrays(seed, length, width, draw(st.sampled_from(["any", "special", "weights", "sparse"])))
    data = elements.tobytes() + draw(st.binary(max_size=9))
    related = (elements + arrays(seed + 1, length, width, "sparse") % 3).tobytes() + draw(st.binary(max_size=9))
    upper_halves = np.frombuffer(data, "u1", len(data) // 4 * 4).reshape(-1, 4)[:, 2:].tobytes()
    doubled = np.repeat(np.frombuffer(data, "u2", len(data) // 2), 2).tobytes()
    other = arrays(seed + 2, length, width, "any").tobytes()
    base = draw(st.none() | st.sampled_from([data, related, upper_halves, doubled, other, b"", b"x"]))
    kind = draw(st.sampled_from([*KINDS, "f4 of a newer mlreg"]))
    return data, kind, None if base is None else Base(base, draw(st.sampled_from(sorted(KINDS))))


def restored(coded, size_bytes, base):
    return bytes(codecs.decode(coded.codec, coded.payload, size_bytes, base and base.data))


@given(segments(), st.booleans())
@settings(deadline=None)
def test_what_is_encoded_comes_back_bit_by_bit(segment, thorough):
    data, kind, base = segment
    coded = codecs.encode(data, kind, base, thorough=thorough)
    assert restored(coded, len(data), base) == data
    assert len(coded.payload) <= len(data)
    assert 0 <= codecs.gain(data, kind, base) <= 1


def in_form(form, data, base, pack):
    """Returns the payload of `data` in `form`, whether or not `encode` would take it."""
    split = forms.split(form, data, base)
    return planes.payload([pack(plane) for plane in split], data[len(data) // form.width * form.width :])


@pytest.mark.parametrize("manner", ["any", "special", "weights", "sparse"])
@pytest.mark.parametrize("form", forms.FORMS.values(), ids=forms.FORMS)
def test_every_form_restores_every_manner_of_elements(form, manner):
    for seed, length in enumerate((*LENGTHS, (1 << 16) + 3)):
        data = arrays(seed, length, form.width, manner).tobytes() + b"123456789"[: form.width - 1]
        base = arrays(seed + 1, length, form.base_width, manner).tobytes()
        for pack in (planes.pack_thoroughly, lambda plane: planes.pack(plane, planes.guess(plane[:64]))):
            payload = in_form(form, data, base if form.is_relative else None, pack)
            assert bytes(codecs.decode(form.name, payload, len(data), base)) == data


def test_every_codec_is_one_that_a_reader_has():
    assert {name.rstrip("1248") for name in forms.FORMS if ":" not in name} == {"planes", "rotated", "sub", "sorted"}
    assert [name for name in forms.FORMS if ":" in name] == [
        f"{form}{width}:{cast}" for cast in ("bf16", "fp16") for width in (2, 4) for form in ("sub", "sorted")
    ]


def test_segments_may_lie_and_be_decoded_at_any_address():
    data = arrays(1, 70_000, 4, "weights").tobytes()
    near = (np.frombuffer(data, "u4") + 5).tobytes()
    odd, odd_base = memoryview(b"x" + data)[1:], memoryview(b"xyz" + near)[3:]
    out = memoryview(bytearray(len(data) + 1))[1:]
    for thorough in (False, True):
        coded = codecs.encode(odd, "f32", Base(odd_base, "f32"), thorough=thorough)
        codecs.decode_into(coded.codec, coded.payload, out, odd_base)
        assert coded.codec == "sub4" and bytes(out) == data


def test_threads_do_not_disturb_each_other():
    pairs = [(arrays(seed, 40_000, 4, "weights"), arrays(seed + 50, 40_000, 4, "sparse")) for seed in range(12)]

    def work(pair):
        data, base = pair[0].tobytes(), Base((pair[0] - pair[1] % 1000).tobytes(), "f32")
        return restored(codecs.encode(data, "f32", base, thorough=True), len(data), base) == data

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, pairs * 3))


# What is small


def weights(seed=0, length=1 << 17):
    return np.random.default_rng(seed).normal(0, 0.04, length).astype("f4")


def updated(base, seed=1):
    return (base + np.random.default_rng(seed).normal(0, 1e-6, base.size)).astype("f4")


def stored(data, kind, base=None, **options):
    coded = codecs.encode(data.tobytes(), kind, base, **options)
    return coded.codec, len(coded.payload) / data.nbytes


def test_weights_lose_what_their_exponents_repeat():
    codec, ratio = stored(weights(), "f32")
    assert codec == "rotated4" and ratio < 0.84


def test_a_small_update_is_a_small_difference():
    base = weights()
    codec, ratio = stored(updated(base), "f32", Base(base.tobytes(), "f32"))
    assert codec == "sub4" and ratio < 0.5


def test_the_slower_pass_sorts_by_the_exponents_of_the_base():
    base = rounded_to_upper_halves(weights())
    wide = (base.astype("u4") << 16).view("f4")
    new = rounded_to_upper_halves((wide + np.random.default_rng(2).normal(0, 1e-5, wide.size)).astype("f4"))
    fast = stored(new, "bf16", Base(base.tobytes(), "bf16"))
    thorough = stored(new, "bf16", Base(base.tobytes(), "bf16"), thorough=True)
    assert (fast[0], thorough[0]) == ("sub2", "sorted2") and thorough[1] < 0.7 * fast[1]


def test_a_rounded_copy_is_predicted_from_what_it_was_rounded_from():
    base = weights()
    halves = {"f16": base.astype("f2"), "bf16": rounded_to_upper_halves(base)}
    for kind, half in halves.items():
        codec, ratio = stored(half, kind, Base(base.tobytes(), "f32"))
        assert codec == f"sub2:{'fp16' if kind == 'f16' else kind}" and ratio * half.nbytes <= 10


def test_a_widened_copy_is_predicted_from_what_it_was_widened_from():
    half = weights().astype("f2")
    codec, ratio = stored(half.astype("f4"), "f32", Base(half.tobytes(), "f16"))
    assert codec == "sub4:fp16" and ratio < 0.0005


def rounded_to_upper_halves(values):
    bits = values.view("u4").astype("u8")
    below, upper = bits & 0xFFFF, bits >> 16
    return (upper + ((below > 0x8000) | ((below == 0x8000) & (upper % 2 == 1)))).astype("u2")


def test_rare_changes_cost_less_than_a_bit_each():
    base = arrays(3, 1 << 17, 2, "any")
    change = np.random.default_rng(4).random(base.size) < 0.02
    codec, ratio = stored(base + change.astype("u2"), "bf16", Base(base.tobytes(), "bf16"))
    assert codec == "sub2" and ratio < 0.016


def prose(words=40_000):
    vocabulary = np.array([b"layer ", b"weight ", b"encoder ", b"query ", b"dense ", b"bias ", b"norm "])
    return np.frombuffer(b"".join(vocabulary[np.random.default_rng(6).integers(0, vocabulary.size, words)]), "u1")


def test_what_repeats_in_bytes_is_left_to_zstd():
    text = prose()
    codec, ratio = stored(text, "")
    assert codec == "zstd" and ratio < 0.25
    assert stored(text, "", thorough=True)[1] < ratio


def test_noise_is_kept_as_it_is():
    noise = arrays(5, 1 << 17, 1, "any")
    for kind in KINDS:
        assert stored(noise, kind, Base(noise[::-1].tobytes(), kind)) == ("raw", 1)


def test_a_base_that_brings_nothing_is_not_taken():
    assert stored(weights(), "f32", Base(weights(9).tobytes(), "f32"))[0] == "rotated4"


def test_a_constant_segment_is_next_to_nothing():
    assert stored(np.full(1 << 17, 0.5, "f4"), "f32", Base(weights().tobytes(), "f32"))[1] < 0.0001


def test_the_gain_of_a_sample_tells_the_better_base():
    base, stranger = weights(), weights(9)
    new = updated(base)[:8_000].tobytes()
    near = codecs.gain(new, "f32", Base(base[:8_000].tobytes(), "f32"))
    far = codecs.gain(new, "f32", Base(stranger[:8_000].tobytes(), "f32"))
    assert near < 0.6 < far <= codecs.gain(new, "f32") + 0.01 < 0.9


# What is hostile

UNKNOWN = ["", "planes", "planes3", "sub4:bf8", "sub8:bf16", "sorted1", "rotated1", "RAW", "zstd\n", "brotli"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_codec_is_refused_by_its_name(name):
    with pytest.raises(UnknownCodecError) as refused:
        codecs.decode(name, b"", 0)
    assert refused.value.facts == {"codec": name} and refused.value.exit_code == 9


def decoded_or_damaged(codec, payload, size_bytes, base):
    try:
        return codecs.decode(codec, payload, size_bytes, base)
    except DamagedError:
        return None


@given(st.data())
@settings(deadline=None)
def test_damage_never_ends_otherwise_than_in_an_error_or_wrong_bytes(data):
    form = data.draw(st.sampled_from(list(forms.FORMS.values())))
    elements, base = (arrays(7, 600, width, "sparse").tobytes() for width in (form.width, form.base_width))
    payload = bytearray(in_form(form, elements, base, planes.pack_thoroughly))
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(payload) - 1), st.integers(0, 255)), max_size=4)
    ):
        payload[place] = value
    kept = payload[: data.draw(st.integers(0, len(payload)))] + data.draw(st.binary(max_size=5))
    size_bytes = data.draw(st.sampled_from([len(elements), len(elements) - 1, len(elements) + 1, 0, 3 * len(elements)]))
    found = decoded_or_damaged(form.name, bytes(kept), size_bytes, base)
    assert found is None or len(found) == size_bytes


@given(st.sampled_from(["raw", "zstd", *forms.FORMS]), st.binary(max_size=200), st.integers(0, 400), st.binary())
@settings(deadline=None)
def test_any_bytes_as_a_payload_end_well(codec, payload, size_bytes, base):
    found = decoded_or_damaged(codec, payload, size_bytes, base)
    assert found is None or len(found) == size_bytes


@pytest.mark.parametrize("codec", ["raw", "zstd", "rotated4", "sub4"])
def test_a_payload_that_is_cut_short_or_too_long_is_damaged(codec):
    base = weights(length=5_000)
    data = {"raw": arrays(0, 5_000, 4, "any"), "zstd": prose(), "rotated4": base, "sub4": updated(base)}[
        codec
    ].tobytes()
    kind, against = ("", None) if codec in ("raw", "zstd") else ("f32", Base(base.tobytes(), "f32"))
    coded = codecs.encode(data, kind, against if codec == "sub4" else None)
    assert coded.codec == codec
    for wrong in (coded.payload[:-1], coded.payload[:3], b"", b"\0" + coded.payload):
        with pytest.raises(DamagedError):
            codecs.decode(codec, wrong, len(data), base.tobytes())


@pytest.mark.parametrize("base", [None, b"", bytes(399_996), bytes(400_004)], ids=["none", "empty", "short", "long"])
def test_a_base_of_another_length_is_damage(base):
    payload = codecs.encode(bytes(400_000), "f32", Base(bytes(400_000), "f32")).payload
    with pytest.raises(DamagedError):
        codecs.decode("sub4", payload, 400_000, base)


def plane_header(mode, length):
    return struct.pack("<BI", mode, length)


BOMB = zstandard.ZstdCompressor().compress(bytes(100 << 20))
STREAMED_BOMB = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(100 << 20))
WIDE = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
WIDE_BOMB = zstandard.ZstdCompressor(compression_params=WIDE).compress(bytes(1000))
LYING_BOMB = BOMB.replace((100 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"), 1)
BOMBS = {
    "zstd": [BOMB, STREAMED_BOMB, WIDE_BOMB, LYING_BOMB],
    "planes1": [
        plane_header(2, len(BOMB)) + BOMB,
        plane_header(2, len(LYING_BOMB)) + LYING_BOMB,
        plane_header(2, 0xFFFFFFFF) + BOMB,
        plane_header(3, len(BOMB) + 11) + b"\0" + plane_header(2, len(BOMB)) + plane_header(0, 0) + BOMB,
        plane_header(3, len(BOMB) + 11) + b"\0" + plane_header(0, 255) + plane_header(2, len(BOMB)) + BOMB,
        plane_header(2, 0xFFFFFFFF) + zstandard.ZstdCompressor().compress(bytes(1000)),
        plane_header(0, 256),
        plane_header(4, 0),
    ],
}


@pytest.mark.parametrize(
    ("codec", "payload"), [(codec, each) for codec, bombs in BOMBS.items() for each in bombs], ids=range(12)
)
def test_bombs_are_refused_without_a_bang(codec, payload):
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(DamagedError):
        codecs.decode(codec, payload, 1000)
    spent, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 0.5 and peak < 1 << 20


def test_the_bombs_would_go_off_elsewhere():
    assert len(zstandard.ZstdDecompressor().decompress(BOMB)) == 100 << 20
    assert zstandard.frame_content_size(LYING_BOMB) == 1000
