"""Owns signatures in files: YAML or JSON, by themselves or inside a specification, a record or an `MLmodel`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlreg.domain.names import quoted
from mlreg.domain.signatures.model import Signature
from mlreg.domain.signatures.parsing import parse
from mlreg.errors import UsageError
from mlreg.intake import read_facts, read_lines

EXAMPLE = "inputs: {age: int}"
SUFFIXES = (".yaml", ".yml", ".json")


def read_signature(path: Path) -> Signature:
    """Returns the signature that the file `path` declares.

    Raises:
        UsageError: It is not there or declares none; file and line are named.
    """
    values = read_facts(path, EXAMPLE)
    inside: tuple[str, ...] = ()
    if isinstance(values, dict) and isinstance(values.get("signature"), dict):
        inside, values = ("signature",), values["signature"]
    return parsed(values, path, inside=inside)


def parsed(values: Any, path: Path, *, inside: Sequence[str] = ()) -> Signature:
    """Returns the signature that `values`, read from the file `path` where `inside` leads to, declare.

    Raises:
        UsageError: They declare none; file and line are named.
    """
    try:
        return parse(values)
    except UsageError as error:
        line = _line(path, [*inside, *error.facts.get("keys", [])])
        place = quoted(str(path), 200) + (f", line {line}" if line else "")
        what = error.message.removeprefix("the signature cannot be understood: ")
        raise UsageError(
            f"cannot read {place}: {what}",
            hint=error.hint,
            facts={"file": str(path), "line": line, "path": error.facts.get("path", "")},
            code="signature",
        ) from None


def _line(path: Path, keys: Sequence[str]) -> int | None:
    """Returns the line of what `keys` lead to: of the last of them that can be found, each below the one before."""
    lines = read_lines(path)
    found, at, column = None, 0, 0
    for key in keys:
        pattern = rf"(?:^|[\s{{\[,-])[\"']?{re.escape(key)}[\"']?\s*(?::|$|,|\]|\}})"
        for number in range(at, len(lines)):
            match = re.search(pattern, lines[number].partition(" #")[0][column if number == at else 0 :])
            if match:
                found, column, at = number + 1, match.end() + (column if number == at else 0), number
                break
    return found
