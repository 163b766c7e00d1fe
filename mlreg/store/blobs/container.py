"""Owns the coded form of a blob, `.mlb`: a header, frames, an index, a footer. `docs/format.md` is its description.

    header   magic, number of the format, size of what is restored, digests of the blobs it is stored against, CRC-32
    frames   one after the other: the payloads of the codecs
    index    JSON in one zstd frame: tensors, frames, segments, keys
    footer   where the index lies and its check, magic

Every byte is covered by a check. Whatever is read here may be hostile: sizes are held against the length of the file
before anything is allocated, and nothing is decoded whose size is not bounded.
"""

from __future__ import annotations

import json
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple

import xxhash
import zstandard

from mlreg.store.blobs.cutting import Outline, Tensor
from mlreg.store.blobs.heading import FORMAT, MAGIC, Heading, MalformedError, read_heading

END = b"\r\n.mlb\n\x1a"
INDEX_MAX_BYTES = 256 << 20
SEGMENT_MAX_BYTES = 8 << 20
KEY_BYTES = 16
_FOOTER = struct.Struct("<QQQ8s8s")  # offset and sizes (stored, restored) of the index, its XXH3-64, magic
_HASH = struct.Struct(">Q")
_RATIO_MAX = 1100  # zstd cannot make less of a text; what promises more lies


class Range(NamedTuple):
    """A range of what a blob restores to: `blob` 0 is the blob itself, n its n-th base."""

    blob: int
    offset: int
    size_bytes: int


class Frame(NamedTuple):
    """One payload: `stored` bytes at `at` in the file that restore to `restored` bytes, given the range `base`.

    `depth` is how many frames have to be restored one after the other for this one, without itself.
    """

    at: int
    stored: int
    restored: int
    codec: str
    check: bytes
    base: Range | None
    depth: int


class Segment(NamedTuple):
    """`size_bytes` at `offset` of what the blob restores to: `within` a frame of it, or those of the range `same`."""

    offset: int
    size_bytes: int
    frame: int | None
    within: int
    same: Range | None


@dataclass(frozen=True, slots=True)
class Index:
    """What is in a coded blob.

    Attributes:
        format: The format of the file as `cutting` found it, `""` where it has no tensors.
        is_thorough: Whether the slower pass made it.
        keys: The XXH3-128 of each segment.
    """

    format: str
    is_thorough: bool
    tensors: Sequence[Tensor]
    frames: Sequence[Frame]
    segments: Sequence[Segment]
    keys: Sequence[bytes]
    starts: Sequence[int] = field(repr=False)

    def covering(self, offset: int, size_bytes: int) -> Iterator[Segment]:
        """Yields the segments that have a part of the range, in order."""
        if size_bytes:
            for number in range(bisect_right(self.starts, offset) - 1, len(self.segments)):
                segment = self.segments[number]
                if segment.offset >= offset + size_bytes:
                    return
                yield segment

    def tensor_at(self, offset: int) -> str | None:
        """Returns the name of the tensor that has the byte at `offset`."""
        found = next((t for t in self.tensors if t.offset <= offset < t.offset + t.size_bytes), None)
        return found.name if found else None

    def tensors_of_frame(self, number: int) -> str | None:
        """Returns the name of the tensor whose bytes begin the frame `number`."""
        found = next((s for s in self.segments if s.frame == number), None)
        return self.tensor_at(found.offset) if found else None


class CodedFile:
    """A coded blob, open for reading from any thread.

    Args:
        stream: The file; closed with this.

    Raises:
        MalformedError: From here on and from every method: it is damaged, or never was a coded blob.
        NewerFormatError: It was written by a newer mlreg.
    """

    def __init__(self, stream: BinaryIO, read_at: Any) -> None:
        self.heading: Heading = read_heading(stream)
        self.stored_bytes = stream.seek(0, 2)
        self._read_at = read_at

    @cached_property
    def index(self) -> Index:
        """The index, read and checked when it is first asked for."""
        end = self.stored_bytes - _FOOTER.size
        if end < self.heading.length:
            raise MalformedError("it has been cut off")
        offset, stored, restored, check, magic = _FOOTER.unpack(self._exactly(end, _FOOTER.size))
        if magic != END or offset + stored != end or offset < self.heading.length:
            raise MalformedError("its end is damaged")
        if restored > min(INDEX_MAX_BYTES, stored * _RATIO_MAX + 4096):
            raise MalformedError("its index promises more than it can hold")
        packed = self._exactly(offset, stored)
        if xxhash.xxh3_64_digest(packed) != check:
            raise MalformedError("its index is damaged")
        return _parsed(_unpacked(packed, restored), self.heading, offset)

    def payload(self, number: int) -> bytes:
        """Returns the payload of a frame, checked."""
        frame = self.index.frames[number]
        payload = self._exactly(frame.at, frame.stored)
        if xxhash.xxh3_64_digest(payload) != frame.check:
            tensor = self.index.tensors_of_frame(number)
            raise MalformedError(f"frame {number} is damaged" + (f" (tensor {tensor!a})" if tensor else ""))
        return payload

    def _exactly(self, offset: int, size_bytes: int) -> bytes:
        data: bytes = self._read_at(offset, size_bytes)
        if len(data) != size_bytes:
            raise MalformedError("it has been cut off")
        return data


