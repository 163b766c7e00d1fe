"""Owns HDF5 files as Keras writes them: what configurations lie in them, found without the library.

Attributes, which hold the configuration, lie in one piece and uncompressed (HDF5 File Format Specification 3.0: object
headers IV.A, global heaps III.E); so each JSON text in the file is found by its bytes. The one place where attributes
could be compressed, a fractal heap with filters, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mlreg.scanning import keras
from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

MAGIC = b"\x89HDF\r\n\x1a\n"
_PART_BYTES = 1 << 22
_OVERLAP_BYTES = 1 << 12
_TEXT_MAX_BYTES = 32 << 20
_JSON = re.compile(rb'\{\s*"|FRHP')
_CUT = re.compile(rb"\{\s{4000,}\Z")


def scan_hdf5(source: Source, scan: Scan) -> str:
    """Looks at all configurations in the file and returns its format: `keras-h5`, or `hdf5` where it has none.

    Raises:
        Halt: A part of it cannot be looked into.
    """
    version = source.read_at(len(MAGIC), 1)
    if version not in (b"\0", b"\1", b"\2", b"\3"):
        raise Halt("MLR330", "not a whole HDF5 file: its version is not known", len(MAGIC))
    has_model = False
    for offset, text in _texts(source, scan):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        scan.budget.check(offset)
        has_model = keras.scan_value(value, scan) or has_model
    return "keras-h5" if has_model else "hdf5"


def _texts(source: Source, scan: Scan) -> Iterator[tuple[int, str]]:
    """Yields every text in the file that begins as a JSON object does, with its offset, up to its end."""
    offset = after = 0
    while part := source.read_at(offset, _PART_BYTES):
        scan.budget.check(offset)
        for match in _JSON.finditer(part):
            begin = offset + match.start()
            if begin < after:
                continue
            if match[0] == b"FRHP":
                _check_heap(source.read_at(begin, 9), begin)
                continue
            text = _text_at(source, begin, scan)
            after = begin + max(1, len(text.encode("utf-8", "surrogatepass"))) if text else begin + 1
            if text:
                yield begin, text
        if len(part) < _PART_BYTES:
            return
        if _CUT.search(part):
            raise Halt("MLR316", "a JSON text in it begins with too many blanks", offset)
        offset += _PART_BYTES - _OVERLAP_BYTES


def _text_at(source: Source, begin: int, scan: Scan) -> str:
    """Returns the JSON object that begins at `begin`; empty where none does."""
    size = 1 << 14
    while size <= _TEXT_MAX_BYTES:
        scan.budget.check(begin)
        data = source.read_at(begin, size)
        text = data.decode("utf-8", "replace")
        try:
            _, end = json.JSONDecoder().raw_decode(text)
            return text[:end]
        except RecursionError:
            raise Halt("MLR316", "a JSON text in it nests too deep to be read", begin) from None
        except ValueError as error:
            is_cut = len(data) == size and getattr(error, "pos", 0) > len(text) - 4096
            if not is_cut and "Unterminated" not in str(error):
                return ""
            if len(data) < size:
                return ""
        size *= 4
    raise Halt("MLR316", "a JSON text in it is too long to be read", begin)


def _check_heap(head: bytes, offset: int) -> None:
    if len(head) == 9 and head[4] == 0 and head[7:9] != b"\0\0":
        raise Halt("MLR316", "a heap of it is compressed, so that its attributes cannot be read", offset)
