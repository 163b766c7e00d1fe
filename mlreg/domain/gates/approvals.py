"""Owns the gate on approvals: how many people, out of whom, how long ago; never who registered the version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.approvals import Approval, Tally
from mlreg.domain.gates.base import Complain, Evidence, Reading, span, table, words
from mlreg.domain.keyring import person
from mlreg.domain.stages import Stages
from mlreg.domain.times import moment_since

_KEYS = ("count", "from", "each", "max_age", "anchored")
_COUNT_MAX = 100


@dataclass(frozen=True, slots=True)
class Approvals:
    """So many people approve.

    Attributes:
        out_of: Who counts: people, and groups as `@risk`; empty: everybody.
        each: Of each of these there must be one.
        max_age: An approval that is older does not count.
        anchored: Whether the root of the keys must be pinned outside of the repository.
    """

    count: int = 1
    out_of: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    max_age: str | None = None
    anchored: bool = False
    KEY: ClassVar[str] = "approvals"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that a number, or a table, describes."""
        stated = table({"count": value} if _is_count(value) else value, cls.KEY, _KEYS, complain)
        each = words(stated["each"], "each", complain) if "each" in stated else ()
        count = stated.get("count", max(len(each), 1))
        if not _is_count(count):
            raise complain("count", f"approvals.count is not a whole number from 1 to {_COUNT_MAX}", None)
        if not isinstance(stated.get("anchored", False), bool):
            raise complain("anchored", "approvals.anchored is not `true` or `false`", None)
        return cls(
            count=count,
            out_of=words(stated["from"], "from", complain) if "from" in stated else (),
            each=each,
            max_age=span(stated["max_age"], "max_age", complain) if "max_age" in stated else None,
            anchored=stated.get("anchored", False),
        )

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        out_of = f" of {', '.join(self.out_of)}" if self.out_of else ""
        each = f", one of each of {', '.join(self.each)}" if self.each else ""
        age = f", not older than {self.max_age}" if self.max_age else ""
        anchor = ", with keys whose root is pinned" if self.anchored else ""
        yield self.KEY, f"{self.count}{out_of}{each}{age}{anchor}"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        tally = evidence.tally()
        since = moment_since(self.max_age, evidence.now) if self.max_age else ""
        counted = {
            person(one.approver): one
            for one in tally.valid
            if person(one.approver) != person(tally.registrant) and one.at >= since and self._is_asked(one)
        }
        missing = [who for who in self.each if not any(_is_of(one, who) for one in counted.values())]
        is_enough = len(counted) >= self.count and not missing and not tally.rejections
        is_open = is_enough and (tally.anchored or not self.anchored)
        details = [*_told(tally, counted.values(), since), *(f"missing one of {who}" for who in missing)]
        if len(counted) < self.count or missing:
            version = f"{evidence.state.spelling}@{evidence.standing.version}"
            details.append(f"to approve it: `mlreg approve {version} --for {evidence.stage}`")
        value = f"{len(counted)} of {self.count}"
        yield Reading(self.KEY, self.KEY, is_open, value, next(needs for _, needs in self.wants()), details)

    def _is_asked(self, approval: Approval) -> bool:
        asked = (*self.out_of, *self.each) if self.out_of else ()
        return not asked or any(_is_of(approval, who) for who in asked)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _COUNT_MAX


def _is_of(approval: Approval, who: str) -> bool:
    """Whether an approval is by `who`: a person, or a group that the key was of."""
    return who[1:] in approval.groups if who.startswith("@") else person(who) == person(approval.approver)


def _told(tally: Tally, counted: Any, since: str) -> Iterator[str]:
    for one in tally.rejections:
        yield f"{one.approver} rejects it: event {one.event}"
    counting = {one.event for one in counted}
    for one in tally.valid:
        signed = "" if one.is_signed else ", unsigned"
        why = "" if one.event in counting else ", too old" if one.at < since else ", not one of those"
        yield f"{one.approver} approves it{signed}{why}: event {one.event}"
    for one in tally.refused:
        yield f"event {one.event} does not count: {one.refusal.why if one.refusal else ''}"
    if not tally.anchored and any(one.is_signed for one in tally.valid):
        yield "unanchored: the root of the keys is not pinned"
