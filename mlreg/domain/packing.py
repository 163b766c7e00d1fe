"""Owns how a pickle was packed by whoever saved it, and what that costs a store of many versions."""

from __future__ import annotations

_SUFFIXES = (".pkl", ".pickle", ".joblib", ".job", ".p", ".sav")
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x5d\x00\x00": "lzma",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
    **dict.fromkeys((b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), "zlib"),
}
START_BYTES = max(map(len, _MAGIC))


def is_named_pickle(path: str) -> bool:
    """Whether the name of `path` is that of a pickle, compressed or not."""
    return path.lower().removesuffix(".gz").endswith(_SUFFIXES)


def packing(path: str, start: bytes) -> str | None:
    """Returns by what the pickle at `path`, of which `start` are the first bytes, was compressed, or None."""
    if not is_named_pickle(path):
        return None
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


def packing_note(path: str, start: bytes) -> str | None:
    """Returns what to tell whoever registers a compressed pickle, or None where it is none.

    Compressed bytes have nothing in common from version to version, however alike the models are, and cannot be mapped
    into memory.
    """
    name = packing(path, start)
    if name is None:
        return None
    return (
        f"{path} is compressed ({name}): saved plain, as with `joblib.dump(model, path, compress=0)`, mlreg compresses "
        "it itself, and versions share what they have in common"
    )
