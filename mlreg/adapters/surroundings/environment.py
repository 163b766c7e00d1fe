"""Owns what is captured of the machine that registers: no one states it, and it never makes two versions differ."""

from __future__ import annotations

import os
import sys

from mlreg.version import __version__


def capture() -> dict[str, str]:
    """Returns Python's version and implementation, the platform, and mlreg's version."""
    machine = os.uname()
    return {
        "python_version": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "platform": f"{machine.sysname.lower()}-{machine.machine}",
        "mlreg_version": __version__,
    }
