"""Owns the way in: files become blobs, what was stated becomes a record, the event makes it a version."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlreg.adapters.surroundings import environment
from mlreg.answers.registered import Registered
from mlreg.bench import Bench
from mlreg.domain import decide
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_model_name
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.semver import Version
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.statement import Choice, choose_version, find_same, stated_version
from mlreg.errors import ConflictError, UsageError
from mlreg.intake import SourceFile, checked_requirement, gather
from mlreg.resolve import find_used, joined_ref
from mlreg.store.blobs import Progress, measure
from mlreg.store.catalog import content_digest, facts_digest, record_bytes
from mlreg.store.codec import digest


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be registered: the facts without a number, where the files are, the stated version, bump and stage."""

    facts: ModelVersion
    files: Sequence[SourceFile]
    stated: Version | None
    bump: str
    stage: str

    def with_files(self, entries: Sequence[FileEntry]) -> Wanted:
        """Returns the same with the files, now that their digests are known."""
        return replace(self, facts=replace(self.facts, files=tuple(entries)))


def request(
    bench: Bench,
    name: str,
    paths: Sequence[str | os.PathLike[str]],
    facts: Mapping[str, Any],
    *,
    version: str | None,
    bump: str,
    stage: str | None,
    follow_links: bool,
) -> Wanted:
    """Returns what shall be registered, everything that was stated checked; `facts` are those of `stated_version`.

    Raises:
        UsageError: A name, a fact or a path cannot be used.
        NotFoundError: There is no such parent.
    """
    checked_model_name(name)
    stated = None if version is None else Version.parse(version)
    target = bench.stages.parse(stage) if stage else bench.stages.first
    if target == ARCHIVED:
        raise UsageError("a version is not registered into the archive", hint="register it, then archive it")
    checked = {
        **facts,
        "lineage": {**facts["lineage"], "parent": _parent(bench, facts["lineage"]["parent"])},
        "requirements": [checked_requirement(line, "the requirements") for line in facts["requirements"]],
        "captured": {"environment": environment.capture()},
    }
    files = gather([Path(path) for path in paths], follow_links=follow_links)
    return Wanted(stated_version(name, **checked), files, stated, bump, target)


def register(bench: Bench, wanted: Wanted, progress: Progress) -> Registered:
    """Keeps the files, writes the record and adds the event; or finds the version that is there."""
    name, repository = wanted.facts.name, bench.repository
    with repository.sharing():
        state = _state(bench, name)
        entries = tuple(_kept(bench, file, progress) for file in wanted.files)
        attempt = _Attempt(bench, wanted.with_files(entries), keep=repository.catalog.add)
        outcome = bench.journal.commit(state, name, attempt.decide)
        if attempt.same is not None:
            repository.catalog.add(bench.record(outcome.before, attempt.same))
    return attempt.answer(outcome.before, dry_run=False)


def foresee(bench: Bench, wanted: Wanted, progress: Progress) -> Registered:
    """Tells what `register` would answer, and writes nothing."""
    entries = tuple(_measured(file, progress) for file in wanted.files)
    attempt = _Attempt(bench, wanted.with_files(entries), keep=lambda version: digest(record_bytes(version)))
    outcome = bench.journal.foresee(_state(bench, wanted.facts.name), attempt.decide)
    return attempt.answer(outcome.before, dry_run=True)


class _Attempt:
    """One registration: decides on the newest state, as often as a race asks for it."""

    def __init__(self, bench: Bench, wanted: Wanted, *, keep: Callable[[ModelVersion], str]) -> None:
        self._bench = bench
        self._wanted = wanted
        self._keep = keep
        self._facts = facts_digest(wanted.facts)
        self._content = content_digest(wanted.facts)
        self._choice: Choice | None = None
        self._record = ""
        self.same: Standing | None = None

    def decide(self, state: ModelState) -> Draft | None:
        """Returns the event that adds the version, or None where it is there."""
        new, stated = self._wanted.facts, self._wanted.stated
        check_spelling(state, new.name)

        def read(standing: Standing) -> ModelVersion:
            return self._bench.record(state, standing)

        self.same = find_same(state, new, self._facts, stated=stated, read=read)
        if self.same is not None:
            return None
        self._choice = choose_version(state, new, stated=stated, bump=self._wanted.bump, read=read)
        numbered = replace(new, version=self._choice.version)
        decide.check_free(state, str(self._choice.version))
        self._record = self._keep(numbered)
        return decide.decide_registration(
            state,
            {
                "version": str(self._choice.version),
                "record": self._record,
                "content": self._content,
                "facts": self._facts,
            },
            tags=new.tags,
            stage=self._wanted.stage,
            stages=self._bench.stages,
        )

    def answer(self, state: ModelState, *, dry_run: bool) -> Registered:
        """Returns what there is to say after `decide` has had its way."""
        if self.same is not None:
            return self._answer_found(state, self.same, dry_run=dry_run)
        choice = self._choice or Choice(self._wanted.facts.version)
        return Registered(
            name=self._wanted.facts.name,
            version=str(choice.version),
            stage=self._wanted.stage,
            digest=self._record,
            content_digest=self._content,
            created=True,
            level=choice.level,
            reasons=choice.reasons,
            size_bytes=self._wanted.facts.size_bytes,
            notes=[*choice.warnings, *_warnings(self._wanted.facts)],
            dry_run=dry_run,
        )

    def _answer_found(self, state: ModelState, same: Standing, *, dry_run: bool) -> Registered:
        notes = []
        if self._wanted.stage not in (same.stage, self._bench.stages.first):
            notes.append(
                f"it was registered before and is at {same.stage}: "
                f"move it with `mlreg promote {state.spelling} {same.version} --to {self._wanted.stage}`"
            )
        return Registered(
            name=state.spelling,
            version=str(same.version),
            stage=same.stage,
            digest=same.record,
            content_digest=same.content,
            created=False,
            size_bytes=self._wanted.facts.size_bytes,
            notes=notes,
            dry_run=dry_run,
        )


def check_spelling(state: ModelState, name: str) -> None:
    """Checks that the model is spelled `name`.

    Raises:
        ConflictError: It is there in another spelling.
    """
    if state.head and state.spelling != name:
        raise ConflictError(
            f"the model is called {state.spelling}: {name} differs only in case",
            hint=f"write `{state.spelling}`, or choose another name",
            facts={"model": state.spelling},
            code="name-taken",
        )


def _state(bench: Bench, name: str) -> ModelState:
    state = bench.repository.history.state(name)
    check_spelling(state, name)
    return state


def _parent(bench: Bench, reference: str | None) -> str | None:
    if reference is None:
        return None
    found = find_used(bench, joined_ref(reference, None, bench.stages))
    return f"{found.name}@{found.version}"


def _kept(bench: Bench, file: SourceFile, progress: Progress) -> FileEntry:
    with file.open() as stream:
        return FileEntry(file.path, *bench.repository.blobs.add(stream, file.path, progress), file.executable)


def _measured(file: SourceFile, progress: Progress) -> FileEntry:
    with file.open() as stream:
        return FileEntry(file.path, *measure(stream, progress), file.executable)


def _warnings(version: ModelVersion) -> list[str]:
    unfit = sorted(name for name, metric in version.metrics.items() if not metric.is_finite)
    return [f"the metric {name} is not finite: it wins no comparison and shuts every gate" for name in unfit]
