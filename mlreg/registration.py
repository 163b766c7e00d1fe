"""Owns the way in: files become blobs, what was stated becomes a record, the event makes it a version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlreg import objects
from mlreg.adapters.surroundings import environment, git
from mlreg.answers.base import Warned
from mlreg.answers.registered import Registered
from mlreg.bench import Bench
from mlreg.domain import dataset, decide, packing
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_model_name
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.roles import MODEL
from mlreg.domain.semver import Version
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.statement import Choice, choose_version, find_same, listed, stated_version
from mlreg.domain.values import plain_mapping
from mlreg.errors import BlockedError, TakenError, UsageError
from mlreg.intake import SourceFile, checked_requirement, gather, open_input
from mlreg.kinship import Kin
from mlreg.lazy import LazyModule
from mlreg.resolve import find_used, joined_ref
from mlreg.store.blobs import Progress, announce, measure
from mlreg.store.catalog import content_digest, facts_digest, record_bytes
from mlreg.store.codec import digest

if TYPE_CHECKING:
    from mlreg import ruling
else:
    ruling = LazyModule("mlreg.ruling")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be registered: the facts without a number, where the files are, the stated version, bump and stage.

    `notes` are warnings about the files and the facts. `raw` files are kept as they are: fast rather than small.
    """

    facts: ModelVersion
    files: Sequence[SourceFile]
    stated: Version | None
    bump: str
    stage: str
    notes: Sequence[str] = ()
    raw: bool = False

    def with_files(self, entries: Sequence[FileEntry]) -> Wanted:
        """Returns the same with the files, now that their digests are known."""
        return replace(self, facts=replace(self.facts, files=tuple(entries)))


@contextmanager
def request(
    bench: Bench,
    name: str,
    models: Sequence[object],
    companions: Mapping[str, object],
    facts: Mapping[str, Any],
    *,
    version: str | None,
    bump: str,
    stage: str | None,
    follow_links: bool,
    raw: bool,
    progress: Progress,
) -> Iterator[Wanted]:
    """Yields what shall be registered, everything that was stated checked.

    Args:
        models: The paths of the files, or one object.
        companions: By role a path, paths or an object.
        facts: Those of `stated_version`; `captured` completes what is captured here.

    Raises:
        UsageError: A name, a fact, a path or an object cannot be used.
        NotFoundError: One of the versions that it comes from is not there.
    """
    stated, target = check_words(bench, name, version=version, stage=stage)
    lineage = {
        **facts["lineage"],
        "parent": _exact(bench, facts["lineage"]["parent"]),
        "variant_of": _exact(bench, facts["lineage"]["variant_of"]),
        "depends_on": [_exact(bench, one) for one in listed(facts["lineage"]["depends_on"], "what it depends on")],
    }
    requirements = [checked_requirement(line, "the requirements") for line in facts["requirements"]]
    known = {"framework": facts["framework"], "features": listed(facts["features"], "the features")}
    with objects.at_hand(models, companions, **known) as hand:
        files = gather(hand.paths, hand.roles, follow_links=follow_links)
        objects.recognise(hand, {file.path: file.open for file in files if file.role in (None, MODEL)})
        new = stated_version(
            name,
            **{
                **facts,
                "lineage": lineage,
                "requirements": requirements,
                "framework": hand.framework,
                "features": hand.features,
                "dataset": _dataset(facts["dataset"], progress),
                "captured": _captured(hand.distributions, facts["captured"]),
            },
        )
        yield Wanted(
            new,
            files,
            stated,
            bump,
            target,
            [*map(Warned, hand.notes), *_filled(version, stated), *_packed(files)],
            raw,
        )


def check_words(bench: Bench, name: str, *, version: str | None, stage: str | None) -> tuple[Version | None, str]:
    """Returns the stated version and the stage at which a version of `name` would stand.

    Raises:
        UsageError: One of the words means nothing.
        BlockedError: A policy guards the stage.
    """
    checked_model_name(name)
    stated = None if version is None else Version.parse_stated(version)
    target = bench.stages.parse(stage) if stage else bench.stages.first
    if target == ARCHIVED:
        raise UsageError(
            "a version is not registered into the archive", hint="register it, then `mlreg archive NAME@VERSION`"
        )
    if target != bench.stages.first and ruling.in_force(bench, name, target):
        raise BlockedError(
            f"a policy guards {target}: {name} does not get there by being registered",
            hint=f"register it without `--stage`, then `mlreg promote {name} VERSION --to {target}`",
            facts={"model": name, "to": target},
            code="policy",
        )
    return stated, target


def register(bench: Bench, wanted: Wanted, progress: Progress) -> Registered:
    """Keeps the files, writes the record and adds the event; or finds the version that is there."""
    name, repository = wanted.facts.name, bench.repository
    with repository.sharing():
        state = _state(bench, name)
        entries = _kept(bench, state, wanted, progress)
        attempt = _Attempt(bench, wanted.with_files(entries), keep=repository.catalog.add)
        outcome = bench.journal.commit(state, name, attempt.decide)
        if attempt.same is not None:
            repository.catalog.add(bench.written(outcome.before, attempt.same))
    return attempt.answer(outcome.before, dry_run=False)


