"""Owns where things stand: the fold of one model's events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlreg.domain.events import Event
from mlreg.domain.semver import Version

_MARKS = {"set", "note", "deprecated", "hold", "dropped"}


class Deprecation(NamedTuple):
    """Why a version should not be used any more, and the date after which it will not be there (or None)."""

    reason: str
    end_of_life: str | None = None

    def document(self) -> dict[str, str | None]:
        """Returns it as it stands in events and in JSON."""
        return {"reason": self.reason, "end_of_life": self.end_of_life}


class Drop(NamedTuple):
    """Why the bytes of a version were dropped, when, and by whom."""

    reason: str
    at: str
    by: str

    def document(self) -> dict[str, str]:
        """Returns it as it stands in JSON."""
        return self._asdict()


@dataclass(repr=False)
class Standing:
    """One version as it stands now.

    `record`, `content` and `facts` are digests: of the record, the list of files, what was stated. `moved` is the
    event that brought it to its stage, `replaced_by` the version that took its place. `late` are facts that were
    stated after registration, `notes` the events that noted something. `held` says why its bytes are never dropped,
    where somebody has said so.
    """

    version: Version
    record: str
    content: str
    facts: str
    registered: Event
    stage: str
    moved: Event
    replaced_by: str | None = None
    tags: tuple[str, ...] = ()
    deprecated: Deprecation | None = None
    late: dict[str, Any] = field(default_factory=dict)
    notes: list[Event] = field(default_factory=list)
    held: str | None = None
    dropped: Drop | None = None


class Versions(Mapping[str, Standing]):
    """The versions of a model by their texts, in the order in which they were registered; none ever goes."""

    def __init__(self) -> None:
        self._kept: dict[str, Standing] = {}

    def __getitem__(self, version: str) -> Standing:
        return self._kept[version]

    def __setitem__(self, version: str, standing: Standing) -> None:
        self._kept[version] = standing

    def __contains__(self, version: object) -> bool:
        return version in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def names_in_order(self) -> list[str]:
        """Returns their texts, the greatest first; of equals the one that was registered first."""
        return sorted(self._kept, key=lambda text: self._kept[text].version.precedence, reverse=True)

    def in_order(self) -> Sequence[Standing]:
        """Returns all of them, the greatest first."""
        return [self._kept[text] for text in self.names_in_order()]

    def same_precedence(self, version: str) -> str | None:
        """Returns the one that is `version` but for build metadata, or None."""
        core = version.split("+", 1)[0]
        return next((text for text in self if text.startswith(core) and text.split("+", 1)[0] == core), None)

    def registered_as(self, facts: str) -> Standing | None:
        """Returns the greatest one whose stated facts have the digest `facts`, or None."""
        return next((standing for standing in self.in_order() if standing.facts == facts), None)

    def unread(self) -> Mapping[str, Sequence[Any]]:
        """Returns what listings say of those that nobody has looked at yet, where that is known without looking."""
        return {}


class Tenure(NamedTuple):
    """From event `event` on, `holder` (None: nobody) held a stage.

    `moment` is the greatest `at` of all events up to that one: clocks go backwards, histories do not.
    """

    holder: str | None
    moment: str
    event: Event


@dataclass(repr=False)
class Seat:
    """A stage with one holder.

    `path` is the way back: who held it before, the holder on top. `forward` is the way that rollbacks came, nearest
    first. `tenures` is all that ever was. Whenever there is a holder, it is on top of the path.
    """

    holder: str | None = None
    path: MutableSequence[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    tenures: MutableSequence[Tenure] = field(default_factory=list)

    def change(self, keep: int, push: list[str], holder: str | None) -> None:
        """Keeps the lowest `keep` versions of the path and puts `push` on top of them."""
        if push:
            known = self.forward[: len(push)] == push
            self.forward = self.forward[len(push) :] if known else []
        else:
            self.forward = [*self.path[keep:], *self.forward]
        self.path[keep:] = push
        self.holder = holder

    def has_held(self, version: str) -> bool:
        """Whether `version` ever held the stage."""
        return any(tenure.holder == version for tenure in self.tenures)

    def holder_before(self, steps: int) -> Tenure | None:
        """Returns the tenure `steps` before the present one, as it happened, or None where there was none.

        Times without a holder are passed over; while there is no holder, one step is the last holder.
        """
        held = [tenure for tenure in self.tenures if tenure.holder is not None]
        index = len(held) - steps - (1 if self.holder is not None else 0)
        return held[index] if 0 <= index < len(held) else None

    def tenure_at(self, moment: str) -> Tenure | None:
        """Returns the tenure that the last event not later than `moment` left, or None before the first."""
        then = [tenure for tenure in self.tenures if tenure.moment <= moment]
        return then[-1] if then else None


@dataclass(repr=False)
class ModelState:
    """One model after its event number `head`; `spelling` is its name as first written.

    `tags` says how many versions have each of the tags, `said` by version which event approved or rejected it last.
    """

    spelling: str = ""
    head: int = 0
    head_digest: str | None = None
    moment: str = ""
    updated_at: str = ""
    versions: Versions = field(default_factory=Versions)
    seats: dict[str, Seat] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)

    def holder(self, stage: str) -> str | None:
        """Returns the version that holds `stage`, or None."""
        seat = self.seats.get(stage)
        return seat.holder if seat else None

    def holders(self) -> dict[str, str]:
        """Returns the stages that have a holder, with it."""
        return {stage: seat.holder for stage, seat in self.seats.items() if seat.holder is not None}

    def seat(self, stage: str) -> Seat:
        """Returns the seat of `stage`, an empty one where nobody ever held it."""
        return self.seats.get(stage) or Seat()

    def in_order(self) -> Sequence[Standing]:
        """Returns all versions, the greatest first."""
        return self.versions.in_order()

    def latest(self) -> Standing | None:
        """Returns the greatest release that is neither a pre-release nor deprecated, or None."""
        for standing in self.in_order():
            if not standing.version.is_prerelease and standing.deprecated is None:
                return standing
        return None


def apply(state: ModelState, event: Event) -> None:
    """Changes `state` into what it is after `event`, the one that follows its head."""
    effects = event.effects
    state.spelling = state.spelling or event.model
    state.head, state.head_digest = event.number, event.digest
    state.moment = max(state.moment, event.at)
    state.updated_at = event.at
    if "record" in effects:
        _add(state, event)
    if "to" in effects:
        _move(state, effects["version"], effects["to"], event, replaced_by=None)
    if effects.get("replaced") is not None:
        _move(state, effects["replaced"], effects["replaced_to"], event, replaced_by=effects["version"])
    for stage, change in effects.get("paths", {}).items():
        _reseat(state, stage, change, event)
    if "tags" in effects:
        _tag(state, state.versions[effects["version"]], tuple(effects["tags"]))
    if effects.keys() & _MARKS:
        _mark(state.versions[effects["version"]], event)
    for alias, version in effects.get("aliases", {}).items():
        _point(state, alias, version)
    if "approval" in effects:
        state.said[str(effects.get("version"))] = event.number


def fold(events: Iterable[Event]) -> ModelState:
    """Returns the state after `events`, all of them from the first."""
    state = ModelState()
    for event in events:
        apply(state, event)
    return state


def _add(state: ModelState, event: Event) -> None:
    effects = event.effects
    if effects["version"] in state.versions:
        _tag(state, state.versions[effects["version"]], ())
    state.versions[effects["version"]] = Standing(
        version=Version.parse(effects["version"]),
        record=effects["record"],
        content=effects["content"],
        facts=effects["facts"],
        registered=event,
        stage=effects["to"],
        moved=event,
    )


def _move(state: ModelState, version: str, stage: str, event: Event, *, replaced_by: str | None) -> None:
    standing = state.versions[version]
    standing.stage, standing.moved, standing.replaced_by = stage, event, replaced_by


def _tag(state: ModelState, standing: Standing, tags: tuple[str, ...]) -> None:
    for tag in tags:
        state.tags[tag] = state.tags.get(tag, 0) + 1
    for tag in standing.tags:
        state.tags[tag] -= 1
        if not state.tags[tag]:
            del state.tags[tag]
    standing.tags = tags


def _mark(standing: Standing, event: Event) -> None:
    effects = event.effects
    if "set" in effects:
        _join(standing.late, effects["set"])
    if "note" in effects:
        standing.notes.append(event)
    if "deprecated" in effects:
        standing.deprecated = _deprecation(effects["deprecated"])
    if "hold" in effects:
        standing.held = effects["hold"] and effects["hold"]["reason"]
    if "dropped" in effects:
        standing.dropped = effects["dropped"] and Drop(effects["dropped"]["reason"], event.at, event.actor)


def _reseat(state: ModelState, stage: str, change: Mapping[str, Any], event: Event) -> None:
    seat = state.seats.setdefault(stage, Seat())
    seat.change(change["keep"], list(change["push"]), change["holder"])
    seat.tenures.append(Tenure(seat.holder, state.moment, event))


def _join(late: dict[str, Any], facts: Mapping[str, Any]) -> None:
    """Puts `facts` over `late`; mappings are joined name by name."""
    for name, value in facts.items():
        late[name] = {**late.get(name, {}), **value} if isinstance(value, dict) else value


def _point(state: ModelState, alias: str, version: str | None) -> None:
    if version is None:
        state.aliases.pop(alias, None)
    else:
        state.aliases[alias] = version


def _deprecation(value: Mapping[str, Any] | None) -> Deprecation | None:
    return None if value is None else Deprecation(value["reason"], value.get("end_of_life"))
