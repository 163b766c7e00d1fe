"""Prints the table of figures of `docs/reliability.md`, every fault at every call of every command.

PYTHONPATH=tests python -m faults.figures [FAULT…]
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from .campaigns import CAMPAIGNS
from .commands import COMMANDS
from .trial import KINDS, Tally, Trial
from .workshop import opened_lab

_WRITING = ("torn write", "short write")


def tallies_of(number: int) -> dict[str, Tally]:
    """Puts the command `number` through all campaigns, or those named, and returns what came of each."""
    with opened_lab() as (lab, directory):
        trial = Trial(lab, COMMANDS[number], directory / "subject")
        names = [name for name in sys.argv[1:] or CAMPAIGNS if trial.writes or name not in _WRITING]
        return {name: CAMPAIGNS[name](trial) for name in names}


def table(rows: dict[str, Tally]) -> Iterator[str]:
    """Yields `rows` as a table in Markdown."""
    yield f"| | points | {' | '.join(KINDS)} |"
    yield f"|---|{'---:|' * (len(KINDS) + 1)}"
    for name, tally in rows.items():
        yield f"| {name} | {tally.points} | {' | '.join(str(tally.kinds[kind]) for kind in KINDS)} |"


def main() -> None:
    """Measures and prints by fault, by command, and all findings."""
    by_fault: dict[str, Tally] = defaultdict(Tally)
    by_command: dict[str, Tally] = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for command, tallies in zip(COMMANDS, pool.map(tallies_of, range(len(COMMANDS))), strict=True):
            by_command[command.name] = sum(tallies.values(), Tally())
            for name, tally in tallies.items():
                by_fault[name] += tally
    everything = sum(by_command.values(), Tally())
    lines = [*table({**by_fault, "all": everything}), "", *table(by_command), "", *map(str, everything.findings)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
