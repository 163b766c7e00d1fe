"""Owns which framework wrote a file: its first bytes, the members of its zip, the fields of its message; no suffix.

What is recognised here says what to open a file with. It is no promise: nothing is unpickled, and no more is looked at
than recognising takes. Whether a file is safe to load, `mlreg scan` says.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import bz2
    import lzma
else:
    bz2 = LazyModule("bz2")
    lzma = LazyModule("lzma")

MAX_HEADER_BYTES: Final = 100 << 20  # of safetensors: what its own readers accept
_HEAD_BYTES = 64 << 10
_MAX_COMPRESSED_BYTES = 1 << 20  # a block of bzip2 gives nothing before its end
_MAX_DIRECTORY_BYTES = 4 << 20
_MAX_CONFIG_BYTES = 1 << 20
_MAX_FIELDS = 100_000
_MAX_FILES = 10_000


class Format(NamedTuple):
    """A way to write models: what messages call it, and the frameworks that do, the usual one first."""

    says: str
    frameworks: tuple[str, ...] = ()


FORMATS: Final[Mapping[str, Format]] = {
    "pickle": Format("a pickle"),
    "compressed": Format("a compressed pickle"),
    "skops": Format("a skops file", ("sklearn", "skops")),
    "xgboost-ubj": Format("an XGBoost model (UBJSON)", ("xgboost",)),
    "xgboost-json": Format("an XGBoost model (JSON)", ("xgboost",)),
    "lightgbm": Format("a LightGBM model", ("lightgbm",)),
    "catboost": Format("a CatBoost model", ("catboost",)),
    "torch": Format("a PyTorch file", ("torch",)),
    "torch-legacy": Format("a PyTorch file of before 1.6", ("torch",)),
    "torchscript": Format("a TorchScript program", ("torch",)),
    "torch-export": Format("an exported PyTorch program", ("torch",)),
    "safetensors": Format("a safetensors file", ("safetensors", "torch", "transformers", "keras", "tensorflow")),
    "keras": Format("a Keras model", ("keras", "tensorflow")),
    "keras-h5": Format("a Keras model in HDF5", ("keras", "tensorflow")),
    "saved-model": Format("a TensorFlow SavedModel", ("tensorflow", "keras")),
    "tflite": Format("a TensorFlow Lite model", ("tensorflow",)),
    "onnx": Format("an ONNX model", ("onnx",)),
    "gguf": Format("a GGUF model", ("gguf",)),
    "transformers": Format("a directory of Transformers", ("transformers", "torch", "safetensors")),
    "npz": Format("an archive of NumPy arrays"),
    "npy": Format("a NumPy array"),
}
PICKLES: Final = ("pickle", "compressed")
_PREFIXES = (
    (re.compile(rb"CBM1"), "catboost"),
    (re.compile(rb"GGUF"), "gguf"),
    (re.compile(rb"\x93NUMPY"), "npy"),
    (re.compile(rb"tree\r?\nversion="), "lightgbm"),
    (re.compile(rb"\{L\x00{7}\x07learner\{"), "xgboost-ubj"),
    (re.compile(rb'\s*\{\s*"learner"\s*:\s*\{'), "xgboost-json"),
    (re.compile(rb".{4}TFL3", re.S), "tflite"),
    # the magic number of torch as a pickle of its own: torch.serialization.MAGIC_NUMBER
    (re.compile(rb"\x80.\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.", re.S), "torch-legacy"),
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LZ4 = b"\x04\x22\x4d\x18"
_PICKLE = re.compile(rb"\x80[\x01-\x05]|c[\w.]{1,200}\n[\w.]{1,200}\n|[(}\]][lpdtcq(]|\(i[\w.]{1,200}\n")
# what the first global of a pickle is of: GLOBAL of protocols 0 to 3, two SHORT_BINUNICODE of 4 and 5
_ROOT = re.compile(rb"(?:\x80[\x01-\x05])?(?:\x95.{8})?(?:c([\w.]+)\n|\x8c.([\w.]+?)\x94?\x8c)", re.S)
_PACKAGES = {
    package: package for package in ("sklearn", "xgboost", "lightgbm", "catboost", "torch", "keras", "transformers")
}
_INFLATE: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(47)),
    (b"x", lambda: zlib.decompressobj(47)),
    (b"BZh", lambda: bz2.BZ2Decompressor()),
    (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(memlimit=128 << 20)),
    (b"]\0\0", lambda: lzma.LZMADecompressor(memlimit=128 << 20)),
)
_CONFIGS = ("config.json", "tokenizer_config.json", "preprocessor_config.json", "processor_config.json")
_CONFIG_KEYS = {
    "architectures", "model_type", "transformers_version", "tokenizer_class", "processor_class",
    "image_processor_type", "feature_extractor_type",
}  # fmt: skip
_ONNX_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})  # of ModelProto, onnx.proto


class Source(Protocol):
    """Bytes that can be read anywhere."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        ...

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Returns `size_bytes` bytes from `offset` on, fewer only where the end is."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a file was recognised as.

    Attributes:
        format: A key of `FORMATS`.
        framework: What wrote it, as adapters are called; None where the format does not tell.
        also: Other frameworks that it may rightly be said to be of.
        path: The file that told, as the version calls it.
    """

    format: str
    framework: str | None = None
    also: frozenset[str] = frozenset()
    path: str = ""

    @property
    def says(self) -> str:
        """What messages call it."""
        of = f" of {self.framework}" if self.framework and self.format in PICKLES else ""
        return f"{FORMATS[self.format].says}{of}"

    def contradicts(self, framework: str) -> bool:
        """Whether what is called `framework` has surely not written it."""
        return self.framework is not None and framework != self.framework and framework not in self.also


def recognise(files: Mapping[str, Source]) -> Found | None:
    """Returns what the files of one model, by path, are together, or None where that is not to be told.

    A directory is what its own marks say (a SavedModel, one of Transformers), else what its files say where all that
    say something agree.
    """
    paths = list(files)[:_MAX_FILES]
    for path in paths:
        if path.rpartition("/")[2] in _CONFIGS and len(files) > 1 and _is_config(files[path]):
            return _found("transformers", path=path)
    found = [_at(path, known) for path in paths if (known := identify(files[path]))]
    if any(one.format == "saved-model" for one in found):
        return next(one for one in found if one.format == "saved-model")
    return found[0] if len({(one.format in PICKLES, one.framework) for one in found}) == 1 else None


def identify(source: Source) -> Found | None:
    """Returns what the bytes of `source` are, or None where no format of a model is recognised. Never raises."""
    head = source.read_at(0, _HEAD_BYTES)
    for pattern, name in _PREFIXES:
        if pattern.match(head):
            return _found(name)
    if head.startswith(b"PK\3\4"):
        known = _zip_format(set(_members(source)))
        return _found(known) if known else None
    if head.startswith(_HDF5):
        return _found("keras-h5") if b"keras_version" in head else None
    if _is_safetensors(head, source):
        return _safetensors(head)
    return _pickle(head) or _compressed(source) or _message(source)


def _found(name: str, **more: Any) -> Found:
    frameworks = FORMATS[name].frameworks
    return Found(name, frameworks[0] if frameworks else None, frozenset(frameworks[1:]), **more)


def _at(path: str, found: Found) -> Found:
    return Found(found.format, found.framework, found.also, path)


def _pickle(head: bytes, name: str = "pickle") -> Found | None:
    if not _PICKLE.match(head):
        return None
    root = _ROOT.match(head)
    package = (root[1] or root[2]).decode().partition(".")[0] if root else ""
    mentioned = {own for name, own in _PACKAGES.items() if name.encode() + b"." in head}
    return Found(name, _PACKAGES.get(package), frozenset({*mentioned, "generic"}))


def _compressed(source: Source) -> Found | None:
    head = source.read_at(0, _MAX_COMPRESSED_BYTES)
    if head.startswith(_LZ4):
        return Found("compressed")
    for magic, make in _INFLATE:
        if head.startswith(magic):
            try:
                return _pickle(make().decompress(head, _HEAD_BYTES), "compressed")
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                return None
    return None


def _is_safetensors(head: bytes, source: Source) -> bool:
    if len(head) < 10 or head[8:9] != b"{":
        return False
    length = int.from_bytes(head[:8], "little")
    is_whole = 2 <= length <= min(MAX_HEADER_BYTES, source.size_bytes - 8)
    return is_whole and source.read_at(7 + length, 1) in b"} "


def _safetensors(head: bytes) -> Found:
    usual, *others = FORMATS["safetensors"].frameworks
    is_torch = re.match(rb'.{8}\{\s*"__metadata__"\s*:\s*\{[^}]*"format"\s*:\s*"pt"', head, re.S)
    return Found("safetensors", "torch" if is_torch else usual, frozenset({usual, *others}))


def _is_config(source: Source) -> bool:
    if source.size_bytes > _MAX_CONFIG_BYTES:
        return False
    try:
        facts = json.loads(source.read_at(0, _MAX_CONFIG_BYTES))
    except (ValueError, RecursionError):
        return False
    return isinstance(facts, dict) and not _CONFIG_KEYS.isdisjoint(facts)


def _zip_format(names: set[str]) -> str | None:
    """Returns the format of a zip with members of these names, or None."""
    depth_one = {name.partition("/")[2] for name in names if name.count("/") == 1}
    if {"config.json", "metadata.json", "model.weights.h5"} <= names:
        return "keras"
    if "data.pkl" in depth_one:
        return "torchscript" if "constants.pkl" in depth_one else "torch"
    if "archive_format" in depth_one or "serialized_exported_program.json" in names:
        return "torch-export"
    if "schema.json" in names:
        return "skops"
    return "npz" if names and all(name.endswith(".npy") for name in names) else None


def _members(source: Source) -> Iterator[str]:
    """Yields the names in the central directory of a zip, as far as it can be read.

    Source: PKWARE's APPNOTE 4.3.12 to 4.3.16.
    """
    directory = _directory(source)
    place = 0
    while directory[place : place + 4] == b"PK\1\2" and place + 46 <= len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, place + 28)
        yield directory[place + 46 : place + 46 + name].decode("utf-8", "replace")
        place += 46 + name + extra + comment


def _directory(source: Source) -> bytes:
    tail_at = max(0, source.size_bytes - (1 << 16) - 22)
    tail = source.read_at(tail_at, source.size_bytes - tail_at)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        return b""
    size, offset = struct.unpack_from("<II", tail, end + 12)
    if 0xFFFFFFFF in (size, offset) and tail[max(0, end - 20) : end].startswith(b"PK\6\7"):
        (at,) = struct.unpack_from("<Q", tail, end - 12)
        record = source.read_at(at, 56)
        if len(record) < 56 or not record.startswith(b"PK\6\6"):
            return b""
        size, offset = struct.unpack_from("<QQ", record, 40)
    return source.read_at(offset, min(size, _MAX_DIRECTORY_BYTES))


def _message(source: Source) -> Found | None:
    """Returns what a protobuf message is by the numbers of its fields, which must fill it to the last byte."""
    numbers = set()
    for number in _fields(source):
        if number not in _ONNX_FIELDS:
            return None
        numbers.add(number)
    if {1, 7, 8} <= numbers:
        return _found("onnx")
    return _found("saved-model") if numbers == {1, 2} and source.read_at(0, 2) == b"\x08\x01" else None


def _fields(source: Source) -> Iterator[int]:
    """Yields the numbers of the fields of a message, and 0, which is none, where it is no message."""
    place = 0
    for _ in range(_MAX_FIELDS):
        tag, place = _varint(source, place)
        value, after = _varint(source, place)
        place = after + (value if tag & 7 == 2 else 0)
        if tag & 7 not in (0, 2) or after < 0 or place > source.size_bytes:
            break
        yield tag >> 3
        if place == source.size_bytes:
            return
    yield 0


def _varint(source: Source, place: int) -> tuple[int, int]:
    """Returns the varint at `place` and where it ends, which is -1 where there is none."""
    value = 0
    for index, byte in enumerate(source.read_at(place, 10) if place >= 0 else b""):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, place + index + 1
    return 0, -1
