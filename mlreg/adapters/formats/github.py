"""Owns findings as annotations of GitHub Actions, which stand beside the lines of a pull request.

Source: GitHub Docs, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlreg.adapters.formats._texts import on_one_line
from mlreg.domain.findings import Finding, Kind

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> str:
    """Returns a workflow command for each of `findings`."""
    return "".join(f"{_annotation(finding, kinds[finding.code])}\n" for finding in findings)


def command(name: str, message: str, **properties: str) -> str:
    """Returns the workflow command `name`, one line whatever the texts hold."""
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {said}::{_data(message)}"


def _annotation(finding: Finding, kind: Kind) -> str:
    place = {"file": finding.path}
    if finding.line is not None:
        place |= {"line": str(finding.line)} | ({"col": str(finding.column)} if finding.column is not None else {})
    lines = [finding.message, *([f"hint: {finding.fix}"] if finding.fix else [])]
    title = f"{finding.code} {kind.name}"
    return command(_COMMANDS[finding.severity], "\n".join(map(on_one_line, lines)), **place, title=title)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return on_one_line(_data(text)).replace(":", "%3A").replace(",", "%2C")
