"""Owns SavedModels of TensorFlow: the messages and tables that they are made of.

The numbers are those of `saved_model.proto` and `fingerprint.proto`; a table is one of LevelDB, with the header of
`tensor_bundle.proto` as its first entry.
"""

from __future__ import annotations

import re
from typing import Final

from mlreg.scanning.context import Scan
from mlreg.scanning.protobuf import fields
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

PROGRAM: Final = "savedmodel"
FINGERPRINT: Final = "savedmodel-fingerprint"
INDEX: Final = "savedmodel-index"
_RUNNER: Final = "tensorflow.saved_model.load"
_FINGERPRINT_MAX_BYTES: Final = 256
_HASHES: Final = (2, 3, 4)
_NUMBER = re.compile(rb"[0-9]{1,40}")
_TABLE_END: Final = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"


def scan_program(source: Source, scan: Scan) -> str:
    """Adds that it is a program, whatever its graph does: operators of TensorFlow read and write files too."""
    scan.add_program("it is a program of TensorFlow", _RUNNER)
    return PROGRAM


def is_fingerprint(source: Source, scan: Scan) -> bool:
    """Whether `source` is the fingerprint of a SavedModel from end to end: hashes, and a number written as a text."""
    size_bytes = source.size_bytes()
    if size_bytes > _FINGERPRINT_MAX_BYTES:
        return False
    try:
        found = {field.number: field for field in fields(source, 0, size_bytes, scan)}
    except Halt:
        return False
    last = found.get(7)
    has_hashes = any(found[number].value and not found[number].size_bytes for number in _HASHES if number in found)
    return (
        set(found) <= {1, 2, 3, 4, 5, 6, 7}
        and has_hashes
        and last is not None
        and _NUMBER.fullmatch(source.read_at(last.begin, last.size_bytes)) is not None
    )


def is_index(source: Source, head: bytes) -> bool:
    """Whether `source` is the table that says where the values lie: it begins and ends as one."""
    begins = head[:2] == b"\0\0" and head[3:4] == b"\x08"
    return begins and source.read_at(source.size_bytes() - len(_TABLE_END), len(_TABLE_END)) == _TABLE_END
