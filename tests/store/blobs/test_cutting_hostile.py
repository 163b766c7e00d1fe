"""A file that lies has no tensors: no error, no long wait, no memory that it did not bring along."""

from __future__ import annotations

import io
import json
import pickle
import struct
import subprocess
import sys
import textwrap
import time
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_files import Bytes, arrays, field, gguf, gguf_metadata, safetensors, saved, text, varint

from mlreg.store.blobs.cutting import MalformedError, Outline, look, parse
from mlreg.store.blobs.cutting.pickled import Pickle
from mlreg.store.blobs.cutting.tensors import MAX_TENSORS, Findings

NOTHING = Outline("", [])
HUGE = 1 << 62


def header(**entries: Any) -> bytes:
    return safetensors(json.dumps(entries).encode(), bytes(64))


def entry(dtype: Any = "F32", shape: Any = (2,), begin: Any = 0, end: Any = 8) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


SAFETENSORS = {
    "header longer than the file": struct.pack("<Q", 1000) + b'{"a":1}',
    "header of 2^62 bytes": struct.pack("<Q", HUGE) + b"{}" + bytes(100),
    "header of 100,000,001 bytes": struct.pack("<Q", 100_000_001) + b"{}" + bytes(100),
    "no object": safetensors(b"[1, 2, 3]"),
    "cut off": safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offs'),
    "no comma": safetensors(b'{"__metadata__":{} "a":{}}'),
    "only a comma": safetensors(b"{,}"),
    "comma at the end": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},}', b"x"),
    "text after it": safetensors(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}x', b"x"),
    "lists in lists": safetensors(b'{"a":' + b"[" * 100_000),
    "objects in objects": safetensors(b'{"a":' * 100_000),
    "metadata in metadata": safetensors(b'{"__metadata__":{"a":{"b":"c"}}}'),
    "a name without end": safetensors(b'{"' + b"a" * 100_000),
    "backslashes without end": safetensors(b'{"' + b"\\" * 100_001),
    "a name that is no text": safetensors(b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x"),
    "a name twice": safetensors(
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
        b"xy",
    ),
    "outside of the file": header(a=entry(begin=64, end=72)),
    "end before begin": header(a=entry(begin=8, end=0)),
    "negative": header(a=entry(begin=-8, end=0)),
    "before its data": header(a=entry(begin=-8, end=0, shape=[-2])),
    "larger than its shape": header(a=entry(end=12)),
    "smaller than its shape": header(a=entry(shape=[2**40, 2**40])),
    "nibbles that do not fit": header(a=entry("F4", [3], 0, 8)),
    "overlapping": header(a=entry(), b=entry(begin=4, end=12)),
    "the same place twice": header(a=entry(), b=entry()),
    "more than 64 axes": header(a=entry(shape=[1] * 65 + [2])),
    "a shape of texts": header(a=entry(shape=["2"])),
    "a shape of fractions": header(a=entry(shape=[2.0])),
    "offsets of texts": header(a=entry(end="8")),
    "one offset": header(a={"dtype": "F32", "shape": [2], "data_offsets": [8]}),
    "no type": header(a={"shape": [2], "data_offsets": [0, 8]}),
    "a type that is a number": header(a=entry(7)),
    "a name of 513 characters": header(**{"a" * 513: entry()}),
    "a name with half a character": header(**{"a\ud800": entry()}),
    "a new type of endless shape": header(a=entry("NEW", [1] * 65)),
    "a new type of great length": header(a=entry("NEW", [2**63])),
}


def npy_file(text: str, data: bytes = bytes(64)) -> bytes:
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + data


