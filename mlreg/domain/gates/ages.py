"""Owns the gates on age: of the version, and of the data that it was trained on.

The date of the data is the custom fact `data_date`, else the version of the data set where that is a date. A day or a
month counts from its beginning; a date to come is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading, span
from mlreg.domain.record import ModelVersion
from mlreg.domain.stages import Stages
from mlreg.domain.times import moment_since, timestamp
from mlreg.errors import UsageError

_DATED = re.compile(r"[0-9]{4}-[0-9]{2}.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Limit:
    """What the gates on an age have in common: a length of time, `most`, and what it is said of."""

    most: str
    KEY: ClassVar[str]
    OF: ClassVar[str]

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that a length of time describes."""
        return cls(span(value, cls.KEY, complain))

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        yield self.KEY, self.needs

    @property
    def needs(self) -> str:
        """What has to be."""
        return f"{self.OF} the last {self.most}"


@dataclass(frozen=True, slots=True)
class Age(_Limit):
    """The version was registered not longer ago than `most`."""

    KEY: ClassVar[str] = "max_age"
    OF: ClassVar[str] = "registered in"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        at = evidence.standing.registered.at
        yield Reading(self.KEY, self.KEY, moment_since(self.most, evidence.now) <= at, at, self.needs)


@dataclass(frozen=True, slots=True)
class DataAge(_Limit):
    """The data that the version was trained on are not older than `most`."""

    KEY: ClassVar[str] = "max_data_age"
    OF: ClassVar[str] = "data of"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        stated = _stated(evidence.record(evidence.standing))
        begin = _begin(stated, evidence)
        if begin is None:
            unsaid = "nobody says how old they are: `mlreg set REF --meta data_date=2026-03-31`"
            why = "it is no date" if stated is not None else unsaid
            yield Reading(self.KEY, self.KEY, False, stated, self.needs, [why])
        elif begin > timestamp(evidence.now):
            yield Reading(self.KEY, self.KEY, False, stated, self.needs, ["that is still to come"])
        else:
            yield Reading(self.KEY, self.KEY, moment_since(self.most, evidence.now) <= begin, stated, self.needs)


def _stated(record: ModelVersion) -> str | None:
    stated = record.meta.get("data_date", record.dataset.get("version"))
    return None if stated is None else str(stated)


def _begin(stated: str | None, evidence: Evidence) -> str | None:
    if stated is None or not _DATED.fullmatch(stated):
        return None
    try:
        return moment_since(stated, evidence.now)
    except UsageError:
        return None
