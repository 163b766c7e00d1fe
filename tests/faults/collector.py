"""Has versions registered while garbage is collected, again and again, and looks whether all bytes are there.

    collector.py DIRECTORY ROUNDS SHARE_KILLED

Each round a version of one model is registered, while `gc --prune` drops all but the newest two: every other one is
stored against one before, which may be going, and of every third the bytes are there already, and look like garbage.
Of those who register or collect a share is killed, and does it again. The answer on stdout is one JSON document, the
`Outcome`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from array import array
from pathlib import Path
from random import Random
from typing import TypedDict

from racer import MODEL, forked, read_on

from mlreg import ConflictError, Registry
from mlreg.adapters import load
from mlreg.store import codec, layout
from mlreg.store.repository import Repository

VALUES = 6000  # 24 kB: enough to be coded
LIFE = 50  # rounds for each repository
_DONE, _BUSY = 0, 5


class Outcome(TypedDict):
    """How often who ended how, what a reader met, and what is wrong in the end."""

    registered: int
    collected: int
    busy: int
    killed: int
    dropped: int
    lost: list[str]
    """Versions whose bytes were not there when they were registered."""
    failed: list[str]
    reads: int
    read_errors: list[str]
    problems: list[str]


def race(directory: Path, rounds: int, share_killed: float) -> Outcome:
    """Lets both go `rounds` times at once, and tells what became of it."""
    outcome: Outcome = {
        "registered": 0, "collected": 0, "busy": 0, "killed": 0, "dropped": 0,
        "lost": [], "failed": [], "reads": 0, "read_errors": [], "problems": [],
    }  # fmt: skip
    lots = Random(rounds)
    for first in range(0, rounds, LIFE):
        root = directory / str(first)
        root.mkdir()
        Registry.init(root)
        (root / ".mlreg/config.toml").write_text("[retention]\nkeep_newest = 2\n")
        with tempfile.NamedTemporaryFile("r") as readings:
            _register(root, 0, _weights(root, first, lots), "0.1.0")
            reader = forked(read_on, str(root / ".mlreg"), readings.name)
            for turn in range(first, min(first + LIFE, rounds)):
                _round(root, turn, lots, share_killed, outcome)
            os.kill(reader, signal.SIGTERM)
            os.waitpid(reader, 0)
            lines = readings.read().splitlines()
        outcome["reads"] += len(lines)
        outcome["read_errors"] += [line for line in lines if line != "read"]
        outcome["problems"] += [f"{one.object} {one.message}" for one in Registry.open(root).verify().problems]
        versions = Registry.open(root).versions(MODEL).document()["versions"]
        outcome["dropped"] += sum(one["dropped"] is not None for one in versions)
    return outcome


def _round(root: Path, turn: int, lots: Random, share_killed: float, outcome: Outcome) -> None:
    source, version = _source(root, turn, lots), f"1.{turn}.0"
    if turn % 3 == 0:
        data = source.read_bytes()
        left = root / ".mlreg" / layout.blob(codec.digest(data))
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(data)
    wishes = {
        "registered": (_register, lots.random() * 0.04, source, version),
        "collected": (_collect, lots.random() * 0.06),
    }
    pids = {name: forked(wish[0], root, *wish[1:]) for name, wish in wishes.items()}
    for pid in pids.values():
        if lots.random() < share_killed:
            time.sleep(lots.random() * 0.03)
            os.kill(pid, signal.SIGKILL)
    for name, pid in pids.items():
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code == -signal.SIGKILL:
            outcome["killed"] += 1
            again = wishes[name]
            code = os.waitstatus_to_exitcode(os.waitpid(forked(again[0], root, *again[1:]), 0)[1])
        if code == _BUSY and name == "collected":
            outcome["busy"] += 1
        elif code == _DONE:
            outcome[name] += 1  # type: ignore[literal-required]
        else:
            outcome["failed"].append(f"{version}: {name} ended with {code}")
    if os.waitpid(forked(_look, root, version), 0)[1]:
        outcome["lost"].append(version)


def _source(root: Path, turn: int, lots: Random) -> Path:
    if turn % 2:
        return _weights(root, turn, lots)
    path = root / "model.bin"
    path.write_text(f"weights of version {turn}")
    return path


def _weights(root: Path, turn: int, lots: Random) -> Path:
    """Writes weights that differ a little from those of any other turn of this repository."""
    path, start = root / "weights.npy", Random(1)
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % VALUES
    values = array("f", (start.gauss(0, 1) + lots.gauss(0, 1e-4) for _ in range(VALUES)))
    path.write_bytes(b"\x93NUMPY\x01\0\x76\0" + head.ljust(117) + b"\n" + values.tobytes())
    return path


def _register(root: Path, after_s: float, source: Path, version: str) -> int:
    time.sleep(after_s)
    Registry.open(root, actor=version).register(MODEL, source, version=version)
    return _DONE


def _collect(root: Path, after_s: float) -> int:
    time.sleep(after_s)
    try:
        Registry.open(root, actor="collector").gc(prune=True, now=True)
    except ConflictError:
        return _BUSY
    return _DONE


def _look(root: Path, version: str) -> int:
    """Reads the bytes of a version, and checks them."""
    repository = Repository(load("backends", "local").connect(root / ".mlreg"))
    state = repository.history.state(MODEL)
    record = repository.catalog.read(MODEL, version, state.versions[version].record)
    for entry in record.files:
        for _ in repository.blobs.read(entry.digest):
            pass
    return _DONE


if __name__ == "__main__":
    directory, rounds, share_killed = sys.argv[1:]
    json.dump(race(Path(directory), int(rounds), float(share_killed)), sys.stdout)
