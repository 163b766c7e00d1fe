"""Owns retention: what the rules are, and whose bytes are kept and why.

Without a rule that limits how many versions are kept, or how long, nothing is ever dropped. Where there is one, a
version is kept by any single reason; these hold whatever is configured: it holds a stage, an alias means it, it is the
latest release, it is on a stage's way back or forward, it has one of the tags, or it is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from mlreg.domain.names import suggestion
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Seat, Standing
from mlreg.errors import UsageError

USUAL_TAGS = ("keep", "pinned")
DAYS_MAX = 100_000
_COUNTS = {"keep_newest": 1, "keep_days": 0, "keep_rollbacks": 1}  # the least of each
_LISTS = ("keep_stages", "keep_tags")
_KEYS = (*_COUNTS, *_LISTS)

Complain = Callable[[str, str, str | None], UsageError]


class Reason(NamedTuple):
    """Why the bytes of a version are kept: a word for scripts, and a sentence."""

    rule: str
    text: str

    def document(self) -> dict[str, str]:
        """Returns the reason as it stands in JSON."""
        return self._asdict()


class Rules(NamedTuple):
    """What is kept of one model.

    Attributes:
        keep_newest: So many versions, those registered last; None: this is no limit.
        keep_days: Those that were registered or moved in so many days before now; None: this is no limit.
        keep_rollbacks: So many steps back on each stage's path; None: all of them.
        keep_stages: Those that stand there, beside the holders of stages.
        keep_tags: Those with one of these tags.
    """

    keep_newest: int | None = None
    keep_days: int | None = None
    keep_rollbacks: int | None = None
    keep_stages: tuple[str, ...] = ()
    keep_tags: tuple[str, ...] = USUAL_TAGS

    @property
    def limits(self) -> bool:
        """Whether anything is ever dropped by them."""
        return self.keep_newest is not None or self.keep_days is not None

    @property
    def missed(self) -> str:
        """What is to be said of a version that nothing keeps."""
        missed = []
        if self.keep_newest is not None:
            missed.append(f"not among the newest {self.keep_newest}")
        if self.keep_days is not None:
            missed.append(f"older than {_days(self.keep_days)}")
        return ", ".join(missed)

    def document(self) -> dict[str, Any]:
        """Returns the rules as they stand in events and in JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in self._asdict().items()
            if value is not None
        }


class Policy(NamedTuple):
    """What is kept: in general, of models whose name fits a pattern (the first that fits counts), and for good."""

    general: Rules = Rules()
    own: Mapping[str, Rules] = {}
    hold: tuple[str, ...] = ()

    def rules(self, model: str) -> Rules:
        """Returns the rules for `model`."""
        return next((rules for pattern, rules in self.own.items() if _fits(model, pattern)), self.general)

    def holds(self, model: str, version: str) -> str | None:
        """Returns the entry of the list of holds that means the version, or None."""
        for entry in self.hold:
            pattern, _, only = entry.partition("@")
            if _fits(model, pattern) and only.removeprefix("v") in ("", version):
                return entry
        return None


def parse_policy(table: Mapping[str, Any], complain: Complain) -> Policy:
    """Returns what the section `[retention]` of a configuration says.

    Args:
        complain: Makes the error that something is wrong with the value of a key; given a hint or None.

    Raises:
        UsageError: A key or a value means nothing: a rule that is misspelled must not be lost.
    """
    general = _rules({key: value for key, value in table.items() if key not in ("models", "hold")}, Rules(), complain)
    own = table.get("models", {})
    if not isinstance(own, dict) or not all(isinstance(rules, dict) for rules in own.values()):
        raise complain("models", "retention.models is not a table of tables", 'write `[retention.models."risk/*"]`')
    hold = _words(table, "hold", (), complain)
    return Policy(general, {name: _rules(rules, general, complain) for name, rules in own.items()}, hold)


def reasons_to_keep(
    state: ModelState, policy: Policy, *, stages: Stages, since: Callable[[int], str]
) -> dict[str, list[Reason]]:
    """Returns why each version of a model that has its bytes is kept; those without a reason may be dropped.

    Args:
        since: Returns the timestamp of so many days before now.

    Raises:
        UsageError: A rule names a stage that there is not.
    """
    rules = policy.rules(state.spelling)
    having = [standing for standing in state.versions.values() if standing.dropped is None]
    found: dict[str, list[Reason]] = {str(standing.version): [] for standing in having}
    for version, reason in _all_reasons(state, having, rules, policy, stages, since):
        if version in found:
            found[version].append(reason)
    return found


