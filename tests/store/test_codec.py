"""Canonical JSON has one form, strict JSON has one meaning, and both tell what they refuse."""

from __future__ import annotations

import io
import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.errors import UsageError
from mlreg.store import codec

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=30)


def typed(value):
    """Returns `value` in a form that differs where types or signs of zero do."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return type(value).__name__, repr(value)


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


def parse(data):
    return codec.parse_json(data, name="event.json")


def test_the_form_never_changes():
    value = {"é": [1, -0.0, 1e16, 0.1, True, None], "b": {}, "a\n": "\u2028\x7f/😀\x01"}
    form = '{"a\\n":"\u2028\x7f/😀\\u0001","b":{},"é":[1,-0.0,1e+16,0.1,true,null]}\n'
    assert codec.canonical_json(value) == form.encode()


@given(VALUES)
def test_what_is_written_reads_back_the_same(value):
    assert typed(parse(codec.canonical_json(value))) == typed(value)


@given(st.dictionaries(TEXTS, SCALARS, min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    assert codec.canonical_json(dict(reversed(value.items()))) == codec.canonical_json(value)


@given(VALUES)
def test_any_json_of_a_value_has_its_canonical_form(value):
    loose = json.dumps(value, indent=3).encode()
    assert codec.canonical_json(parse(loose)) == codec.canonical_json(value)


class Text(str):
    """A string that is not exactly a string."""


UNSAYABLE = [math.nan, math.inf, -math.inf, {1: 2}, {None: 1}, {"a": {True: 1}}, "\ud800", {"\udfff": 1}, (1,), {1}]
UNSAYABLE += [b"x", Text("x"), {Text("x"): 1}, object(), 1j, nested(65)]


@pytest.mark.parametrize("value", [*UNSAYABLE, pytest.param(10**5000, id="a huge integer")])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises(ValueError):
        codec.canonical_json(value)


def test_what_is_too_long_to_be_read_back_is_not_written():
    with pytest.raises(ValueError, match="longer than"):
        codec.canonical_json("x" * codec.MAX_BYTES)


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b'{"a": 1,\n "b": 2,\n "a": 3}', 3, "duplicate key 'a'"),
        (b'{"a": 1,\n "\\u0061": 3}', 2, "duplicate key 'a'"),
        (b'[{"x": "}{[,"},\n{"b": {"c": 1,\n"c": 1}}]', 3, "duplicate key 'c'"),
        (b"[1,\nNaN]", 2, "NaN is not a JSON number"),
        (b'["NaN",\n\n-Infinity]', 3, "-Infinity is not a JSON number"),
        (b"[1e5,\n1e999]", 2, "the number 1e999 is too large"),
        (b"[\n" + b"9" * 5000 + b"]", 2, "the number 9999999999999999999999999999999999999999… is too large"),
        (b'["\\ud83d\\ude00",\n"\\ud83d"]', 2, "a string has half of a surrogate pair"),
        (b'{"\\udc00": 1}', 1, "a string has half of a surrogate pair"),
        (b"{'a': 1}", 1, "expecting property name enclosed in double quotes"),
        (b'{"a": 1', 1, "expecting ',' delimiter"),
        (b"[1]\n[2]", 2, "extra data"),
        (b"", 1, "expecting value"),
        (b'"a\nb"', 1, "invalid control character at"),
        (b"[1,\n\xff]", 2, "it is not UTF-8"),
        (b"\n".join([b"["] * 65 + [b"]"] * 65), 65, "it is nested deeper than 64 levels"),
    ],
)
def test_the_line_and_what_is_wrong_in_it_are_told(data, line, what):
    with pytest.raises(UsageError) as caught:
        parse(data)
    assert caught.value.message == f"cannot read 'event.json', line {line}: {what}"
    assert (caught.value.facts["file"], caught.value.facts["line"]) == ("event.json", line)


def test_a_byte_order_mark_and_the_numbers_of_python_are_read_where_they_are_asked_for():
    data = b'\xef\xbb\xbf{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN"}'
    found = codec.parse_json(data, name="m.json", finite=False)
    assert math.isnan(found["a"]) and (found["b"], found["c"]) == ([math.inf, -math.inf], "NaN")
    for broken in (b'{"a": NaN,\n "a": 1}', b"[NaN,\n1e999]", b"[NaN,\n-NaN]", b'[NaN,\n"\\ud800"]'):
        with pytest.raises(UsageError, match="line 2"):
            codec.parse_json(broken, name="m.json", finite=False)
    assert parse(b"\xef\xbb\xbf[1]") == [1]


def test_sixty_four_levels_are_read_and_written():
    assert parse(codec.canonical_json(nested(64))) == nested(64)


HOSTILE = [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b'"' + b'\\"' * 2_000_000, b'"' * 1_000_001]
HOSTILE += [b"[" + b"[]," * 500_000 + b"NaN]", b"1" * 10_000_000, b" " * (16 << 20) + b"1"]


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: f"{data[:6].decode()}… {len(data)}")
def test_hostile_input_is_refused_within_seconds(data):
    start = time.process_time()
    with pytest.raises(UsageError, match=r"^cannot read 'event\.json'"):
        parse(data)
    assert time.process_time() - start < 5


@given(st.binary())
def test_any_bytes_are_read_or_refused(data):
    try:
        codec.canonical_json(parse(data))
    except UsageError as error:
        assert error.message.startswith("cannot read 'event.json'")


@given(st.text('[]{}",:\\u0da1eE-.NInfity \n', max_size=60))
def test_anything_like_json_is_read_or_refused(text):
    try:
        codec.canonical_json(parse(text.encode()))
    except UsageError as error:
        assert error.message.startswith("cannot read 'event.json', line ")


def test_a_digest_is_the_sha256_of_the_bytes():
    assert codec.digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.binary()))
def test_a_hasher_knows_digest_and_size_of_all_pieces(pieces):
    hasher = codec.Hasher()
    for piece in pieces:
        hasher.update(piece)
    assert (hasher.digest(), hasher.size_bytes) == (codec.digest(b"".join(pieces)), sum(map(len, pieces)))


def test_chunks_are_what_is_left_of_a_stream():
    stream = io.BytesIO(b"0123456789")
    stream.seek(1)
    assert list(codec.chunks(stream, 4)) == [b"1234", b"5678", b"9"]
