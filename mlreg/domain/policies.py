"""Owns policies: which gates a version passes to come to a stage, as the section `[policy]` of a configuration says.

    [policy.production]                        gates of a stage, for all models
    [policy.models."risk/*".production]        gates of a stage, for models whose names fit a pattern

Both hold, word by word: where two say the same word, the pattern with more literal characters wins over one with
fewer, and any pattern wins over none; of `metrics` each metric is a word of its own. A word that is `false` takes
back what a less specific table says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from mlreg.domain.gates.ages import Age, DataAge
from mlreg.domain.gates.approvals import Approvals
from mlreg.domain.gates.attached import Attached
from mlreg.domain.gates.base import Complain, Evidence, Gate, Reading
from mlreg.domain.gates.consumers import Served
from mlreg.domain.gates.facts import RequiredFacts
from mlreg.domain.gates.held import Held
from mlreg.domain.gates.metrics import Metrics
from mlreg.domain.gates.scan import Scan
from mlreg.domain.gates.signature import SignatureKept
from mlreg.domain.gates.way_back import Rehearsed
from mlreg.domain.names import quoted, suggestion
from mlreg.domain.stages import Stages
from mlreg.errors import BlockedError, UsageError

KINDS: Sequence[type[Gate]] = (
    Metrics, RequiredFacts, SignatureKept, DataAge, Age, Held, Attached, Approvals, Served, Scan, Rehearsed,
)  # fmt: skip
"""All kinds of gates, in the order in which they are read: what reads bytes comes last."""
POLICY_FORMAT = 1
FORCE = "allow_force"
_BY_KEY = {kind.KEY: kind for kind in KINDS}
_OPEN_ENDED = (Metrics.KEY,)


class Layer(NamedTuple):
    """What one table says of a stage, for models whose names fit `pattern`; the empty one is for all."""

    pattern: str
    stage: str
    stated: Mapping[str, Any]

    @property
    def weight(self) -> tuple[int, int]:
        """How specific it is: the number of literal characters, then that of all."""
        literal = sum(character not in "*?[]" for character in self.pattern)
        return (1 + literal if self.pattern else 0), len(self.pattern)


class Rules(NamedTuple):
    """What holds for one model and one stage: `stated` is what all layers say together."""

    stage: str
    gates: Sequence[Gate]
    allows_force: bool
    stated: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Returns the policy as its text is kept: what its digest is of."""
        return {"format": POLICY_FORMAT, "stage": self.stage, "rules": dict(self.stated)}

    def wants(self) -> list[tuple[str, str, str]]:
        """Returns the name, the kind and the need of every gate."""
        return [(name, gate.KEY, needs) for gate in self.gates for name, needs in gate.wants()]

    def read(self, evidence: Evidence) -> list[Reading]:
        """Returns what every gate reads for a version."""
        return [reading for gate in self.gates for reading in gate.read(evidence)]


class Policies(NamedTuple):
    """All that the section `[policy]` says; the layers stand from the least specific to the most."""

    layers: Sequence[Layer] = ()
    stages: Stages = Stages()

    def rules(self, model: str, stage: str) -> Rules | None:
        """Returns what holds for a model at a stage, or None where nothing does."""
        stated: dict[str, Any] = {}
        for layer in self.layers:
            if layer.stage == stage and _fits(model, layer.pattern):
                stated = _over(stated, layer.stated)
        stated = _without_false(stated)
        gates = _gates(stated, self.stages, _impossible)
        return Rules(stage, gates, stated.get(FORCE, False), stated) if gates else None


class Verdict(NamedTuple):
    """What the gates of a policy said of a version; `policy` is the digest of the policy's text."""

    policy: str
    allows_force: bool
    readings: Sequence[Reading]

    @property
    def shut(self) -> list[Reading]:
        """The gates that are shut."""
        return [reading for reading in self.readings if not reading.is_open]

    def effects(self, *, forced: bool) -> dict[str, Any]:
        """Returns what an event says of it."""
        marked = {"forced": True} if forced and self.shut else {}
        return {"policy": self.policy, "gates": [reading.document() for reading in self.readings], **marked}

    def refusal(self, name: str, version: str, stage: str) -> BlockedError:
        """Returns the error that the version may not go to the stage, with the table of its gates."""
        shut = self.shut
        are = "is" if len(shut) == 1 else "are"
        force = "; a policy that allows force takes `--force --reason TEXT`" if self.allows_force else ""
        return BlockedError(
            f"{name} {version} may not go to {stage}: {len(shut)} of {len(self.readings)} gates {are} shut",
            hint=f"see `mlreg policy show {name}@{version} --to {stage}`{force}",
            facts={
                "model": name,
                "version": version,
                "to": stage,
                "policy": self.policy,
                "allow_force": self.allows_force,
                "gates": [reading.document() for reading in self.readings],
            },
            code="policy",
            details=table(shut),
        )


