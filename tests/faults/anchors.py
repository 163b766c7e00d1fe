"""Owns the anchors as subjects: a promotion as SQLite, git and MLflow make it, put through the same faults as mlreg's.

Of SQLite a transaction on two tables, of git a commit, of MLflow the change of a stage in its registry of files.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from . import anchors_git, anchors_sqlite
from .lab import Lab
from .subjects import Standing, Subject

Seen = TypeVar("Seen")


def sqlite_subject(journal: str, synchronous: str) -> Subject:
    """Returns a transaction of SQLite with the modes `journal` and `synchronous`."""
    return _anchor(
        f"SQLite, {journal}, {synchronous}",
        "sqlite",
        [synchronous],
        prepare=lambda root: anchors_sqlite.prepare(root, journal),
        observe=anchors_sqlite.look,
        problems=anchors_sqlite.problems,
    )


def git_subject(*options: str) -> Subject:
    """Returns a commit with git and `options`; typed again it says that there is nothing to commit."""
    assert anchors_git.GIT, "git is not installed"
    return _anchor(
        " ".join(["git commit", *options]),
        anchors_git.GIT,
        anchors_git.words(*options),
        prepare=anchors_git.prepare,
        observe=anchors_git.look,
        problems=anchors_git.problems,
        again=1,
    )


def mlflow_subject(lab: Lab, staging: str) -> Subject:
    """Returns a change of stage by MLflow, which `lab` knows, and which stages its files in the directory `staging`."""

    def asked(program: str, root: Path) -> str:
        run = lab.run(program, [staging], root)
        if run.code:
            raise RuntimeError(run.err.splitlines()[-1])
        return run.out

    def prepare(root: Path) -> None:
        (root / staging).mkdir(exist_ok=True)
        asked("prepare", root)

    return _anchor(
        f"MLflow, staged in {staging}",
        "promote",
        [staging],
        prepare=prepare,
        observe=lambda root: json.loads(asked("stages", root)),
        problems=lambda root: [],  # it has no check of its own: what cannot be read is found when one looks
    )


def _anchor(
    name: str,
    program: str,
    words: Sequence[str],
    *,
    prepare: Callable[[Path], None],
    observe: Callable[[Path], Standing],
    problems: Callable[[Path], Sequence[str]],
    again: int = 0,
) -> Subject:
    return Subject(
        name,
        tuple(words),
        program=program,
        prepare=prepare,
        again=again,
        observe=lambda root: _in_a_copy(root, observe),
        problems=lambda root: _in_a_copy(root, problems),
        staged=lambda root: [],
        litter=lambda root: [],
    )


def _in_a_copy(root: Path, look: Callable[[Path], Seen]) -> Seen:
    """Returns what `look` sees: some put things right when they look, and that must not help who comes after them."""
    with tempfile.TemporaryDirectory(dir=root.parent) as place:
        return look(Path(shutil.copytree(root, Path(place, "copy"))))
