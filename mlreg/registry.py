"""Owns the registry: one method for each verb. Each reads, decides, appends, and answers; none turns round twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlreg import answers
from mlreg.adapters import load
from mlreg.adapters.surroundings import clock, environment, identity, location
from mlreg.checkout import write_files
from mlreg.domain import decide
from mlreg.domain.compare import compare
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_label, checked_model_name, checked_text, folded
from mlreg.domain.refs import Ref, Resolved, parse_ref, resolve_shown, resolve_used
from mlreg.domain.semver import Version
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import Deprecation, ModelState, Standing
from mlreg.domain.statement import stated_version
from mlreg.domain.times import checked_date
from mlreg.errors import UsageError
from mlreg.intake import checked_requirement, gather
from mlreg.journal import Actor, Clock, Decide, Journal, Outcome
from mlreg.registration import Registrar, Wanted
from mlreg.resolve import Found, find, find_in, joined_ref, known_state, read_record
from mlreg.store.blobs import Progress, no_progress
from mlreg.store.config import Config
from mlreg.store.repository import Repository, foresee, found
from mlreg.verify import verify_model, verify_model_quickly, verify_repository, verify_repository_quickly

PathLike = str | os.PathLike[str]


class Registry:
    """The models of one repository, and all that can be done with them.

    Every method is the twin of the command of its name and answers with a value of `mlreg.answers`, whose
    `document()` is what `--json` prints. Those that write take `dry_run=True`: everything is decided, nothing written.

    Args:
        repository: Where everything is kept.
        actor: Who acts: a text, or a function that finds out when it is first needed.
        now: The clock.
    """

    def __init__(self, repository: Repository, *, actor: Actor, now: Clock = clock.now) -> None:
        self._repository = repository
        self._journal = Journal(repository.history, actor=actor, now=now)
        self._config: Config | None = None

    @classmethod
    def open(cls, path: PathLike | None = None, *, actor: str | None = None) -> Registry:
        """Opens the repository at `path` (a `.mlreg` or the directory that holds it).

        Without `path`: the one that `MLREG_DIR` names, else the nearest from the working directory upwards.

        Raises:
            NotFoundError: There is none; it is never made silently.
            MissingError: Its format is newer than this mlreg.
        """
        directory = location.find(path)
        repository = Repository(load("backends", "local").connect(directory))
        repository.id()
        return cls(repository, actor=lambda: identity.find(actor))

    @classmethod
    def init(cls, path: PathLike | None = None, *, actor: str | None = None) -> Registry:
        """Makes a repository below `path` (or the working directory), or completes or finds it, and opens it."""
        cls.initialise(path, actor=actor)
        return cls.open(path, actor=actor)

    @classmethod
    def initialise(
        cls, path: PathLike | None = None, *, actor: str | None = None, dry_run: bool = False
    ) -> answers.Initialised:
        """Makes a repository below `path` (or the working directory); an interrupted one is completed."""
        directory = location.place_for_new(path)
        repository = Repository(load("backends", "local").connect(directory))
        stamp = Journal(repository.history, actor=lambda: identity.find(actor), now=clock.now).stamp()
        if dry_run:
            founding = foresee(repository, stamp)
            return answers.Initialised(
                path=str(directory), id=founding.id, created=founding.created, dry_run=True
            )
        location.make(directory)
        founding = found(repository, stamp)
        return answers.Initialised(path=str(directory), id=founding.id, created=founding.created)

    def register(
        self,
        name: str,
        *paths: PathLike,
        version: str | None = None,
        bump: str = "auto",
        metrics: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        features: Iterable[str] = (),
        signature: Mapping[str, Any] | None = None,
        requirements: Iterable[str] = (),
        framework: str | None = None,
        type: str | None = None,
        parent: str | None = None,
        data: str | None = None,
        feature_set: str | None = None,
        experiment: str | None = None,
        increment: str | None = None,
        tags: Iterable[str] = (),
        owner: str | None = None,
        description: str | None = None,
        meta: Mapping[str, Any] | None = None,
        stage: str | None = None,
        follow_links: bool = False,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> answers.Registered:
        """Registers the files `paths`, or one directory, as a version of the model `name`.

        The same files with the same stated facts are registered once: the version that is there answers.

        Args:
            version: SemVer 2.0.0; without it the greatest release is raised by `bump`.
            bump: `major`, `minor`, `patch`, or `auto`: by what changed in the features.
            metrics: Numbers, or texts with units as `"35ms"`, or mappings with `value`, `unit`, `direction`.
            parent: A reference to the version that this one was made from.
            stage: Where it shall stand at once.
            progress: Called with the number of bytes just read.

        Raises:
            UsageError: A name, a fact or a path cannot be used.
            NotFoundError: There is no such parent.
            ConflictError: The version exists with other content, or the name in another spelling.
        """
        checked_model_name(name)
        stated = None if version is None else Version.parse(version)
        target = self.config.stages.parse(stage) if stage else self.config.stages.first
        if target == ARCHIVED:
            raise UsageError(
                "a version is not registered into the archive", hint="register it, then archive it"
            )
        lineage = {
            "parent": self._parent(parent),
            "data": data,
            "feature_set": feature_set,
            "experiment": experiment,
            "increment": increment,
        }
        facts = stated_version(
            name,
            metrics=metrics or {},
            params=params or {},
            features=features,
            signature=signature,
            requirements=[checked_requirement(line, "the requirements") for line in requirements],
            lineage=lineage,
            framework=framework,
            type=type,
            tags=tags,
            owner=owner,
            description=description,
            meta=meta or {},
            captured={"environment": environment.capture()},
        )
        wanted = Wanted(facts, stated, bump, target)
        files = gather([Path(path) for path in paths], follow_links=follow_links)
        registrar = Registrar(self._repository, self._journal, self.config.stages)
        return (
            registrar.foresee(wanted, files, progress)
            if dry_run
            else registrar.register(wanted, files, progress)
        )

    def list(self) -> answers.Listing:
        """Lists all models, sorted by name, with where they stand."""
        states = [self._repository.history.state(model) for model in self._repository.history.models()]
        lines = [answers.ModelLine(state=state, tags=_tags_of(state)) for state in states if state.head]
        return answers.Listing(models=sorted(lines, key=lambda line: line.state.spelling.lower()))

    def versions(self, name: str) -> answers.VersionListing:
        """Lists the versions of a model, the greatest first.

        Raises:
            NotFoundError: There is no such model.
        """
        state = known_state(self._repository, checked_model_name(name))
        lines = [
            answers.VersionLine(standing=standing, record=read_record(self._repository, state, standing))
            for standing in state.in_order()
        ]
        return answers.VersionListing(name=state.spelling, versions=lines)

    def info(self, name: str, version: str | None = None) -> answers.Info:
        """Tells all of the version that `name` and `version`, or the reference `name`, mean.

        Raises:
            NotFoundError: There is no such model or version.
        """
        found = self._find(name, version, self._shown)
        return answers.Info(
            state=found.state,
            standing=found.standing,
            record=read_record(self._repository, found.state, found.standing),
            resolved_by=found.by,
            has_stage=found.state.holder(found.standing.stage) == found.version,
            notes=found.notes,
        )

    def promote(
        self,
        name: str,
        version: str | None = None,
        *,
        to: str,
        from_stage: str | None = None,
        expect: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> answers.Promoted:
        """Moves a version to the stage `to`; the version that it displaces goes to the archive.

        Args:
            from_stage: Where it must be now; without a version, whose holder is meant.
            expect: The version that must hold `to` now; `"none"` for nobody.

        Raises:
            NotFoundError: There is no such model or version.
            ConflictError: `from_stage` or `expect` is not so.
            BlockedError: The version is deprecated, or the move goes backwards.
        """
        stages = self.config.stages
        to_stage = stages.parse(to)
        from_ = None if from_stage is None else stages.parse(from_stage)
        ref = joined_ref(name, version, stages)
        if ref.selector is None:
            if from_ is None:
                raise UsageError(
                    f"which version of {ref.name} shall be promoted?",
                    hint=f"name it, as in `mlreg promote {ref.name} VERSION --to {to_stage}`",
                )
            ref = joined_ref(ref.name, from_, stages)
        expected = _expected(expect)
        meant: list[Found] = []

        def wish(state: ModelState) -> Draft | None:
            meant[:] = [self._find_in(state, ref)]
            return decide.decide_promotion(
                state,
                meant[0].version,
                to=to_stage,
                stages=stages,
                from_=from_,
                expect=expected,
                reason=_reason(reason),
            )

        outcome = self._commit(ref.name, wish, dry_run=dry_run)
        effects = outcome.draft.effects if outcome.draft else {}
        return answers.Promoted(
            name=ref.name,
            version=meant[0].version,
            from_stage=effects.get("from", to_stage),
            to_stage=to_stage,
            replaced=effects.get("replaced"),
            changed=outcome.draft is not None,
            event=outcome.number,
            at=outcome.at,
            notes=meant[0].notes,
            dry_run=dry_run,
        )

    def rollback(
        self,
        name: str,
        *,
        to: str | None = None,
        stage: str | None = None,
        expect: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> answers.RolledBack:
        """Takes a stage (production, if none is named) back to the version before, or to the version `to`.

        Raises:
            NotFoundError: There is nothing to go back to.
            ConflictError: `expect` does not hold the stage, or without `to` somebody else moved it meanwhile.
            BlockedError: `to` never held the stage, is deprecated, or holds a higher stage.
        """
        stages = self.config.stages
        seat = stages.parse_held(stage) if stage else stages.top
        expected = _expected(expect)
        ref = None if to is None else joined_ref(checked_model_name(name), to, stages)
        checked_model_name(name)
        meant: list[Found] = []

        def wish(state: ModelState) -> Draft | None:
            meant[:] = [self._find_in(state, ref)] if ref else []
            return decide.decide_rollback(
                state,
                seat,
                stages=stages,
                has_bytes=lambda standing: self._has_bytes(state, standing),
                to=meant[0].version if meant else None,
                expect=expected,
                reason=_reason(reason),
            )

        if to is None and not dry_run:
            outcome = self._journal.commit_as_seen(known_state(self._repository, name), name, wish)
        else:
            outcome = self._commit(name, wish, dry_run=dry_run)
        effects = outcome.draft.effects if outcome.draft else {}
        holder = outcome.before.holder(seat)
        return answers.RolledBack(
            name=name,
            stage=seat,
            version=effects.get("version", holder),
            left=effects.get("replaced", holder),
            reason=_reason(reason),
            changed=outcome.draft is not None,
            event=outcome.number,
            at=outcome.at,
            skipped=effects.get("skipped", ()),
            notes=meant[0].notes if meant else (),
            dry_run=dry_run,
        )

    def history(self, name: str) -> answers.EventListing:
        """Tells what happened to a model, the oldest first.

        Raises:
            NotFoundError: There is no such model.
        """
        state = known_state(self._repository, checked_model_name(name))
        return answers.EventListing(name=state.spelling, events=list(self._repository.history.events(name)))

    def compare(self, *refs: str) -> answers.Compared:
        """Holds versions against the first of them; the references may be of several models.

        Raises:
            UsageError: There are fewer than two.
            NotFoundError: There is no such model or version.
        """
        if len(refs) < 2:
            raise UsageError("two versions are compared", hint="write `mlreg compare NAME A B`")
        found = [self._find(ref, None, self._shown) for ref in refs]
        records = [read_record(self._repository, one.state, one.standing) for one in found]
        labels = [one.version for one in found]
        if len({one.name for one in found}) > 1 or len(set(labels)) < len(labels):
            labels = [f"{one.name}@{one.version}" for one in found]
        comparison = compare(list(zip(labels, records, strict=True)), directions=self.config.directions)
        return answers.Compared(comparison=comparison, notes=[note for one in found for note in one.notes])

    def checkout(
        self,
        name: str,
        version: str | None = None,
        *,
        directory: PathLike | None = None,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> answers.CheckedOut:
        """Writes the files of a version below `directory` (by default `NAME-VERSION`), verified while written.

        A bare name means production's version; before there ever was one, the latest release.

        Raises:
            NotFoundError: There is no such model or version, or its bytes are not here.
            ConflictError: A file is there with other content.
            IntegrityError: Its bytes are damaged; nothing was written.
        """
        found = self._find(name, version, self._used)
        record = read_record(self._repository, found.state, found.standing)
        target = Path(directory or f"{found.name.replace('/', '-')}-{found.version}")
        if not dry_run:
            write_files(self._repository.blobs, record.files, target, progress)
        return answers.CheckedOut(
            name=found.name,
            version=found.version,
            path=str(target),
            files=record.files,
            notes=found.notes,
            dry_run=dry_run,
        )

    def verify(
        self, name: str | None = None, *, quick: bool = False, progress: Progress = no_progress
    ) -> answers.Verified:
        """Reads everything again, or all of the model `name`, and tells what is not as it was written.

        Args:
            quick: Blobs are not hashed; only their sizes are looked at.
        """
        if name is None:
            findings = (
                verify_repository_quickly(self._repository)
                if quick
                else verify_repository(self._repository, progress=progress)
            )
        else:
            self._check_known(checked_model_name(name))
            findings = (
                verify_model_quickly(self._repository, name)
                if quick
                else verify_model(self._repository, name, progress=progress)
            )
        return answers.Verified(checked=dict(findings.checked), problems=findings.problems)

    def deprecate(
        self,
        name: str,
        version: str | None = None,
        *,
        reason: str,
        end_of_life: str | None = None,
        dry_run: bool = False,
    ) -> answers.Changed:
        """Marks a version as not to be used any more; it cannot be promoted, and rollbacks pass over it.

        Args:
            end_of_life: The date `YYYY-MM-DD` after which it will not be there.
        """
        text = checked_text(reason, "the reason")
        date = None if end_of_life is None else checked_date(end_of_life, "an end of life")
        deprecation = Deprecation(text, date)
        return self._change(
            "deprecate",
            name,
            version,
            lambda state, found: decide.decide_deprecation(state, found.version, deprecation),
            now={"deprecated": deprecation.document()},
            dry_run=dry_run,
        )

    def lift_deprecation(
        self, name: str, version: str | None = None, *, reason: str | None = None, dry_run: bool = False
    ) -> answers.Changed:
        """Makes a deprecated version usable again."""
        return self._change(
            "deprecate",
            name,
            version,
            lambda state, found: decide.decide_lifting(state, found.version, _reason(reason)),
            now={"deprecated": None},
            dry_run=dry_run,
        )

    def archive(
        self,
        name: str,
        version: str | None = None,
        *,
        force: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> answers.Changed:
        """Puts a version into the archive; production's holder only with `force` and a reason.

        Raises:
            BlockedError: It holds production and `force` is not given.
            UsageError: `force` without a reason.
        """
        if force and not reason:
            raise UsageError("to insist takes a reason", hint="say it with `--reason TEXT`")
        return self._change(
            "archive",
            name,
            version,
            lambda state, found: decide.decide_archiving(
                state, found.version, stages=self.config.stages, force=force, reason=_reason(reason)
            ),
            now={"stage": ARCHIVED},
            dry_run=dry_run,
        )

    def tag(
        self, name: str, version: str | None = None, *, tags: Sequence[str], dry_run: bool = False
    ) -> answers.Changed:
        """Adds tags to a version."""
        added = {checked_label(tag, "a tag") for tag in tags}
        return self._change(
            "tag",
            name,
            version,
            lambda state, found: decide.decide_tags(state, found.version, add=added),
            dry_run=dry_run,
        )

    def untag(
        self, name: str, version: str | None = None, *, tags: Sequence[str], dry_run: bool = False
    ) -> answers.Changed:
        """Takes tags off a version; those that it does not have are no error."""
        removed = {checked_label(tag, "a tag") for tag in tags}
        return self._change(
            "tag",
            name,
            version,
            lambda state, found: decide.decide_tags(state, found.version, remove=removed),
            dry_run=dry_run,
        )

    @property
    def config(self) -> Config:
        """What the repository's `config.toml` says."""
        if self._config is None:
            self._config = self._repository.config()
        return self._config

    def _parent(self, parent: str | None) -> str | None:
        if parent is None:
            return None
        found = find(
            self._repository,
            parse_ref(parent, self.config.stages),
            stages=self.config.stages,
            bare=self._used,
        )
        return f"{found.name}@{found.version}"

    def _change(
        self,
        verb: str,
        name: str,
        version: str | None,
        wish: Callable[[ModelState, Found], Draft | None],
        *,
        now: Mapping[str, Any] | None = None,
        dry_run: bool,
    ) -> answers.Changed:
        ref = joined_ref(name, version, self.config.stages)
        if ref.selector is None:
            raise UsageError(
                f"which version of {ref.name}?", hint=f"name it, as in `mlreg {verb} {ref.name}@VERSION`"
            )
        meant: list[Found] = []

        def decided(state: ModelState) -> Draft | None:
            meant[:] = [self._find_in(state, ref)]
            return wish(state, meant[0])

        outcome = self._commit(ref.name, decided, dry_run=dry_run)
        effects = outcome.draft.effects if outcome.draft else {}
        tags = effects.get("tags", list(meant[0].standing.tags))
        return answers.Changed(
            verb=verb,
            name=ref.name,
            version=meant[0].version,
            changed=outcome.draft is not None,
            event=outcome.number,
            at=outcome.at,
            now=now if now is not None else {"tags": tags},
            notes=meant[0].notes,
            dry_run=dry_run,
        )

    def _commit(self, name: str, wish: Decide, *, dry_run: bool) -> Outcome:
        state = known_state(self._repository, name)
        return self._journal.foresee(state, wish) if dry_run else self._journal.commit(state, name, wish)

    def _find(self, name: str, version: str | None, bare: Callable[[ModelState], Resolved]) -> Found:
        ref = joined_ref(name, version, self.config.stages)
        return find(self._repository, ref, stages=self.config.stages, bare=bare)

    def _find_in(self, state: ModelState, ref: Ref) -> Found:
        return find_in(self._repository, state, ref, stages=self.config.stages, bare=self._used)

    def _shown(self, state: ModelState) -> Resolved:
        return resolve_shown(state, stages=self.config.stages)

    def _used(self, state: ModelState) -> Resolved:
        return resolve_used(state, stages=self.config.stages)

    def _has_bytes(self, state: ModelState, standing: Standing) -> bool:
        files = read_record(self._repository, state, standing).files
        return all(self._repository.blobs.has(entry.digest) for entry in files)

    def _check_known(self, name: str) -> None:
        if folded(name) not in self._repository.history.models():
            known_state(self._repository, name)


def _tags_of(state: ModelState) -> list[str]:
    return sorted({tag for standing in state.versions.values() for tag in standing.tags})


def _expected(text: str | None) -> str | None:
    return text if text is None or text == "none" else str(Version.parse_loose(text))


def _reason(text: str | None) -> str | None:
    return None if text is None else checked_text(text, "the reason")
