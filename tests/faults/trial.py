"""Owns the judgement: what a fault did to a command, held against what a repository promises.

A finding is of one of these kinds:

    BAD     the subject's own check finds damage, or where things stand cannot be read
    OTHER   neither the old nor the new state
    LIE     it said that it was done, and after the power cut it was not
    STUCK   the same command again does not come to its end without a helping hand
    LOUD    the error is not one line: a traceback, an answer on stdout, the wrong exit code
    LITTER  staged files stay where they disturb, or stay although the command ended by itself
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from mlreg.store import layout

from .calls import CHANGES, Call, Kind
from .lab import Fault, Lab, Run
from .powercut import KEPT, LOST, SURVIVALS, Disk, Survival, Tree, mixed
from .subjects import FOUND, STAGING_OF_CHECKOUT, Standing, Subject

KINDS = ("BAD", "OTHER", "LIE", "STUCK", "LOUD", "LITTER")
_NOT_KEPT = (".mlreg/tmp", ".mlreg/cache")


class Finding(NamedTuple):
    """Something that must not be: its kind, and when it happened."""

    kind: str
    when: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.when}: {self.what}"


@dataclass
class Tally:
    """What came of a number of faults."""

    points: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def kinds(self) -> Counter[str]:
        """How many findings there are of each kind."""
        return Counter(finding.kind for finding in self.findings)

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.points + other.points, [*self.findings, *other.findings])

    def __str__(self) -> str:
        return "\n".join(map(str, [f"{len(self.findings)} findings at {self.points} points", *self.findings[:20]]))


class Trial:
    """One subject on the bench: its old and its new state, and the calls that lead from one to the other."""

    def __init__(self, lab: Lab, subject: Subject, directory: Path) -> None:
        self._lab = lab
        self.subject = subject
        self._old_tree = directory / "old"
        self._prepare()
        self.old = subject.observe(self._old_tree)
        with self.copy() as root:
            self.calls = self._run(root, Fault()).calls
            self.new = subject.observe(root)
            self.code_again = self._run(root, Fault()).code
            self.newer = subject.observe(root)
        self._tally = Tally()

    # ---- the trials

    def kill(self, faults: Sequence[Fault]) -> Tally:
        """Kills the command by `faults`, looks, runs it again, looks again, cuts the power, and looks once more."""
        for root, disk, _ in self._each(faults):
            self._works_again(root, disk)
        return self._tally

    def end(self, faults: Sequence[Fault], code: int) -> Tally:
        """Asks the command to end by `faults`; it must answer `code`. Then as above."""
        for root, disk, run in self._each(faults):
            if run.code != code:
                self._found("LOUD", f"it does not end when asked to: {run}")
            self._ends_well(run, {code}, root, disk)
            self._works_again(root, disk)
        return self._tally

    def fail(self, faults: Sequence[Fault]) -> Tally:
        """Answers errors as `faults` say, and looks at what the command says and leaves. Then as above."""
        for root, disk, run in self._each(faults):
            self._ends_well(run, self.subject.fails_with, root, disk)
            self._works_again(root, disk)
        return self._tally

    def cut_power(self, survivals: Mapping[str, Survival] = SURVIVALS, *, mixes: int = 0, share: int = 1) -> Tally:
        """Cuts the power before one of `share` calls and after the last, with all `survivals` and `mixes` more."""
        with self.copy() as root:
            disk = Disk(root)
            calls = self._run(root, Fault()).calls
        self._cut_power_during(calls, disk, survivals, mixes, share)
        return self._tally

    def cut_power_without(self, is_forgotten: Callable[[Call], bool]) -> Tally:
        """Cuts the power during the command as it would be if it forgot some of its calls."""
        with self.copy() as root:
            disk = Disk(root)
            calls = self._run(root, Fault()).calls
        kept = [call for call in calls if not is_forgotten(call)]
        assert len(kept) < len(calls), "there is nothing to forget"
        self._cut_power_during(kept, disk, SURVIVALS)
        return self._tally

    @property
    def writes(self) -> bool:
        """Whether the command writes to a file."""
        return any(call.kind == Kind.WRITE for call in self.calls)

    def copy(self) -> AbstractContextManager[Path]:
        """Gives a copy of the old state."""
        return self._lab.copy_of(self._old_tree)

    def run(self, fault: Fault) -> Run:
        """Runs the command with `fault` on a copy of the old state."""
        with self.copy() as root:
            return self._hit(root, fault)

    def number_of(self, kinds: frozenset[Kind]) -> int:
        """Returns how many calls of `kinds` the command makes."""
        return sum(call.kind in kinds for call in self.calls)

    # ---- what is looked at

    def _works_again(self, root: Path, disk: Disk | None) -> None:
        seen = self._is_old_or_new(root)
        if seen is None:
            return
        run = self._run(root, Fault())
        code, wanted = (self.subject.again, self.newer) if seen == "new" else (0, self.new)
        if run.code != code:
            self._found("STUCK", f"again: {run}")
            return
        self._is(root, wanted, "STUCK", "again")
        if litter := self.subject.litter(root):
            self._found("LITTER", f"again: {' '.join(litter)}")
        if disk:
            disk.replay(run.calls)
            self._is_safe(disk, [wanted] if code == 0 else [self.old, self.new], "again, then a power cut")
        self._is_well_read(root, "again")

    def _is_well_read(self, root: Path, when: str) -> None:
        if not any(call.path.startswith(".mlreg/cache") for call in self.calls):
            return  # the command leaves nothing there that could be wrong
        try:
            errs = self.subject.errs(root)
        except Exception as error:  # whatever a reader of a repository may meet
            errs = [f"{type(error).__name__}: {error}"]
        if errs:
            self._found("BAD", f"{when}: {'; '.join(errs)}")

    def _ends_well(self, run: Run, codes: Set[int], root: Path, disk: Disk) -> None:
        self._is_quiet(run, codes)
        if not any(call.injected and _excuses(call) for call in run.calls):
            self._is_tidy(root)
        if run.code == 0:
            self._is(root, self.new, "LIE", "it said 0")
            self._is_safe(disk, [self.new], "it said 0, then a power cut")

    def _is_safe(self, disk: Disk, wanted: Sequence[Standing], when: str) -> None:
        tree = disk.after_power_cut(LOST)
        if _relevant(tree) == _relevant(disk.after_power_cut(KEPT)):
            return  # nothing is lost: this is what has been looked at already
        with self._lab.copy_from(tree) as root:
            seen = self._looked(root, when)
            if seen is not None and seen not in wanted:
                self._found("LIE", f"{when}: {_difference(wanted[0], seen)}")

    def _is_old_or_new(self, root: Path) -> str | None:
        seen = self._looked(root, "then")
        if seen in (self.new, self.old):
            return "new" if seen == self.new else "old"
        if seen is not None and self._is_between(seen):
            return "between"
        if seen is not None:
            self._found("OTHER", _difference(self.new, seen))
        return None

    def _is_between(self, seen: Standing) -> bool:
        """Whether single events and files are old or new, where that may be."""
        if self.subject.is_atomic:
            return False
        known = [*self.old["files"].items(), *self.new["files"].items()]
        old, now, new = (_events(one["repository"]) for one in (self.old, seen, self.new))
        is_grown = all(now[name][: len(old[name])] == old[name] == new[name][: len(old[name])] for name in old)
        are_new = all(now[name] == new[name][: len(now[name])] for name in now)
        return is_grown and are_new and all(file in known for file in seen["files"].items())

    def _is(self, root: Path, wanted: Standing, kind: str, when: str) -> None:
        seen = self._looked(root, when)
        if seen is not None and seen != wanted:
            self._found(kind, f"{when}: {_difference(wanted, seen)}")

    def _looked(self, root: Path, when: str) -> Standing | None:
        try:
            seen, problems = self.subject.observe(root), self.subject.problems(root)
        except Exception as error:  # whatever a reader of a repository may meet
            seen, problems = None, [f"{type(error).__name__}: {error}"]
        if problems:
            self._found("BAD", f"{when}: {'; '.join(problems)}")
            return None
        return seen

    def _is_quiet(self, run: Run, codes: Set[int]) -> None:
        lines = run.err.splitlines()
        is_one_line = sum(line.startswith("error: ") for line in lines) <= 1 and all(
            line.startswith(("error: ", "hint: ", "note: ", "warning: ", "undo: ")) for line in lines
        )
        if run.code == 0 and "Traceback" not in run.err:
            return  # whatever it says beside its answer
        if run.code not in codes or not is_one_line or (run.out and run.code != FOUND):
            self._found("LOUD", f"{run} {run.out}")

    def _is_tidy(self, root: Path) -> None:
        if staged := self.subject.staged(root):
            self._found("LITTER", " ".join(staged))

    # ---- how it is done

    def _prepare(self) -> None:
        self._old_tree.mkdir(parents=True)
        self.subject.prepare(self._old_tree)
        for words in self.subject.before:
            run = self._lab.run("mlreg", words, self._old_tree)
            assert run.code == 0, f"{words}: {run}"
        self.subject.arrange(self._old_tree)

    def _each(self, faults: Sequence[Fault]) -> Iterator[tuple[Path, Disk, Run]]:
        """Lets each of `faults` befall the command, each time from the old state."""
        assert faults, "a trial without a fault proves nothing"
        self._tally = Tally()
        for fault in faults:
            with self.copy() as root:
                disk = Disk(root)
                run = self._hit(root, fault)
                disk.replay(run.calls)
                self._tally.points += 1
                self._when = f"{self._place(fault)}: {run}"
                yield root, disk, run

    def _run(self, root: Path, fault: Fault) -> Run:
        return self._lab.run(self.subject.program, self.subject.words, root, fault)

    def _hit(self, root: Path, fault: Fault) -> Run:
        run = self._run(root, fault)
        assert run.is_hit, f"{fault} did not happen: {run}"
        return run

    def _cut_power_during(
        self, calls: Sequence[Call], disk: Disk, survivals: Mapping[str, Survival], mixes: int = 0, share: int = 1
    ) -> None:
        self._tally = Tally()
        lasting = [number for number, call in enumerate(calls) if call.kind in CHANGES][::-share]
        known: set[str] = set()
        has_said = False
        for number, call in enumerate([*calls, None]):
            if call is None or number in lasting:
                place = f"before {call}" if call else "after the last call"
                lots = {f"mix {mix}": mixed(f"{self.subject} {number} {mix}") for mix in range(mixes)}
                for name, survival in {**survivals, **lots}.items():
                    self._tally.points += 1
                    self._when = f"power cut {place} ({number}), {name}"
                    self._come_back(disk.after_power_cut(survival), known, must_be_new=has_said or call is None)
            if call is not None:
                has_said = has_said or call.kind == Kind.SAID
                disk.replay([call])

    def _come_back(self, tree: Tree, known: set[str], *, must_be_new: bool) -> None:
        key = sha256(repr((must_be_new, sorted(tree.items()))).encode()).hexdigest()
        if key in known:
            return
        known.add(key)
        with self._lab.copy_from(tree) as root:
            self._is_well_read(root, "then")
            if must_be_new:
                self._is(root, self.new, "LIE", "it had said that it was done")
            self._works_again(root, None)

    def _place(self, fault: Fault) -> str:
        met = [call for call in self.calls if call.kind in fault.kinds]
        return f"{fault} {met[fault.at - 1]} ({fault.at})"

    def _found(self, kind: str, what: str) -> None:
        self._tally.findings.append(Finding(kind, f"{self.subject}: {self._when}", what))


def _excuses(call: Call) -> bool:
    """Whether one hit by a fault at `call` need not tidy up at once: the next command does, and that is looked at."""
    return STAGING_OF_CHECKOUT in call.path or (call.kind in (Kind.UNLINK, Kind.RMDIR) and not call.is_done)


def _events(repository: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    return {name: model if name == layout.REPOSITORY else model["events"] for name, model in repository.items()}


def _relevant(tree: Tree) -> Tree:
    return {path: data for path, data in tree.items() if not path.startswith(_NOT_KEPT)}


def _difference(wanted: Standing, seen: Standing) -> str:
    name = next(name for name in wanted if wanted[name] != seen[name])
    return f"{name} is {seen[name]} instead of {wanted[name]}"
