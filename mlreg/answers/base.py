"""Owns what all answers are: a value with names, and the JSON document that `--json` prints of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mlreg.domain.names import few
from mlreg.errors import MlregError

_NAMED_MAX = 10


class Warned(str):
    """A note on something that is not as it should be; others tell what was assumed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """The base of all answers. `notes` are sentences for people, on what was assumed or is worth a warning (`Warned`).

    `faults` says by name which models the answer leaves out, since they cannot be read, and why.
    """

    schema: ClassVar[str] = "mlreg.answer/1"
    notes: Sequence[str] = ()
    dry_run: bool = False
    faults: Mapping[str, MlregError] = field(default_factory=dict)

    def check_whole(self) -> None:
        """Checks that nothing is left out.

        Raises:
            MlregError: The first of `faults`; its details and facts name all models that are left out.
        """
        for error in self.faults.values():
            error.facts["left_out"] = sorted(self.faults)
            error.details = [f"left out: {few(sorted(self.faults), _NAMED_MAX)}"]
            raise error

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """Returns the whole JSON document."""
        document = {"schema": self.schema, **self.facts()}
        return {**document, "dry_run": True} if self.dry_run else document
