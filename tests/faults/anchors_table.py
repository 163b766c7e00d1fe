"""Owns the table in which the anchors stand beside mlreg: who takes part, what they are put through, how it is told.

A row for each: at how many points of one promotion a fault came to a finding of each kind, and what became of 20
promotions by each of 16 processes. LOUD and LITTER are not told: they are promises of mlreg alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mlreg.version import __version__

from . import anchors_git
from .anchors import git_subject, mlflow_subject, sqlite_subject
from .calls import CHANGES
from .campaigns import CAMPAIGNS
from .commands import COMMANDS
from .lab import SOURCES, Lab
from .racing import promotions_in, raced
from .subjects import Standing, Subject
from .trial import Tally, Trial
from .workshop import opened_lab, place

MLFLOW_PYTHON = SOURCES / ".venv-mlflow/bin/python"
_INSTALL_MLFLOW = (
    "there is no .venv-mlflow (python3 -m venv .venv-mlflow && .venv-mlflow/bin/pip install mlflow-skinny)"
)
_STAGED = "staged"
_PROCESSES, _TURNS = 16, 20
_ERRORS = [f"{error} {how}" for error in ("ENOSPC", "EIO", "EROFS", "EDQUOT") for how in ("once", "for good")]
_COLUMNS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "kill": (["kill"], ["BAD", "OTHER", "STUCK"]),
    "torn write": (["torn write"], ["BAD", "OTHER", "STUCK"]),
    "power cut": (["power cut"], ["BAD", "OTHER", "LIE", "STUCK"]),
    "full or broken disk": (_ERRORS, ["BAD", "OTHER", "STUCK"]),
}


class AtOnce(NamedTuple):
    """What became of many promotions at once; `lost` is None where nothing is kept that would tell."""

    acknowledged: int
    lost: int | None
    refused: int
    is_whole: bool

    def __str__(self) -> str:
        lost = "–" if self.lost is None else self.lost
        return f"{self.acknowledged} / {lost} / {self.refused}{'' if self.is_whole else ', damaged then'}"


@dataclass(frozen=True)
class Contender:
    """Who takes part.

    Attributes:
        version: Returns its version.
        subject: Returns its promotion; it is given the lab, and a directory where temporary files lie.
        race: Has many processes promote in copies of the state before that.
        why_not: Returns why it cannot take part here, or None.
        python: Who runs its programs.
        programs: The module that knows them.
    """

    name: str
    version: Callable[[], str]
    subject: Callable[[Lab, str], Subject]
    race: Callable[[Trial], AtOnce]
    why_not: Callable[[], str | None] = lambda: None
    python: str = sys.executable
    programs: str = "programs"


def heading() -> str:
    """Returns the head of the table in Markdown."""
    columns = [f"{name}: {' / '.join(kinds).lower()}" for name, (_, kinds) in _COLUMNS.items()]
    names = ["", "changes", *columns, "at once: acknowledged / lost / refused"]
    return f"| {' | '.join(names)} |\n|---|---:|{'---|' * (len(names) - 2)}"


def row_of(number: int, share: int) -> str:
    """Puts the contender `number` through everything, at one of `share` calls, and returns its row, or why not."""
    contender = CONTENDERS[number]
    if why := contender.why_not():
        return f"not run: {contender.name.replace(' {}', '')}: {why}"
    with ExitStack() as stack:
        lab, directory = stack.enter_context(opened_lab(contender.python, contender.programs))
        elsewhere = stack.enter_context(tempfile.TemporaryDirectory())
        trial = Trial(lab, contender.subject(lab, elsewhere), directory / "subject")
        told = [_told(trial, *column, share) for column in _COLUMNS.values()]
        at_once = contender.race(trial)
    cells = [contender.name.format(contender.version()), trial.number_of(CHANGES), *told, at_once]
    return f"| {' | '.join(map(str, cells))} |"


def _told(trial: Trial, campaigns: Sequence[str], kinds: Sequence[str], share: int) -> str:
    tally = sum((CAMPAIGNS[name](trial, share=share) for name in campaigns), Tally())
    points = [{finding.when for finding in tally.findings if finding.kind == kind} for kind in kinds]
    return f"{' / '.join(str(len(one)) for one in points)} of {tally.points}"


# ---- at once


def _race_of_mlreg(trial: Trial) -> AtOnce:
    with trial.copy() as root:
        place = root / "race"
        place.mkdir()
        outcome = raced(place, _PROCESSES, _TURNS)
        lost = {*map(tuple, outcome["acknowledged"])} - {*promotions_in(place)}
        is_whole = _seen(trial.subject, place) is not None
    return AtOnce(len(outcome["acknowledged"]), len(lost), outcome["refused"], is_whole)


def race_of(
    module: str, kept: Callable[[Standing], Sequence[str]] | None, *, python: str = sys.executable, staging: str = "."
) -> Callable[[Trial], AtOnce]:
    """Returns a race of the changes in `module`; `kept` returns those that are still known of then."""

    def race(trial: Trial) -> AtOnce:
        with trial.copy() as root:
            command = [python, "-m", "faults.anchors_race", module, str(root), str(_PROCESSES), str(_TURNS)]
            environment = {**os.environ, "PYTHONPATH": f"{SOURCES}:{SOURCES / 'tests'}", "TMPDIR": staging}
            done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True)
            seen = _seen(trial.subject, root)
        outcome = json.loads(done.stdout)
        acknowledged = outcome["acknowledged"]
        lost = len({*acknowledged}.difference(kept(seen) if seen else ())) if kept else None
        return AtOnce(len(acknowledged), lost, outcome["refused"], seen is not None)

    return race


def _seen(subject: Subject, root: Path) -> Standing | None:
    """Returns where things stand, or None where that cannot be read or is damaged."""
    try:
        return None if subject.problems(root) else subject.observe(root)
    except Exception:  # whatever a reader may meet
        return None


# ---- who takes part


def _version_of_mlflow() -> str:
    command = [MLFLOW_PYTHON, "-c", "from mlflow.version import VERSION; print(VERSION)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version_of_git() -> str:
    return subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]


def _without_git() -> str | None:
    return None if anchors_git.GIT else "git is not installed"


def _without_mlflow() -> str | None:
    return None if MLFLOW_PYTHON.exists() else _INSTALL_MLFLOW


def _without_two_disks() -> str | None:
    is_one = os.stat(tempfile.gettempdir()).st_dev == os.stat(place()).st_dev
    return _without_mlflow() or ("there is one file system only" if is_one else None)


def _sqlite(how: str, journal: str, synchronous: str) -> Contender:
    return Contender(
        f"SQLite {{}}, {how}, `synchronous={synchronous}`",
        version=lambda: sqlite3.sqlite_version,
        subject=lambda *_: sqlite_subject(journal, synchronous),
        race=race_of("anchors_sqlite", lambda seen: [reason for _, _, reason in seen["history"]]),
    )


def _git(how: str, *options: str) -> Contender:
    return Contender(
        f"git {{}} `commit`, {how}",
        version=_version_of_git,
        subject=lambda *_: git_subject(*options),
        race=race_of("anchors_git", lambda seen: seen["messages"]),
        why_not=_without_git,
    )


def _mlflow(
    how: str, why_not: Callable[[], str | None], staging: Callable[[str], str], staging_of_race: str
) -> Contender:
    python = str(MLFLOW_PYTHON)
    return Contender(
        f"MLflow {{}}, files, {how}",
        version=_version_of_mlflow,
        subject=lambda lab, elsewhere: mlflow_subject(lab, staging(elsewhere)),
        race=race_of("anchors_mlflow", None, python=python, staging=staging_of_race),
        why_not=why_not,
        python=python,
        programs="anchors_mlflow",
    )


CONTENDERS: Sequence[Contender] = (
    Contender(
        "mlreg {} `promote`",
        version=lambda: __version__,
        subject=lambda *_: next(command for command in COMMANDS if command.name == "promote in place of another"),
        race=_race_of_mlreg,
    ),
    _sqlite("rollback journal", "DELETE", "FULL"),
    _sqlite("rollback journal", "DELETE", "EXTRA"),
    _sqlite("WAL", "WAL", "FULL"),
    _git("as it comes"),
    _git("`core.fsync=all`", *anchors_git.EVERY_SYNC),
    _mlflow("temporary files beside them", _without_mlflow, lambda _: _STAGED, _STAGED),
    _mlflow("temporary files on another disk", _without_two_disks, lambda elsewhere: elsewhere, tempfile.gettempdir()),
)