def foresee(bench: Bench, wanted: Wanted, progress: Progress) -> Registered:
    """Tells what `register` would answer, and writes nothing."""
    announce(progress, sum(file.size_bytes for file in wanted.files))
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
            return self._bench.written(state, standing)

        def read_now(standing: Standing) -> ModelVersion:
            return self._bench.record(state, standing)

        self.same = find_same(state, new, self._facts, self._content, stated=stated, read=read)
        if self.same is not None:
            return decide.decide_return(state, str(self.same.version))
        self._choice = choose_version(state, new, stated=stated, bump=self._wanted.bump, read=read_now)
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
            notes=[*map(Warned, choice.warnings), *self._wanted.notes, *_warnings(self._wanted.facts)],
            dry_run=dry_run,
        )

    def _answer_found(self, state: ModelState, same: Standing, *, dry_run: bool) -> Registered:
        notes = []
        if same.dropped:
            hold = f"`mlreg hold {state.spelling}@{same.version} --reason TEXT`"
            notes.append(f"its bytes were dropped before, and are here again: to keep them, {hold}")
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


def _filled(text: str | None, stated: Version | None) -> Iterator[str]:
    """Yields what to say of a version of which only a part was stated."""
    if text is not None and text.count(".") < 2:
        yield f"{text} was read as {stated}"


def _packed(files: Sequence[SourceFile]) -> Iterator[str]:
    """Yields what to say of pickles that were compressed by whoever saved them."""
    for file in files:
        if packing.is_named_pickle(file.path):
            with file.open() as stream:
                note = packing.packing_note(file.path, stream.read(packing.START_BYTES))
            if note:
                yield note


def check_spelling(state: ModelState, name: str) -> None:
    """Checks that the model is spelled `name`.

    Raises:
        ConflictError: It is there in another spelling.
    """
    if state.head and state.spelling != name:
        raise TakenError(
            f"the model is called {state.spelling}: {name} differs only in case",
            hint=f"write `{state.spelling}`, or choose another name",
            facts={"model": state.spelling},
            code="name-taken",
        )


def _state(bench: Bench, name: str) -> ModelState:
    state = bench.repository.history.state(name)
    check_spelling(state, name)
    return state


def _exact(bench: Bench, reference: str | None) -> str | None:
    if reference is None:
        return None
    found = find_used(bench, joined_ref(reference, None, bench.stages))
    return f"{found.name}@{found.version}"


def _dataset(facts: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Returns the checked facts of a data set; size and digest are those of its `file`, where one is named."""
    stated = {key: value for key, value in facts.items() if key != "file" and value is not None}
    if facts.get("file") is None:
        return dataset.checked_dataset(stated)
    if doubled := sorted(stated.keys() & {"digest", "size_bytes"}):
        raise UsageError(f"the {doubled[0]} of the data is stated, and its file too", hint="state one of them")
    dataset.checked_dataset(stated)
    with open_input(Path(facts["file"])) as stream:
        digest, size_bytes = measure(stream, progress)
    return dataset.checked_dataset({**stated, "digest": digest, "size_bytes": size_bytes})


def _captured(distributions: Sequence[str], told: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what nobody states: the environment, the commit, and what the caller was `told` besides."""
    surroundings: dict[str, Any] = dict(environment.capture())
    if packages := environment.installed(distributions):
        surroundings["packages"] = packages
    commit = git.capture()
    captured = {"environment": surroundings, **({"git": commit} if commit else {})}
    return {**captured, **plain_mapping(told, "what is captured")}


def _kept(bench: Bench, state: ModelState, wanted: Wanted, progress: Progress) -> list[FileEntry]:
    announce(progress, sum(file.size_bytes for file in wanted.files))
    blobs, entries = bench.repository.blobs, list[FileEntry]()
    origin = wanted.facts.lineage.get("variant_of") or wanted.facts.lineage.get("parent")
    keep, kin = blobs.add_plain if wanted.raw else blobs.add, Kin(bench, state, origin)
    with bench.repository.backend.together():
        for file in wanted.files:
            with file.open() as stream:
                entries.append(_entry(file, *keep(stream, file.path, progress, kin.of(file.path, entries))))
    return entries


def _measured(file: SourceFile, progress: Progress) -> FileEntry:
    with file.open() as stream:
        return _entry(file, *measure(stream, progress))


def _entry(file: SourceFile, digest: str, size_bytes: int) -> FileEntry:
    return FileEntry(file.path, digest, size_bytes, executable=file.executable, role=file.role)


def _warnings(version: ModelVersion) -> list[str]:
    unfit = sorted(name for name, metric in version.metrics.items() if not metric.is_finite)
    return [Warned(f"the metric {name} is not finite: it wins no comparison and shuts every gate") for name in unfit]
