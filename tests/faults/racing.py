"""Owns commands at once: two that meet between two calls of the first, and many processes that promote.

Of two, the first is stopped at one of its calls, the second runs, the first goes on: every way in which they can meet
is tried once, and the outcome is the same each time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from mlreg import Registry

from .calls import CHANGES, LOOKS, Call, Mode
from .lab import HERE, SOURCES, Fault, Lab, Run
from .racer import MODEL, Outcome, versions_of
from .subjects import Standing, Words, problems, standing, write_sources


class Meeting(NamedTuple):
    """What came of two commands, the second of which ran while the first waited before its call `before`."""

    before: Call
    first: Run
    second: Run
    after: Standing
    problems: Sequence[str]

    @property
    def codes(self) -> tuple[int | None, int | None]:
        """How both ended."""
        return self.first.code, self.second.code


class Arena:
    """Where commands meet: a directory in a state that `before` has made."""

    def __init__(self, lab: Lab, directory: Path, before: Sequence[Words]) -> None:
        self._lab = lab
        self.directory = directory
        directory.mkdir(parents=True)
        write_sources(directory)
        for words in before:
            assert lab.run("mlreg", words, directory).code == 0, words

    def copy(self) -> AbstractContextManager[Path]:
        """Gives a copy of the arena."""
        return self._lab.copy_of(self.directory)

    def meetings(self, first: Words, second: Words, share: int = 1) -> Iterator[Meeting]:
        """Has `first` and `second` meet at one of `share` calls of `first`, each time from the beginning."""
        calls = self._calls(first)
        assert calls, "commands that call nothing cannot meet"
        for at in range(1, len(calls) + 1, share):
            with self.copy() as root:
                stopped = self._lab.run("mlreg", first, root, _stop(at))
                assert stopped.is_stopped, f"{stopped} instead of stopping before {calls[at - 1]}"
                other = self._lab.run("mlreg", second, root)
                resumed = self._lab.resume(stopped, root)
                yield Meeting(calls[at - 1], resumed, other, standing(root), problems(root))

    def one_after_the_other(self, *commands: Words) -> tuple[tuple[int | None, ...], Standing]:
        """Returns how `commands` end that do not meet, and where things stand then."""
        with self.copy() as root:
            codes = tuple(self._lab.run("mlreg", words, root).code for words in commands)
            return codes, standing(root)

    def _calls(self, words: Words) -> list[Call]:
        with self.copy() as root:
            calls = self._lab.run("mlreg", words, root, Fault()).calls
        return [call for call in calls if call.kind in CHANGES | LOOKS]


def _stop(at: int) -> Fault:
    return Fault(CHANGES | LOOKS, at, Mode.SIGNAL_BEFORE, signal.SIGSTOP)


def raced(root: Path, processes: int, promotions: int, share_killed: float = 0.0) -> Outcome:
    """Has `processes` promote `promotions` times each, a share of them killed, and returns what each was told."""
    write_sources(root)
    registry = Registry.init(root)
    for process in range(processes):
        for version in versions_of(process):
            registry.register(MODEL, root / "model.bin", version=version, meta={"process": process})
    arguments = [str(root / ".mlreg"), str(processes), str(promotions), str(share_killed)]
    command = [sys.executable, str(HERE / "racer.py"), *arguments]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(SOURCES)}, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


def promotions_in(root: Path) -> Counter[tuple[str, int]]:
    """Returns the promotions that the history tells of: version and number of the event."""
    events = Registry.open(root).history(MODEL).document()["events"]
    return Counter((event["version"], event["number"]) for event in events if event["kind"] == "promoted")
