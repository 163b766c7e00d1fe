"""Owns the stages: their order, their spellings, which of them have one holder."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError

ARCHIVED = "archived"
_USUAL_ALIASES = MappingProxyType({"dev": "development", "stage": "staging", "prod": "production"})


class Stages(NamedTuple):
    """The stages of a repository.

    `order` rises: any number of versions stand at the first, one at most at each other. `archived` is beside them.
    """

    order: tuple[str, ...] = ("development", "staging", "production")
    aliases: Mapping[str, str] = _USUAL_ALIASES

    @property
    def first(self) -> str:
        """Where a version is registered."""
        return self.order[0]

    @property
    def top(self) -> str:
        """Where a version serves: production."""
        return self.order[-1]

    def find(self, text: str) -> str | None:
        """Returns the stage that `text` spells, in any case or by an alias, else None."""
        word = text.lower()
        word = self.aliases.get(word, word)
        return word if word in self.order or word == ARCHIVED else None

    def parse(self, text: str) -> str:
        """Returns the stage that `text` spells.

        Raises:
            UsageError: No stage is spelled so.
        """
        stage = self.find(text)
        if stage is None:
            near = suggestion(text, [*self.order, ARCHIVED, *self.aliases])
            raise UsageError(
                f"{quoted(text)} is not a stage",
                hint=near or f"the stages are {', '.join(self.order)}",
                facts={"stages": [*self.order, ARCHIVED]},
            )
        return stage

    def parse_held(self, text: str) -> str:
        """Returns the stage that `text` spells, one that has a single holder.

        Raises:
            UsageError: No stage is spelled so, or it has no single holder.
        """
        stage = self.parse(text)
        if not self.has_holder(stage):
            raise UsageError(
                f"{stage} has no single holder",
                hint=f"the stages that have one are {', '.join(self.order[1:])}",
            )
        return stage

    def has_holder(self, stage: str) -> bool:
        """Whether one version at most stands at `stage`."""
        return stage in self.order[1:]

    def is_backwards(self, from_stage: str, to_stage: str) -> bool:
        """Whether the move goes down the order; nothing is backwards out of the archive."""
        if from_stage not in self.order or to_stage not in self.order:
            return False
        return self.order.index(to_stage) < self.order.index(from_stage)
