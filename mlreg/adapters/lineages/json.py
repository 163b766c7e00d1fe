"""Owns a lineage as JSON: the document of `mlreg lineage --json`."""

from __future__ import annotations

import json

from mlreg.domain.lineage import Lineage, Registered


def render(lineage: Lineage, registered: Registered) -> str:
    """Returns the nodes and edges as one JSON document."""
    return json.dumps({"schema": "mlreg.lineage/1", **lineage.document()}, indent=2, ensure_ascii=False)
