"""Owns the gathering of evidence for gates, and what they say of a version: the pure rules are `domain.policies`.

Evidence is found out when a gate asks for it: bytes are read by the gates on the scan and on the way back alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlreg import ruling
from mlreg.answers.policies import InForceRow, PolicyShown, VersionJudged
from mlreg.bench import Bench
from mlreg.domain import decide
from mlreg.domain.gates.base import ScannedFile, WayBack
from mlreg.domain.policies import Layer, Policies, Verdict
from mlreg.domain.record import ModelVersion
from mlreg.domain.refs import parse_ref
from mlreg.domain.signatures import changes, parsing
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import IntegrityError, NotFoundError, UsageError
from mlreg.lazy import LazyModule
from mlreg.resolve import find_used, joined_ref
from mlreg.ruling import InForce

if TYPE_CHECKING:
    from mlreg import approving, consumers, scan
    from mlreg.domain.approvals import Tally
else:
    approving = LazyModule("mlreg.approving")
    consumers = LazyModule("mlreg.consumers")
    scan = LazyModule("mlreg.scan")

_ALLOWED = "allowed"


def verdict_of(bench: Bench, state: ModelState, standing: Standing, known: InForce) -> Verdict:
    """Returns what the gates of a policy say of a version, as things stand in `state`."""
    readings = known.rules.read(Gathered(bench, state, standing, known))
    return Verdict(known.digest, known.rules.allows_force, readings)


class Gathered:
    """What gates may ask of a version, as things are now (see `domain.gates.base.Evidence`)."""

    def __init__(self, bench: Bench, state: ModelState, standing: Standing, known: InForce) -> None:
        self.now = bench.journal.now()
        self.state = state
        self.standing = standing
        self.stage = known.rules.stage
        self.stages = bench.stages
        self.directions = bench.config.directions
        self._bench = bench
        self._policy = known.digest

    @property
    def holder(self) -> Standing | None:
        """Who holds the stage now; not the version itself, where it is looked at while it holds it."""
        held = self.state.holder(self.stage)
        return None if held in (None, str(self.standing.version)) else self.state.versions[str(held)]

    def record(self, standing: Standing) -> ModelVersion:
        """Returns the facts of a version, with those that were stated late."""
        return self._bench.record(self.state, standing)

    def tally(self) -> Tally:
        """Returns the approvals of the version for the stage, given under this very policy."""
        return approving.tally(self._bench, self.state, self.standing, stage=self.stage, policy=self._policy)

    def scan(self) -> Sequence[ScannedFile]:
        """Returns what a scan says of each file, what is trusted of it considered."""
        name = f"{self.state.spelling}@{self.standing.version}"
        try:
            files = scan.scan_version(self._bench, name)
        except (IntegrityError, NotFoundError) as error:
            return [ScannedFile(name, "not read", error.message)]
        return [
            ScannedFile(
                file.report.path.removeprefix(f"{name}:"),
                file.report.verdict,
                "; ".join(finding.message for finding in file.report.findings if finding.verdict != _ALLOWED),
            )
            for file in files
        ]

    def way_back(self) -> WayBack:
        """Returns where a rollback would lead after the promotion, and what is wrong with that version."""
        if not self.state.seat(self.stage).tenures:
            return WayBack(None, is_first=True)
        blobs = self._bench.repository.blobs
        version, skipped = decide.foresee_rollback(
            self.state,
            self.stage,
            str(self.standing.version),
            stages=self.stages,
            has_bytes=lambda standing: blobs.has_all(self.record(standing).files),
        )
        passed = [f"{entry['version']} {entry['why']}" for entry in skipped]
        if version is None:
            return WayBack(None, [*passed, f"nothing that held {self.stage} can be gone back to"])
        return WayBack(version, [*self._damage(version), *self._callers_lost(version)])

    def broken(self) -> Sequence[str]:
        """Returns a sentence for each consumer whose wishes the version does not meet."""
        return consumers.broken_notes(self._bench, self.state.spelling, str(self.standing.version))

    def _damage(self, version: str) -> list[str]:
        """Reads all bytes of a version, which are hashed while they are read."""
        found = []
        for entry in self.record(self.state.versions[version]).files:
            try:
                for _ in self._bench.repository.blobs.read(entry.digest):
                    pass
            except (IntegrityError, NotFoundError) as error:
                found.append(f"{version}, {entry.path}: {error.message}")
        return found

    def _callers_lost(self, version: str) -> list[str]:
        """Returns why those who call the present holder could not call `version`."""
        lost = list(consumers.broken_notes(self._bench, self.state.spelling, version))
        holder = self.state.holder(self.stage)
        if holder in (None, version):
            return lost
        try:
            old, new = (self.record(self.state.versions[str(one)]).signature for one in (holder, version))
            found = changes.compare(*(None if stated is None else parsing.parse(stated) for stated in (old, new)))
        except UsageError as error:
            return [*lost, f"the signatures of {holder} and {version} cannot be read: {error.message}"]
        return [*lost, *(f"{version}: {change.reason}" for change in found if change.breaking)]


def judge(bench: Bench, name: str, version: str | None, *, to: str | None) -> VersionJudged:
    """Tells what every gate of a stage (production, if none is named) says of a version; moves nothing."""
    stage = bench.stages.top if to is None else bench.stages.parse_held(to)
    found = find_used(bench, joined_ref(name, version, bench.stages))
    known = ruling.in_force(bench, found.name, stage)
    verdict = verdict_of(bench, found.state, found.standing, known) if known else None
    return VersionJudged(
        name=found.name,
        version=found.version,
        stage=stage,
        verdict=verdict,
        notes=[*found.notes, *([] if known else [f"there is no policy for {found.name} at {stage}"])],
    )


def show(bench: Bench, name: str | None, *, to: str | None) -> PolicyShown:
    """Tells the policies in force, of all models or of one, at every stage or at one."""
    known = ruling.policies_of(bench) or Policies()
    stages = bench.stages.order[1:] if to is None else (bench.stages.parse_held(to),)
    if name is None:
        rows = [row for layer in known.layers if layer.stage in stages for row in _stated(layer, known)]
        return PolicyShown(name=None, rows=rows, notes=[] if rows else ["there is no policy"])
    model = bench.state(parse_ref(name, bench.stages).name).spelling
    rows = []
    for stage in stages:
        held = ruling.of(known, model, stage)
        if held is not None:
            force, digest = held.rules.allows_force, held.digest
            rows += [InForceRow(model, stage, *want, force, digest) for want in held.rules.wants()]
    return PolicyShown(name=model, rows=rows, notes=[] if rows else [f"there is no policy for {model}"])


def _stated(layer: Layer, known: Policies) -> list[InForceRow]:
    """Returns what one table of the configuration says by itself."""
    rules = Policies([layer], known.stages).rules(layer.pattern, layer.stage)
    if rules is None:
        return []
    pattern = layer.pattern or "*"
    return [InForceRow(pattern, layer.stage, *want, rules.allows_force, None) for want in rules.wants()]
