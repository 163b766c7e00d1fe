"""Owns what the scan of one file carries through all that is nested in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mlreg.scanning.limits import NESTING_MAX, Budget
from mlreg.scanning.report import Findings, Halt


@dataclass(frozen=True, slots=True)
class Scan:
    """The scan of one file or of a member of it.

    Attributes:
        budget: What it may still take.
        findings: What was found so far.
        trusted: Globals of foreign packages that somebody trusts for this file, as `package.Class`.
        place: The member that is being looked at, as in `model.zip!data.pkl`; empty for the file itself.
        depth: How many archives, streams and pickles lie around it.
        storages: Of a torch archive the sizes in bytes of its storages by key; None where none can be asked for.
        guesses: What the file seems to be, for where the look at it ends early; the last is of the outermost.
        reads: The names of files beside the file that have its values.
        is_script: Whether classes of TorchScript may be named.
    """

    budget: Budget
    findings: Findings = field(default_factory=Findings)
    trusted: frozenset[str] = frozenset()
    place: str = ""
    depth: int = 0
    storages: Mapping[str, int] | None = None
    is_script: bool = False
    guesses: list[str] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)

    def guess(self, found: str) -> None:
        """Notes what the file seems to be."""
        if not self.depth:
            self.guesses.append(found)

    def add(self, code: str, message: str, offset: int | None = None, *, subject: str | None = None) -> None:
        """Adds a finding, with the member that it is in."""
        self.findings.add(code, self._placed(message), offset, subject=subject)

    def add_program(self, message: str, runner: str) -> None:
        """Adds that it is a program, which `runner` (one of `codes.PROGRAMS`) would run, unless that is trusted."""
        if runner not in self.trusted:
            self.add("MLR318", message, subject=runner)

    def halted(self, halt: Halt) -> None:
        """Adds the finding that has ended the scan of this member."""
        self.add(halt.finding.code, str(halt), halt.finding.offset)

    def inside(self, member: str = "", *, storages: Mapping[str, int] | None = None, is_script: bool = False) -> Scan:
        """Returns the scan of `member` of this.

        Raises:
            Halt: It lies too deep.
        """
        if self.depth >= NESTING_MAX:
            raise Halt("MLR333", f"archives lie more than {NESTING_MAX} deep in each other")
        place = "!".join(filter(None, (self.place, member)))
        return replace(self, place=place, depth=self.depth + 1, storages=storages, is_script=is_script, reads=set())

    def probing(self) -> Scan:
        """Returns a scan whose findings go nowhere."""
        return replace(self, findings=Findings(), guesses=[], reads=set())

    def _placed(self, message: str) -> str:
        return f"{message} (in {self.place})" if self.place else message
