"""Owns the flat layout: `models/model_ID.pkl`, `models/scaler_ID.pkl`, `metadata/ID.json`, an index, a configuration.

An id is `NAME_VERSION`: a time of day may be that of two models.
"""

from __future__ import annotations

import json
from typing import Any

from mlreg.domain.handing import Handed, Stock, Tree, flat_name, main_file, suffix
from mlreg.domain.record import FileEntry

_SCORED = ("accuracy", "auc", "f1_score", "precision", "recall", "data_quality_score")


def tree(stock: Stock) -> Tree:
    """Returns the files: all models in one directory, all facts in another."""
    blobs: dict[str, FileEntry] = {}
    texts: dict[str, str] = {}
    index: list[dict[str, Any]] = []
    for name, versions in stock.models.items():
        for one in versions:
            identity = f"{flat_name(name)}_{one.version}"
            placed = {_place(one, entry, identity): entry for entry in one.record.files}
            facts = _facts(name, one, identity, stock)
            files = {entry.role or entry.path: path for path, entry in placed.items()}
            blobs |= placed
            texts[f"metadata/{identity}.json"] = _json({**facts, **_more(one), "files": files})
            index.append(facts)
    index.sort(key=lambda facts: (-(facts["composite_score"] or 0), facts["model_id"]))
    active = [facts["model_id"] for facts in index if facts["is_active"]]
    texts["model_index.json"] = _json({"active": active, "models": index})
    texts["registry_config.json"] = _json(dict(stock.settings))
    return Tree(blobs, texts)


def _place(one: Handed, entry: FileEntry, identity: str) -> str:
    if main_file(one.record) is entry:
        return f"models/model_{identity}{suffix(entry)}"
    alone = entry.role and sum(other.role == entry.role for other in one.record.files) == 1
    return f"models/{entry.role}_{identity}{suffix(entry)}" if alone else f"models/{identity}/{entry.path}"


def _facts(name: str, one: Handed, identity: str, stock: Stock) -> dict[str, Any]:
    shown = one.record.shown_metrics()
    return {
        "model_id": identity,
        "model_name": name,
        "model_type": one.record.type,
        "training_timestamp": one.standing.registered.at,
        **{metric: shown[metric] for metric in _SCORED if metric in shown},
        "composite_score": one.score,
        "is_active": stock.held.get(name, {}).get(stock.top) == one.version,
    }


def _more(one: Handed) -> dict[str, Any]:
    record = one.record
    return {
        "version": one.version,
        "stage": one.standing.stage,
        "metrics": record.shown_metrics(),
        "training_samples": record.dataset.get("rows"),
        "feature_names": list(record.features),
        "hyperparameters": dict(record.params),
        "is_ensemble": record.meta.get("is_ensemble", False),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
