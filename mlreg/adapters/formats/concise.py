"""Owns findings one a line, as compilers print them: `path:line:column: CODE what is wrong`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlreg.adapters.formats._texts import on_one_line
from mlreg.domain.findings import Finding, Kind


def render(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> str:
    """Returns a line for each of `findings`: the place, the code, what is wrong and what mends it."""
    return "".join(f"{_line(finding)}\n" for finding in findings)


def _line(finding: Finding) -> str:
    said = "" if finding.severity == "error" else f"{finding.severity}: "
    return on_one_line(f"{finding.place}: {finding.code} {said}{finding.text}")
