"""Owns an audit as JSON: the document of `mlreg audit --json`."""

from __future__ import annotations

import json

from mlreg.domain.audit import Audit


def render(audit: Audit) -> str:
    """Returns the whole audit as one JSON document."""
    document = {"schema": "mlreg.audit/1", **audit.document()}
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
