"""Owns the test of a policy on what has happened: every past promotion is judged again, by what was known then.

Then are: the facts and late facts of the version, the holder, the stages that it had held, the day, the approvals
given so far. As they are today are the bytes, the rules of the scan, the keys of approvers and the known consumers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mlreg import approving, ruling
from mlreg.adapters.surroundings import preferences
from mlreg.answers.policies import PolicyTested, Replayed
from mlreg.bench import Bench
from mlreg.domain.approvals import Tally
from mlreg.domain.events import PROMOTED, ROLLED_BACK, Event
from mlreg.domain.metric import Direction
from mlreg.domain.names import quoted
from mlreg.domain.policies import Policies
from mlreg.domain.state import ModelState
from mlreg.errors import NotFoundError
from mlreg.gating import Gathered
from mlreg.journal import Journal
from mlreg.ruling import SECTION, InForce
from mlreg.store.config import Config, parse_config
from mlreg.store.history import replay

PathLike = str | os.PathLike[str]


class Past(Gathered):
    """What gates may ask of a version as things were just before `event`."""

    def __init__(self, bench: Bench, state: ModelState, event: Event, known: InForce) -> None:
        super().__init__(bench, state, state.versions[str(event.version)], known)
        self.now = datetime.fromisoformat(event.at)
        self._under = event.effects.get(SECTION)

    def tally(self) -> Tally:
        """Returns the approvals that there were, given under the policy that the promotion names."""
        history = self._bench.repository.history
        then = Bench(self._bench.repository, Journal(history, actor="", now=lambda: self.now))
        return approving.tally(then, self.state, self.standing, stage=self.stage, policy=self._under)


def test(bench: Bench, *, config: PathLike | None, names: Sequence[str]) -> PolicyTested:
    """Judges past promotions by the policy of the file `config`, or by the one in force."""
    meant = _config(bench, config)
    policies: Policies = meant.sections.get(SECTION, Policies())
    models = [bench.state(name).spelling for name in names] or bench.repository.history.models()
    judged = [one for model in models for one in _replayed(bench, model, policies, meant.directions)]
    return PolicyTested(
        config=str(config) if config is not None else "config.toml",
        promotions=judged,
        notes=[] if policies.layers else ["it has no policy"],
    )


def _replayed(bench: Bench, model: str, policies: Policies, directions: Mapping[str, Direction]) -> Iterator[Replayed]:
    state = ModelState()
    events = [*bench.repository.history.events(model)]
    undone = _undone(events)
    for event in events:
        known = ruling.of(policies, state.spelling, event.effects["to"]) if event.kind == PROMOTED else None
        if known is not None:
            past = Past(bench, state, event, known)
            past.directions = directions
            shut = [reading for reading in known.rules.read(past) if not reading.is_open]
            version, stage = str(event.version), known.rules.stage
            yield Replayed(state.spelling, version, stage, event.number, event.at, shut, event.number in undone)
        replay(state, event)


def _undone(events: Sequence[Event]) -> set[int]:
    """Returns the numbers of the promotions whose version a rollback took from the stage; going forward is none."""
    began: dict[tuple[str, str], int] = {}
    found = set()
    for event in events:
        effects: Mapping[str, Any] = event.effects
        if event.kind == PROMOTED:
            began[str(event.version), effects["to"]] = event.number
        elif event.kind == ROLLED_BACK and not effects["paths"][effects["to"]]["push"]:
            number = began.get((str(effects["replaced"]), effects["to"]))
            found.update([] if number is None else [number])
    return found


def _config(bench: Bench, config: PathLike | None) -> Config:
    if config is None:
        return bench.config
    path = Path(config)
    data = preferences.read(path)
    if not data and not path.exists():
        hint = "name one that is written like `.mlreg/config.toml`"
        raise NotFoundError(f"there is no file {quoted(str(path), 200)}", hint=hint, code="no-file")
    return parse_config(data, str(path))
