"""No hostile file comes to anything by any verb of a registry, whatever is trusted."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pytest

from mlreg.errors import MlregError
from mlreg.registry import Registry

from . import hostile

CANARY = Path(tempfile.gettempdir(), "mlreg-load-canary")
FAMILIES = (
    "calls", "forms", "hidden", "joblibs", "torches", "archives", "arrays", "configurations", "messages", "texts",
)  # fmt: skip
VERBS = {
    "info": lambda registry, ref: registry.info(ref),
    "scan": lambda registry, ref: registry.scan(ref),
    "list": lambda registry, ref: registry.versions(ref.partition("@")[0]),
    "signature": lambda registry, ref: registry.signature(ref),
    "why": lambda registry, ref: registry.why(ref),
    "load": lambda registry, ref: registry.load(ref),
    "load trusted": lambda registry, ref: registry.load(ref, trust=True),
    "load beside": lambda registry, ref: registry.load(ref, trust=True, companions=True),
}
LOADS = {"load", "load trusted", "load beside"}


@pytest.mark.parametrize("family", FAMILIES)
def test_none_of_them_loads_and_none_runs(family: str, registry: Registry, tmp_path: Path) -> None:
    loaded = []
    for number, (name, data) in enumerate(getattr(hostile, family)(f"touch {CANARY}")):
        path = tmp_path / f"{number}.pkl"
        path.write_bytes(data)
        model = f"m{number}"
        registry.register(model, path)
        for verb, run in VERBS.items():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    run(registry, f"{model}@1.0.0")
            except MlregError:
                continue
            if verb in LOADS:
                loaded.append((name, verb))
    assert loaded == []
    assert not CANARY.exists()
