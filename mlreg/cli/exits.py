"""Owns the table of exit codes: what the errors say of themselves, and what is no error."""

from __future__ import annotations

from typing import NamedTuple

from mlreg import errors
from mlreg.errors import MlregError


class Exit(NamedTuple):
    """An exit code, what it means, and whether to try again may help."""

    code: int
    meaning: str
    retryable: bool = False


_OTHERS = (
    Exit(0, "Done; also an empty list, or nothing to do."),
    Exit(1, "The answer is no: a check has found damage, a regression or a difference."),
    Exit(70, "A bug in mlreg; MLREG_DEBUG=1 shows where."),
    Exit(130, "Interrupted."),
    Exit(141, "Whoever read the output has gone."),
    Exit(143, "Terminated."),
)


def exits() -> list[Exit]:
    """Returns all exit codes, the smallest first."""
    kinds: list[type[MlregError]] = [kind for kind in vars(errors).values() if _is_kind(kind)]
    return sorted([*_OTHERS, *(Exit(kind.exit_code, _first_line(kind), kind.retryable) for kind in kinds)])


def _is_kind(value: object) -> bool:
    return isinstance(value, type) and value.__base__ is MlregError


def _first_line(kind: type[MlregError]) -> str:
    return (kind.__doc__ or "").split("\n", 1)[0]
