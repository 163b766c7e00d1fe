"""Owns the beginning of a coded blob: its size and the blobs it is stored against, read without decoding anything."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from mlreg.errors import MlregError

MAGIC = b"\x93mlreg\r\n"
FORMAT = 1
_START = struct.Struct("<8sHHIQ")  # magic, number of the format, zero, number of bases, size of what is restored
_CHECK = struct.Struct("<I")
_DIGEST_BYTES = 32
_BASES_MAX = 4096


class MalformedError(Exception):
    """It is damaged, or never was a coded blob; the text says what is wrong."""


class NewerFormatError(Exception):
    """A newer mlreg wrote it; the text says what is not known here."""


class DamagedBlobError(Exception):
    """What `digest` names cannot be restored: `why` says what is wrong with it."""

    def __init__(self, digest: str, why: str) -> None:
        super().__init__(why)
        self.digest = digest
        self.why = why


class ChangedError(Exception):
    """A file changed while it was read."""


UNUSABLE = (DamagedBlobError, NewerFormatError, MlregError, OSError)  # what a blob may answer that cannot be read


@dataclass(frozen=True, slots=True)
class Heading:
    """How much a coded blob restores to, and the blobs (`sha256:…`) that must be at hand for that.

    `length` is where the frames begin.
    """

    size_bytes: int
    bases: tuple[str, ...]
    length: int


def read_heading(stream: BinaryIO) -> Heading:
    """Returns the heading of the coded blob `stream`.

    Raises:
        MalformedError: It is damaged, or never was a coded blob.
        NewerFormatError: It was written by a newer mlreg.
    """
    stream.seek(0)
    start = stream.read(_START.size)
    if len(start) < _START.size or not start.startswith(MAGIC):
        raise MalformedError("it does not begin as a coded blob does")
    _, number, reserved, count, size_bytes = _START.unpack(start)
    if number > FORMAT:
        raise NewerFormatError(f"format {number}")
    if number == 0 or reserved or count > _BASES_MAX:
        raise MalformedError("its beginning is damaged")
    rest = stream.read(count * _DIGEST_BYTES + _CHECK.size)
    digests, check = rest[: -_CHECK.size], rest[-_CHECK.size :]
    if len(rest) < count * _DIGEST_BYTES + _CHECK.size or _CHECK.pack(zlib.crc32(start + digests)) != check:
        raise MalformedError("its beginning is damaged")
    bases = (digests[at : at + _DIGEST_BYTES].hex() for at in range(0, len(digests), _DIGEST_BYTES))
    return Heading(size_bytes, tuple(f"sha256:{digest}" for digest in bases), len(start) + len(rest))
