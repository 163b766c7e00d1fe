"""Owns what a call says before and after its verb: where, who, how to print."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from mlreg.adapters.surroundings import location
from mlreg.cli.output import Output
from mlreg.registry import Registry

BEHIND_DASHES = "mlreg.behind-dashes"


@dataclass(eq=False)
class Session:
    """One call of the command line. The global options write into it while they are parsed."""

    repo: str | None = None
    actor: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    ci: str | None = None
    output_format: str | None = None
    no_color: bool = field(default_factory=lambda: bool(os.environ.get("NO_COLOR")))

    def registry(self) -> Registry:
        """Opens the repository that the call is about."""
        self._say_where()
        return Registry.open(self.repo, actor=self.actor)

    def damaged_registry(self) -> Registry:
        """Opens the repository that the call is about, also where the file that says what it is is damaged."""
        self._say_where()
        return Registry.open_damaged(self.repo, actor=self.actor)

    def _say_where(self) -> None:
        if self.verbose and not self.json:
            self.output().say(f"repository: {location.find(self.repo)}")

    def directory(self) -> str:
        """Returns the directory of the repository, as short as it is from the working directory."""
        directory = location.find(self.repo)
        inside = os.path.relpath(directory)
        return str(directory) if inside.startswith(os.pardir) else inside

    def output(self) -> Output:
        """Returns where answers are printed, and how."""
        return Output(json=self.json, quiet=self.quiet, no_color=self.no_color, ci=self.ci, format=self.output_format)