def npy_header(shape: str, descr: str = "'<f4'") -> bytes:
    return npy_file(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")


NPY = {
    "only its magic": b"\x93NUMPY",
    "version 9": b"\x93NUMPY\x09\0" + bytes(100),
    "header longer than the file": b"\x93NUMPY\1\0\xff\xff" + bytes(100),
    "header of 4 GB": b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(100),
    "a call": npy_file("__import__('os').abort()"),
    "a call as a shape": npy_header("(__import__('os').abort(),)"),
    "a negative shape": npy_header("(-1,)"),
    "a shape that is too large": npy_header("(17,)"),
    "a product of shapes that is too large": npy_header("(4294967296, 4294967296)"),
    "a shape of 20 digits": npy_header("(99999999999999999999,)"),
    "65 axes": npy_header("(" + "1, " * 65 + ")"),
    "brackets without end": npy_file("(" * 60_000),
    "descriptions without end": npy_file("{'descr': [" + "]" * 60_000),
    "numbers without end": npy_header("(" + "1" * 60_000),
}


def archive(*members: tuple[str, bytes], change: Any = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        for name, content in members:
            out.writestr(zipfile.ZipInfo(name), content)
        if change:
            change(out.infolist())
            out._didModify = True
    return stream.getvalue()


def changed(**values: Any) -> bytes:
    """Returns an archive of two arrays, of the second of which the directory says `values`."""

    def change(members: list[zipfile.ZipInfo]) -> None:
        for name, value in values.items():
            setattr(members[1], name, value)

    return archive(("a.npy", ARRAY), ("b.npy", ARRAY), change=change)


ARRAY = saved(np.save, np.ones(4))
TWO = archive(("a.npy", ARRAY), ("b.npy", ARRAY))


def with_end(**values: int) -> bytes:
    """Returns an archive whose end says `values` of its directory."""
    end = dict(zip(("count", "size", "offset"), struct.unpack("<HII", TWO[-12:-2]), strict=True)) | values
    return TWO[:-14] + struct.pack("<HHII", end["count"], end["count"], end["size"], end["offset"]) + bytes(2)


ZIP = {
    "only its magic": b"PK\3\4",
    "no end": TWO[:-22],
    "cut off": TWO[: len(TWO) // 2],
    "directory behind the end": with_end(offset=len(TWO)),
    "directory of 4 GB": with_end(size=0xFFFFFFFE),
    "directory elsewhere": with_end(offset=5),
    "more members than there are": with_end(count=1000),
    "64 bits announced and missing": with_end(count=0xFFFF),
    "a member of 2^60 bytes": changed(file_size=2**60, compress_size=2**60),
    "a member beyond the directory": changed(header_offset=2**60),
    "a member in a member": changed(header_offset=3),
    "two members at one place": changed(header_offset=0),
    "another name than its own header": changed(filename="c.npy"),
    "two sizes": archive(
        ("a.npy", ARRAY), ("b.npy", ARRAY), change=lambda members: setattr(members[0], "file_size", len(ARRAY) + 1)
    ),
    "an array that reaches into the next": archive(("a.npy", npy_header("(20,)")), ("b.npy", ARRAY)),
    "directory of 10 bytes": with_end(size=10),
    "a member that reaches into the directory": changed(file_size=1000, compress_size=1000),
}


def pair(key: str, kind: int, value: bytes) -> dict[str, Any]:
    return {"metadata": text(key) + struct.pack("<I", kind) + value, "pairs": 1}


def gguf_info(*, kind: int = 0, shape: tuple[int, ...] = (4,), offset: int = 0, name: str = "a") -> bytes:
    info = text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
    return b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + info + bytes(128)


GGUF = {
    "version 1": gguf({}, version=1),
    "version of the other byte order": gguf({}, version=3 << 24),
    "2^60 tensors": b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0),
    "2^60 pairs": b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60),
    "a million tensors in nothing": b"GGUF" + struct.pack("<IQQ", 3, 10**6, 0),
    "a key of 2^60 characters": b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**60),
    "a key of 70,000 characters": gguf({"a": np.ones(1)}, **pair("a" * 70_000, 0, b"x")),
    "a value of a kind that is none": gguf({}, **pair("a", 99, b"")),
    "a text of 2^60 characters": gguf({}, **pair("a", 8, struct.pack("<Q", 2**60))),
    "2^60 numbers": gguf({}, **pair("a", 9, struct.pack("<IQ", 0, 2**60))),
    "2^60 texts": gguf({}, **pair("a", 9, struct.pack("<IQ", 8, 2**60))),
    "lists in lists": gguf({}, **pair("a", 9, struct.pack("<IQ", 9, 1) * 10_000)),
    "lists of lists of lists": gguf({}, **pair("a", 9, struct.pack("<IQ", 9, 1 << 20) * 3)),
    "alignment 0": gguf({}, **pair("general.alignment", 4, struct.pack("<I", 0))),
    "alignment of 4 GB": gguf({}, **pair("general.alignment", 4, struct.pack("<I", 2**32 - 1))),
    "alignment that is a text": gguf({}, **pair("general.alignment", 8, text("a"))),
    "a tensor behind the end": gguf_info(offset=2**63),
    "a tensor that is too large": gguf_info(shape=(2**40, 2**40)),
    "a tensor of 2^32 axes": gguf_info()[:-152] + struct.pack("<I", 2**32 - 1) + bytes(128),
    "a type that is none": gguf_info(kind=999),
    "half a block": gguf_info(kind=2, shape=(16,)),
    "a name of 513 characters": gguf_info(name="a" * 513),
    "overlapping": b"GGUF"
    + struct.pack("<IQQ", 3, 2, 0)
    + 2 * (text("a") + struct.pack("<IQIQ", 1, 4, 0, 0))
    + bytes(128),
}


