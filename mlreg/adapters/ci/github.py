"""Owns GitHub Actions: step outputs, the job's summary page, annotations.

Source: GitHub Docs, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mlreg.adapters.ci._markdown import markdown, scalars
from mlreg.adapters.formats import github as formats
from mlreg.domain.findings import Finding, Kind
from mlreg.errors import MlregError

_SUMMARY_MAX_BYTES = 1 << 20


def publish(document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Appends the scalars of `document` to the step's outputs, and a table of it to the job's summary.

    Raises:
        OSError: One of the files cannot be written.
    """
    if path := environment.get("GITHUB_OUTPUT"):
        _append(path, "".join(_output(name, value) for name, value in scalars(document).items()))
    if path := environment.get("GITHUB_STEP_SUMMARY"):
        _append(path, _shortened(markdown(document)))


def annotation(error: MlregError) -> str | None:
    """Returns the workflow command that shows `error` at the top of the run."""
    hint = [f"hint: {error.hint}"] if error.hint else []
    message = "\n".join([error.message, *error.details, *hint])
    return formats.command("error", message, title=f"mlreg: {error.stable_code}")


def lines(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> list[str]:
    """Returns the workflow commands that show `findings` beside the lines of a pull request."""
    return formats.render(findings, kinds).splitlines()


def _output(name: str, value: str) -> str:
    if "\n" not in value and "\r" not in value:
        return f"{name}={value}\n"
    border = f"mlreg-{os.urandom(8).hex()}"
    return f"{name}<<{border}\n{value}\n{border}\n"


def _shortened(text: str) -> str:
    data = text.encode()
    return text if len(data) <= _SUMMARY_MAX_BYTES else data[:_SUMMARY_MAX_BYTES].decode("utf-8", "ignore")


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
