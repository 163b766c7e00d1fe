"""Keeps what is in production as a line in a file, and has git remember it: what mlreg is held against."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .lab import ALIKE
from .subjects import Standing

GIT = shutil.which("git")
EVERY_SYNC = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
_OURSELVES = ("user.name=ann", "user.email=ann@example.org", "gc.auto=0", "maintenance.auto=false")


def prepare(root: Path) -> None:
    """Makes a repository with one commit, and the file of the next one."""
    _asked(root, "init", "--quiet", "--template=", "--initial-branch=main")
    for setting in _OURSELVES:
        _asked(root, "config", *setting.split("="))
    (root / "production").write_text("1.0.0\n")
    _asked(root, "add", "production")
    _asked(root, "commit", "--quiet", "--message", "old")
    (root / "production").write_text("2.0.0\n")


def words(*options: str) -> Sequence[str]:
    """Returns what is typed after `git` to make the next commit."""
    return (*options, "commit", "--quiet", "--all", "--message", "newer")


def look(root: Path) -> Standing:
    """Returns the newest commit and all messages; `git status` must work."""
    _asked(root, "status")
    return {"commit": _asked(root, "rev-parse", "HEAD").strip(), "messages": messages(root)}


def messages(root: Path) -> Sequence[str]:
    """Returns the messages of all commits, the newest first."""
    return _asked(root, "log", "--format=%s").splitlines()


def problems(root: Path) -> Sequence[str]:
    """Returns what git's own check finds."""
    done = _run(root, "fsck", "--full", "--strict", "--no-dangling", "--no-progress")
    return (done.stderr.splitlines() or ["fsck says no"]) if done.returncode else []


def change(root: Path, process: int, turn: int) -> str:
    """Makes a commit of its own and returns its message."""
    message = f"{process} {turn}"
    _asked(root, "commit", "--quiet", "--allow-empty", "--message", message)
    return message


def _asked(root: Path, *words: str) -> str:
    done = _run(root, *words)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def _run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(GIT), *words], cwd=root, env={**os.environ, **ALIKE}, capture_output=True, text=True)
