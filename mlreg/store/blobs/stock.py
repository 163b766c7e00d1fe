"""Owns what lies on the shelves: how many bytes each blob takes there, and which others it needs to be restored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlreg.ports import Backend
from mlreg.store import layout
from mlreg.store.blobs import Blobs
from mlreg.store.blobs.heading import MalformedError, NewerFormatError, read_heading


class Stock:
    """The blobs of a repository as they lay there when it was made; each is looked into when it is asked for."""

    def __init__(self, backend: Backend, blobs: Blobs) -> None:
        self._backend = backend
        self._blobs = blobs
        self._keys: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        for key in backend.list(layout.BLOBS):
            if (digest := layout.digest_of_blob(key)) is not None:
                self._keys.setdefault(digest, []).append(key)

    @property
    def keys(self) -> Mapping[str, list[str]]:
        """The keys of every blob, in whatever forms it is there, by its digest."""
        return self._keys

    def stored_bytes(self, digest: str) -> int:
        """Returns how many bytes the blob takes, in all its forms; 0 where it is not here."""
        if digest not in self._sizes:
            self._sizes[digest] = sum(self._size(key) for key in self._keys.get(digest, ()))
        return self._sizes[digest]

    def bases(self, digest: str) -> tuple[str, ...]:
        """Returns the blobs that this one is stored against, in any of its forms.

        Raises:
            IntegrityError: The beginning of its only form is damaged: nobody can tell what it needs.
            MissingError: A newer mlreg wrote it.
        """
        if digest not in self._bases:
            self._bases[digest] = self._read_bases(digest)
        return self._bases[digest]

    def closure(self, digests: Iterable[str]) -> set[str]:
        """Returns those of `digests` that are here, and all that they need, however far that goes.

        Raises:
            IntegrityError: What one of them needs cannot be told.
        """
        found: set[str] = set()
        pending = [digest for digest in digests if digest in self._keys]
        while pending:
            digest = pending.pop()
            if digest not in found:
                found.add(digest)
                pending += [base for base in self.bases(digest) if base in self._keys]
        return found

    def dependents_first(self, digests: Iterable[str]) -> list[str]:
        """Returns `digests` so that none comes after one that it is stored against.

        In this order they can be taken away one by one, and whatever is left can still be restored.
        """
        chosen, order, seen = set(digests), list[str](), set[str]()
        for first in sorted(chosen):
            pending = [(first, False)]
            while pending:
                digest, is_left = pending.pop()
                if is_left:
                    order.append(digest)
                elif digest not in seen:
                    seen.add(digest)
                    pending.append((digest, True))
                    pending += [(base, False) for base in self._known_bases(digest) if base in chosen]
        return order[::-1]

    def _known_bases(self, digest: str) -> tuple[str, ...]:
        if digest in self._bases:
            return self._bases[digest]
        return self._coded_bases(digest) if self._is_coded(digest) else ()

    def _read_bases(self, digest: str) -> tuple[str, ...]:
        if len(self._keys[digest]) > 1:
            return self._coded_bases(digest)
        if not self._is_coded(digest):
            return ()
        stored = self._blobs.stored(digest)
        return stored.bases if stored else ()

    def _is_coded(self, digest: str) -> bool:
        return layout.coded_blob(digest) in self._keys[digest]

    def _coded_bases(self, digest: str) -> tuple[str, ...]:
        """Returns what the coded form needs; of one that is damaged nothing more can be lost."""
        try:
            with self._backend.open(layout.coded_blob(digest)) as stream:
                return read_heading(stream).bases
        except (MalformedError, NewerFormatError, FileNotFoundError):
            return ()

    def _size(self, key: str) -> int:
        try:
            with self._backend.open(key) as stream:
                return stream.seek(0, 2)
        except FileNotFoundError:
            return 0
