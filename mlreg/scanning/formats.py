"""Owns what a file is, by its content alone, and who looks at it.

A file that is of two formats to two readers is refused: what is harmless to the one may be a program to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mlreg.scanning import archives, gguf, hdf5, npy, onnx, safetensors, tars, tensorflow, texts
from mlreg.scanning.context import Scan
from mlreg.scanning.pickles import files
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Inflated, Source

Look = Callable[[Source, Scan], str]
_HEAD_BYTES = 1024
_NEVER_EMPTY: Final = (
    ".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".npy", ".npz", ".h5", ".hdf5", ".keras", ".onnx", ".gguf",
    ".safetensors", ".skops", ".ubj", ".tflite", ".zip", ".gz",
)  # fmt: skip
_ZIP_TAIL_BYTES = 65_557
UNKNOWN: Final = "unknown"
_LOOKS: Final[Mapping[bytes, tuple[str, Look]]] = {
    hdf5.MAGIC: ("hdf5", hdf5.scan_hdf5),
    npy.MAGIC: ("npy", npy.scan_npy),
    gguf.MAGIC: ("gguf", gguf.scan_gguf),
    b"PK\3\4": ("zip", lambda source, scan: archives.scan_zip(source, scan, look)),
    b"PK\5\6": ("zip", lambda source, scan: archives.scan_zip(source, scan, look)),
}
_STREAMS: Final[Mapping[bytes, str]] = {
    b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x5d\0\0": "lzma",
    b"x\x01": "zlib", b"x\x5e": "zlib", b"x\x9c": "zlib", b"x\xda": "zlib",
}  # fmt: skip
_PACKED: Final[Mapping[bytes, str]] = {
    b"\x04\x22\x4d\x18": "lz4", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\7": "rar",
    b"ZF": "zfile",
}  # fmt: skip
_PACKAGES: Final[Mapping[str, str]] = {"lz4": "lz4", "zstd": "zstandard", "7z": "py7zr", "rar": "rarfile"}
_DATA: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"%PDF-": "pdf", b"PAR1": "parquet",
    b"ARROW1": "arrow", b"SQLite format 3\0": "sqlite", b"CBM1": "catboost", b"RIFF": "riff", b"OggS": "ogg",
    b"fLaC": "flac", b"ORC": "orc", b"FEA1": "feather", b"II*\0": "tiff", b"MM\0*": "tiff",
}  # fmt: skip
_MACHINE_CODE: Final[Mapping[bytes, str]] = {
    b"\x7fELF": "elf", b"MZ": "pe", b"\xfe\xed\xfa\xce": "mach-o", b"\xfe\xed\xfa\xcf": "mach-o",
    b"\xce\xfa\xed\xfe": "mach-o", b"\xcf\xfa\xed\xfe": "mach-o", b"\xca\xfe\xba\xbe": "mach-o", b"\0asm": "wasm",
}  # fmt: skip


def look(source: Source, scan: Scan, name: str = "") -> str:
    """Looks at `source`, whatever it is, adds what it finds to `scan` and returns which format it is.

    Args:
        name: What it is called; a name can only make it worse.

    Raises:
        Halt: It cannot be followed to its end, or is of two formats.
    """
    head = source.read_at(0, _HEAD_BYTES)
    if not head:
        if name.lower().endswith(_NEVER_EMPTY):
            scan.add("MLR330", "it has no bytes, and a whole file of its name begins with some", 0)
        return "empty"
    if head[:2] != b"PK":
        _check_no_zip(source)
    if files.begins_one(head):
        scan.guess("pickle")
        return files.scan_pickles(source, scan)
    inner = _look_into_stream(source, head, scan)
    if inner:
        return inner
    found = _by_magic(source, head, scan)
    if not found:
        return _without_magic(source, head, scan, name)
    if head[:2] != b"PK" and files.would_act(source, scan):
        raise Halt("MLR311", f"it is {found} to one reader and a pickle to another", 0)
    return found


def _by_magic(source: Source, head: bytes, scan: Scan) -> str:
    """Returns the format that the first bytes tell, once it was looked at; empty where they tell none."""
    for magic, (found, scan_format) in _LOOKS.items():
        if head.startswith(magic):
            scan.guess(found)
            return scan_format(source, scan)
    packed, code = _named(_PACKED, head), _named(_MACHINE_CODE, head)
    if packed:
        needs = f": that needs the package `{_PACKAGES[packed]}`, and scan takes none" if packed in _PACKAGES else ""
        raise Halt("MLR332", f"what is packed with {packed} cannot be looked into{needs}", 0)
    if code and (code != "pe" or b"PE\0\0" in head):
        scan.add("MLR319", f"it is machine code ({code})", 0)
        return code
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[:1] == b"{" and b"learner" in head[1:32] and head[1:2] in b"LliIU":
        return "xgboost-ubj"
    return _named(_DATA, head)


def _named(formats: Mapping[bytes, str], head: bytes) -> str:
    return next((found for magic, found in formats.items() if head.startswith(magic)), "")


def _without_magic(source: Source, head: bytes, scan: Scan, name: str) -> str:
    """Looks at what no first bytes tell: by its structure, as text, or as an old pickle."""
    found = _by_structure(source, head, scan)
    if found:
        if files.would_act(source, scan):
            raise Halt("MLR311", f"it is {found} to one reader and a pickle to another", 0)
        return found
    acts = files.would_act(source, scan)
    if not acts and texts.is_text(source, scan):
        return texts.scan_text(source, name, scan)
    if acts or files.is_whole(source, scan):
        scan.guess("pickle")
        return files.scan_pickles(source, scan)
    if head[2:4] == b"\r\n" and head[4:8] in (b"\0\0\0\0", b"\1\0\0\0", b"\3\0\0\0"):
        scan.add("MLR319", "it is compiled Python", 0)
        return "pyc"
    scan.add("MLR331", "its first bytes are those of no format that mlreg knows", 0)
    return UNKNOWN


def _by_structure(source: Source, head: bytes, scan: Scan) -> str:
    if tars.is_tar(head):
        scan.guess("tar")
        return archives.scan_tar(source, scan, look)
    if isinstance(source, Inflated):
        return ""
    if safetensors.is_safetensors(head, source.size_bytes()):
        scan.guess("safetensors")
        return safetensors.scan_safetensors(source, scan)
    if tensorflow.is_index(source, head):
        return tensorflow.INDEX
    if head[:1] in (b"\x08", b"\x10", b"\x18", b"\x20") and tensorflow.is_fingerprint(source, scan):
        return tensorflow.FINGERPRINT
    if head[:1] in (b"\x08", b"\x0a"):
        kind = onnx.message_kind(source, scan)
        scan.guess(kind or UNKNOWN)
        if kind == "onnx":
            return onnx.scan_onnx(source, scan)
        if kind:
            return tensorflow.scan_program(source, scan)
    return ""


def _look_into_stream(source: Source, head: bytes, scan: Scan) -> str:
    """Returns the format of what a compressed stream holds, once that was looked at; empty where it is none."""
    kind = _named(_STREAMS, head)
    if not kind:
        return ""
    scan.guess(kind)
    inside = scan.inside()
    content = Inflated(source, kind, scan.budget)
    try:
        content.read_at(0, 1)
    except Halt:
        if kind == "zlib" and texts.is_text(source, scan):
            return ""
        raise
    return f"{look(content, inside)}+{kind}"


def _check_no_zip(source: Source) -> None:
    """Raises where the end of `source` is that of a zip, which some readers look for first."""
    if isinstance(source, Inflated):
        return
    size_bytes = source.size_bytes()
    begin = max(0, size_bytes - _ZIP_TAIL_BYTES)
    tail = source.read_at(begin, _ZIP_TAIL_BYTES)
    place = tail.rfind(b"PK\5\6")
    is_end = place >= 0 and len(tail) >= place + 22
    if is_end and int.from_bytes(tail[place + 20 : place + 22], "little") == len(tail) - place - 22:
        raise Halt("MLR311", "a zip lies at the end of what is no zip", begin + place)