def table(readings: Sequence[Reading]) -> list[str]:
    """Returns the readings as lines in columns: name, value, need; below each why it reads so."""
    cells = [(reading.gate, told(reading.value), f"needs {reading.needs}") for reading in readings]
    widths = [max((len(row[at]) for row in cells), default=0) for at in range(2)]
    lines = []
    for reading, (gate, value, needs) in zip(readings, cells, strict=True):
        lines.append(f"{gate:{widths[0]}}  {value:{widths[1]}}  {needs}".rstrip())
        lines += [f"{'':{widths[0]}}  {detail}" for detail in reading.details]
    return lines


def told(value: Any) -> str:
    """Returns the value of a reading as a word: `missing` for none."""
    if value is None:
        return "missing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def parse_policies(stated: Mapping[str, Any], stages: Stages, complain: Complain) -> Policies:
    """Returns what the section `[policy]` of a configuration says.

    Raises:
        UsageError: A key or a value means nothing: a rule that is misspelled must not be lost. Made by `complain`.
    """
    general = {key: value for key, value in stated.items() if key != "models"}
    own = stated.get("models", {})
    if not isinstance(own, dict) or not all(isinstance(rules, dict) for rules in own.values()):
        hint = 'write `[policy.models."risk/*".production]`'
        raise complain("models", "policy.models is not a table of tables", hint)
    layers = [*_layers("", general, stages, complain)]
    for pattern, rules in own.items():
        layers += _layers(pattern, rules, stages, complain)
    layers.sort(key=lambda layer: layer.weight)  # of equals the one that is written later wins
    return Policies(layers, stages)


def _layers(pattern: str, rules: Mapping[str, Any], stages: Stages, complain: Complain) -> Iterator[Layer]:
    for key, value in rules.items():
        stage = stages.find(key)
        if stage is None or not stages.has_holder(stage):
            known = [*stages.order[1:], *([] if pattern else ["models"])]
            what = f"policy.{key}: {quoted(key)} is no stage that versions are promoted to"
            raise complain(key, what, suggestion(key, known) or f"the stages are {', '.join(stages.order[1:])}")
        if not isinstance(value, dict):
            raise complain(key, f"policy.{key} is not a table", f"write `[policy.{key}]`")
        _gates(_without_false(_checked(value, complain)), stages, complain)
        yield Layer(pattern, stage, value)


def _checked(stated: Mapping[str, Any], complain: Complain) -> Mapping[str, Any]:
    known = (*_BY_KEY, FORCE)
    for key, value in stated.items():
        if key not in known:
            near = suggestion(key, known) or "the gates are listed in `mlreg help policies`"
            raise complain(key, f"{quoted(key)} is not a gate", near)
        if key == FORCE and not isinstance(value, bool):
            raise complain(key, f"{FORCE} is not `true` or `false`", None)
    return stated


def _gates(stated: Mapping[str, Any], stages: Stages, complain: Complain) -> list[Gate]:
    found = [kind.parse(stated[kind.KEY], stages, complain) for kind in KINDS if kind.KEY in stated]
    return [gate for gate in found if next(gate.wants(), None)]


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    joined = {**below, **above}
    for key in _OPEN_ENDED:
        if isinstance(below.get(key), dict) and isinstance(above.get(key), dict):
            joined[key] = {**below[key], **above[key]}
    return joined


def _without_false(stated: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in stated.items() if value is not False}
    for key in _OPEN_ENDED:
        if isinstance(kept.get(key), dict):
            kept[key] = {name: value for name, value in kept[key].items() if value is not False}
    return kept


def _fits(model: str, pattern: str) -> bool:
    return not pattern or fnmatchcase(model.lower(), pattern.lower())


def _impossible(key: str, what: str, hint: str | None) -> UsageError:
    """Returns the error of tables that were checked one by one and mean nothing together."""
    return UsageError(f"the policy cannot be understood: {what}", hint=hint)
