"""What `config` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Origin(NamedTuple):
    """Who says what a setting is: `environment`, `repository`, `user` or `default`; the variable or file, the line."""

    kind: str
    place: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        return f"{self.place}{line}" if self.place else self.kind


class Setting(NamedTuple):
    """A setting as it is; `value` is None where nothing says what it is."""

    key: str
    value: Any
    origin: Origin
    says: str

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in documents."""
        return {"key": self.key, "value": self.value, "origin": self.origin._asdict(), "says": self.says}


@dataclass(frozen=True, kw_only=True, eq=False)
class Settings(Answer):
    """All settings, each with what it is."""

    schema: ClassVar[str] = "mlreg.config/1"
    settings: Sequence[Setting]

    def facts(self) -> dict[str, Any]:
        return {"settings": [setting.document() for setting in self.settings], "warnings": list(self.notes)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Told(Answer):
    """One setting."""

    schema: ClassVar[str] = "mlreg.config/1"
    setting: Setting

    def facts(self) -> dict[str, Any]:
        return {**self.setting.document(), "warnings": list(self.notes)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Changed(Answer):
    """A setting of one file after a change: `before` and `value` are what the file says; None is nothing."""

    schema: ClassVar[str] = "mlreg.config/1"
    key: str
    value: Any
    before: Any
    changed: bool
    file: str

    def facts(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "value": self.value,
            "before": self.before,
            "changed": self.changed,
            "file": self.file,
            "warnings": list(self.notes),
        }
