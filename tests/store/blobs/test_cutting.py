"""Files are cut at their tensors: each is found under its name, with its type and shape, and its very bytes."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_files import Bytes, Disk, arrays, gguf, gguf_metadata, safetensors, saved

from mlreg.store.blobs.cutting import Outline, look
from mlreg.store.blobs.cutting.gguf import TYPES

NAMES = {
    **{f"float{bits}": f"f{bits}" for bits in (16, 32, 64)},
    **{f"complex{bits}": f"c{bits}" for bits in (64, 128)},
    "bool": "bool",
    **{f"{sign}int{bits}": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
Facts = dict[str, tuple[str, tuple[int, ...], bytes]]


def found(data: bytes) -> tuple[str, Facts]:
    """Returns the format of `data`, and of each tensor its type, shape and bytes."""
    outline = look(Bytes(data))
    assert_in_order(outline, len(data))
    return outline.format, {
        name: (dtype, shape, data[offset : offset + size_bytes])
        for name, dtype, shape, offset, size_bytes in outline.tensors
    }


def assert_in_order(outline: Outline, size_bytes: int) -> None:
    ends = 0
    for tensor in outline.tensors:
        assert ends <= tensor.offset < tensor.offset + tensor.size_bytes <= size_bytes
        ends = tensor.offset + tensor.size_bytes


def facts(tensors: dict[str, np.ndarray]) -> Facts:
    """Returns what has to be found of `tensors`: of all but the empty ones."""
    return {
        name: (NAMES[str(array.dtype)], array.shape, array.tobytes()) for name, array in tensors.items() if array.size
    }


def test_safetensors():
    library = pytest.importorskip("safetensors.numpy")
    data = library.save(arrays(), {"format": 'a "quoted" {brace}', "ü": "\\"})
    assert found(data) == ("safetensors", facts(arrays()))


def test_safetensors_of_types_that_numpy_has_not():
    header = {
        "half": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]},
        "quarter": {"dtype": "F8_E4M3", "shape": [3], "data_offsets": [8, 11]},
        "eighth": {"dtype": "F4", "shape": [2, 3], "data_offsets": [11, 14]},
        "of tomorrow": {"dtype": "F3_NEW", "shape": [9], "data_offsets": [14, 18]},
    }
    data = bytes(range(18))
    assert found(safetensors(json.dumps(header, indent=1).encode() + b"   ", data)) == (
        "safetensors",
        {
            "half": ("bf16", (2, 2), data[:8]),
            "quarter": ("f8", (3,), data[8:11]),
            "eighth": ("", (2, 3), data[11:14]),
            "of tomorrow": ("", (9,), data[14:]),
        },
    )


@pytest.mark.parametrize("header", [b"{}", b"{ }", b'{"__metadata__":{}}', b'{"__metadata__" : {"a":"b"} }  '])
def test_safetensors_without_a_tensor(header):
    assert look(Bytes(safetensors(header))) == Outline("safetensors", [])


@pytest.mark.parametrize("array", arrays().values(), ids=arrays())
def test_npy(array):
    assert found(saved(np.save, array)) == ("npy", facts({"": array}))


def test_npy_of_every_layout_and_version():
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    assert found(saved(np.save, array.T))[1] == {"": ("i16", (4, 3), array.tobytes())}
    assert found(saved(np.save, array.astype(">i2")))[1] == {"": ("", (3, 4), array.astype(">i2").tobytes())}
    for version in ((1, 0), (2, 0), (3, 0)):
        assert found(saved(np.lib.format.write_array, array, version=version))[1] == facts({"": array})


def test_npy_of_texts_dates_and_records():
    records = np.zeros(3, [("x", "<f4"), ("ü", "u1", (2,))])
    for array in (
        records,
        np.array(["ab", "c"]),
        np.array([b"ab"]),
        np.array(["2026-01-05"], "M8[D]"),
        np.zeros(2, "V3"),
    ):
        assert found(saved(np.save, array))[1] == {"": ("", array.shape, array.tobytes())}


def test_npy_of_objects_has_no_tensor():
    assert found(saved(np.save, np.array([{}, None]), allow_pickle=True)) == ("npy", {})
    assert found(saved(np.save, np.zeros(2, [("x", "O")]), allow_pickle=True)) == ("npy", {})


def test_npz():
    assert found(saved(np.savez, **arrays())) == ("npz", facts(arrays()))


def test_compressed_npz_has_no_tensor():
    data = saved(np.savez_compressed, **arrays())
    assert found(data) == ("", {})


def test_zip_of_something_else_is_no_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert found((tmp_path / "a.zip").read_bytes()) == ("", {})


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("alignment", [32, 8, 256])
def test_gguf(version, alignment):
    tensors = {name: array for name, array in arrays().items() if str(array.dtype) in TYPE_NAMES}
    metadata, pairs = gguf_metadata()
    data = gguf(tensors, version=version, alignment=alignment, metadata=metadata, pairs=pairs)
    assert found(data) == ("gguf", facts(tensors))


TYPE_NAMES = ("float32", "float16", "int8", "int16", "int32", "int64", "float64")


def test_gguf_of_packed_types():
    packed = {f"type {kind}": (kind, (3, 2 * block.elements), block) for kind, block in TYPES.items()}
    contents = {name: bytes([kind]) * (6 * block.size_bytes) for name, (kind, _, block) in packed.items()}
    data = gguf({name: (kind, shape, contents[name]) for name, (kind, shape, _) in packed.items()})
    wanted = {name: (block.dtype, shape, contents[name]) for name, (_, shape, block) in packed.items()}
    assert found(data) == ("gguf", wanted)


def test_gguf_types_are_as_large_as_its_own_package_says():
    library = pytest.importorskip("gguf")
    sizes = {int(kind): size for kind, size in library.GGML_QUANT_SIZES.items()}
    assert {kind: (block.elements, block.size_bytes) for kind, block in TYPES.items()} == {
        kind: sizes[kind] for kind in TYPES
    }


def test_gguf_as_its_own_package_writes_it(tmp_path):
    library = pytest.importorskip("gguf")
    writer = library.GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "c"])
    tensors = {name: array for name, array in arrays().items() if str(array.dtype) in TYPE_NAMES and array.ndim}
    tensors.pop("empty")
    for name, array in tensors.items():
        writer.add_tensor(name, array)
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file, writer.close):
        step()
    assert found((tmp_path / "m.gguf").read_bytes()) == ("gguf", facts(tensors))


def onnx_file(*initializers: Any) -> bytes:
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    ends = [onnx.helper.make_tensor_value_info(name, 1, [1]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], initializer=initializers)
    return bytes(onnx.helper.make_model(graph).SerializeToString())


def test_onnx():
    onnx = pytest.importorskip("onnx")
    data = onnx_file(*(onnx.numpy_helper.from_array(array, name) for name, array in arrays().items()))
    assert found(data) == ("onnx", facts(arrays()))


def test_onnx_with_numbers_in_fields_of_their_own():
    onnx = pytest.importorskip("onnx")
    floats, doubles = np.arange(6, dtype=np.float32), np.arange(3.0)
    data = onnx_file(
        onnx.helper.make_tensor("floats", onnx.TensorProto.FLOAT, (2, 3), floats),
        onnx.helper.make_tensor("doubles", onnx.TensorProto.DOUBLE, (3,), doubles),
        onnx.helper.make_tensor("longs", onnx.TensorProto.INT64, (2,), [1, 300]),  # varints: no array in the file
        onnx.helper.make_tensor("texts", onnx.TensorProto.STRING, (1,), [b"x"]),
        onnx.helper.make_tensor("half", onnx.TensorProto.BFLOAT16, (2,), b"\1\2\3\4", raw=True),
        onnx.helper.make_tensor("nibbles", onnx.TensorProto.INT4, (3,), b"\1\2", raw=True),
    )
    assert found(data) == (
        "onnx",
        {
            "floats": ("f32", (2, 3), floats.tobytes()),
            "doubles": ("f64", (3,), doubles.tobytes()),
            "half": ("bf16", (2,), b"\1\2\3\4"),
            "nibbles": ("", (3,), b"\1\2"),
        },
    )


def test_files_that_are_no_models():
    for data in (b"", b"\0", b"PK", b"GGUF", b"\x93NUMPY", b"\x80\x04N.", b"\x08", b"{}", bytes(100), b"\x08\x07" * 50):
        assert found(data) == ("", {}), data


@pytest.mark.parametrize("size_gb", [5, 100])
def test_files_larger_than_memory_are_cut_by_their_header(size_gb):
    size_bytes = size_gb << 30
    header = json.dumps({"w": {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}}).encode()
    head = safetensors(header)
    source = Bytes(head, len(head) + size_bytes)
    assert look(source).tensors == [("w", "u8", (size_bytes,), len(head), size_bytes)]
    assert source.reads < 10


def test_archives_of_more_than_four_gigabytes(tmp_path: Path):
    path, array, far = tmp_path / "big.npz", np.arange(9, dtype=np.float32), 5 << 30
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("near.npy", saved(np.save, array))
        archive.start_dir = far  # the next member goes there, and leaves a hole that takes no room on the disk
        archive.writestr("far.npy", saved(np.save, array + 1))
    with Disk(path) as source:
        near, beyond = look(source).tensors
        assert (near.name, source.read_at(near.offset, near.size_bytes)) == ("near", array.tobytes())
        assert (beyond.name, source.read_at(beyond.offset, beyond.size_bytes)) == ("far", (array + 1).tobytes())
        assert beyond.offset > far


def test_archives_with_many_members():
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        for number in range(70_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.npy"), NPY)
    assert len(look(Bytes(stream.getvalue())).tensors) == 70_000


NPY = saved(np.save, np.array(1.5))


def test_little_is_read_of_a_large_file():
    data = saved(np.save, np.zeros(1 << 20))
    source = Bytes(data)
    assert look(source).tensors
    assert source.most_bytes <= 64 << 10
    assert struct.calcsize("<d") << 20 == len(data) - 128