def onnx_tensor(*fields: bytes) -> bytes:
    return field(1, 8) + field(7, field(5, b"".join(fields)))


FLOATS = (field(1, 2), field(2, 1), field(8, b"w"))
ONNX = {
    "no graph": field(1, 8) + field(2, b"pytorch"),
    "version 0": field(1, 0) + field(7, b""),
    "cut off": onnx_tensor(*FLOATS, field(9, bytes(8)))[:-1],
    "something behind it": onnx_tensor(*FLOATS, field(9, bytes(8))) + b"\xff",
    "a field of 2^62 bytes": field(1, 8) + b"\x3a" + varint(HUGE) + bytes(100),
    "a field longer than its message": field(1, 8) + field(7, b"\x2a\x20" + bytes(10)) + bytes(100),
    "a number of 11 bytes": field(1, 8) + b"\x10" + b"\x80" * 10 + b"\1" + field(7, b""),
    "a number of 70 bits": field(1, 8) + b"\x10" + b"\xff" * 9 + b"\x7f" + field(7, b""),
    "groups": field(1, 8) + b"\x13\x14" + field(7, b""),
    "field 0": field(1, 8) + b"\0\0" + field(7, b""),
    "a field of great number": field(1, 8) + varint(1000 << 3) + b"\0" + field(7, b""),
    "larger than its shape": onnx_tensor(*FLOATS, field(9, bytes(12))),
    "a negative shape": onnx_tensor(field(1, 2**64 - 1), field(2, 1), field(9, bytes(8))),
    "a shape that is too large": onnx_tensor(field(1, 2**40), field(1, 2**40), field(2, 1), field(9, bytes(8))),
    "more than 64 axes": onnx_tensor(field(1, b"\1" * 65), field(2, 1), field(9, bytes(4))),
    "two contents": onnx_tensor(*FLOATS, field(9, bytes(8)), field(9, bytes(8))),
    "a name of 513 characters": onnx_tensor(field(1, 2), field(2, 1), field(8, b"a" * 513), field(9, bytes(8))),
    "a name that is no text": onnx_tensor(field(1, 2), field(2, 1), field(8, b"\xff"), field(9, bytes(8))),
}
HOSTILE = {
    f"{kind}: {name}": data
    for kind, table in {"safetensors": SAFETENSORS, "npy": NPY, "zip": ZIP, "gguf": GGUF, "onnx": ONNX}.items()
    for name, data in table.items()
}


def test_what_is_changed_below_was_right_before():
    for data, name in ((header(a=entry()), "a"), (npy_header("(16,)"), ""), (gguf_info(), "a"), (TWO, "a")):
        assert look(Bytes(data)).tensors[0].name == name
    assert look(Bytes(onnx_tensor(*FLOATS, field(9, bytes(8))))).tensors[0][:3] == ("w", "f32", (2,))
    assert look(Bytes(changed())) == look(Bytes(with_end())) == look(Bytes(TWO))


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_lies_has_no_tensors(data):
    started = time.process_time()
    source = Bytes(data)
    assert look(source) == NOTHING
    assert source.most_bytes <= max(len(data), 1 << 17)
    assert time.process_time() - started < 1


