"""Owns `deployment_manifest.json`: which version a deployment takes, with what configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mlreg.domain.handing import Handed, Stock

_CONFIG, _SCALING, _RUN = "deployment_config", "scaling_config", "run_id"


def render(stock: Stock, one: Handed) -> str:
    """Returns the manifest; the configuration is what the version states as `--meta deployment_config`.

    What it does not state is what the settings say; where it scales by itself, there is no number of copies.
    """
    record, standing = one.record, one.standing
    stated = record.meta.get(_CONFIG)
    config = dict(stated) if isinstance(stated, Mapping) else {}
    usual = {"resources": {"cpu": stock.serving["cpu"], "memory": stock.serving["memory"]}}
    if _SCALING not in config:
        usual["replicas"] = stock.serving["replicas"]
    manifest = {
        "model_name": record.name,
        "model_version": one.version,
        "deployment_config": {"target_environment": standing.stage, **usual, **config},
        "run_id": record.meta.get(_RUN) or record.captured.get(_RUN) or record.lineage.get("experiment"),
        "digest": standing.record,
        "content_digest": standing.content,
        "files": [entry.document() for entry in record.files],
        "registered_at": standing.registered.at,
        "deployed_at": one.deployed_at,
        "repository": stock.repository,
    }
    return json.dumps(manifest, indent=2) + "\n"
