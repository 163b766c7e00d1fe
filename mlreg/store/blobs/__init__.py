"""Owns blobs: bytes kept once, under their SHA-256, as they are or in the coded form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mlreg.errors import ConflictError, IntegrityError, MissingError, NotFoundError
from mlreg.lazy import LazyModule
from mlreg.ports import Backend, Bytes
from mlreg.store import codec, layout
from mlreg.store.blobs.heading import (
    UNUSABLE,
    ChangedError,
    DamagedBlobError,
    Heading,
    MalformedError,
    NewerFormatError,
    read_heading,
)

if TYPE_CHECKING:
    import tempfile

    from mlreg.domain.record import FileEntry
    from mlreg.store.blobs import hashing, mending, storing
else:
    hashing = LazyModule("mlreg.store.blobs.hashing")
    mending = LazyModule("mlreg.store.blobs.mending")
    storing = LazyModule("mlreg.store.blobs.storing")
    tempfile = LazyModule("tempfile")

CODED_MIN_BYTES = 16 << 10  # what is smaller fills a few blocks of the disk in either form
IN_MEMORY_MAX_BYTES = 1 << 20
_SAMPLES = 16
_SAMPLE_BYTES = 4 << 10

Progress = Callable[[int], None]
OpenBlob = Callable[[str], tuple[BinaryIO, bool]]


def no_progress(size_bytes: int) -> None:
    """Tells nobody that `size_bytes` more were read."""


def announce(progress: Progress, size_bytes: int) -> None:
    """Tells `progress`, where it wants to know (it has a method `expect`), that `size_bytes` are to come in all."""
    expect = getattr(progress, "expect", None)
    if expect is not None:
        expect(size_bytes)


class Stored(NamedTuple):
    """How a blob is kept: `size_bytes` that it restores to, `stored_bytes` on the disk, the blobs it needs for that."""

    size_bytes: int
    stored_bytes: int
    bases: tuple[str, ...]
    is_coded: bool


class _KeptError(Exception):
    """What was going to be kept is here already."""


_NOTHING = Stored(0, 0, (), False)


class Blobs:
    """The blobs of a repository."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def add(
        self, source: BinaryIO, name: str, progress: Progress = no_progress, kin: Iterable[str] = ()
    ) -> tuple[str, int]:
        """Keeps the bytes of the seekable `source` in as little space as can be, and returns their digest and size.

        Args:
            kin: The digests of blobs that may be like it, the likeliest first.

        Raises:
            ConflictError: `source` (called `name`) changed meanwhile.
            OSError: The backend could not write, or `source` not be read.
        """
        with _steady(name):
            return self._sure(source, self._add(source, list(kin), progress))

    def add_plain(
        self, source: BinaryIO, name: str, progress: Progress = no_progress, kin: Iterable[str] = ()
    ) -> tuple[str, int]:
        """Keeps the bytes of the seekable `source` as they are, and returns their digest and size.

        They are read once, and hashed while they are copied; twice where they seem to be one of `kin`.

        Raises:
            ConflictError: `source` (called `name`) changed meanwhile.
            OSError: The backend could not write, or `source` not be read.
        """
        with _steady(name):
            return self._sure(source, self._add_plain(source, kin, progress))

    def settle(self, digest: str) -> bool:
        """Whether the bytes are here; if so, their name outlasts a loss of power from now on."""
        for key in _forms(digest):
            if self._is_kept(key):
                self._backend.create(key, ())
                return True
        return False

    def has(self, digest: str) -> bool:
        """Whether the bytes are here; whether they are undamaged is not looked at."""
        return any(self._is_kept(key) for key in _forms(digest))

    def has_all(self, files: Iterable[FileEntry]) -> bool:
        """Whether the bytes of all `files` are here."""
        return all(self.has(entry.digest) for entry in files)

    def stored(self, digest: str) -> Stored | None:
        """Returns how the blob is kept, or None where it is not here.

        Raises:
            IntegrityError: The beginning of its coded form is damaged.
            MissingError: A newer mlreg wrote it.
        """
        try:
            stream, is_coded = self._open_either(digest)
        except NotFoundError:
            return None
        with stream:
            stored_bytes = stream.seek(0, 2)
            if not is_coded:
                return Stored(stored_bytes, stored_bytes, (), False)
            with _sound(digest):
                heading: Heading = read_heading(stream)
            return Stored(heading.size_bytes, stored_bytes, heading.bases, True)

    def size_bytes(self, digest: str) -> int | None:
        """Returns the size of what is kept under `digest`, or None where nothing is."""
        found = self.stored(digest)
        return None if found is None else found.size_bytes

    def read(self, digest: str, progress: Progress = no_progress) -> Iterator[Bytes]:
        """Yields the bytes with `digest`, hashed while they pass; the last chunk is followed by the check.

        Raises:
            NotFoundError: They are not here, or those that they are stored against are not.
            IntegrityError: They were not what their name says; what was yielded must not be used.
            MissingError: A newer mlreg wrote them.
        """
        yield from self._read(digest, self._open_either, progress)

    def clone(self, digest: str, file: int) -> bool:
        """Lets the open file `file` share the plain bytes of the blob, where that can be done; they are not checked."""
        return self._backend.clone(layout.blob(digest), file)

    def link(self, digest: str, path: str) -> bool:
        """Makes `path` a read-only name of the plain bytes of the blob, where that can be done; nothing is checked."""
        return self._backend.link(layout.blob(digest), path)

    def squeeze(self, digest: str, kin: Sequence[str] = ()) -> bool:
        """Puts a blob into its smallest form, and returns whether that was any smaller.

        The old form goes when the new one was decoded and compared. To be called by who holds off all others.

        Args:
            kin: The digests of older blobs that it may be stored against.

        Raises:
            NotFoundError: It is not here.
            IntegrityError: It is damaged; it stays as it is.
        """
        usable = [other for other in kin if other != digest and digest not in self.needed([other])]

        def keep(form: storing.Form) -> None:
            for base in self.needed(form.bases):
                self.settle(base)
            self._backend.replace(layout.coded_blob(digest), form.pieces)

        with _sound(digest):
            if (self.stored(digest) or _NOTHING).size_bytes < CODED_MIN_BYTES:
                return False
            if storing.is_thorough(digest, self._open_either):
                return False
            try:
                storing.squeeze(digest, usable, self._open_either, keep)
            except storing.NotSmallerError:
                return False
        self._backend.delete(layout.blob(digest))
        return True

    def mend(self, digest: str, copies: Iterable[BinaryIO], others: Iterable[str]) -> bool:
        """Puts a damaged or missing blob in order, and returns whether that could be done.

        Args:
            copies: Files that may be what it was.
            others: The digests of blobs that may have parts of it.
        """
        with self._whole(digest, copies, others) as copy:
            if copy is not None:
                self._renew(digest, copy)
            return copy is not None

    def can_mend(self, digest: str, copies: Iterable[BinaryIO], others: Iterable[str]) -> bool:
        """Whether `mend` would put the blob in order."""
        with self._whole(digest, copies, others) as copy:
            return copy is not None

    def read_all_forms(self, digest: str, progress: Progress = no_progress) -> Iterator[Bytes]:
        """Yields what `read` does, once for each form in which the blob is kept."""
        yield from self.read(digest, progress)
        if all(self._is_kept(key) for key in _forms(digest)):
            yield from self._read(digest, partial(self._open_coded, digest), progress)

    def drop(self, digest: str) -> None:
        """Removes a blob in all its forms. To be called by who holds off all others, and knows that nobody needs it."""
        for key in _forms(digest):
            self._backend.delete(key)

    def needed(self, digests: Iterable[str]) -> set[str]:
        """Returns `digests` and all blobs that they are stored against, whether these are here or not."""
        found: set[str] = set()
        pending = list(digests)
        while pending:
            digest = pending.pop()
            if digest not in found:
                found.add(digest)
                pending.extend((self.stored(digest) or _NOTHING).bases)
        return found

    def check(self, digest: str) -> None:
        """Checks the coded form of a blob without decoding it; of a plain one nothing can be told so.

        Raises:
            IntegrityError: It is damaged.
            MissingError: A newer mlreg wrote it.
        """
        with _sound(digest):
            storing.check_frames(digest, self._open_either)

    def _read(self, digest: str, open_blob: OpenBlob, progress: Progress) -> Iterator[Bytes]:
        stream, is_coded = open_blob(digest)
        with stream:
            hasher = codec.Hasher()
            if is_coded:
                pieces = hashing.hashed(storing.restored(digest, partial(self._open_given, digest, stream)), hasher)
            elif _size(stream) > IN_MEMORY_MAX_BYTES:
                pieces = hashing.hashed(codec.chunks(stream), hasher)
            else:
                pieces = _hashed(codec.chunks(stream), hasher)
            with _sound(digest):
                yield from _told(pieces, progress)
        if hasher.digest() != digest:
            raise _damaged(_forms(digest)[is_coded])

    def _add(self, source: BinaryIO, kin: Sequence[str], progress: Progress) -> tuple[str, int]:
        size_bytes = _size(source)
        if size_bytes < CODED_MIN_BYTES:
            return self._add_small(source, progress)
        if kept := self._kept(source, size_bytes, kin, progress):
            return kept
        if kept := storing.store(source, kin, self._open_either, self._keep_form, progress):
            return kept
        source.seek(0)
        return self._copy(source, no_progress)

    def _add_plain(self, source: BinaryIO, kin: Iterable[str], progress: Progress) -> tuple[str, int]:
        size_bytes = _size(source)
        if size_bytes <= IN_MEMORY_MAX_BYTES:
            return self._add_small(source, progress)
        return self._kept(source, size_bytes, kin, progress) or self._copy(source, progress)

    def _sure(self, source: BinaryIO, kept: tuple[str, int]) -> tuple[str, int]:
        """Returns `kept`, digest and size of `source`; what lay there before and cannot be these bytes is replaced."""
        if not self._can_be(*kept):
            source.seek(0)
            self._renew(kept[0], source)
        return kept

    def _can_be(self, digest: str, size_bytes: int) -> bool:
        """Whether each form of `digest` that is here is as long as it says: the coded one has its index, and bases."""
        stream, is_coded = self._open_either(digest)
        with stream:
            if not is_coded and stream.seek(0, 2) != size_bytes:
                return False
        if not self._is_kept(layout.coded_blob(digest)):
            return True
        try:
            with _sound(digest):
                storing.is_thorough(digest, partial(self._open_coded, digest))
                return all(map(self.has, self.needed([digest])))
        except IntegrityError:
            return False
        except MissingError:
            pass  # a newer mlreg can read it
        return True

    def _add_small(self, source: BinaryIO, progress: Progress) -> tuple[str, int]:
        data = b"".join(codec.chunks(source))
        digest = codec.digest(data)
        progress(len(data))
        if not self.settle(digest):
            self._backend.create(layout.blob(digest), [data])
        return digest, len(data)

    def _kept(
        self, source: BinaryIO, size_bytes: int, kin: Iterable[str], progress: Progress
    ) -> tuple[str, int] | None:
        """Returns digest and size of `source` where it is one of `kin`, or seems to be one and is another blob."""
        if not any(self._seems(digest, source, size_bytes) for digest in kin):
            return None
        digest, size_bytes = measure(source, progress)
        source.seek(0)
        return (digest, size_bytes) if self._settle_all(digest) else None

    def _copy(self, source: BinaryIO, progress: Progress) -> tuple[str, int]:
        hasher = codec.Hasher()

        def key() -> str:
            return layout.blob(hasher.digest())

        self._backend.create(key, hashing.hashed(_told(codec.chunks(source), progress), hasher))
        return hasher.digest(), hasher.size_bytes

    @contextmanager
    def _whole(self, digest: str, copies: Iterable[BinaryIO], others: Iterable[str]) -> Iterator[BinaryIO | None]:
        """Yields what a damaged blob was, at its beginning: one of `copies`, or what can be put together; else None."""
        for copy in copies:
            copy.seek(0)
            if measure(copy)[0] == digest:
                copy.seek(0)
                yield copy
                return
        with tempfile.TemporaryFile() as built:
            is_whole = mending.rebuild(digest, others, self._open_either, built)
            built.seek(0)
            yield built if is_whole else None

    def _renew(self, digest: str, copy: BinaryIO) -> None:
        self._backend.replace(layout.blob(digest), _unchanged(copy, digest))
        self._backend.delete(layout.coded_blob(digest))

    def _settle_all(self, digest: str) -> bool:
        """Whether the bytes are here, with all that they are stored against, and stay from now on."""
        with suppress(IntegrityError):
            return all(self.settle(needed) for needed in self.needed([digest]))
        return False

    def _keep_form(self, form: storing.Form) -> None:
        def key() -> str:
            if self._settle_all(form.digest()):
                raise _KeptError
            return layout.coded_blob(form.digest())

        for base in self.needed(form.bases):
            self.settle(base)
        with suppress(_KeptError):
            self._backend.create(key, form.pieces)

    def _is_kept(self, key: str) -> bool:
        try:
            self._backend.open(key).close()
        except FileNotFoundError:
            return False
        return True

    def _open_either(self, digest: str) -> tuple[BinaryIO, bool]:
        """Opens the blob in a form that is here, and says whether it is the coded one; the plain one comes first."""
        plain, coded = _forms(digest)
        for key in (plain, coded, plain):  # one may be taking the place of the other just now
            with suppress(FileNotFoundError):
                return self._backend.open(key), key == coded
        raise NotFoundError(
            f"the bytes {digest[:19]}… are not here ({plain})",
            hint="bring them back from a copy of the repository; see which with `mlreg verify`",
            facts={"object": plain},
            code="blob-missing",
        )

    def _open_given(self, digest: str, stream: BinaryIO, wanted: str) -> tuple[BinaryIO, bool]:
        """Opens the blob `wanted`; that with `digest` is open already: `stream`, in the coded form."""
        return (stream, True) if wanted == digest else self._open_either(wanted)

    def _open_coded(self, digest: str, wanted: str) -> tuple[BinaryIO, bool]:
        """Opens the blob `wanted`: that with `digest` in the coded form."""
        return (self._backend.open(layout.coded_blob(digest)), True) if wanted == digest else self._open_either(wanted)

    def _seems(self, digest: str, source: BinaryIO, size_bytes: int) -> bool:
        """Whether the blob with `digest` is as long as `source`, and some samples the same where it is kept plain."""
        try:
            blob, is_coded = self._open_either(digest)
            with blob:
                if is_coded:
                    return storing.seems(source, digest, self._open_either)
                if blob.seek(0, 2) != size_bytes:
                    return False
                step = max(1, (size_bytes - _SAMPLE_BYTES) // (_SAMPLES - 1))
                starts = range(0, size_bytes - _SAMPLE_BYTES + 1, step)
                return all(_sample(source, at) == _sample(blob, at) for at in starts)
        except (*UNUSABLE, OSError):
            return False
        finally:
            source.seek(0)


def measure(source: BinaryIO, progress: Progress = no_progress) -> tuple[str, int]:
    """Returns digest and size of the rest of `source`."""
    hasher = codec.Hasher()
    for chunk in codec.chunks(source):
        hasher.update(chunk)
        progress(len(chunk))
    return hasher.digest(), hasher.size_bytes


def _forms(digest: str) -> tuple[str, str]:
    return layout.blob(digest), layout.coded_blob(digest)


def _size(source: BinaryIO) -> int:
    size_bytes = source.seek(0, 2)
    source.seek(0)
    return size_bytes


def _sample(stream: BinaryIO, at: int) -> bytes:
    stream.seek(at)
    return stream.read(_SAMPLE_BYTES)


def _hashed(chunks: Iterable[bytes], hasher: codec.Hasher) -> Iterator[Bytes]:
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk


def _unchanged(source: BinaryIO, digest: str) -> Iterator[Bytes]:
    hasher = codec.Hasher()
    yield from hashing.hashed(codec.chunks(source), hasher)
    if hasher.digest() != digest:
        raise ChangedError


def _told(chunks: Iterable[Bytes], progress: Progress) -> Iterator[Bytes]:
    for chunk in chunks:
        progress(len(chunk))
        yield chunk


@contextmanager
def _steady(name: str) -> Iterator[None]:
    try:
        yield
    except ChangedError:
        raise ConflictError(
            f"{name} changed while it was being registered", hint="register it again when it is whole"
        ) from None


@contextmanager
def _sound(digest: str) -> Iterator[None]:
    """Reports what is wrong with a blob as the errors that callers know."""
    key = layout.coded_blob(digest)
    try:
        yield
    except MalformedError as error:
        raise _damaged(key, str(error)) from None
    except NewerFormatError as error:
        raise MissingError(
            f"{key} was written by a newer mlreg: {error}",
            hint="`pip install --upgrade mlreg`",
            facts={"object": key},
            code="newer-format",
        ) from None
    except DamagedBlobError as error:
        raise _damaged(layout.coded_blob(error.digest), error.why) from None


def _damaged(key: str, why: str = "its bytes are not what its name says") -> IntegrityError:
    return IntegrityError(
        f"{key} is damaged: {why}",
        hint="bring it back from a copy of the repository; see all damage with `mlreg verify`",
        facts={"object": key},
        code="blob-damaged",
    )
