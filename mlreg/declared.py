"""Owns signatures in files: YAML or JSON, by themselves or inside a specification, a record or an `MLmodel`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlreg.domain.names import quoted
from mlreg.domain.signatures.model import Signature
from mlreg.domain.signatures.parsing import parse
from mlreg.errors import UsageError
from mlreg.intake import find_place, read_facts

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
        place = find_place(path, [*inside, *error.facts.get("keys", [])])
        named = quoted(str(path), 200) + (f", line {place.line}" if place else "")
        what = error.message.removeprefix("the signature cannot be understood: ")
        raise UsageError(
            f"cannot read {named}: {what}",
            hint=error.hint,
            facts={
                "file": str(path),
                "line": place.line if place else None,
                "column": place.column if place else None,
                "path": error.facts.get("path", ""),
            },
            code="signature",
        ) from None
