"""Owns the layout `models/NAME/VERSION/`, beside it `VERSION_meta.json`, an index, and what is deployed."""

from __future__ import annotations

import json
from typing import Any

from mlreg.domain.handing import Handed, Stock, Tree, flat_name
from mlreg.domain.record import FileEntry


def tree(stock: Stock) -> Tree:
    """Returns the files: a directory for each version with the names that its files have."""
    blobs: dict[str, FileEntry] = {}
    texts: dict[str, str] = {}
    for name, versions in stock.models.items():
        for one in versions:
            place = f"models/{name}/{one.version}"
            blobs |= {f"{place}/{entry.path}": entry for entry in one.record.files}
            texts[f"{place}_meta.json"] = _json(_meta(name, one))
        for stage, version in stock.held.get(name, {}).items():
            holder = next((one for one in versions if one.version == version), None)
            if holder is not None:
                place = f"models/deployments/{flat_name(name)}-{stage}"
                facts = {"model_name": name, "model_version": version, "environment": stage}
                texts[f"{place}/config.json"] = _json(facts)
                texts[f"{place}/status.json"] = _json({**facts, **_since(holder)})
    texts["models/_meta/_registry.json"] = _json(_index(stock))
    return Tree(blobs, texts)


def _index(stock: Stock) -> dict[str, Any]:
    return {
        "repository": stock.repository,
        "models": {
            name: {
                "versions": [one.version for one in versions],
                "stages": dict(stock.held.get(name, {})),
            }
            for name, versions in stock.models.items()
        },
    }


def _meta(name: str, one: Handed) -> dict[str, Any]:
    record = one.record
    signature = record.signature or {}
    return {
        "name": name,
        "version": one.version,
        "model_type": record.type,
        "framework": record.framework,
        "description": record.description,
        "tags": list(one.standing.tags),
        "hyperparameters": dict(record.params),
        "metrics": record.shown_metrics(),
        "input_schema": signature.get("input_schema", signature.get("inputs")),
        "output_schema": signature.get("output_schema", signature.get("outputs")),
        "custom": dict(record.meta),
        "stage": one.standing.stage,
        "created_at": one.standing.registered.at,
        "digest": one.standing.record,
        "files": [entry.document() for entry in record.files],
    }


def _since(one: Handed) -> dict[str, Any]:
    moved = one.standing.moved
    return {"since": moved.at, "by": moved.actor, "reason": moved.reason, "event": moved.number}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
