"""Owns zstd frames: how they are made, and that reading one costs no more than was asked for.

A frame is ordinary zstd (RFC 8878) with its content size in the header and without a dictionary.
"""

from __future__ import annotations

from threading import local

import numpy as np
import zstandard
from numpy.typing import NDArray
from zstandard import ZstdCompressionParameters, ZstdCompressor, ZstdDecompressor, ZstdError

from mlreg.store.blobs.codecs.damage import DamagedError

Bytes = bytes | bytearray | memoryview
MAX_WINDOW_BYTES = 1 << 23

# Matches are as good as never found with these, which leaves Huffman coding, in blocks of 128 KiB.
_HUFFMAN = {
    "strategy": 1,
    "hash_log": 6,
    "min_match": 7,
    "window_log": 18,
    "chain_log": 6,
    "search_log": 1,
    "target_length": 0,
}


class _Coders(local):
    """The zstd contexts of one thread: two threads must not use one at once."""

    def __init__(self) -> None:
        self.huffman = ZstdCompressor(compression_params=ZstdCompressionParameters(write_content_size=True, **_HUFFMAN))
        self.by_level: dict[int, ZstdCompressor] = {}
        self.decompressor = ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)


_CODERS = _Coders()


def huffman(data: Bytes) -> bytes:
    """Returns `data` as a frame in which single bytes have short codes and nothing is looked for further back."""
    return _CODERS.huffman.compress(data)


def zstd(data: Bytes, level: int) -> bytes:
    """Returns `data` as a frame of the ordinary zstd of `level`."""
    compressor = _CODERS.by_level.get(level)
    if compressor is None:
        compressor = _CODERS.by_level[level] = ZstdCompressor(level=level)
    return compressor.compress(data)


def unpack(frame: Bytes, out: NDArray[np.uint8]) -> None:
    """Fills `out` from `frame`, without memory of its own beyond a window of 8 MiB.

    Raises:
        DamagedError: It is no frame, or one of another size, or its inside is damaged.
    """
    try:
        if zstandard.frame_content_size(frame) != out.size:
            raise DamagedError("a zstd frame has another size than is needed")
        if out.size == 0:
            return
        with _CODERS.decompressor.stream_reader(frame) as reader:
            size_bytes = reader.readinto(out)
    except ZstdError as error:
        raise DamagedError(str(error)) from None
    if size_bytes != out.size:
        raise DamagedError("a zstd frame ends early")
