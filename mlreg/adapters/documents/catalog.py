"""Owns the catalog of all models as one YAML file, for whoever reads a repository without mlreg."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlreg.store import strict_yaml

MARK = "# Written by `mlreg docs sync`: what is changed here is lost."


def render(models: Mapping[str, Any]) -> str:
    """Returns the file; `models` says of each by name where it stands and which versions it has."""
    return f"{MARK}\n{strict_yaml.dump({'models': dict(models)}).decode()}"
