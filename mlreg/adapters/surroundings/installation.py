"""Owns how mlreg is installed: its packages, its byte code, the home directory of who runs it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

DISTRIBUTION = "mlreg"
_PACKAGE = Path(__file__).parents[2]


class Need(NamedTuple):
    """A requirement as text, and the version that is installed of it; None is nothing."""

    requirement: str
    installed: str | None
    is_met: bool


def python() -> str:
    """Returns the version of the Python that runs this."""
    return ".".join(map(str, sys.version_info[:3]))


def interpreter() -> str:
    """Returns the command by which the Python that runs this is started."""
    return sys.executable or "python3"


def needs() -> list[Need]:
    """Returns what mlreg requires without extras; nothing where it runs from a directory and is not installed."""
    try:
        stated = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    parsed = (need(line) for line in stated if "extra ==" not in line)
    return [one for one in parsed if one is not None]


def need(text: str) -> Need | None:
    """Returns what is installed of the requirement `text`; None where it is none, or is not for this machine."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    plain = f"{requirement.name}{requirement.specifier}"
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Need(plain, None, False)
    return Need(plain, installed, requirement.specifier.contains(installed, prereleases=True))


def package() -> Path:
    """Returns the directory that the code of mlreg is in."""
    return _PACKAGE


def uncompiled() -> list[Path]:
    """Returns the modules of mlreg that have no byte code, so that each start compiles them."""
    return [source for source in _PACKAGE.rglob("*.py") if not _is_compiled(source)]


def writes_byte_code() -> bool:
    """Whether Python keeps the byte code of what it compiles here."""
    return not sys.dont_write_bytecode and all(os.access(place, os.W_OK) for place in _caches())


def home_problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """Returns what is wrong with the home directory, or None."""
    home = environment.get("HOME")
    if not home:
        return "HOME is not set"
    if not Path(home).is_dir():
        return f"HOME is {home}, which is no directory"
    return None if os.access(home, os.R_OK | os.X_OK) else f"HOME is {home}, which cannot be read"


def _is_compiled(source: Path) -> bool:
    try:
        kept = Path(importlib.util.cache_from_source(str(source)))
        return kept.stat().st_size > 0
    except (OSError, NotImplementedError):
        return False


def _caches() -> Iterator[Path]:
    place = Path(importlib.util.cache_from_source(str(_PACKAGE / "__init__.py"))).parent
    yield next(path for path in (place, *place.parents) if path.exists())
