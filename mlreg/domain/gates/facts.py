"""Owns the gate on facts that have to be stated: owner, licence, description, and any other by its dotted name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading, words
from mlreg.domain.names import suggestion
from mlreg.domain.record import ModelVersion
from mlreg.domain.stages import Stages

_LICENCES = ("licence", "license")
_FIRST = (
    "owner", "description", "licence", "license", "framework", "type", "tags", "metrics", "params", "features",
    "signature", "requirements", "lineage", "dataset", "meta",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequiredFacts:
    """Each of `names` is stated of the version and says something."""

    names: tuple[str, ...]
    KEY: ClassVar[str] = "require"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that a list of names describes."""
        names = words(value, cls.KEY, complain)
        for name in names:
            first = name.split(".", 1)[0]
            if first not in _FIRST:
                near = suggestion(first, _FIRST) or f"custom facts are `meta.{name}`; known are {', '.join(_FIRST)}"
                raise complain(cls.KEY, f"{name!a} is no fact of a version", near)
        return cls(names)

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields each fact."""
        for name in self.names:
            yield name, "to be stated"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields a reading for each fact."""
        record = evidence.record(evidence.standing)
        for name in self.names:
            found = _found(record, name)
            hint = [] if _says(found) else _hint(name, f"{evidence.state.spelling}@{evidence.standing.version}")
            yield Reading(name, self.KEY, _says(found), _shown(found), "to be stated", hint)


def _hint(name: str, version: str) -> list[str]:
    """Returns how a fact that is missing is stated late; nothing of those that `register` alone takes."""
    if name in ("owner", "description"):
        return [f"state it: `mlreg set {version} --{name} TEXT`"]
    if name in _LICENCES or name.startswith("meta."):
        return [f"state it: `mlreg set {version} --meta {name.removeprefix('meta.')}=TEXT`"]
    return []


def _found(record: ModelVersion, name: str) -> Any:
    if name in _LICENCES:
        return next((record.meta[word] for word in _LICENCES if _says(record.meta.get(word))), None)
    value: Any = record.stated()
    rest = name
    while rest:
        if not isinstance(value, Mapping):
            return None
        if rest in value:  # a name may have dots of its own
            return value[rest]
        word, _, rest = rest.partition(".")
        value = value.get(word)
    return value


def _says(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value not in ([], {}, ())


def _shown(value: Any) -> Any:
    """Returns a fact as a table shows it: what is long or nested is only said to be there."""
    if isinstance(value, str):
        line = value.strip().split("\n", 1)[0]
        return line if len(line) <= 60 else line[:59] + "…"
    return value if value is None or isinstance(value, bool | int | float) else f"{len(value)} stated"
