"""Has many processes promote versions of one model at once, kills a share of them, and reads all the time.

    racer.py REPOSITORY PROCESSES PROMOTIONS SHARE_KILLED

Each process has two versions of its own, `N.0.0` and `N.1.0`, and promotes them to production by turns, so that each
promotion has something to do. Each promotion is a process again: one that is killed takes nobody with it. The answer
on stdout is one JSON document, the `Outcome`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from random import Random
from typing import TypedDict

from mlreg import ConflictError, Registry

MODEL = "fraud"
_DONE, _REFUSED, _FAILED = 0, 5, 70


class Outcome(TypedDict):
    """What became of the promotions, as those saw it who wished them."""

    acknowledged: list[tuple[str, int]]
    """Version and event number."""
    refused: int
    killed: int
    failed: int
    reads: int
    read_errors: list[str]


def versions_of(process: int) -> tuple[str, str]:
    """Returns the versions that belong to `process`."""
    return f"{process + 1}.0.0", f"{process + 1}.1.0"


def race(path: str, processes: int, promotions: int, share_killed: float) -> Outcome:
    """Lets the processes go, reads while they last, and tells what became of all promotions."""
    outcome: Outcome = {"acknowledged": [], "refused": 0, "killed": 0, "failed": 0, "reads": 0, "read_errors": []}
    with tempfile.NamedTemporaryFile("r") as readings:
        reader = forked(read_on, path, readings.name)
        reports, write_end = os.pipe()
        workers = [forked(_work, path, process, promotions, share_killed, write_end) for process in range(processes)]
        os.close(write_end)
        _count(reports, outcome)
        for pid in workers:
            os.waitpid(pid, 0)
        os.kill(reader, signal.SIGTERM)
        os.waitpid(reader, 0)
        lines = readings.read().splitlines()
    return {**outcome, "reads": len(lines), "read_errors": [line for line in lines if line != "read"]}


def _count(reports: int, outcome: Outcome) -> None:
    with open(reports) as lines:
        for line in lines:
            word, version, number = line.split()
            if word == "acknowledged":
                outcome["acknowledged"].append((version, int(number)))
            else:
                outcome[word] += 1  # type: ignore[literal-required]


def _work(path: str, process: int, promotions: int, share_killed: float, reports: int) -> None:
    lots = Random(process)
    for turn in range(promotions):
        version = versions_of(process)[turn % 2]
        pid = forked(_promote, path, version, reports)
        if lots.random() < share_killed:
            time.sleep(lots.random() * 0.3)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if status:
            word = "killed" if os.WIFSIGNALED(status) else {_REFUSED: "refused"}.get(status >> 8, "failed")
            os.write(reports, f"{word} {version} 0\n".encode())


def _promote(path: str, version: str, reports: int) -> int:
    try:
        answer = Registry.open(path, actor=f"process {version}").promote(MODEL, version, to="production")
    except ConflictError:
        return _REFUSED
    os.write(reports, f"acknowledged {version} {answer.event or 0}\n".encode())
    return _DONE


def read_on(path: str, report: str) -> int:
    """Reads for ever, and writes into the file `report` a line for each time: `read`, or what went wrong."""
    while True:
        try:
            registry = Registry.open(path)
            registry.list()
            registry.info(MODEL)
            line = "read"
        except Exception as error:  # whatever a reader may meet is a finding
            line = f"{type(error).__name__}: {error}".replace("\n", " ")
        with open(report, "a") as file:
            file.write(line + "\n")
        time.sleep(0.01)


def forked(function: Callable[..., int | None], *arguments: object) -> int:
    """Has a process of its own do something, end with the code that this returns, and returns its number."""
    pid = os.fork()
    if pid == 0:
        code = _FAILED
        try:
            code = function(*arguments) or 0
        except Exception as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            os._exit(code)
    return pid


if __name__ == "__main__":
    path, processes, promotions, share_killed = sys.argv[1:]
    json.dump(race(path, int(processes), int(promotions), float(share_killed)), sys.stdout)
