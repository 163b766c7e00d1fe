"""Owns findings as one JSON document, `mlreg.findings/1`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mlreg.domain.findings import Finding, Kind

SCHEMA = "mlreg.findings/1"


def render(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> str:
    """Returns a document with all of `findings`, each with the name of its kind."""
    listed = [{**finding.document(), "name": kinds[finding.code].name} for finding in findings]
    return json.dumps({"schema": SCHEMA, "findings": listed}, indent=2) + "\n"
