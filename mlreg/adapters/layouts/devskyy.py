"""Owns the layout `NAME/VERSION/{model.pkl,metadata.json}`."""

from __future__ import annotations

import json
from typing import Any

from mlreg.domain.handing import Handed, Stock, Tree, named_for
from mlreg.domain.record import FileEntry


def tree(stock: Stock) -> Tree:
    """Returns the files: a directory for each version."""
    blobs: dict[str, FileEntry] = {}
    texts: dict[str, str] = {}
    for name, versions in stock.models.items():
        for one in versions:
            place = f"{name}/{one.version}"
            blobs |= {f"{place}/{path}": entry for path, entry in named_for(one.record).items()}
            texts[f"{place}/metadata.json"] = json.dumps(_metadata(name, one), indent=2) + "\n"
    return Tree(blobs, texts)


def _metadata(name: str, one: Handed) -> dict[str, Any]:
    record = one.record
    return {
        "model_name": name,
        "version": one.version,
        "model_type": record.type,
        "framework": record.framework,
        "metrics": record.shown_metrics(),
        "training_date": one.standing.registered.at,
        "stage": one.standing.stage,
        "deployed_at": one.deployed_at,
        "description": record.description or "",
        "dataset_size": record.dataset.get("rows"),
        "features": list(record.features),
        "hyperparameters": dict(record.params),
        "tags": list(one.standing.tags),
        "created_by": one.standing.registered.actor,
    }
