"""Owns the bench on which a command is run with a fault, in a directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path
from typing import Any

import mlreg

from .calls import Call, Kind, Mode, read_calls
from .powercut import Tree, write_tree

_BY_SIGNAL = (Mode.SIGNAL_BEFORE, Mode.SIGNAL_AFTER)
HERE = Path(__file__).parent
SOURCES = Path(mlreg.__file__).parents[1]
ALIKE = {
    "MLREG_ACTOR": "ann",
    "PYTHONHASHSEED": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_DATE": "2026-01-05T09:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z",
}
"""The environment in which a program makes the same calls each time."""


@dataclass(frozen=True)
class Fault:
    """What befalls the call number `at`, from 1, of those of `kinds`; `number` is a signal or an error."""

    kinds: frozenset[Kind] = frozenset()
    at: int = 0
    mode: Mode = Mode.LOG
    number: int = 0

    def document(self) -> dict[str, int]:
        """Returns it as the zygote is told of it."""
        kinds = sum(1 << kind for kind in self.kinds)
        return {"kinds": kinds, "at": self.at, "mode": self.mode, "number": self.number}

    def __str__(self) -> str:
        number = signal.Signals(self.number).name if self.mode in _BY_SIGNAL else errorcode.get(self.number, "")
        return f"{number} {self.mode.name.lower().replace('_', ' ')}".strip()


@dataclass(frozen=True)
class Run:
    """How a command ended: its exit code or the signal (None: it is stopped), what it said, and its calls."""

    pid: int
    code: int | None
    signal: int | str | None
    out: str
    err: str
    calls: Sequence[Call]

    @property
    def is_stopped(self) -> bool:
        """Whether it waits to go on."""
        return self.code is None and self.signal is None

    @property
    def is_hit(self) -> bool:
        """Whether the fault happened."""
        return self.is_stopped or self.signal is not None or any(call.injected for call in self.calls)

    def __str__(self) -> str:
        end = f"exit {self.code}" if self.signal is None else f"signal {self.signal}"
        return " | ".join([end, *self.err.strip().splitlines()[-3:]])


class Lab:
    """Runs commands under the interposer `library`, each case in a directory of its own below `directory`.

    Args:
        python: Who runs the zygote.
        programs: The module that knows the programs.
    """

    def __init__(
        self, library: Path, directory: Path, *, python: str = sys.executable, programs: str = "programs"
    ) -> None:
        self._directory = directory
        self._scratches = 0
        self._stopped: dict[int, Path] = {}
        command = [python, str(HERE / "zygote.py"), programs]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLREG_")}
        environment |= {"LD_PRELOAD": str(library), "PYTHONPATH": str(SOURCES), **ALIKE}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # threads that a fork would leave behind
        self._zygote = subprocess.Popen(
            command,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=directory,
            start_new_session=True,
        )

    def close(self) -> None:
        """Ends the zygote, and what a failed test has left stopped."""
        for pid in self._stopped:
            os.kill(pid, signal.SIGKILL)
        self._zygote.communicate()

    def run(self, program: str, words: Sequence[str], root: Path, fault: Fault | None = None) -> Run:
        """Runs a command in `root` until it ends, or until it is stopped."""
        self._scratches += 1
        scratch = self._directory / f"run-{self._scratches}"
        scratch.mkdir()
        request = {"program": program, "words": list(words), "cwd": str(root), "scratch": str(scratch)}
        return self._asked({**request, "fault": fault.document() if fault else None}, scratch, root)

    def resume(self, run: Run, root: Path) -> Run:
        """Lets a stopped command go on."""
        return self._asked({"pid": run.pid}, self._stopped.pop(run.pid), root)

    @contextmanager
    def copy_of(self, tree: Path) -> Iterator[Path]:
        """Gives a copy of the directory `tree` for the time of a case."""
        with self._place() as place:
            yield Path(shutil.copytree(tree, place / "case"))

    @contextmanager
    def copy_from(self, tree: Tree) -> Iterator[Path]:
        """Gives a directory with the content `tree` for the time of a case."""
        with self._place() as place:
            write_tree(tree, place / "case")
            yield place / "case"

    @contextmanager
    def _place(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._directory) as place:
            yield Path(place)

    def _asked(self, request: dict[str, Any], scratch: Path, root: Path) -> Run:
        assert self._zygote.stdin is not None and self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(request) + "\n")
        self._zygote.stdin.flush()
        line = self._zygote.stdout.readline()
        assert line, "the zygote has died: see its standard error"
        answer = json.loads(line)
        out, err = (Path(scratch / name).read_text() for name in ("out", "err"))
        calls = read_calls(scratch / "log", root)
        if answer.get("stopped"):
            self._stopped[answer["pid"]] = scratch
        else:
            shutil.rmtree(scratch)
        return Run(answer["pid"], answer.get("code"), answer.get("signal"), out, err, calls)
