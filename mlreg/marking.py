"""Owns the mark before anything is removed: every history read in full, every record, and which blobs they name.

No cache and no index is believed in. What cannot be read ends it: what a damaged record names cannot be known, so
nothing may be removed then.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from mlreg.domain.names import folded
from mlreg.domain.state import ModelState
from mlreg.errors import IntegrityError
from mlreg.store import codec, layout
from mlreg.store.history import replay
from mlreg.store.repository import Repository, birth_of

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

VersionName = tuple[str, str]


@dataclass(slots=True)
class Marks:
    """What a repository refers to.

    Attributes:
        states: Where each model stands, by its folded name.
        named: The blobs that the record of each version names, by model and version.
        others: The blobs that events name, and records of models that have no history.
        records: The keys of the records of all versions.
        unexplained: The keys of records whose model has no history: perhaps it was lost.
    """

    states: dict[str, ModelState] = field(default_factory=dict)
    named: dict[VersionName, frozenset[str]] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    unexplained: list[str] = field(default_factory=list)

    def having(self) -> Iterator[VersionName]:
        """Yields the versions whose bytes were not dropped."""
        for state in self.states.values():
            yield from ((state.spelling, name) for name, one in state.versions.items() if one.dropped is None)


def read_marks(repository: Repository, known: Container[str]) -> Marks:
    """Returns what `repository` refers to, of the blobs `known`.

    Raises:
        IntegrityError: A history or a record is missing or damaged, or shorter than the cache has seen it.
    """
    marks = Marks()
    birth_of(repository.history)
    models = repository.history.models()
    for model in models:
        state = _replayed(repository, model, marks, known)
        if state.head:
            marks.states[folded(model)] = state
    for seen in repository.seen(models):
        repository.history.check_seen(seen.model, seen.number, seen.digest)
    for state in marks.states.values():
        for version, standing in state.versions.items():
            key = layout.record(state.spelling, version, standing.record)
            marks.records.add(key)
            data = _record(repository, key, standing.record)
            marks.named[state.spelling, version] = frozenset(_named(data.decode("utf-8", "replace"), known))
    for key in repository.backend.list(layout.CATALOG):
        if layout.model_of_record(key) not in {None, *marks.states}:
            marks.unexplained.append(key)
            with repository.backend.open(key) as stream:
                marks.others.update(_named(stream.read().decode("utf-8", "replace"), known))
    return marks


def _replayed(repository: Repository, model: str, marks: Marks, known: Container[str]) -> ModelState:
    state = ModelState()
    for event in repository.history.events(model):
        replay(state, event)
        marks.others.update(_named(repr(event.effects), known))
    return state


def _record(repository: Repository, key: str, digest: str) -> bytes:
    try:
        with repository.backend.open(key) as stream:
            data = stream.read()
    except FileNotFoundError:
        raise _unreadable(key, "is missing", "record-missing") from None
    if codec.digest(data) != digest:
        raise _unreadable(key, "is not what its name says", "record-damaged")
    return data


def _named(text: str, known: Container[str]) -> Iterator[str]:
    return (digest for digest in _DIGEST.findall(text) if digest in known)


def _unreadable(key: str, what: str, code: str) -> IntegrityError:
    return IntegrityError(
        f"{key} {what}, so nobody knows which bytes are needed",
        hint="bring it back from a copy of the repository; see all damage with `mlreg verify`",
        facts={"object": key},
        code=code,
    )
