"""Owns the layout of an increment: `models/NAME-vVERSION/` and `registry/`."""

from __future__ import annotations

import json
from typing import Any

from mlreg.domain.handing import Handed, Stock, Tree, named_for
from mlreg.domain.record import FileEntry
from mlreg.store import strict_yaml


def tree(stock: Stock) -> Tree:
    """Returns the files: a directory for each version, and the catalog, graph and history of all."""
    blobs: dict[str, FileEntry] = {}
    texts: dict[str, str] = {f"registry/{name}": text for name, text in stock.views.items()}
    for name, versions in stock.models.items():
        for one in versions:
            place = f"models/{name}-v{one.version}"
            blobs |= {f"{place}/{path}": entry for path, entry in named_for(one.record).items()}
            texts[f"{place}/metadata.json"] = json.dumps(_metadata(name, one), indent=2) + "\n"
            texts[f"{place}/features.yaml"] = strict_yaml.dump(_features(one)).decode()
            texts[f"{place}/requirements.txt"] = "".join(f"{line}\n" for line in one.record.requirements)
    return Tree(blobs, texts)


def _metadata(name: str, one: Handed) -> dict[str, Any]:
    record, standing = one.record, one.standing
    return {
        "name": name,
        "version": f"v{one.version}",
        "stage": standing.stage,
        "created_at": standing.registered.at,
        "updated_at": max(standing.moved.at, standing.registered.at),
        "framework": record.framework,
        "metrics": record.shown_metrics(),
        "hyperparameters": dict(record.params),
        "training_data_version": record.dataset.get("version") or record.lineage.get("data"),
        "feature_engineering_version": record.lineage.get("feature_set"),
        "increment": record.lineage.get("increment"),
        "experiment": record.lineage.get("experiment"),
        "parent_model": record.lineage.get("parent"),
        "features": list(record.features),
        "num_features": len(record.features),
        "tags": list(standing.tags),
        "owner": record.owner,
        "digest": standing.record,
    }


def _features(one: Handed) -> dict[str, Any]:
    """Returns the names of the features, and the signature where one was declared."""
    signature = {"signature": dict(one.record.signature)} if one.record.signature else {}
    return {"features": list(one.record.features), **signature}
