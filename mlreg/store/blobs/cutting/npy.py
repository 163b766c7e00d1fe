"""Owns reading the header of an array that numpy saved.

Its text is a Python dictionary, of which numpy and all who write such files make the same few shapes; it is matched and
never evaluated.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import re

from mlreg.store.blobs.cutting.reader import Reader
from mlreg.store.blobs.cutting.tensors import Findings, MalformedError, Outline, Source, elements

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 1 << 20

DTYPES = {
    **{f"{kind}{width}": f"{kind}{8 * width}" for kind in "iu" for width in (1, 2, 4, 8)},
    **{f"f{width}": f"f{8 * width}" for width in (2, 4, 8)},
    "b1": "bool",
    "c8": "c64",
    "c16": "c128",
}

_HEADER = re.compile(
    r"\{ *'descr': *(?P<descr>'[^']*'|\[.*\]), *'fortran_order': *(?:True|False), *"
    r"'shape': *\((?P<shape>(?: *[0-9]{1,19}L?,?)*+) *\),? *\}\s*",
    re.DOTALL,
)
_OF_OBJECTS = re.compile(r"'[|<>=]?O")


def outline(source: Source) -> Outline | None:
    """Returns the array in an npy file, None where `source` is none.

    Raises:
        MalformedError: Its header lies.
    """
    if bytes(source.read_at(0, len(MAGIC))) != MAGIC:
        return None
    findings = Findings(source.size_bytes)
    add(findings, "", Reader(source), source.size_bytes)
    return Outline("npy", findings.in_order())


def add(findings: Findings, name: str, reader: Reader, end: int) -> None:
    """Adds the array between the position of `reader` and `end`, if it is one of numbers.

    Raises:
        MalformedError: It is not what `numpy.save` writes.
    """
    descr, shape = _header(reader)
    count = elements(shape)
    size_bytes = end - reader.position
    width = _width(descr)
    if width is not None:
        size_bytes = count * width
    elif _OF_OBJECTS.search(descr) or not count or size_bytes % count:
        return  # a pickle, or records whose size only their own parts tell
    if reader.position + size_bytes > end:
        raise MalformedError
    findings.add(name, _dtype(descr), shape, reader.position, size_bytes)


def _header(reader: Reader) -> tuple[str, tuple[int, ...]]:
    if reader.take(len(MAGIC)) != MAGIC:
        raise MalformedError
    major = reader.number(2) & 0xFF
    size_bytes = reader.number(2 if major == 1 else 4)
    if not 1 <= major <= 3 or size_bytes > MAX_HEADER_BYTES:
        raise MalformedError
    text = reader.take(size_bytes).decode("latin-1")
    match = _HEADER.fullmatch(text)
    if match is None:
        raise MalformedError
    lengths = re.findall("[0-9]+", match["shape"])
    return match["descr"], tuple(int(length) for length in lengths)


def _dtype(descr: str) -> str:
    """Returns our name of a type, "" where it is not one of ours or has its bytes the other way round."""
    code = descr.strip("'")
    order, kind = (code[:1], code[1:]) if code[:1] in "<>=|" else ("", code)
    return DTYPES.get(kind, "") if order in ("<", "|") else ""


def _width(descr: str) -> int | None:
    """Returns how many bytes an element has, None where the text of its type does not tell."""
    match = re.fullmatch(r"'[<>=|]?([a-zA-Z])([0-9]{1,9})(?:\[[^\]]*\])?'", descr)
    if match is None or match[1] == "O":
        return None
    return int(match[2]) * (4 if match[1] == "U" else 1)