PICKLES = {
    "no end": b"\x80\x02}",
    "nothing on the stack": b"\x80\x02.",
    "below the stack": b"\x80\x02\x86.",
    "below a mark": b"\x80\x02K\1(\x86.",
    "a memo that is not there": b"\x80\x02h\7.",
    "an extension": b"\x80\x02\x82\1.",
    "a call of a number": b"\x80\x02K\1)R.",
    "a state of a number": b"\x80\x02K\1K\2b.",
    "a storage that is none": b"\x80\x02K\1Q.",
    "a tensor of nothing": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
    "a tensor of numbers": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(K\1K\1K\1K\1tR.",
    "a text longer than the file": b"\x80\x02X\xff\xff\xff\x7fa.",
    "a name without end": b"\x80\x02c" + b"a" * 1000 + b"\nb\n.",
    "a command": pickle.dumps(pytest.fail),
}


@pytest.mark.parametrize("data", PICKLES.values(), ids=PICKLES)
def test_a_pickle_that_cannot_be_followed_names_nothing(data):
    assert Pickle(data).tensors == []


TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\nq\0(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0%bX\3\0\0\0cpuK\1tQq\1"
STORAGE = TENSOR % b"0"


@pytest.mark.parametrize(
    "body",
    {
        "ten lists in ten lists": b"]q\2" + b"".join(b"]q%c(%be" % (n, b"h%c" % (n - 1) * 10) for n in range(3, 30)),
        "a list in itself": b"]q\2h\2a",
        "deep lists": b"]" * 200_000 + b"a" * 199_999,
        "deep tuples": b")" + b"\x85" * 200_000,
        "one long state again and again": b"]q\2(" + b"K\1" * 100_000 + b"tq\3" + b"h\2h\3b" * 100_000,
        "one long call again and again": b"(" + b"K\1" * 100_000 + b"tq\3" + b"h\0h\3R0" * 100_000,
        "one long key again and again": b"X\x00\x00\x10\0" + b"a" * (1 << 20) + b"q\2}(" + b"h\2K\1" * 100_000 + b"u",
        "one long name again and again": b"X\x00\x00\x10\0" + b"a" * (1 << 20) + b"q\2" + b"h\2h\2\x93" * 100_000,
        "a million boxes": b"(" + b"}" * 1_000_000 + b"t",
        "more than a million steps": b"N0" * 1_000_000,
    }.values(),
    ids=lambda body: str(len(body)),
)
def test_a_pickle_that_grows_is_followed_in_bounded_time(body):
    started = time.process_time()
    assert Pickle(b"\x80\x02" + STORAGE + body + b".").tensors == []
    assert time.process_time() - started < 10


@cache
def honest() -> dict[str, bytes]:
    """Returns a file of every format."""
    metadata, pairs = gguf_metadata()
    files = {
        "npy": ARRAY,
        "npz": saved(np.savez, **arrays()),
        "gguf": gguf({"a": np.ones((4, 8), np.float32)}, metadata=metadata, pairs=pairs),
        "onnx": onnx_tensor(*FLOATS, field(9, bytes(8))) + field(8, b"abc"),
        "safetensors": header(__metadata__={"a": "b"}, a=entry(), b=entry("U8", [8], 8, 16)),
    }
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    for name, thing in {"torch": {"model": module.state_dict()}, "torch module": module}.items():
        files[name] = saved(lambda stream, thing=thing: torch.save(thing, stream))
    return files


def assert_bounded(data: bytes) -> None:
    """Parses `data` without the net that `look` has below it."""
    source = Bytes(data)
    try:
        found = parse(source)
    except MalformedError:
        found = NOTHING
    assert found.format in ("", "safetensors", "torch", "npz", "npy", "onnx", "gguf")
    assert source.most_bytes <= max(len(data), 1 << 17)
    end = 0
    for tensor in found.tensors:
        assert end <= tensor.offset < tensor.offset + tensor.size_bytes <= len(data)
        end = tensor.offset + tensor.size_bytes


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draws an honest file, changed in some places: bytes, 64-bit numbers, stretches left out, doubled or moved."""
    data = bytearray(honest()[draw(st.sampled_from(sorted(honest())))])
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        size = draw(st.sampled_from([0, 1, 2, 4, 8, 100]))
        match draw(st.integers(0, 3)):
            case 0:
                data[place : place + 1] = bytes([draw(st.integers(0, 255))])
            case 1:
                number = draw(st.sampled_from([0, 1, 2**16 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1]))
                data[place : place + size] = number.to_bytes(8, "little")[:size]
            case 2:
                del data[place : place + size]
            case 3:
                data[place:place] = data[place // 2 : place // 2 + size]
        data = data or bytearray(1)
    return bytes(data)


FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(FUZZ, max_examples=400)
@given(damaged())
def test_whatever_is_changed_in_a_file_it_is_cut_or_left_alone(data):
    assert_bounded(data)


@settings(FUZZ, max_examples=200)
@given(
    st.sampled_from([b"", b"GGUF\3\0\0\0", b"\x93NUMPY\1\0", b"PK\3\4", b"\x08\7", b"\x10\0\0\0\0\0\0\0{"]), st.binary()
)
def test_whatever_follows_a_magic_number_is_cut_or_left_alone(magic, rest):
    assert_bounded(magic + rest)


@settings(FUZZ, max_examples=300)
@given(st.lists(st.sampled_from([bytes([code]) for code in b"]}()tqhbRQ\x81\x85\x86\x93aeus0.1K2\x94"] + [STORAGE])))
def test_whatever_a_pickle_says_it_is_followed_or_left_alone(parts):
    Pickle(b"\x80\x04" + b"".join(parts))


@pytest.fixture
def asked_for_long(request: pytest.FixtureRequest) -> None:
    """Skips where nobody typed `-m long`."""
    if "long" not in request.config.option.markexpr:
        pytest.skip("takes minutes; runs with `pytest -m long`")


@pytest.mark.long
@pytest.mark.usefixtures("asked_for_long")
@settings(FUZZ, max_examples=100_000)
@given(damaged())
def test_a_hundred_thousand_changed_files_are_cut_or_left_alone(data):
    assert_bounded(data)


@pytest.mark.long
@pytest.mark.usefixtures("asked_for_long")
def test_a_file_of_more_than_a_million_tensors_has_none():
    findings = Findings(MAX_TENSORS + 1)
    for place in range(MAX_TENSORS):
        findings.add("", "u8", (1,), place, 1)
    with pytest.raises(MalformedError):
        findings.add("", "u8", (1,), MAX_TENSORS, 1)
    assert len(findings.in_order()) == MAX_TENSORS


@pytest.mark.parametrize("kind", ["safetensors", "npz", "gguf", "onnx", "torch"])
def test_a_file_cut_off_anywhere_is_no_model(kind):
    data = honest()[kind].rstrip(b"\0")
    assert {look(Bytes(data[:end])) == NOTHING for end in range(0, len(data), 7)} == {True}


def test_an_error_of_the_disk_is_not_taken_for_a_bad_file():
    class Failing(Bytes):
        def read_at(self, offset: int, size_bytes: int) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        look(Failing(b"GGUF"))


def test_a_file_that_is_shorter_than_it_was_is_left_alone():
    for data in honest().values():
        for kept in (0, 10, 20):
            assert look(Bytes(data[:kept], len(data))) == NOTHING


@pytest.mark.parametrize(
    "make",
    [
        "struct.pack('<Q', 90_000_000) + b'{\"a\":' + b'[],' * 30_000_000",
        "struct.pack('<Q', 90_000_000) + b'{\"__metadata__\":{' + b'\"a\":\"\",' * 12_900_000",
        "b'GGUF' + struct.pack('<IQQ', 3, 0, 1) + struct.pack('<Q', 1) + b'a' "
        "+ struct.pack('<IIQ', 9, 8, 2_000_000) + bytes(60_000_000)",
        "b'\\x08\\x07' + b'\\x10\\0' * 40_000_000",
        "b'PK\\3\\4' + b'PK\\1\\2' * 20_000_000 + b'PK\\5\\6' + struct.pack('<HHHHIIH', 0, 0, 9, 9, 80_000_000, 4, 0)",
    ],
    ids=["lists", "texts", "strings", "fields", "directory"],
)
def test_a_file_that_asks_for_much_gets_little_memory_and_time(make):
    program = f"""
        import resource, struct, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from model_files import Bytes
        from mlreg.store.blobs.cutting import look
        source = Bytes({make})
        before = resource.getrusage(resource.RUSAGE_SELF)
        assert look(source).tensors == []
        after = resource.getrusage(resource.RUSAGE_SELF)
        print((after.ru_maxrss - before.ru_maxrss) // 1024, after.ru_utime - before.ru_utime)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    memory_mb, cpu_s = map(float, done.stdout.split())
    assert memory_mb < 250
    assert cpu_s < 20
