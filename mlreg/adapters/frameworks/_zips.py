"""Owns zips that are the same bytes whenever they are written: those of frameworks have the time of day in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import shutil
    import zipfile
else:
    shutil = LazyModule("shutil")
    zipfile = LazyModule("zipfile")

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier one


def member(source: Path, name: str) -> bytes:
    """Returns the bytes of the member `name` of the zip `source`."""
    with zipfile.ZipFile(source) as archive:
        return archive.read(name)


def rewrite(source: Path, target: Path, *, rename: Callable[[str], str] = str, edit: Mapping[str, bytes]) -> None:
    """Writes the members of the zip `source` to `target`, uncompressed, sorted and without times.

    Args:
        rename: Says what a member is called in `target`.
        edit: What some members, as `source` calls them, hold in `target`.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in sorted(old.infolist(), key=lambda info: rename(info.filename)):
            entry = zipfile.ZipInfo(rename(info.filename), _LONG_AGO)
            if info.filename in edit:
                new.writestr(entry, edit[info.filename])
                continue
            with old.open(info) as reading, new.open(entry, "w", force_zip64=True) as writing:
                shutil.copyfileobj(reading, writing, 1 << 20)