def _all_reasons(
    state: ModelState,
    having: list[Standing],
    rules: Rules,
    policy: Policy,
    stages: Stages,
    since: Callable[[int], str],
) -> Iterator[tuple[str, Reason]]:
    for stage, holder in state.holders().items():
        yield holder, Reason("stage", f"holds {stage}")
    for alias, version in sorted(state.aliases.items()):
        yield version, Reason("alias", f"is @{alias}")
    if latest := state.latest():
        yield str(latest.version), Reason("latest", "is the latest release")
    for stage, seat in state.seats.items():
        for version in _targets(state, seat, rules.keep_rollbacks):
            yield version, Reason("rollback", f"{stage} can go back to it")
    kept_stages = {stages.parse(stage) for stage in rules.keep_stages}
    for standing in having:
        yield from _own_reasons(state, standing, rules, policy, kept_stages)
    yield from _limits(having, rules, since)


def _own_reasons(
    state: ModelState, standing: Standing, rules: Rules, policy: Policy, kept_stages: set[str]
) -> Iterator[tuple[str, Reason]]:
    version = str(standing.version)
    if standing.stage in kept_stages:
        yield version, Reason("stage", f"is at {standing.stage}")
    for tag in sorted({*standing.tags} & {*rules.keep_tags}):
        yield version, Reason("tag", f"is tagged {tag}")
    if standing.held is not None:
        yield version, Reason("hold", f"is held: {standing.held}")
    if (entry := policy.holds(state.spelling, version)) is not None:
        yield version, Reason("hold", f"is held: {entry} is configured so")


def _limits(having: list[Standing], rules: Rules, since: Callable[[int], str]) -> Iterator[tuple[str, Reason]]:
    if not rules.limits:
        for standing in having:
            yield str(standing.version), Reason("unlimited", "no rule drops it")
    if rules.keep_newest is not None:
        for standing in having[-rules.keep_newest :]:
            yield str(standing.version), Reason("newest", f"is among the newest {rules.keep_newest}")
    if rules.keep_days is not None:
        moment = since(rules.keep_days)
        for standing in having:
            if max(standing.registered.at, standing.moved.at) >= moment:
                yield str(standing.version), Reason("days", f"is younger than {_days(rules.keep_days)}")


def _targets(state: ModelState, seat: Seat, steps: int | None) -> Iterable[str]:
    """Returns the versions that a rollback of a stage can reach, or that undo one: so many steps each way."""
    below = [*dict.fromkeys(version for version in reversed(seat.path) if _is_target(state, seat, version))]
    above = [version for version in seat.forward if _is_target(state, seat, version)]
    return dict.fromkeys([*below[:steps], *above[:steps]])


def _is_target(state: ModelState, seat: Seat, version: str) -> bool:
    standing = state.versions[version]
    return version != seat.holder and standing.deprecated is None and standing.dropped is None


def _rules(table: Mapping[str, Any], usual: Rules, complain: Complain) -> Rules:
    """Returns the rules that `table` states; those that it does not are `usual`."""
    for key in table:
        if key not in _KEYS:
            known = (*_KEYS, "models", "hold")
            near = suggestion(key, known) or f"known are {', '.join(known)}"
            raise complain(key, f"retention.{key} means nothing", near)
    stated: dict[str, Any] = {
        key: _count(table, key, least, complain) for key, least in _COUNTS.items() if key in table
    }
    stated |= {key: _words(table, key, (), complain) for key in _LISTS if key in table}
    return usual._replace(**stated)


def _count(table: Mapping[str, Any], key: str, least: int, complain: Complain) -> int:
    value = table[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= DAYS_MAX:
        raise complain(key, f"retention.{key} is not a whole number from {least} to {DAYS_MAX}", None)
    return value


def _words(table: Mapping[str, Any], key: str, usual: tuple[str, ...], complain: Complain) -> tuple[str, ...]:
    value = table.get(key, list(usual))
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise complain(key, f"retention.{key} is not a list of words", f'write `{key} = ["one", "another"]`')
    return tuple(value)


def _fits(model: str, pattern: str) -> bool:
    return fnmatchcase(model.lower(), pattern.lower())


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
