"""Owns the slower pass over what stays: each blob into its smallest form, one by one, under a lock of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlreg.answers.collected import Squeezed
from mlreg.bench import Bench
from mlreg.domain.names import folded
from mlreg.domain.record import FileEntry
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import IntegrityError, MissingError, NotFoundError
from mlreg.marking import Marks
from mlreg.store.blobs import Progress, announce

_VERSIONS_BEFORE = 3
_KIN_MAX = 8


def squeeze_all(bench: Bench, marks: Marks, progress: Progress) -> tuple[list[Squeezed], list[str]]:
    """Squeezes the blobs of all versions that have their bytes, the oldest first.

    Returns:
        Those that are smaller now, and notes for people on what was left as it was.
    """
    blobs, done, notes = bench.repository.blobs, list[Squeezed](), list[str]()
    ordered = list(_in_order(bench, marks))
    announce(progress, sum(entry.size_bytes for entry, _ in ordered))
    for entry, kin in ordered:
        with bench.repository.backend.removing() as is_alone:
            if not is_alone:
                notes.append("somebody is registering: the rest is squeezed when `mlreg gc --prune` is run again")
                break
            try:
                before = blobs.stored(entry.digest)
                if before is None:
                    continue
                if blobs.squeeze(entry.digest, [digest for digest in kin if blobs.has(digest)]):
                    after = blobs.stored(entry.digest) or before
                    done.append(Squeezed(entry.digest, before.stored_bytes, after.stored_bytes))
            except (IntegrityError, NotFoundError, MissingError) as error:
                notes.append(f"not squeezed: {error.message}")
        progress(entry.size_bytes)
    return done, notes


def _in_order(bench: Bench, marks: Marks) -> Iterator[tuple[FileEntry, Sequence[str]]]:
    """Yields each file of a version that has its bytes, once, with the blobs that it may be stored against."""
    seen: set[str] = set()
    for state in marks.states.values():
        standings = [standing for standing in state.versions.values() if standing.dropped is None]
        for at, standing in enumerate(standings):
            elders = [*_parents(marks.states, bench, state, standing)]
            elders += [(state, one) for one in reversed(standings[max(0, at - _VERSIONS_BEFORE) : at])]
            for entry in bench.written(state, standing).files:
                if entry.digest not in seen:
                    seen.add(entry.digest)
                    yield entry, _kin(bench, elders, entry)


def _parents(
    states: Mapping[str, ModelState], bench: Bench, state: ModelState, standing: Standing
) -> Iterator[tuple[ModelState, Standing]]:
    """Yields the versions that this one was made from or is a variant of: those that have their bytes here."""
    lineage = bench.written(state, standing).lineage
    for key in ("parent", "variant_of"):
        name, _, version = str(lineage.get(key, "")).rpartition("@")
        home = states.get(folded(name))
        parent = home.versions.get(version) if home else None
        if home and parent and parent.dropped is None:
            yield home, parent


def _kin(bench: Bench, elders: Sequence[tuple[ModelState, Standing]], entry: FileEntry) -> list[str]:
    """Returns the blobs that a file may be like: of each elder that of the same name, then those of the same suffix."""
    suffix = entry.path.rpartition(".")[2]
    found: dict[str, None] = {}
    for state, standing in elders:
        near = [file for file in bench.written(state, standing).files if file.path.rpartition(".")[2] == suffix]
        found.update(dict.fromkeys(file.digest for file in sorted(near, key=lambda file: file.path != entry.path)))
    return [digest for digest in found if digest != entry.digest][:_KIN_MAX]
