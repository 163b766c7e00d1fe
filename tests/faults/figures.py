"""Prints the figures of `docs/reliability.md`, mlreg's and the anchors'; ends with 1 where mlreg breaks a promise.

    PYTHONPATH=tests python -m faults.figures [SHARE] [anchors | FAULT…]

Every fault befalls every call, or one of SHARE, of every command of mlreg, and of one promotion by each anchor.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from .anchors_table import CONTENDERS, heading, row_of
from .campaigns import CAMPAIGNS
from .commands import COMMANDS
from .trial import KINDS, Tally, Trial
from .workshop import opened_lab, why_not

ANCHORS = "anchors"
_WRITING = ("torn write", "short write")


def tallies_of(number: int, share: int, names: Sequence[str]) -> dict[str, Tally]:
    """Puts the command `number` through the campaigns `names`, and returns what came of each."""
    with opened_lab() as (lab, directory):
        trial = Trial(lab, COMMANDS[number], directory / "subject")
        return {name: CAMPAIGNS[name](trial, share=share) for name in names if trial.writes or name not in _WRITING}


def table(rows: dict[str, Tally]) -> Iterator[str]:
    """Yields `rows` as a table in Markdown."""
    yield f"| | points | {' | '.join(KINDS)} |"
    yield f"|---|{'---:|' * (len(KINDS) + 1)}"
    for name, tally in rows.items():
        yield f"| {name} | {tally.points} | {' | '.join(str(tally.kinds[kind]) for kind in KINDS)} |"


def measured(pool: ProcessPoolExecutor, share: int, names: Sequence[str]) -> bool:
    """Prints what came of mlreg, by fault and by command, and all findings; returns whether there is none."""
    by_fault: dict[str, Tally] = defaultdict(Tally)
    by_command: dict[str, Tally] = {}
    measure = partial(tallies_of, share=share, names=names)
    for command, tallies in zip(COMMANDS, pool.map(measure, range(len(COMMANDS))), strict=True):
        by_command[command.name] = sum(tallies.values(), Tally())
        for name, tally in tallies.items():
            by_fault[name] += tally
    everything = sum(by_command.values(), Tally())
    lines = [*table({**by_fault, "all": everything}), "", *table(by_command), "", *map(str, everything.findings)]
    sys.stdout.write("\n".join(lines) + "\n")
    return not everything.findings


def compared(pool: ProcessPoolExecutor, share: int) -> None:
    """Prints what came of mlreg's promotion and of those of the anchors, and which of these are not here."""
    sys.stdout.write(f"{heading()}\n")
    for row in sorted(pool.map(partial(row_of, share=share), range(len(CONTENDERS))), key=_is_no_row):
        sys.stdout.write(f"{row}\n")


def _is_no_row(line: str) -> bool:
    return not line.startswith("|")


def main() -> None:
    """Measures and prints what was asked for."""
    words = sys.argv[1:]
    share = int(words.pop(0)) if words and words[0].isdigit() else 1
    if why := why_not():
        sys.stdout.write(f"not run: the figures: {why}\n")
        return
    is_kept = True
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        if words != [ANCHORS]:
            is_kept = measured(pool, share, words or [*CAMPAIGNS])
        if not words or words == [ANCHORS]:
            compared(pool, share)
    sys.exit(not is_kept)


if __name__ == "__main__":
    main()
