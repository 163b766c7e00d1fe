"""Owns the way from coded blobs back to bytes: any range of any blob, coded or plain.

A range of a coded blob is that of frames, or the same as a range of another blob; a frame may be a difference from a
range of another. So reading follows references, never more than `DEPTH_MAX` deep, each time to a range of bounded size:
whatever a blob says of itself, time and memory are bounded by what it restores to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from threading import Lock
from typing import BinaryIO, NamedTuple

from mlreg.ports import Bytes
from mlreg.store.blobs import codecs
from mlreg.store.blobs.access import Access, access
from mlreg.store.blobs.container import CodedFile, Frame, Index, Segment
from mlreg.store.blobs.heading import DamagedBlobError, MalformedError, NewerFormatError

DEPTH_MAX = 8
PIECE_BYTES = 4 << 20
_KEPT_BYTES = 64 << 20


class Opened(NamedTuple):
    """One blob, open: `coded` where it is in the coded form, else `plain`."""

    size_bytes: int
    stored_bytes: int
    coded: CodedFile | None
    plain: Access | None


OpenBlob = Callable[[str], tuple[BinaryIO, bool]]


class Restorer:
    """Reads ranges of the blobs of a repository; usable from many threads; closes what it opened at the end.

    Args:
        open_blob: Opens the blob with a digest and says whether it is in the coded form.
    """

    def __init__(self, open_blob: OpenBlob) -> None:
        self._open_blob = open_blob
        self._opened: dict[str, Opened] = {}
        self._frames = _Frames()
        self._lock = Lock()
        self._held = ExitStack()

    def __enter__(self) -> Restorer:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def opened(self, digest: str) -> Opened:
        """Returns the blob with `digest`, open."""
        with self._lock:
            found = self._opened.get(digest)
            if found is None:
                found = self._opened[digest] = self._open(digest)
            return found

    def read(self, digest: str, offset: int, size_bytes: int) -> Bytes:
        """Returns a range of what the blob restores to.

        Raises:
            DamagedBlobError: It cannot be restored, whichever blob is to blame.
            NotFoundError: A blob that it is stored against is not here.
            MissingError: A newer mlreg wrote it.
        """
        return self._read(digest, offset, size_bytes, 0)

    def read_into(self, digest: str, offset: int, out: memoryview) -> None:
        """Fills `out` with a range of what the blob restores to, as `read` returns it, in memory of the caller."""
        found = self.opened(digest)
        if found.coded is not None and offset + len(out) <= found.size_bytes:
            frame = self._whole_frame(digest, found.coded, offset, len(out))
            if frame is not None:
                self._decode_into(digest, found.coded, frame, out, 0)
                return
        elif found.plain is not None and found.plain.read_into(offset, out) == len(out):
            return
        out[:] = self.read(digest, offset, len(out))

    def index(self, digest: str) -> Index:
        """Returns the index of a blob in the coded form."""
        coded = self.opened(digest).coded
        if coded is None:
            raise DamagedBlobError(digest, "it is not in the coded form")
        return _index(digest, coded)

    def frame_of(self, digest: str, offset: int, size_bytes: int) -> tuple[Frame | None, Sequence[str]]:
        """Returns the frame that a range is in, by itself or by reference, and the bases of the blob that has it."""
        for _ in range(DEPTH_MAX):
            coded = self.opened(digest).coded
            if coded is None:
                break
            segment = next(_index(digest, coded).covering(offset, size_bytes), None)
            if segment is None:
                break
            if segment.frame is not None:
                return coded.index.frames[segment.frame], coded.heading.bases
            if segment.same is not None:
                digest, offset = _named(digest, coded, segment.same.blob), segment.same.offset + offset - segment.offset
        return None, ()

    def payload(self, digest: str, coded: CodedFile, number: int) -> bytes:
        """Returns the payload of a frame of the blob `digest`, checked."""
        try:
            return coded.payload(number)
        except MalformedError as error:
            raise DamagedBlobError(digest, str(error)) from error

    def pieces(self, digest: str) -> Iterator[tuple[int, int]]:
        """Yields offset and size of ranges that are well read one at a time, in order, all of the blob in all."""
        found = self.opened(digest)
        if found.coded is None:
            for offset in range(0, found.size_bytes, PIECE_BYTES):
                yield offset, min(PIECE_BYTES, found.size_bytes - offset)
            return
        start, size = 0, 0
        for segment in _index(digest, found.coded).segments:
            if size and size + segment.size_bytes > PIECE_BYTES:
                yield start, size
                start, size = segment.offset, 0
            size += segment.size_bytes
        if size:
            yield start, size

    def _open(self, digest: str) -> Opened:
        stream, is_coded = self._open_blob(digest)
        self._held.callback(stream.close)
        reached = access(stream)
        if not is_coded:
            return Opened(reached.size_bytes, reached.size_bytes, None, reached)
        try:
            coded = CodedFile(stream, reached.read_at)
        except MalformedError as error:
            raise DamagedBlobError(digest, str(error)) from error
        return Opened(coded.heading.size_bytes, coded.stored_bytes, coded, None)

    def _read(self, digest: str, offset: int, size_bytes: int, depth: int) -> Bytes:
        if depth > DEPTH_MAX:
            raise DamagedBlobError(digest, f"it is stored against others more than {DEPTH_MAX} deep")
        found = self.opened(digest)
        if offset + size_bytes > found.size_bytes:
            raise DamagedBlobError(digest, "it is shorter than one that is stored against it says")
        if found.plain is not None:
            data = found.plain.read_at(offset, size_bytes)
            if len(data) != size_bytes:
                raise DamagedBlobError(digest, "it has been cut off")
            return data
        coded = found.coded
        if coded is None:
            raise AssertionError(digest)
        parts = []
        for segment in _index(digest, coded).covering(offset, size_bytes):
            start = max(offset - segment.offset, 0)
            end = min(offset + size_bytes - segment.offset, segment.size_bytes)
            parts.append(self._part(digest, coded, segment, start, end, depth))
        if len(parts) == 1:
            return parts[0]
        return b"".join(parts)

    def _part(self, digest: str, coded: CodedFile, segment: Segment, start: int, end: int, depth: int) -> Bytes:
        if segment.same is not None:
            blob, offset, _ = segment.same
            return self._read(_named(digest, coded, blob), offset + start, end - start, depth + 1)
        if segment.frame is None:
            raise AssertionError(segment)
        begin, size = segment.within + start, end - start
        if size == coded.index.frames[segment.frame].restored:
            return self._decoded(digest, coded, segment.frame, depth)
        return memoryview(self._frame(digest, coded, segment.frame, depth))[begin : begin + size]

    def _frame(self, digest: str, coded: CodedFile, number: int, depth: int) -> Bytes:
        """Returns a frame of which only a part is wanted now: the rest is likely to be wanted soon."""
        shelf = self._frames.shelf((digest, number))
        # one waits while another decodes the same, but never while holding what a third waits for
        with shelf.lock if depth == 0 else nullcontext():
            if shelf.data is None:
                shelf.data = self._decoded(digest, coded, number, depth)
                self._frames.keep((digest, number), len(shelf.data))
            return shelf.data

    def _whole_frame(self, digest: str, coded: CodedFile, offset: int, size_bytes: int) -> int | None:
        """Returns the number of the frame that restores to exactly this range, or None."""
        segment = next(_index(digest, coded).covering(offset, size_bytes), None)
        if segment is None or segment.frame is None or segment.offset != offset:
            return None
        return segment.frame if coded.index.frames[segment.frame].restored == size_bytes else None

    def _decoded(self, digest: str, coded: CodedFile, number: int, depth: int) -> Bytes:
        out = memoryview(bytearray(coded.index.frames[number].restored))
        self._decode_into(digest, coded, number, out, depth)
        return out

    def _decode_into(self, digest: str, coded: CodedFile, number: int, out: memoryview, depth: int) -> None:
        frame = coded.index.frames[number]
        base = None
        if frame.base is not None:
            blob, offset, size_bytes = frame.base
            base = self._read(_named(digest, coded, blob), offset, size_bytes, depth + 1)
        payload = self.payload(digest, coded, number)
        try:
            codecs.decode_into(frame.codec, payload, out, base)
        except codecs.UnknownCodecError as error:
            raise NewerFormatError(f"the codec {str(error)!a}") from error
        except codecs.DamagedError as error:
            raise DamagedBlobError(digest, f"frame {number} cannot be decoded") from error


class _Shelf:
    """Room for one frame."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.data: Bytes | None = None


class _Frames:
    """The frames used last, no more than `_KEPT_BYTES` of them."""

    def __init__(self) -> None:
        self._shelves: OrderedDict[tuple[str, int], _Shelf] = OrderedDict()
        self._sizes: dict[tuple[str, int], int] = {}
        self._lock = Lock()

    def shelf(self, key: tuple[str, int]) -> _Shelf:
        """Returns the room for a frame, empty where it is not kept."""
        with self._lock:
            found = self._shelves.setdefault(key, _Shelf())
            self._shelves.move_to_end(key)
            return found

    def keep(self, key: tuple[str, int], size_bytes: int) -> None:
        """Notes that a frame lies in its room, and throws out what was not used for longest."""
        with self._lock:
            self._sizes[key] = size_bytes
            while len(self._sizes) > 1 and sum(self._sizes.values()) > _KEPT_BYTES:
                oldest, _ = self._shelves.popitem(last=False)
                self._sizes.pop(oldest, None)


def _named(digest: str, coded: CodedFile, blob: int) -> str:
    return digest if blob == 0 else coded.heading.bases[blob - 1]


def _index(digest: str, coded: CodedFile) -> Index:
    try:
        return coded.index
    except MalformedError as error:
        raise DamagedBlobError(digest, str(error)) from error
