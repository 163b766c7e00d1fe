"""What `help` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class Help(Answer):
    """The text on a topic or a command (None: on help itself), with the JSON Schema where that is what was asked."""

    schema: ClassVar[str] = "mlreg.help/1"
    topic: str | None
    text: str
    topics: Sequence[str]
    json_schema: Mapping[str, Any] | None = None

    def facts(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "text": self.text,
            "topics": list(self.topics),
            "json_schema": self.json_schema,
        }
