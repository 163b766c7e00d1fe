"""Owns how adapters are found: a kind is a sub-package, an adapter is one module in it."""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from mlreg.domain.names import quoted
from mlreg.errors import UsageError

_SAID = {
    "audits": "forms of a report",
    "ci": "pipelines",
    "lineages": "forms of a lineage",
    "manifests": "documents about a version",
}


def names(kind: str) -> list[str]:
    """Returns the names of the adapters of `kind`, sorted; none of them is imported."""
    found = os.listdir(os.path.join(os.path.dirname(__file__), kind))
    return sorted(file.removesuffix(".py") for file in found if file.endswith(".py") and file[0] != "_")


def load(kind: str, name: str) -> ModuleType:
    """Returns the module `name` among the adapters of `kind`, such as `load("backends", "local")`.

    Raises:
        UsageError: There is no such adapter.
    """
    known = names(kind)
    if name not in known:
        said = _SAID.get(kind, kind)
        raise UsageError(
            f"{quoted(name)} is not one of the {said}",
            hint=f"the {said} are {', '.join(known)}",
            facts={"kind": kind, "name": name, "known": known},
        )
    return import_module(f"{__name__}.{kind}.{name}")
