"""Owns what git knows of the working directory: the commit that the code is at. Where git fails, nothing is known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import subprocess
else:
    subprocess = LazyModule("subprocess")

# without its lock, its hooks and what is not under its control: a look that changes nothing and runs nothing
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_STATUS = (*_GIT, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=dirty")
_COMMIT = (*_GIT, "rev-parse", "--verify", "--quiet", "HEAD")
_TIMEOUT_S = 2.0


def capture(
    directory: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    timeout_s: float = _TIMEOUT_S,
) -> dict[str, Any]:
    """Returns what git says of `directory`, by default the working directory.

    That is `commit`, `branch` (where one is checked out) and `dirty`: whether a file under git's control differs
    from the commit. `dirty` is left out where the tree is too large to say within `timeout_s`; everything is where
    there is no repository, no commit or no git.
    """
    if not _is_below_a_repository(directory, environment):
        return {}
    status = _answer(_STATUS, directory, timeout_s)
    if status is None:
        commit = _answer(_COMMIT, directory, timeout_s)
        return {"commit": commit.strip()} if commit else {}
    return _told(status.splitlines())


def _told(lines: list[str]) -> dict[str, Any]:
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch.") and line.count(" ") > 1)
    commit, branch = heads.get("branch.oid", "("), heads.get("branch.head", "(")
    if commit.startswith("("):
        return {}
    facts: dict[str, Any] = {"commit": commit}
    if not branch.startswith("("):
        facts["branch"] = branch
    return {**facts, "dirty": any(not line.startswith("#") for line in lines)}


def _is_below_a_repository(directory: str | os.PathLike[str] | None, environment: Mapping[str, str]) -> bool:
    """Whether git can find one: a look that spares most calls a process."""
    if environment.get("GIT_DIR"):
        return True
    try:
        here = Path(directory or Path.cwd()).resolve()
    except OSError:
        return False
    return any(os.path.lexists(place / ".git") for place in (here, *here.parents))


def _answer(command: tuple[str, ...], directory: str | os.PathLike[str] | None, timeout_s: float) -> str | None:
    try:
        done = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
