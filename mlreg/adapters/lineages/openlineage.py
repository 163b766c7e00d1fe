"""Owns a lineage as an event of OpenLineage: the run that made the version, what it read and what it wrote.

Source: OpenLineage 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from mlreg.domain.lineage import EXPERIMENT, Lineage, Node, Registered, model_node, source_nodes
from mlreg.version import __version__

_PRODUCER = f"pkg:pypi/mlreg@{__version__}"
_SPECIFICATION = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
_VERSION_FACET = "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
# the namespace of the ids of runs: of all mlreg repositories
_RUNS = UUID("1e0e8f4e-52d9-4c0e-9a53-6a3c8cf16f0a")


def render(lineage: Lineage, registered: Registered) -> str:
    """Returns the event as JSON. The run has the same id whenever it is asked for: that of the version's record."""
    focus = lineage.focus
    above = {one.ref: one for one in lineage.before}
    sources = (node for node in source_nodes(focus) if node.kind != EXPERIMENT)
    inputs = [*sources, *(model_node(above[ref]) for ref in focus.kin if ref in above)]
    namespace = f"mlreg:{registered.repository}"
    event = {
        "eventType": "COMPLETE",
        "eventTime": registered.at,
        "run": {
            "runId": str(uuid5(_RUNS, f"{registered.repository}/{registered.record}")),
            "facets": {"mlreg_registration": _facet(_registration(lineage, registered))},
        },
        "job": {"namespace": namespace, "name": focus.experiment or focus.name, "facets": {}},
        "inputs": [_dataset(node, namespace) for node in inputs],
        "outputs": [_dataset(model_node(focus), namespace)],
        "producer": _PRODUCER,
        "schemaURL": f"{_SPECIFICATION}#/$defs/RunEvent",
    }
    return json.dumps(event, indent=2, ensure_ascii=False)


def _registration(lineage: Lineage, registered: Registered) -> dict[str, Any]:
    focus = lineage.focus
    facts = {
        "record": registered.record,
        "actor": registered.by,
        "increment": focus.increment,
        "commit": focus.commit,
        "stages": list(focus.stages),
    }
    return {key: value for key, value in facts.items() if value}


def _dataset(node: Node, namespace: str) -> dict[str, Any]:
    # a version of data is told by a facet; one of a model is a thing of its own
    version = node.facts.get("digest") or node.version
    facets = {"version": _facet({"datasetVersion": version}, _VERSION_FACET)} if version else {}
    return {"namespace": namespace, "name": f"{node.kind}:{node.name}", "facets": facets}


def _facet(facts: Mapping[str, Any], schema: str | None = None) -> dict[str, Any]:
    known = f"{_SPECIFICATION}#/$defs/RunFacet" if schema is None else f"{schema}#/$defs/DatasetVersionDatasetFacet"
    return {"_producer": _PRODUCER, "_schemaURL": known, **facts}
