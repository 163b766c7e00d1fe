"""Owns the life of one repository through any sequence of commands, faults and power cuts."""

from __future__ import annotations

import errno
import json
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from .calls import CHANGES, ERRORS, Call, Kind, Mode
from .lab import Fault, Lab, Run
from .powercut import SURVIVALS, Disk, Survival, mixed, write_tree
from .subjects import Standing, Words, errs, lasting, listed, problems, standing, write_weights

_VERSIONS = ("1.0.0", "2.0.0", "3.0.0")
_SOURCES = ("model.bin", "better.bin", "export")
_WISHES: tuple[Words, ...] = (
    *(("register", "fraud", source, "--version", version) for source, version in zip(_SOURCES, _VERSIONS, strict=True)),
    *(("promote", "fraud", version, "--to", stage) for version in _VERSIONS for stage in ("staging", "production")),
    *(("rollback", "fraud", "--to", version) for version in _VERSIONS),
    *(("archive", "fraud", version, "--force", "--reason", "test") for version in _VERSIONS),
    *(("tag", "fraud", version, "reviewed") for version in _VERSIONS),
    ("tag", "fraud", "1.0.0", "reviewed", "--remove"),
    ("rollback", "fraud"),
    ("rollback", "fraud", "--stage", "staging"),
    ("deprecate", "fraud@2.0.0", "--reason", "test"),
    ("deprecate", "fraud@2.0.0", "--lift"),
    ("register", "fraud", "weights.safetensors", "--version", "4.0.0"),
    ("register", "fraud", "tuned.safetensors", "--version", "5.0.0", "--raw"),
    ("gc", "--prune", "--now"),
    ("verify", "--repair"),
    ("hold", "fraud@1.0.0", "--reason", "case 4711"),
    ("hold", "fraud@1.0.0", "--lift"),
    ("alias", "fraud", "2.0.0", "champion"),
    ("alias", "fraud", "champion", "--remove"),
    ("set", "fraud@1.0.0", "--metric", "latency=35ms"),
    ("trust", "add", "fraud@2.0.0", "--global", "team.Scorer", "--reason", "seen"),
    ("config", "set", "metrics.psi.direction", "down"),
    ("init",),
    ("list", "--json"),
    ("history", "fraud", "--json"),
)
_SILENT = (
    "init",
    "list",
    "history",
    "gc",
    "verify",
    "config",
)  # they say nothing for the states that killed commands have left of a model
_ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS)


class Life:
    """A repository that is made, used, hurt and used again; each step is checked against what may be."""

    def __init__(
        self,
        lab: Lab,
        directory: Path,
        seed: int,
        *,
        mixes: bool = False,
        forgets: Callable[[Call], bool] | None = None,
    ) -> None:
        """Makes a repository below `directory`.

        Args:
            mixes: Whether a power cut may leave any part of the unsynced, not only the extremes.
            forgets: Calls that do not count, as if mlreg did not make them: so one sees that they are needed.
        """
        self._lab = lab
        self._forgets = forgets or (lambda call: False)
        self._lots = Random(seed)
        self._mixes = mixes
        self._root = directory / "life"
        self._root.mkdir(parents=True)
        write_weights(self._root)
        self._said: list[str] = []
        self._begin()
        self._step(("init",), None)
        with (self._root / ".mlreg/config.toml").open("a") as file:
            file.write("\n[retention]\nkeep_newest = 2\n")
        self._begin()

    def live(self, steps: int) -> None:
        """Lets `steps` commands be wished for, each with its fault or without, and cuts the power now and then."""
        for _ in range(steps):
            words = self._lots.choice(_WISHES)
            self._step(words, self._fault())
            if self._lots.random() < 0.25:
                self._cut_power()

    def _begin(self) -> None:
        self._disk = Disk(self._root)
        self._possible = [standing(self._root)]

    def _step(self, words: Words, fault: Fault | None) -> None:
        old = self._possible[-1]
        new, code = self._undisturbed(words)
        run = self._lab.run("mlreg", words, self._root, fault or Fault())
        self._said.append(f"{' '.join(words)}: {fault}: {run}")
        self._disk.replay(call for call in run.calls if not self._forgets(call))
        now = standing(self._root)
        self._check(not problems(self._root), "verify finds damage")
        self._check(now in (old, new), "neither the old nor the new state")
        self._check("Traceback" not in run.err and run.code != 70, "a traceback")
        self._check(run.code != 0 or (code == 0 and now == new), "it said 0, and it was not done")
        self._check(run.is_hit or run.code == code, "without a fault it ends otherwise")
        if run.code == 0 and words[0] == "list":
            answer = [lasting(model) for model in json.loads(run.out)["models"]]
            self._check(answer == listed(self._root), "the list is wrong")
        is_said = run.code == 0 and words[0] not in _SILENT
        self._possible = [now] if is_said else [*self._possible, now]

    def _undisturbed(self, words: Words) -> tuple[Standing, int | None]:
        with self._lab.copy_of(self._root) as root:
            run: Run = self._lab.run("mlreg", words, root)
            return standing(root), run.code

    def _fault(self) -> Fault | None:
        at = self._lots.randint(1, 40)
        number = self._lots.choice(_ERRORS)
        return self._lots.choice(
            [
                None,
                Fault(CHANGES, at, Mode.SIGNAL_BEFORE, signal.SIGKILL),
                Fault(CHANGES, min(at, 12), Mode.SIGNAL_AFTER, signal.SIGKILL),
                Fault(frozenset({Kind.WRITE}), 1, Mode.TORN),
                Fault(ERRORS[number], at, Mode.ERROR_ONCE, number),
                Fault(ERRORS[number], min(at, 12), Mode.ERROR_ALWAYS, number),
                Fault(ERRORS[number], min(at, 12), Mode.ERROR_AFTER, number),
            ]
        )

    def _cut_power(self) -> None:
        survivals: Mapping[str, Survival] = {"mix": mixed(str(self._lots.random()))} if self._mixes else SURVIVALS
        name = self._lots.choice(sorted(survivals))
        self._said.append(f"power cut, {name}")
        tree = self._disk.after_power_cut(survivals[name])
        shutil.rmtree(self._root)
        write_tree(tree, self._root)
        self._check(not problems(self._root), "verify finds damage")
        self._check(standing(self._root) in self._possible, "a state that was acknowledged is gone")
        self._check(not errs(self._root), "the cache is wrong")
        self._begin()

    def _check(self, is_so: bool, what: str) -> None:
        assert is_so, "\n".join([what, *self._said])
