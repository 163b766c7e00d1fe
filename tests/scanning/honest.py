# ruff: noqa: E501 - one thing a line
"""Honest files, written by the savers of the frameworks themselves."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from . import boosters, estimators

Write = Callable[[Path], object]
PACKED = ("zlib", "gzip", "bz2", "lzma", "xz")


def pickles(directory: Path) -> Iterator[Path]:
    """Yields pickles of everything that `estimators` and `boosters` know, in every protocol and packing."""
    for at, (name, thing) in enumerate((*estimators.values(), *estimators.composed(), *boosters.boosted())):
        for protocol in {0: (0, 4), 1: (1, 5), 2: (2, 3)}[at % 3]:
            yield written(
                directory / f"{name}-{protocol}.pkl",
                lambda path, v=thing, p=protocol: path.write_bytes(pickle.dumps(v, p)),
            )
        yield written(directory / f"{name}.joblib", lambda path, v=thing: joblib.dump(v, path))
        packing = PACKED[at % len(PACKED)]
        yield written(
            directory / f"{name}.joblib.{packing}",
            lambda path, v=thing, p=packing: joblib.dump(v, path, compress=(p, 3)),
        )


def torches(directory: Path) -> Iterator[Path]:
    """Yields files of torch, new and old."""
    torch = pytest.importorskip("torch")
    for name, thing in (*boosters.torches(), *boosters.modules()):
        yield written(directory / f"{name}.pt", lambda path, v=thing: torch.save(v, path))
        if name != "sparse-tensor":
            old = {"_use_new_zipfile_serialization": False}
            yield written(directory / f"{name}-old.pt", lambda path, v=thing, w=old: torch.save(v, path, **w))


def natives(directory: Path) -> Iterator[Path]:
    """Yields what boosters, safetensors, ONNX and skops write in their own formats."""
    torch, onnx = pytest.importorskip("torch"), pytest.importorskip("onnx")
    safe, skops = pytest.importorskip("safetensors.numpy"), pytest.importorskip("skops.io")
    models = dict(boosters.boosted())
    for suffix in ("json", "ubj"):
        yield written(directory / f"xgb.{suffix}", models["xgb-booster"].save_model)
    yield written(directory / "lgb.txt", models["lgb-booster"].save_model)
    tensors = {"a": np.ones((2, 3), np.float32), "b": np.zeros(4, np.int64), "c": np.zeros((0, 2))}
    yield written(directory / "a.safetensors", lambda path: safe.save_file(tensors, path, {"format": "pt"}))
    import safetensors.torch

    state = dict(boosters.modules())["mlp"].state_dict()
    yield written(directory / "t.safetensors", lambda path: safetensors.torch.save_file(state, path))
    made = identity(onnx)
    yield written(directory / "plain.onnx", lambda path: onnx.save(made, path))
    words: dict[str, Any] = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    yield written(directory / "outside.onnx", lambda path: onnx.save(identity(onnx), path, **words))
    for name, model in estimators.composed():
        if name in ("pipeline", "deep", "search", "text", "hist", "glm"):
            yield written(directory / f"{name}.skops", lambda path, v=model: skops.dump(v, path))
    assert torch


def identity(onnx: Any) -> Any:
    helper = onnx.helper
    one = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    two = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    weight = onnx.numpy_helper.from_array(np.ones(1, np.float32), "w")
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [one], [two], [weight])
    return helper.make_model(graph, producer_name="maker")


def kerases(directory: Path) -> Iterator[Path]:
    """Yields models of Keras, new, old, as JSON, and weights alone."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers = keras.layers
    plain = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu", kernel_regularizer="l2"), layers.Dense(1, "sigmoid")]
    )
    plain.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC()])
    entry = keras.Input((8, 8, 1))
    inner = layers.Conv2D(2, 3)(entry)
    inner = layers.BatchNormalization()(inner)
    inner = layers.Activation("gelu")(layers.GlobalAveragePooling2D()(inner))
    several = keras.Model(entry, [layers.Dense(2, "softmax")(inner), layers.Dense(1)(inner) * 2.0])
    text = keras.Sequential(
        [keras.Input((5,)), layers.Embedding(10, 4), layers.Bidirectional(layers.LSTM(3)), layers.Dropout(0.1)]
    )
    for name, model in {"plain": plain, "several": several, "text": text}.items():
        yield written(directory / f"{name}.keras", model.save)
        yield written(directory / f"{name}.h5", model.save)
        yield written(directory / f"{name}.json", lambda path, v=model: path.write_text(v.to_json()))
        yield written(directory / f"{name}.weights.h5", model.save_weights)


