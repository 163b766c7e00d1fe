"""Owns findings as a Code Quality report of GitLab, which stands in the widget and the diff of a merge request.

Source: GitLab Docs, "Code Quality", "Code Quality report format".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mlreg.adapters.formats._texts import fingerprints, relative
from mlreg.domain.findings import Finding, Kind

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> str:
    """Returns the report of `findings`, for `artifacts:reports:codequality`."""
    listed = [
        {
            "description": f"{finding.code}: {finding.text}",
            "check_name": kinds[finding.code].name,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": relative(finding.path), "lines": {"begin": finding.line or 1}},
        }
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]
    return json.dumps(listed, indent=2) + "\n"
