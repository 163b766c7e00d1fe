"""Owns blobs: bytes kept once, under their SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from mlreg.errors import ConflictError, IntegrityError, NotFoundError
from mlreg.ports import Backend
from mlreg.store import codec, layout

if TYPE_CHECKING:
    from mlreg.domain.record import FileEntry

Progress = Callable[[int], None]


def no_progress(size_bytes: int) -> None:
    """Tells nobody that `size_bytes` more were read."""


class Blobs:
    """The blobs of a repository."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def add(self, source: BinaryIO, name: str, progress: Progress = no_progress) -> tuple[str, int]:
        """Keeps the bytes of the seekable `source` and returns their digest and size.

        They are read once to know their name, and once more, hashed again, where they are new.

        Raises:
            ConflictError: `source` (called `name`) changed between the two.
            OSError: The backend could not write, or `source` not be read.
        """
        digest, size_bytes = measure(source, progress)
        source.seek(0)
        self._backend.create(layout.blob(digest), _unchanged(source, digest, name))
        return digest, size_bytes

    def has(self, digest: str) -> bool:
        """Whether the bytes are here; whether they are undamaged is not looked at."""
        return self.size_bytes(digest) is not None

    def has_all(self, files: Iterable[FileEntry]) -> bool:
        """Whether the bytes of all `files` are here."""
        return all(self.has(entry.digest) for entry in files)

    def size_bytes(self, digest: str) -> int | None:
        """Returns the size of what is kept under `digest`, or None where nothing is."""
        try:
            with self._backend.open(layout.blob(digest)) as stream:
                return stream.seek(0, 2)
        except FileNotFoundError:
            return None

    def read(self, digest: str, progress: Progress = no_progress) -> Iterator[bytes]:
        """Yields the bytes with `digest`, hashed while they pass; the last chunk is followed by the check.

        Raises:
            NotFoundError: They are not here.
            IntegrityError: They were not what their name says; what was yielded must not be used.
        """
        key = layout.blob(digest)
        try:
            stream = self._backend.open(key)
        except FileNotFoundError:
            raise NotFoundError(
                f"the bytes {digest[:19]}… are not here ({key})",
                hint="bring them back from a copy of the repository; see which with `mlreg verify`",
                facts={"object": key},
                code="blob-missing",
            ) from None
        with stream:
            hasher = codec.Hasher()
            for chunk in codec.chunks(stream):
                hasher.update(chunk)
                progress(len(chunk))
                yield chunk
        if hasher.digest() != digest:
            raise IntegrityError(
                f"{key} is damaged: its bytes are not what its name says",
                hint="bring it back from a copy of the repository; see all damage with `mlreg verify`",
                facts={"object": key},
                code="blob-damaged",
            )


def measure(source: BinaryIO, progress: Progress = no_progress) -> tuple[str, int]:
    """Returns digest and size of the rest of `source`."""
    hasher = codec.Hasher()
    for chunk in codec.chunks(source):
        hasher.update(chunk)
        progress(len(chunk))
    return hasher.digest(), hasher.size_bytes


def _unchanged(source: BinaryIO, digest: str, name: str) -> Iterator[bytes]:
    hasher = codec.Hasher()
    for chunk in codec.chunks(source):
        hasher.update(chunk)
        yield chunk
    if hasher.digest() != digest:
        raise ConflictError(f"{name} changed while it was being registered", hint="register it again when it is whole")