def others(directory: Path) -> Iterator[Path]:
    """Yields arrays, archives, texts and pictures, which lie beside models."""
    tables = pytest.importorskip("pandas")
    yield written(directory / "a.npy", lambda path: np.save(path, np.ones((2, 3))))
    yield written(
        directory / "objects.npy", lambda path: np.save(path, np.array([1, "a", None], object), allow_pickle=True)
    )
    fields = np.array([(1, 2.0, "x")], [("a", "i4"), ("b", "f8", (2,)), ("c", "U3")])
    yield written(directory / "fields.npy", lambda path: np.save(path, fields))
    yield written(directory / "a.npz", lambda path: np.savez(path, x=np.ones(3), y=np.array(["a"])))
    yield written(directory / "packed.npz", lambda path: np.savez_compressed(path, x=np.ones(3000)))
    frame = tables.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    yield written(directory / "a.csv", lambda path: frame.to_csv(path))
    yield written(directory / "a.parquet", lambda path: frame.to_parquet(path))
    yield written(directory / "a.feather", lambda path: frame.to_feather(path))
    yield written(directory / "a.csv.gz", lambda path: path.write_bytes(gzip.compress(frame.to_csv().encode())))
    texts = {
        "README.md": "# A model\n\nUse it so:\n\n```python\nimport torch\nfrom x import y\n```\n\nIt was trained on data.\n",
        "config.json": json.dumps({"architectures": ["Bert"], "hidden_size": 8}),
        "params.yaml": "depth: 3\nclass: fraud\nnames: [a, b]\n",
        "labels.txt": "cat\ndog\nbird\n",
        "vocab.txt": "[PAD]\n[UNK]\nthe\nof\n",
        "requirements.txt": "catboost==1.2\nnumpy>=1.26\n",
        "LICENSE": "Permission is hereby granted, free of charge\n",
        "notes.txt": "Positive results\nfrom the first run are good\nimport duties are high\nclass A is best\n",
        "empty": "",
        "merges.txt": "#version: 0.2\nt h\na n\n",
    }
    for name, text in texts.items():
        yield written(directory / name, lambda path, t=text: path.write_text(t))
    yield written(directory / "a.zip", lambda path: zip_of(path, {"a.txt": b"x", "b/c.csv": b"1,2\n"}))
    yield written(directory / "a.tar", lambda path: tar_of(path, "w"))
    yield written(directory / "a.tar.gz", lambda path: tar_of(path, "w:gz"))
    yield written(directory / "a.png", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)))
    gguf = pytest.importorskip("gguf")
    yield written(directory / "a.gguf", lambda path: gguf_of(gguf, path))


def zip_of(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def tar_of(path: Path, mode: Any) -> None:
    with tarfile.open(path, mode) as archive:
        for name in ("a" * 150 + ".txt", "b/c.json"):
            info = tarfile.TarInfo(name)
            info.size = 2
            archive.addfile(info, io.BytesIO(b"{}"))


def gguf_of(gguf: Any, path: Path) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_token_list(["a", "b", "c"])
    writer.add_tensor("w", np.ones((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def written(path: Path, write: Write) -> Path:
    write(path)
    return path
