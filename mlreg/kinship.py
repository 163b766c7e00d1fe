"""Owns which versions a new one is likely to be like: what it may be stored against, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlreg.bench import Bench
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.state import ModelState
from mlreg.errors import MlregError
from mlreg.resolve import find_used, joined_ref

VERSIONS_MAX = 4
FILES_MAX = 8


def kin(bench: Bench, state: ModelState, parent: str | None, path: str, beside: Sequence[FileEntry]) -> Iterator[str]:
    """Yields the digests of blobs that the file `path` of a new version may be like, the likeliest first.

    Args:
        parent: The version that it was made from; the newest of the model come after it.
        beside: The files of the new version that were kept already.
    """
    entries = [entry for record in _records(bench, state, parent) for entry in _by_likeness(record.files, path)]
    seen = dict.fromkeys(entry.digest for entry in [*entries, *beside])
    yield from list(seen)[:FILES_MAX]


def _records(bench: Bench, state: ModelState, parent: str | None) -> Iterator[ModelVersion]:
    seen = set()
    if parent is not None:
        found = find_used(bench, joined_ref(parent, None, bench.stages))
        seen.add(found.standing.record)
        yield bench.record(found.state, found.standing)
    for version in state.versions.names_in_order()[:VERSIONS_MAX]:
        standing = state.versions[version]
        if standing.record not in seen:
            try:
                yield bench.written(state, standing)
            except (MlregError, OSError):
                continue  # it is no use here; `verify` tells what is wrong with it


def _by_likeness(entries: Iterable[FileEntry], path: str) -> list[FileEntry]:
    """Returns the files of one version: that of the same name first, then those with the same suffix, then by size."""
    suffix = path.rpartition(".")[2]

    def likeness(entry: FileEntry) -> tuple[bool, bool, int]:
        return entry.path != path, entry.path.rpartition(".")[2] != suffix, -entry.size_bytes

    return sorted(entries, key=likeness)[:FILES_MAX]
