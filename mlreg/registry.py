"""Owns the registry: one method for each verb, the twin of the command. The work is done in the rooms beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from mlreg.adapters import load
from mlreg.adapters.surroundings import clock, location, preferences
from mlreg.bench import Bench
from mlreg.errors import NotFoundError
from mlreg.journal import Actor, Clock, Journal
from mlreg.lazy import LazyModule
from mlreg.store import layout
from mlreg.store.blobs import Progress, no_progress
from mlreg.store.repository import Repository, foresee, found
from mlreg.verbs.approvals import ApprovalVerbs
from mlreg.verbs.loading import LoadVerbs
from mlreg.verbs.policies import PolicyVerbs
from mlreg.verbs.provenance import ProvenanceVerbs
from mlreg.verbs.reports import ReportVerbs
from mlreg.verbs.scanning import ScanVerbs
from mlreg.verbs.signatures import SignatureVerbs
from mlreg.verbs.storage import StorageVerbs

if TYPE_CHECKING:
    from mlreg import configuring as configuring_
    from mlreg import doctor, explaining, looking, moving, registration, running, stating
    from mlreg import experiment as experiment_
    from mlreg import selecting as selecting_
    from mlreg.adapters.surroundings import identity
    from mlreg.answers import (
        aliased,
        changed,
        compared,
        happened,
        info,
        initialised,
        listed,
        promoted,
        ran,
        registered,
        rolled_back,
    )
    from mlreg.answers import found as found_
    from mlreg.answers import versions as versions_
    from mlreg.answers import why as why_
    from mlreg.answers.doctor import Diagnosis
    from mlreg.domain import query
else:
    doctor = LazyModule("mlreg.doctor")
    experiment_ = LazyModule("mlreg.experiment")
    configuring_ = LazyModule("mlreg.configuring")
    explaining = LazyModule("mlreg.explaining")
    looking = LazyModule("mlreg.looking")
    moving = LazyModule("mlreg.moving")
    registration = LazyModule("mlreg.registration")
    running = LazyModule("mlreg.running")
    selecting_ = LazyModule("mlreg.selecting")
    stating = LazyModule("mlreg.stating")
    identity = LazyModule("mlreg.adapters.surroundings.identity")
    initialised = LazyModule("mlreg.answers.initialised")

PathLike = str | os.PathLike[str]


class Registry(
    ApprovalVerbs, LoadVerbs, PolicyVerbs, ProvenanceVerbs, ReportVerbs, ScanVerbs, SignatureVerbs, StorageVerbs
):
    """The models of one repository, and all that can be done with them.

    Every method is the twin of the command of its name and answers with a value of `mlreg.answers`, whose
    `document()` is what `--json` prints. Those that write take `dry_run=True`: everything is decided, nothing written.

    Args:
        repository: Where everything is kept.
        actor: Who acts: a text, or a function that finds out when it is first needed.
        now: The clock.
    """

    def __init__(self, repository: Repository, *, actor: Actor, now: Clock = clock.now) -> None:
        self._bench = Bench(repository, Journal(repository.history, actor=actor, now=now), own=preferences.own_config)

    @classmethod
    def open(cls, path: PathLike | None = None, *, actor: str | None = None) -> Registry:
        """Opens the repository at `path` (a `.mlreg` or the directory that holds it).

        Without `path`: the one that `MLREG_DIR` names, else the nearest from the working directory upwards.

        Raises:
            NotFoundError: There is none; it is never made silently.
            UsageError: The environment asks for bytes to be kept elsewhere.
            MissingError: Its format is newer than this mlreg.
        """
        preferences.check_storage()
        repository = _repository(location.find(path))
        repository.id()
        return cls(repository, actor=lambda: identity.find(actor))

    @classmethod
    def open_damaged(cls, path: PathLike | None = None, *, actor: str | None = None) -> Registry:
        """Opens as `open` does, and also where the file that says what it is, `format`, is damaged or lost.

        That is for `verify`, which tells what is wrong with it.

        Raises:
            NotFoundError: There is none.
            MissingError: Its format is newer than this mlreg.
        """
        repository = _repository(location.find(path))
        repository.check_founded()
        return cls(repository, actor=lambda: identity.find(actor))

    @classmethod
    def init(cls, path: PathLike | None = None, *, actor: str | None = None) -> Registry:
        """Makes a repository below `path` (or the working directory), or completes or finds it, and opens it."""
        cls.initialise(path, actor=actor)
        return cls.open(path, actor=actor)

    @classmethod
    def initialise(
        cls, path: PathLike | None = None, *, actor: str | None = None, dry_run: bool = False
    ) -> initialised.Initialised:
        """Makes a repository below `path` (or the working directory); an interrupted one is completed."""
        directory = location.place_for_new(path)
        repository = _repository(directory)
        stamp = Journal(repository.history, actor=lambda: identity.find(actor), now=clock.now).stamp()
        if dry_run:
            founding = foresee(repository, stamp)
            return initialised.Initialised(path=str(directory), id=founding.id, created=founding.created, dry_run=True)
        location.make(directory)
        founding = found(repository, stamp)
        return initialised.Initialised(path=str(directory), id=founding.id, created=founding.created)

    @classmethod
    def doctor(cls, path: PathLike | None = None, *, actor: str | None = None) -> Diagnosis:
        """Tells what is wrong with this installation and with the repository at `path`, found as `open` finds it.

        Where there is none, the installation alone is looked at. Never raises for what it finds.
        """
        checks = doctor.examine_installation(actor)
        try:
            directory = location.find(path)
        except NotFoundError as error:
            return doctor.without_repository(checks, error, is_named=location.is_named(path))
        registry = cls(_repository(directory), actor=lambda: identity.find(actor))
        return doctor.examine(registry._bench, directory, checks)

    def register(
        self,
        name: str,
        *models: Any,
        companions: Mapping[str, Any] | None = None,
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
        variant_of: str | None = None,
        data: str | None = None,
        feature_set: str | None = None,
        experiment: str | None = None,
        increment: str | None = None,
        depends_on: Iterable[str] = (),
        dataset: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
        owner: str | None = None,
        description: str | None = None,
        meta: Mapping[str, Any] | None = None,
        captured: Mapping[str, Any] | None = None,
        stage: str | None = None,
        follow_links: bool = False,
        raw: bool = False,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> registered.Registered:
        """Registers files, one directory, or a trained model as a version of the model `name`.

        The same files with the same stated facts are registered once: the version that is there registered. What a
        trained model says of itself (framework, names of features) is stated where you do not.

        Args:
            models: Paths, or a trained model, which the adapter of its framework saves.
            companions: What belongs to the model, by role, such as `{"scaler": scaler}`: a path, paths or an object.
            version: SemVer 2.0.0; without it the greatest release is raised by `bump`.
            bump: `major`, `minor`, `patch`, or `auto`: by what changed in the signature and the features.
            metrics: Numbers, or texts with units as `"35ms"`, or mappings with `value`, `unit`, `direction`.
            parent: A reference to the version that this one was made from.
            variant_of: A reference to the version that it is another form of: exported, quantised.
            depends_on: References to versions that it needs: a tokenizer, an encoder.
            dataset: `version` and `rows` of the training data, and its `file`, of which digest and size are taken, or
                `digest` and `size_bytes`.
            meta: Any other facts, nested as you like.
            captured: What is worth keeping and no one states: it never makes two versions differ.
            stage: Where it shall stand at once.
            raw: Keep the files as they are: as fast as copying them. `gc` makes them small later.
            progress: Called with the number of bytes just read.

        Raises:
            BlockedError: The version says less than what changed in the signature.
            UsageError: A name, a fact, a path or an object cannot be used; declared features are not the model's own.
            NotFoundError: One of the versions that it comes from is not there.
            ConflictError: The version exists with other content, or the name in another spelling.
            MissingError: A package that saves the model is not installed.
        """
        facts = {
            "metrics": metrics or {},
            "params": params or {},
            "features": features,
            "signature": signature,
            "requirements": requirements,
            "lineage": {
                "parent": parent,
                "variant_of": variant_of,
                "data": data,
                "feature_set": feature_set,
                "experiment": experiment,
                "increment": increment,
                "depends_on": depends_on,
            },
            "framework": framework,
            "type": type,
            "tags": tags,
            "owner": owner,
            "description": description,
            "dataset": dataset or {},
            "meta": meta or {},
            "captured": captured or {},
        }
        with registration.request(
            self._bench,
            name,
            models,
            companions or {},
            facts,
            version=version,
            bump=bump,
            stage=stage,
            follow_links=follow_links,
            raw=raw,
            progress=progress,
        ) as request:
            room = registration.foresee if dry_run else registration.register
            answer = room(self._bench, request, progress)
        return selecting_.select_after(self._bench, answer) if "score" in self._bench.config.sections else answer

    def experiment(self, name: str, *, increment: str | None = None) -> experiment_.Run:
        """Begins a run of the experiment `name`, for a `with` statement: what it notes goes into what it registers.

            with registry.experiment("xgboost-v1", increment="0042") as run:
                run.log_params({"depth": 6})
                run.log_metric("auc", 0.91)
                run.register("fraud-detector", model)

        Raises:
            UsageError: One of the words is not one line.
        """
        return experiment_.Run(self.register, experiment=name, increment=increment)

    def run(
        self,
        command: Sequence[str],
        *,
        register: str | None = None,
        paths: Iterable[PathLike] = (),
        spec: PathLike | None = None,
        experiment: str | None = None,
        increment: str | None = None,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> ran.Ran:
        """Runs a command that trains a model, and registers what came of it, with what it has noted.

        Args:
            command: The program and its words; its output goes to stderr.
            register: The name of a model, of which `paths` will be a version.
            spec: A specification (see `mlreg.spec`), which says the same and more.
            dry_run: Runs the command, and only tells what would be registered.

        Raises:
            mlreg.running.CommandError: The command did not end well: nothing is registered.
            MlregError: As `register` does.
        """
        words = {"name": register, "paths": [*paths], "experiment": experiment, "increment": increment}
        return running.run(
            command,
            words={**words, "dry_run": dry_run, "progress": progress},
            spec=None if spec is None else Path(spec),
            check=lambda name, **words: registration.check_words(self._bench, name, **words),
            register=self.register,
        )

    def list(self) -> listed.Listing:
        """Lists all models, sorted by name, with where they stand; `faults` names those that are damaged, with why."""
        return looking.list_models(self._bench)

    def find(self, name: str | None = None, *, ending: bool = False, **wishes: Unpack[query.Wishes]) -> found_.Found:
        """Finds the versions, of all models or of `name`, of which all of this is true; `faults` is as in `list`.

        Args:
            ending: Whether their end is near, in thirty days or fewer, or past.
            wishes: `stage`, `tags`, `owner`, `framework`, `increment`, `deprecated`; `search`, words that stand
                somewhere in what people wrote; `where`, conditions as in `metrics.f1>0.9`; `sort`, a fact, as in
                `-metrics.auc` for the greatest first; `limit`.

        Raises:
            NotFoundError: There is no such model.
            UsageError: One of the wishes means nothing.
        """
        return looking.find_versions(self._bench, name, wishes, ending=ending)

    def versions(self, name: str) -> versions_.VersionListing:
        """Lists the versions of a model, the greatest first.

        Raises:
            NotFoundError: There is no such model.
        """
        return looking.list_versions(self._bench, name)

    def info(self, name: str, version: str | None = None) -> info.Info:
        """Tells all of the version that `name` and `version`, or the reference `name`, mean.

        Raises:
            NotFoundError: There is no such model or version.
        """
        return looking.tell_all(self._bench, name, version)

    def promote(
        self,
        name: str,
        version: str | None = None,
        *,
        to: str,
        from_stage: str | None = None,
        expect: str | None = None,
        reason: str | None = None,
        force: bool = False,
        dry_run: bool = False,
    ) -> promoted.Promoted:
        """Moves a version to the stage `to`; the version that it displaces goes to the archive.

        Args:
            from_stage: Where it must be now; without a version, whose holder is meant.
            expect: The version that must hold `to` now; `"none"` for nobody.
            force: Go past gates that are shut, where the policy allows it; this takes a reason, and is kept for ever.

        Raises:
            NotFoundError: There is no such model or version.
            ConflictError: `from_stage` or `expect` is not so.
            BlockedError: The version is deprecated, the move goes backwards, or a gate of the policy is shut.
        """
        return moving.promote(
            self._bench, name, version, to=to, from_stage=from_stage, expect=expect, reason=reason, force=force,
            dry_run=dry_run,
        )  # fmt: skip

    def rollback(
        self,
        name: str,
        *,
        to: str | None = None,
        stage: str | None = None,
        expect: str | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> rolled_back.RolledBack:
        """Takes a stage (production, if none is named) back to the version before, or to the version `to`.

        Raises:
            NotFoundError: There is nothing to go back to.
            ConflictError: `expect` does not hold the stage, or without `to` somebody else moved it meanwhile.
            BlockedError: `to` never held the stage, is deprecated, or holds a higher stage.
        """
        if to is None:
            return moving.rollback(self._bench, name, stage=stage, expect=expect, reason=reason, dry_run=dry_run)
        return moving.rollback_to(self._bench, name, to, stage=stage, expect=expect, reason=reason, dry_run=dry_run)

    def why(self, name: str, version: str | None = None) -> why_.Why:
        """Tells why a version stands where it stands: who put it there, on what word, and how to get back.

        A bare name means the version in production, else the latest.

        Raises:
            NotFoundError: There is no such model or version.
        """
        return explaining.explain(self._bench, name, version)

    def history(
        self, name: str, *, since: str | None = None, kinds: Sequence[str] = (), limit: int | None = None
    ) -> happened.EventListing:
        """Tells what happened to a model, the oldest first.

        Args:
            since: From when on: a span before now as `7d`, a date (its beginning, in UTC) or a time.
            kinds: Events of these kinds only, such as `promoted`.
            limit: So many at most, the newest.

        Raises:
            NotFoundError: There is no such model.
            UsageError: One of the wishes means nothing.
        """
        return looking.tell_history(self._bench, name, since=since, kinds=kinds, limit=limit)

    def timeline(
        self, name: str, *, stage: str | None = None, since: str | None = None, limit: int | None = None
    ) -> happened.Timeline:
        """Tells who held a stage (production, if none is named) from when to when, the oldest first.

        Raises:
            NotFoundError: There is no such model.
            UsageError: The stage has no single holder, or another wish means nothing.
        """
        return looking.tell_tenures(self._bench, name, stage=stage, since=since, limit=limit)

    def compare(self, *refs: str) -> compared.Compared:
        """Holds versions against the first of them; the references may be of several models.

        Raises:
            UsageError: There are fewer than two.
            NotFoundError: There is no such model or version.
        """
        return looking.hold_against(self._bench, refs)

    def deprecate(
        self,
        name: str,
        version: str | None = None,
        *,
        reason: str,
        end_of_life: str | None = None,
        dry_run: bool = False,
    ) -> changed.Changed:
        """Marks a version as not to be used any more; it cannot be promoted, and rollbacks pass over it.

        Args:
            end_of_life: The date `YYYY-MM-DD` after which it will not be there.
        """
        return moving.deprecate(self._bench, name, version, reason=reason, end_of_life=end_of_life, dry_run=dry_run)

    def lift_deprecation(
        self, name: str, version: str | None = None, *, reason: str | None = None, dry_run: bool = False
    ) -> changed.Changed:
        """Makes a deprecated version usable again."""
        return moving.lift_deprecation(self._bench, name, version, reason=reason, dry_run=dry_run)

    def archive(
        self,
        name: str,
        version: str | None = None,
        *,
        force: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> changed.Changed:
        """Puts a version into the archive; production's holder only with `force` and a reason.

        Raises:
            BlockedError: It holds production and `force` is not given.
            UsageError: `force` without a reason.
        """
        return moving.archive(self._bench, name, version, force=force, reason=reason, dry_run=dry_run)

    def tag(
        self, name: str, version: str | None = None, *, tags: Sequence[str], dry_run: bool = False
    ) -> changed.Changed:
        """Adds tags to a version."""
        return moving.tag(self._bench, name, version, tags, dry_run=dry_run)

    def untag(
        self, name: str, version: str | None = None, *, tags: Sequence[str], dry_run: bool = False
    ) -> changed.Changed:
        """Takes tags off a version; those that it does not have are no error."""
        return moving.untag(self._bench, name, version, tags, dry_run=dry_run)

    def set(
        self,
        name: str,
        version: str | None = None,
        *,
        metrics: Mapping[str, Any] | None = None,
        description: str | None = None,
        owner: str | None = None,
        meta: Mapping[str, Any] | None = None,
        note: str | None = None,
        dry_run: bool = False,
    ) -> changed.Changed:
        """States facts of a version that is there, and adds a note to it; they cover those of its record.

        Raises:
            UsageError: A fact cannot be stored, or nothing is stated.
            NotFoundError: There is no such model or version.
        """
        return stating.state_late(
            self._bench,
            name,
            version,
            metrics=metrics or {},
            description=description,
            owner=owner,
            meta=meta or {},
            note=note,
            dry_run=dry_run,
        )

    def aliases(self, name: str) -> aliased.AliasListing:
        """Lists the aliases of a model.

        Raises:
            NotFoundError: There is no such model.
        """
        return stating.list_aliases(self._bench, name)

    def alias(self, name: str, version: str | None = None, *, alias: str, dry_run: bool = False) -> aliased.Aliased:
        """Points `alias` at a version, wherever it pointed before.

        Raises:
            UsageError: It cannot be an alias: it means something else already.
            NotFoundError: There is no such model or version.
        """
        return stating.alias(self._bench, name, version, alias, dry_run=dry_run)

    def unalias(self, name: str, alias: str, *, dry_run: bool = False) -> aliased.Aliased:
        """Takes an alias away; one that is not there is no error."""
        return stating.unalias(self._bench, name, alias, dry_run=dry_run)

    @staticmethod
    def config(path: PathLike | None = None, *, own: bool = False) -> configuring_.Configuration:
        """Opens the settings of the repository that `open` finds, and those of the user; only these with `own`.

        Raises:
            NotFoundError: There is no repository where `path` or `MLREG_DIR` says.
        """
        try:
            place = None if own else location.find(path) / layout.CONFIG
        except NotFoundError:
            if location.is_named(path):
                raise
            place = None
        return configuring_.Configuration(place, preferences.user_file())


def _repository(directory: Path) -> Repository:
    backend, cache = load("backends", "local"), load("caches", "local")
    return Repository(backend.connect(directory), cache.connect(directory / layout.CACHE))
