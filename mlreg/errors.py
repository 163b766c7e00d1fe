"""Owns the kinds of error that mlreg tells its callers about.

A kind has a stable `code` (scripts match on it) and an exit status (`mlreg help exit-codes`). The message is one
line, lower case, without a full stop, and names the thing; `hint` is one thing to type next; `facts` are the values
behind the message, safe to print as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

WORD_MAX_CHARACTERS = 400
TEXT_MAX_CHARACTERS = 4000


def shortened(text: str) -> str:
    """Returns a text for people without the ends of words that nobody reads: some have 100,000 letters."""
    if len(text) <= WORD_MAX_CHARACTERS:
        return text
    text = " ".join(_cut(word, WORD_MAX_CHARACTERS) for word in text.split(" "))
    return _cut(text, TEXT_MAX_CHARACTERS)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


class MlregError(Exception):
    """The base of every error that a user, a file, a disk or a network can cause.

    Args:
        message: What is wrong, one line.
        hint: What to type next, with commands in backticks.
        facts: JSON-compatible values behind the message.
        code: A finer stable code than the one of the kind.
        details: Lines for people below the message, in columns where they are a table.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        facts: Mapping[str, Any] | None = None,
        code: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = shortened(message)
        self.hint = None if hint is None else shortened(hint)
        self.facts: dict[str, Any] = {
            name: shortened(fact) if isinstance(fact, str) else fact for name, fact in (facts or {}).items()
        }
        self.stable_code = code or self.code
        self.details = details

    def document(self) -> dict[str, Any]:
        """Returns the error as the JSON document that `--json` prints to stderr."""
        return {
            "schema": "mlreg.error/1",
            "code": self.stable_code,
            "message": self.message,
            "hint": self.hint,
            "facts": self.facts,
            "exit_code": self.exit_code,
            "retryable": self.retryable,
        }


class UsageError(MlregError):
    """The words of the call or a configuration file cannot be understood."""

    code = "usage"
    exit_code = 2


class NotFoundError(MlregError):
    """There is no such repository, model, version, holder, or anything to roll back to."""

    code = "not-found"
    exit_code = 3


class NotAllowedError(MlregError):
    """The actor or the credentials do not allow it."""

    code = "not-allowed"
    exit_code = 4


class ConflictError(MlregError):
    """It exists with other content, or has moved meanwhile: look, then try again."""

    code = "conflict"
    exit_code = 5
    retryable = True


class TakenError(ConflictError):
    """It exists with other content, and will: what is wished has to be another."""

    retryable = False


class IntegrityError(MlregError):
    """Bytes that were to be used are not what their name says."""

    code = "integrity"
    exit_code = 6


class BlockedError(MlregError):
    """A policy, an approval, a rule of a version's life or a breaking signature forbids it."""

    code = "blocked"
    exit_code = 7


class UnavailableError(MlregError):
    """A remote or a server cannot be reached, or not in time."""

    code = "unavailable"
    exit_code = 8
    retryable = True


class MissingError(MlregError):
    """Something must be installed: an optional package, or a newer mlreg for a newer format."""

    code = "missing"
    exit_code = 9


class DeclinedError(MlregError):
    """The answer at a prompt was no."""

    code = "declined"
    exit_code = 10


class DiskError(MlregError):
    """The disk is full, read-only or failing."""

    code = "disk"
    exit_code = 11
