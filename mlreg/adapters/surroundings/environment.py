"""Owns what is captured of the machine that registers: no one states it, and it never makes two versions differ."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule
from mlreg.version import __version__

if TYPE_CHECKING:
    from importlib import metadata

    from packaging import requirements
else:
    metadata = LazyModule("importlib.metadata")
    requirements = LazyModule("packaging.requirements")


def capture() -> dict[str, str]:
    """Returns Python's version and implementation, the platform, and mlreg's version."""
    machine = os.uname()
    return {
        "python_version": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "platform": f"{machine.sysname.lower()}-{machine.machine}",
        "mlreg_version": __version__,
    }


def installed(distributions: Iterable[str]) -> list[str]:
    """Returns what is installed of `distributions` as requirements such as `numpy==2.1.0`, sorted."""
    pinned = {_normal(name): pin for name in distributions if (pin := _pin(name)) is not None}
    return [pinned[name] for name in sorted(pinned)]


def pin_of(distribution: str, pins: Iterable[str]) -> str | None:
    """Returns the one of `pins`, requirements as `installed` gives them, that is of `distribution`, or None."""
    return next((pin for pin in pins if _normal(pin.partition("==")[0]) == _normal(distribution)), None)


def _pin(distribution: str) -> str | None:
    try:
        return str(requirements.Requirement(f"{distribution}=={metadata.version(distribution)}"))
    except (metadata.PackageNotFoundError, requirements.InvalidRequirement, ValueError):
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
