"""What `impact` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Affected(NamedTuple):
    """A version that uses what was asked for, and the stages that it holds.

    `through` is the version that it was made from or depends on, and which uses it; None where it does so itself.
    """

    name: str
    version: str
    through: str | None
    stages: Sequence[str]

    @property
    def ref(self) -> str:
        """The version as a reference."""
        return f"{self.name}@{self.version}"

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `impact`."""
        return self._asdict()


@dataclass(frozen=True, kw_only=True, eq=False)
class Impact(Answer):
    """Who uses something: `kind` is `feature`, `feature-set`, `data-set` or `model`, and `what` its name."""

    schema: ClassVar[str] = "mlreg.impact/1"
    kind: str
    what: str
    versions: Sequence[Affected]

    @property
    def stages(self) -> Sequence[tuple[str, Affected]]:
        """The stages whose holders are among the versions, with these."""
        return [(stage, one) for one in self.versions for stage in one.stages]

    def facts(self) -> dict[str, Any]:
        return {
            "of": {"kind": self.kind, "name": self.what},
            "models": list(dict.fromkeys(one.name for one in self.versions)),
            "stages": [
                {"stage": stage, "name": one.name, "version": one.version, "through": one.through}
                for stage, one in self.stages
            ],
            "versions": [one.document() for one in self.versions],
        }
