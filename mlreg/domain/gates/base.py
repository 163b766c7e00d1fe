"""Owns what a gate is, what it reads, and what it may ask about the version that is to be promoted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError

if TYPE_CHECKING:
    from mlreg.domain.approvals import Tally
    from mlreg.domain.metric import Direction
    from mlreg.domain.record import ModelVersion
    from mlreg.domain.stages import Stages
    from mlreg.domain.state import ModelState, Standing

Complain = Callable[[str, str, str | None], UsageError]
"""Makes the error that something is wrong at a key of the configuration; takes the key, what, and a hint."""
SPAN = re.compile(r"[1-9][0-9]{0,5}(min|h|d|w)")


class Reading(NamedTuple):
    """What one gate reads for one version.

    Attributes:
        gate: Its name: of a metric that of the metric, else the word of the configuration.
        kind: The word of the configuration.
        value: What was found, JSON-compatible; None where nothing was.
        needs: What has to be, as in `at least 0.88`.
        details: Sentences on why it reads so.
    """

    gate: str
    kind: str
    is_open: bool
    value: Any
    needs: str
    details: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Returns the reading as it stands in events and in JSON."""
        return {
            "gate": self.gate,
            "kind": self.kind,
            "open": self.is_open,
            "value": self.value,
            "needs": self.needs,
            "details": [*self.details],
        }


class ScannedFile(NamedTuple):
    """What a scan says of one file of the version: `verdict` and why."""

    path: str
    verdict: str
    why: str = ""


class WayBack(NamedTuple):
    """Where a rollback would lead after the promotion: `version`, None for nowhere, and what is wrong with it.

    `is_first` says that nobody ever held the stage, so that there is nothing to go back to.
    """

    version: str | None
    faults: Sequence[str] = ()
    is_first: bool = False


class Evidence(Protocol):
    """What gates may ask; each thing is found out when it is first asked for.

    `stage` is where the version shall stand, `now` an aware moment, `policy` the digest of the policy's text.
    """

    state: ModelState
    standing: Standing
    stage: str
    now: datetime
    stages: Stages
    directions: Mapping[str, Direction]

    @property
    def holder(self) -> Standing | None:
        """Who holds the stage now."""

    def record(self, standing: Standing) -> ModelVersion:
        """Returns the facts of a version, with those that were stated late."""

    def tally(self) -> Tally:
        """Returns the approvals of the version for the stage."""

    def scan(self) -> Sequence[ScannedFile]:
        """Returns what a scan says of each file; reads all bytes of the version."""

    def way_back(self) -> WayBack:
        """Returns where a rollback would lead; reads all bytes of that version."""

    def broken(self) -> Sequence[str]:
        """Returns a sentence for each consumer whose wishes the version does not meet."""


class Gate(Protocol):
    """One kind of condition, made of what the configuration says.

    Laws:
        A gate that does not find what it asks for is shut. `read` changes nothing and raises no `UsageError`.
    """

    KEY: ClassVar[str]

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that `value` of the configuration describes.

        Raises:
            UsageError: It means nothing; made by `complain`.
        """

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields the name and the need of each reading that there will be, without a version at hand."""

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields what there is to say of the version that `evidence` is about."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What gates have in common of which there is no more to say than that they are wanted: their word is `true`."""

    KEY: ClassVar[str]
    NEEDS: ClassVar[str]

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate."""
        if value is not True:
            raise complain(cls.KEY, f"{cls.KEY} is not `true` or `false`", None)
        return cls()

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        yield self.KEY, self.NEEDS


def words(value: Any, key: str, complain: Complain) -> tuple[str, ...]:
    """Returns `value` where it is a list of words that is not empty."""
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word.strip() for word in value):
        raise complain(key, f"{key} is not a list of words", f'write `{key} = ["one", "another"]`')
    return tuple(dict.fromkeys(value))


def span(value: Any, key: str, complain: Complain) -> str:
    """Returns `value` where it is a length of time, as `30d`."""
    if not isinstance(value, str) or not SPAN.fullmatch(value):
        raise complain(key, f"{key} is not a length of time", f'write `{key} = "30d"`; units are min, h, d and w')
    return value


def table(value: Any, key: str, known: Sequence[str], complain: Complain) -> Mapping[str, Any]:
    """Returns `value` where it is a table that has none but the `known` keys."""
    if not isinstance(value, dict):
        raise complain(key, f"{key} is not a table", f"write `{key} = {{ {known[0]} = ... }}`")
    for word in value:
        if word not in known:
            near = suggestion(word, known) or f"known are {', '.join(known)}"
            raise complain(word, f"{quoted(word)} is nothing that {key} has", near)
    return value
