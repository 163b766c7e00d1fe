"""Owns the way in: files become blobs, what was stated becomes a record, the event makes it a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlreg.answers import Registered
from mlreg.domain import decide
from mlreg.domain.events import Draft
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.semver import Version
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.statement import Choice, choose_version, find_same
from mlreg.errors import ConflictError
from mlreg.intake import SourceFile
from mlreg.journal import Journal
from mlreg.resolve import read_record
from mlreg.store.blobs import Progress, measure
from mlreg.store.catalog import content_digest, facts_digest, record_bytes
from mlreg.store.codec import digest
from mlreg.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be registered: the facts without a number or files, the stated version, the bump, the stage."""

    facts: ModelVersion
    stated: Version | None
    bump: str
    stage: str


class Registrar:
    """Registers versions in a repository."""

    def __init__(self, repository: Repository, journal: Journal, stages: Stages) -> None:
        self._repository = repository
        self._journal = journal
        self._stages = stages

    def register(self, wanted: Wanted, files: Sequence[SourceFile], progress: Progress) -> Registered:
        """Keeps `files`, writes the record and adds the event; or finds the version that is there."""
        name = wanted.facts.name
        with self._repository.sharing():
            state = self._state(name)
            entries = tuple(self._kept(file, progress) for file in files)
            attempt = _Attempt(self, replace(wanted, facts=replace(wanted.facts, files=entries)))
            outcome = self._journal.commit(state, name, attempt.decide)
            if attempt.same is not None:
                self._repository.catalog.add(read_record(self._repository, state, attempt.same))
        return attempt.answer(outcome.before, dry_run=False)

    def foresee(self, wanted: Wanted, files: Sequence[SourceFile], progress: Progress) -> Registered:
        """Tells what `register` would answer, and writes nothing."""
        entries = tuple(_measured(file, progress) for file in files)
        attempt = _Attempt(self, replace(wanted, facts=replace(wanted.facts, files=entries)), keeps=False)
        outcome = self._journal.foresee(self._state(wanted.facts.name), attempt.decide)
        return attempt.answer(outcome.before, dry_run=True)

    def read(self, state: ModelState, standing: Standing) -> ModelVersion:
        """Returns the record of a version."""
        return read_record(self._repository, state, standing)

    def keep(self, version: ModelVersion) -> str:
        """Keeps the record of `version` and returns its digest."""
        return self._repository.catalog.add(version)

    @property
    def stages(self) -> Stages:
        """The stages of the repository."""
        return self._stages

    def _state(self, name: str) -> ModelState:
        state = self._repository.history.state(name)
        check_spelling(state, name)
        return state

    def _kept(self, file: SourceFile, progress: Progress) -> FileEntry:
        with file.open() as stream:
            return FileEntry(
                file.path, *self._repository.blobs.add(stream, file.path, progress), file.executable
            )


class _Attempt:
    """One registration: decides on the newest state, as often as a race asks for it."""

    def __init__(self, registrar: Registrar, wanted: Wanted, *, keeps: bool = True) -> None:
        self._registrar = registrar
        self._wanted = wanted
        self._keeps = keeps
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
            return self._registrar.read(state, standing)

        self.same = find_same(state, new, self._facts, stated=stated, read=read)
        if self.same is not None:
            return None
        self._choice = choose_version(state, new, stated=stated, bump=self._wanted.bump, read=read)
        numbered = replace(new, version=self._choice.version)
        decide.check_free(state, str(self._choice.version))
        self._record = self._registrar.keep(numbered) if self._keeps else digest(record_bytes(numbered))
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
            stages=self._registrar.stages,
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
        if self._wanted.stage not in (same.stage, self._registrar.stages.first):
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


def _measured(file: SourceFile, progress: Progress) -> FileEntry:
    with file.open() as stream:
        return FileEntry(file.path, *measure(stream, progress), file.executable)


def _warnings(version: ModelVersion) -> list[str]:
    unfit = sorted(name for name, metric in version.metrics.items() if not metric.is_finite)
    return [f"the metric {name} is not finite: it wins no comparison and shuts every gate" for name in unfit]
