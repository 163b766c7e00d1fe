"""Owns which versions a new one is likely to be like: what it may be stored against, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import TypeVar

from mlreg.bench import Bench
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.state import ModelState
from mlreg.errors import MlregError
from mlreg.resolve import find_used, joined_ref

VERSIONS_MAX = 4
FILES_MAX = 8

Item = TypeVar("Item")


class Kin:
    """What the files of a new version may be like.

    Args:
        parent: The version that it was made from; the newest of the model come after it.
    """

    def __init__(self, bench: Bench, state: ModelState, parent: str | None) -> None:
        self._bench = bench
        self._state = state
        self._parent = parent

    def of(self, path: str, beside: Sequence[FileEntry]) -> Iterator[str]:
        """Yields the digests of blobs that the file `path` may be like, the likeliest first; reads what that takes.

        Args:
            beside: The files of the new version that were kept already.
        """
        near = chain.from_iterable(shelf.by_likeness(path) for shelf in self._shelves)
        yield from islice(_once(entry.digest for entry in chain(near, beside)), FILES_MAX)

    @cached_property
    def _shelves(self) -> Sequence[Shelf]:
        return [Shelf(record.files) for record in self._records()]

    def _records(self) -> Iterator[ModelVersion]:
        seen = set()
        if self._parent is not None:
            found = find_used(self._bench, joined_ref(self._parent, None, self._bench.stages))
            seen.add(found.standing.record)
            yield self._bench.record(found.state, found.standing)
        for version in self._state.versions.names_in_order()[:VERSIONS_MAX]:
            standing = self._state.versions[version]
            if standing.record not in seen:
                try:
                    yield self._bench.written(self._state, standing)
                except (MlregError, OSError):
                    continue  # it is no use here; `verify` tells what is wrong with it


class Shelf:
    """The files of one version, so that those like another are at hand, however many there are."""

    def __init__(self, entries: Sequence[FileEntry]) -> None:
        self._named = {entry.path: entry for entry in entries}
        self._largest = sorted(entries, key=lambda entry: -entry.size_bytes)
        self._alike: dict[str, list[FileEntry]] = defaultdict(list)
        for entry in self._largest:
            self._alike[_suffix(entry.path)].append(entry)
        del self._largest[2 * FILES_MAX :]  # enough where fewer than FILES_MAX of them have the suffix

    def by_likeness(self, path: str) -> Iterator[FileEntry]:
        """Returns a few: that of the same name first, then those with the same suffix, then by size."""
        same, alike = self._named.get(path), self._alike.get(_suffix(path), ())[:FILES_MAX]
        return islice(_once(chain(filter(None, [same]), alike, self._largest)), FILES_MAX)


def _suffix(path: str) -> str:
    return path.rpartition(".")[2]


def _once(items: Iterable[Item]) -> Iterator[Item]:
    seen = set[Item]()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item
