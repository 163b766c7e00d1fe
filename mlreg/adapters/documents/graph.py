"""Owns the lineage of all versions as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable

from mlreg.domain.lineage import Edge, Node

MARK = '"written_by": "mlreg docs sync"'


def render(nodes: Iterable[Node], edges: Iterable[Edge]) -> str:
    """Returns the file: nodes and edges as `mlreg lineage --json` has them."""
    document = {
        "written_by": "mlreg docs sync",
        "nodes": [node.document() for node in nodes],
        "edges": [edge.document() for edge in edges],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
