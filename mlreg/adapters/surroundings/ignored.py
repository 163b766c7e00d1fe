"""Owns what git makes of the files of a directory: whether it ignores, keeps or changes them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

# without its lock and the configuration of a hostile tree: a look changes nothing and runs nothing
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_TIMEOUT_S = 10


class Treatment(NamedTuple):
    """What git does: `tree` is the top of its working tree; lists of paths as they were asked for."""

    tree: Path
    ignored: frozenset[str]
    translated: frozenset[str]
    tracked: frozenset[str]


def treatment(directory: Path, paths: list[str]) -> Treatment | None:
    """Returns what git does with `paths` below `directory`, which need not be there; None where git has no say.

    `ignored` are left out of commits, `translated` may come back with other line ends, `tracked` have files below
    them that are in git's index.
    """
    if not any(os.path.lexists(place / ".git") for place in (directory, *directory.parents)):
        return None
    tree = _answer(directory, "rev-parse", "--show-toplevel")
    if tree is None:
        return None
    ignored = (
        _answer(directory, "check-ignore", "--no-index", "-z", "--stdin", told="\0".join(paths), ends=(0, 1)) or ""
    )
    attributes = (_answer(directory, "check-attr", "-z", "text", "--", *paths) or "").split("\0")
    values = zip(attributes[::3], attributes[2::3], strict=False)
    return Treatment(
        Path(tree.rstrip("\n")),
        frozenset(filter(None, ignored.split("\0"))),
        frozenset(path for path, value in values if value != "unset"),
        frozenset(path for path in paths if _answer(directory, "ls-files", "-z", "--", path)),
    )


def _answer(directory: Path, *words: str, told: str = "", ends: tuple[int, ...] = (0,)) -> str | None:
    try:
        done = subprocess.run(
            [*_GIT, "-C", os.fspath(directory), *words],
            input=os.fsencode(told),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode in ends else None