class Writer:
    """Puts a coded blob together: `head`, the payloads in the order in which they were announced, then `tail`."""

    def __init__(self, size_bytes: int, bases: Sequence[bytes], outline: Outline, *, thorough: bool) -> None:
        start = MAGIC + struct.pack("<HHIQ", FORMAT, 0, len(bases), size_bytes) + b"".join(bases)
        self.head = start + struct.pack("<I", zlib.crc32(start))
        self._position = len(self.head)
        tensors = [list(tensor) for tensor in outline.tensors]
        self._facts = {"format": outline.format, "thorough": thorough, "tensors": tensors}
        self._codecs: dict[str, int] = {}
        self._frames: list[list[Any]] = []
        self._segments: list[list[Any] | None] = []
        self._keys: list[bytes] = []

    def reserve(self, size_bytes: int, key: bytes) -> int:
        """Announces the next segment and returns its number; where it is, is said later."""
        self._segments.append([size_bytes])
        self._keys.append(key)
        return len(self._segments) - 1

    def point(self, segment: int, same: Range) -> None:
        """Says that a segment is the same as a range."""
        self._segments[segment] = [same.size_bytes, None, same.blob, same.offset]

    def add_frame(self, codec: str, payload: Any, members: Sequence[int], base: Range | None, depth: int) -> None:
        """Says that `payload` is the next frame, and which segments it restores, one after the other."""
        number = self._codecs.setdefault(codec, len(self._codecs))
        check = xxhash.xxh3_64_hexdigest(payload)
        restored, within = 0, 0
        for member in members:
            size = (self._segments[member] or [0])[0]
            self._segments[member] = [size, len(self._frames), within]
            within += size
            restored += size
        row: list[Any] = [len(payload), restored, number, check]
        self._frames.append([*row, depth, *base] if base else row)
        self._position += len(payload)

    def tail(self) -> bytes:
        """Returns the index and the footer."""
        facts = {
            **self._facts,
            "codecs": list(self._codecs),
            "frames": self._frames,
            "segments": self._segments,
            "keys": b"".join(self._keys).hex(),
        }
        index = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
        packed = zstandard.ZstdCompressor(level=3, write_checksum=False).compress(index)
        check = xxhash.xxh3_64_digest(packed)
        return packed + _FOOTER.pack(self._position, len(packed), len(index), check, END)


def _unpacked(packed: bytes, restored: int) -> bytes:
    try:
        if zstandard.frame_content_size(packed) != restored:
            raise MalformedError("its index is not as long as it says")
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=restored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise MalformedError("its index cannot be unpacked") from error


def _parsed(data: bytes, heading: Heading, frames_end: int) -> Index:
    try:
        facts = json.loads(data)
        codecs = [_text(name) for name in facts["codecs"]]
        frames = list(_frames(facts["frames"], codecs, heading, frames_end))
        segments = list(_segments(facts["segments"], frames, heading))
        keys = bytes.fromhex(facts["keys"])
        if len(keys) != KEY_BYTES * len(segments):
            raise MalformedError("its index has not a key for each segment")
        tensors = [_tensor(row, heading.size_bytes) for row in facts["tensors"]]
        return Index(
            format=_text(facts["format"]),
            is_thorough=facts["thorough"] is True,
            tensors=tensors,
            frames=frames,
            segments=segments,
            keys=[keys[at : at + KEY_BYTES] for at in range(0, len(keys), KEY_BYTES)],
            starts=[segment.offset for segment in segments],
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise MalformedError("its index cannot be read") from error


def _frames(rows: list[list[Any]], codecs: Sequence[str], heading: Heading, end: int) -> Iterator[Frame]:
    at = heading.length
    for row in rows:
        stored, restored, codec = (_count(number) for number in row[:3])
        check = bytes.fromhex(row[3])
        depth, base = 0, None
        if len(row) > 4:
            depth, base = _count(row[4]), _range(row[5:], heading)
        if restored > SEGMENT_MAX_BYTES or len(check) != _HASH.size:
            raise MalformedError("its index promises a frame that may not be")
        yield Frame(at, stored, restored, codecs[codec], check, base, depth)
        at += stored
    if at != end:
        raise MalformedError("its frames do not fill it")


def _segments(rows: list[list[Any]], frames: Sequence[Frame], heading: Heading) -> Iterator[Segment]:
    offset = 0
    for row in rows:
        size = _count(row[0])
        if row[1] is None:
            yield Segment(offset, size, None, 0, _range([row[2], row[3], size], heading))
        else:
            frame, within = _count(row[1]), _count(row[2])
            if within + size > frames[frame].restored:
                raise MalformedError("its index has a segment outside its frame")
            yield Segment(offset, size, frame, within, None)
        offset += size
    if offset != heading.size_bytes:
        raise MalformedError("its segments are not as long as it says")


def _range(row: Sequence[Any], heading: Heading) -> Range:
    blob, offset, size = (_count(number) for number in row)
    if blob > len(heading.bases) or size > SEGMENT_MAX_BYTES * 2:
        raise MalformedError("its index refers to what it does not name")
    return Range(blob, offset, size)


def _tensor(row: list[Any], size_bytes: int) -> Tensor:
    name, dtype, shape, offset, size = row
    if _count(offset) + _count(size) > size_bytes:
        raise MalformedError("its index has a tensor outside the file")
    return Tensor(_text(name), _text(dtype), tuple(_count(number) for number in shape), offset, size)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise MalformedError("its index has something else than a count")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise MalformedError("its index has something else than a text")
    return value
