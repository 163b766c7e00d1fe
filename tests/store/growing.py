"""Repositories that grow by random moves, and all that can be told of them."""

from __future__ import annotations

import dataclasses
import io
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mlreg.domain import decide
from mlreg.domain.events import Draft
from mlreg.domain.listing import briefs_of, summary_of
from mlreg.domain.metric import Metric
from mlreg.domain.names import folded
from mlreg.domain.recall import RecalledEvent
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.semver import Version
from mlreg.domain.stages import Stages
from mlreg.domain.state import Deprecation, ModelState, apply
from mlreg.errors import MlregError
from mlreg.store.catalog import content_digest, facts_digest
from mlreg.store.codec import digest
from mlreg.store.history import Stamp
from mlreg.store.repository import Repository

STAGES = Stages()
BLOB = b"weights"
MOVES = (
    "register", "register", "register", "promote", "promote", "promote", "rollback", "rollback to", "archive",
    "deprecate", "lift", "tag", "untag", "set", "note", "alias", "unalias",
)  # fmt: skip
Move = tuple[str, int]


class Garden:
    """Makes moves in a repository, as fast as it can write; what a rule forbids is left out."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.states: dict[str, ModelState] = {}
        self._moments = 0
        repository.blobs.add(io.BytesIO(BLOB), "model.bin")

    def grow(self, model: str, moves: Iterable[Move]) -> None:
        """Makes `moves` of `model`, each a verb and a number that says of what."""
        for verb, number in moves:
            self.move(model, verb, random.Random(number))

    def move(self, model: str, verb: str, choice: random.Random) -> None:
        state = self.states.setdefault(folded(model), ModelState(spelling=model))
        try:
            draft = self._register(state, choice) if verb == "register" else _draft(state, verb, choice)
        except MlregError:
            return
        if draft is not None:
            self._moments += 1
            at = f"2026-01-{1 + self._moments // 86400:02}T00:00:{self._moments % 60:02}.{self._moments:06}Z"
            stamp = Stamp(f"{self._moments:032x}", at, choice.choice(["ann@x.org", "bo@x.org"]))
            apply(state, self.repository.history.append(state, model, draft, stamp))

    def _register(self, state: ModelState, choice: random.Random) -> Draft:
        version = str(Version(choice.randint(0, 9), choice.randint(0, 9), choice.randint(0, 9)))
        version += choice.choice(["", "", "", "-rc.1", "-rc.2", "+build"])
        decide.check_free(state, version)
        record = record_of(state.spelling, version, choice)
        new = {
            "version": version,
            "record": self.repository.catalog.add(record),
            "content": content_digest(record),
            "facts": facts_digest(record),
        }
        stage = choice.choice(["development", "development", "staging", "production"])
        return decide.decide_registration(state, new, tags=record.tags, stage=stage, stages=STAGES)


def record_of(model: str, version: str, choice: random.Random) -> ModelVersion:
    """Returns a record with a few facts, some of them odd."""
    metrics = {
        "auc": choice.choice([0.5, 0.75, 0.9, "NaN", "inf", 1]),
        "latency": choice.choice(["35ms", "0.04 s", "40ms", 30, "1 min"]),
        "top.5": choice.random(),
    }
    named = choice.sample(sorted(metrics), choice.randint(0, 3))
    origins = {"parent": f"{model}@{version[0]}.1.1", "data": f"day-{version[2]}"}
    return ModelVersion(
        name=model,
        version=Version.parse(version),
        files=(FileEntry("model.bin", digest(BLOB), len(BLOB)),),
        framework=choice.choice([None, "xgboost", "sklearn"]),
        owner=choice.choice([None, "ann@x.org", "007"]),
        description=choice.choice([None, "Trained on\nBLACK Friday", 'a "quoted"\ttab \\n', "straße"]),
        tags=tuple(sorted(choice.sample(["gold", "tabular", "v2"], choice.randint(0, 3)))),
        metrics={name: Metric.parse(name, metrics[name]) for name in named},
        params={"lr": choice.choice([0.1, 0.01, "auto"]), "deep": {"er": choice.choice([True, 3, None, "x"])}},
        features=(f"f{version[4]}", "amount"),
        lineage=origins | ({} if choice.random() < 0.5 else {"increment": f"{choice.randint(0, 20):04}"}),
        meta={"team": choice.choice(["risk", "core"]), "runs": [choice.randint(0, 3), "b"]},
    )


def _draft(state: ModelState, verb: str, choice: random.Random) -> Draft | None:
    return DRAFTS[verb](state, choice.choice(list(state.versions)), choice) if state.versions else None


def _promotion(state: ModelState, version: str, choice: random.Random) -> Draft | None:
    return decide.decide_promotion(state, version, to=choice.choice(STAGES.order), stages=STAGES)


def _rollback(state: ModelState, version: str | None, choice: random.Random) -> Draft | None:
    stage = choice.choice(["staging", "production", "production"])
    return decide.decide_rollback(state, stage, stages=STAGES, has_bytes=lambda _: True, to=version)


def _archiving(state: ModelState, version: str, choice: random.Random) -> Draft | None:
    return decide.decide_archiving(state, version, stages=STAGES, force=choice.random() < 0.3, reason="why")


def _deprecation(state: ModelState, version: str, choice: random.Random) -> Draft | None:
    gone = Deprecation(choice.choice(["it leaks", "old"]), choice.choice([None, "2027-01-01"]))
    return decide.decide_deprecation(state, version, gone)


def _late_facts(state: ModelState, version: str, choice: random.Random) -> Draft | None:
    metrics = {"auc": choice.choice([0.99, "NaN"]), "late": "3 s"}
    facts = choice.choice([{"metrics": metrics}, {"owner": "cy@x.org"}, {"meta": {"team": "late"}}])
    return decide.decide_late_facts(state, version, facts)


def _note(state: ModelState, version: str, choice: random.Random) -> Draft | None:
    text = choice.choice(["seen by Ann", "zu langsam", f"seen {choice.randint(0, 99)} times"])
    return decide.decide_late_facts(state, version, {}, text)


DRAFTS: dict[str, Callable[[ModelState, str, random.Random], Draft | None]] = {
    "promote": _promotion,
    "rollback": lambda state, _, choice: _rollback(state, None, choice),
    "rollback to": _rollback,
    "archive": _archiving,
    "deprecate": _deprecation,
    "lift": lambda state, version, _: decide.decide_lifting(state, version),
    "tag": lambda state, version, choice: decide.decide_tags(state, version, add=[choice.choice(["gold", "good"])]),
    "untag": lambda state, version, _: decide.decide_tags(state, version, remove=["gold", "tabular"]),
    "set": _late_facts,
    "note": _note,
    "alias": lambda state, version, choice: decide.decide_alias(state, choice.choice(["champion", "other"]), version),
    "unalias": lambda state, *_: decide.decide_unalias(state, "champion"),
}


def random_moves(seed: int, count: int) -> list[Move]:
    """Returns that many moves, the same for the same seed."""
    choice = random.Random(seed)
    return [(choice.choice(MOVES), choice.getrandbits(32)) for _ in range(count)]


def told(state: ModelState) -> dict[str, Any]:
    """Returns all that a state says, as plain values."""
    facts = [standing.facts for standing in state.versions.values()]
    latest = state.latest()
    return {
        "state": plain(state),
        "latest": latest and plain(latest),
        "in order": [str(standing.version) for standing in state.in_order()],
        "names": state.versions.names_in_order(),
        "briefs": plain(briefs_of(state)),
        "summary": plain(summary_of(state)) if state.head else None,
        "by facts": [plain(state.versions.registered_as(one)) for one in [*facts[:3], *facts[-3:], "sha256:none"]],
        "same": [state.versions.same_precedence(text) for text in ["1.0.0", "0.0.1-rc.1+x", *list(state.versions)[:3]]],
        "held": [seat.has_held(text) for seat in state.seats.values() for text in list(state.versions)[:5]],
        "before": [plain(seat.holder_before(steps)) for seat in state.seats.values() for steps in (1, 2, 7)],
    }


def plain(value: Any) -> Any:
    """Returns `value` as plain values, every field of every class in it."""
    if isinstance(value, RecalledEvent):
        return plain(value.whole())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return [(key, plain(item)) for key, item in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value
