"""Prints the table of figures of `docs/reliability.md`: every fault at every call, or one of SHARE, of every command.

PYTHONPATH=tests python -m faults.figures [SHARE] [FAULT…]
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


def _wished() -> tuple[int, list[str]]:
    words = sys.argv[1:]
    share = int(words.pop(0)) if words and words[0].isdigit() else 1
    return share, words or [*CAMPAIGNS]


def tallies_of(number: int) -> dict[str, Tally]:
    """Puts the command `number` through all campaigns, or those named, and returns what came of each."""
    with opened_lab() as (lab, directory):
        trial = Trial(lab, COMMANDS[number], directory / "subject")
        share, names = _wished()
        return {name: CAMPAIGNS[name](trial, share=share) for name in names if trial.writes or name not in _WRITING}


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
