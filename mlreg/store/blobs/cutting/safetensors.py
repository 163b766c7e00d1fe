"""Owns reading the header of a safetensors file: `<u64 length><JSON><bytes of the tensors>`.

The header is a JSON object of `name: {"dtype", "shape", "data_offsets"}` and one `__metadata__` of texts. It is matched
piece by piece and never built: a hundred megabytes of `[[],[],…` would become gigabytes of lists.

Source: https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import json
import re

from mlreg.store.blobs.cutting.reader import Reader, decoded
from mlreg.store.blobs.cutting.tensors import Findings, MalformedError, Outline, Source, elements

MAX_HEADER_BYTES = 100_000_000
MAX_ENTRY_BYTES = 4096

DTYPES = {
    **{name: name.lower() for name in ("F64", "F32", "F16", "BF16", "BOOL", "C64")},
    **{f"{sign}{bits}": f"{sign.lower()}{bits}" for sign in "IU" for bits in (8, 16, 32, 64)},
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), "f8"),
}
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SPACE = rb"[ \t\r\n]*+"
_NAME = re.compile(rb"%b(%b)%b:%b" % (_SPACE, _STRING, _SPACE, _SPACE), re.DOTALL)
_PAIR = rb"%b%b:%b%b" % (_STRING, _SPACE, _SPACE, _STRING)
_METADATA = re.compile(rb"\{%b(?:%b(?:%b,%b%b)*+)?+%b\}" % (_SPACE, _PAIR, _SPACE, _SPACE, _PAIR, _SPACE), re.DOTALL)
_ENTRY = re.compile(rb"\{[^{}]{0,%d}\}" % MAX_ENTRY_BYTES)
_NEXT = re.compile(rb"%b([,}])%b" % (_SPACE, _SPACE))


def outline(source: Source) -> Outline | None:
    """Returns the tensors of a safetensors file, None where `source` is none.

    Raises:
        MalformedError: Its header lies.
    """
    start = bytes(source.read_at(0, 9))
    size_bytes = int.from_bytes(start[:8], "little")
    if start[8:] != b"{" or not 2 <= size_bytes <= min(MAX_HEADER_BYTES, source.size_bytes - 8):
        return None
    header = Reader(source, 8).take(size_bytes)
    findings = Findings(source.size_bytes)
    _read(header, 8 + size_bytes, findings)
    return Outline("safetensors", findings.in_order())


def _read(header: bytes, data_offset: int, findings: Findings) -> None:
    position = 1
    if empty := _NEXT.fullmatch(header, position):
        if empty[1] != b"}":
            raise MalformedError
        return
    names: set[bytes] = set()
    more = True
    while more:
        key = _matched(_NAME, header, position)
        name = key[1]
        if name in names:
            raise MalformedError
        names.add(name)
        is_metadata = name == b'"__metadata__"'
        value = _matched(_METADATA if is_metadata else _ENTRY, header, key.end())
        if not is_metadata:
            _add(_loaded(name), _loaded(value[0]), data_offset, findings)
        following = _matched(_NEXT, header, value.end())
        more, position = following[1] == b",", following.end()
    if position != len(header):
        raise MalformedError


def _matched(pattern: re.Pattern[bytes], header: bytes, position: int) -> re.Match[bytes]:
    match = pattern.match(header, position)
    if match is None:
        raise MalformedError
    return match


def _loaded(text: bytes) -> object:
    try:
        return json.loads(decoded(text))
    except (ValueError, RecursionError) as error:
        raise MalformedError from error


def _add(name: object, entry: object, data_offset: int, findings: Findings) -> None:
    match name, entry:
        case str(), {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)]}:
            if not all(type(length) is int for length in shape) or not 0 <= begin <= end:
                raise MalformedError
            size_bytes = end - begin
            if dtype in BITS and elements(shape) * BITS[dtype] != 8 * size_bytes:
                raise MalformedError
            # a type that is newer than this table still has a place
            findings.add(name, DTYPES.get(dtype, ""), shape, data_offset + begin, size_bytes)
        case _:
            raise MalformedError
