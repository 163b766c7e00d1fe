"""Has many processes make changes at once, each of them once: who is refused does not try again.

    python -m faults.anchors_race MODULE ROOT PROCESSES CHANGES

MODULE is one of the anchors; its `change(root, process, turn)` returns what it will be known by. The answer on stdout
is one JSON document: what was acknowledged, and how often something was refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

Change = Callable[[Path, int, int], str]


def changes(change: Change, root: Path, turns: int, process: int) -> list[str | None]:
    """Returns what each turn of one process was acknowledged as; None where it was refused."""
    return list(_changes(change, root, turns, process))


def _changes(change: Change, root: Path, turns: int, process: int) -> Iterator[str | None]:
    for turn in range(turns):
        try:
            yield change(root, process, turn)
        except Exception:  # each has errors of its own
            yield None


if __name__ == "__main__":
    module, root, processes, turns = sys.argv[1:]
    work = partial(changes, import_module(f"faults.{module}").change, Path(root), int(turns))
    with ProcessPoolExecutor(int(processes), mp_context=get_context("fork")) as pool:
        answers = list(chain.from_iterable(pool.map(work, range(int(processes)))))
    acknowledged = [answer for answer in answers if answer is not None]
    json.dump({"acknowledged": acknowledged, "refused": answers.count(None)}, sys.stdout)
