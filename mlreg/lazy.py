"""Owns modules that are imported when they are first used.

Reading YAML or drawing a table costs tens of milliseconds to import; most commands do neither. A module that needs
such a one now and then says so at its top:

    if TYPE_CHECKING:
        from mlreg.store import strict_yaml
    else:
        strict_yaml = LazyModule("mlreg.store.strict_yaml")

so that type checkers and import contracts see a plain import.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # to import that of typing takes as long as Python takes to start
if TYPE_CHECKING:
    from typing import Any


class LazyModule:
    """Stands for the module `name` and imports it at the first attribute asked of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value
