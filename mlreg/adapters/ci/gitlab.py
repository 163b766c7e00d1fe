"""Owns GitLab CI/CD: a dotenv report, whose variables later jobs get.

Source: GitLab Docs, "CI/CD artifacts reports types", `artifacts:reports:dotenv`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlreg.adapters.ci._markdown import scalars
from mlreg.domain.findings import Finding, Kind
from mlreg.errors import MlregError

VARIABLE = "MLREG_DOTENV"
_USUAL_FILE = "mlreg.env"
_SAFE = r"[A-Za-z0-9@._:+/%, -]*"


def publish(document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Writes the scalars of `document` as `MLREG_NAME=value` lines to `mlreg.env`, or where `MLREG_DOTENV` says.

    Values that a shell could understand as more than a text are left out: people source such files.

    Raises:
        OSError: The file cannot be written.
    """
    assigned = [
        f"MLREG_{name.upper()}={value}\n" for name, value in scalars(document).items() if re.fullmatch(_SAFE, value)
    ]
    with open(environment.get(VARIABLE) or _USUAL_FILE, "w", encoding="utf-8") as file:
        file.writelines(assigned)


def annotation(error: MlregError) -> str | None:
    """Returns None: GitLab shows the log as it is."""
    return None


def lines(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> list[str]:
    """Returns nothing: GitLab reads findings from a report, which `--output-format gitlab` prints."""
    return []
