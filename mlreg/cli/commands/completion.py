"""`mlreg completion`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.answers.completion import Completion
from mlreg.cli import shells
from mlreg.cli.shells.commandline import SHELLS
from mlreg.cli.verbatim import view_of
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError

EXAMPLES = """\b
Examples:
  mlreg completion bash > ~/.local/share/bash-completion/completions/mlreg
  mlreg completion zsh > ~/.zfunc/_mlreg
  mlreg completion fish > ~/.config/fish/completions/mlreg.fish

For zsh, `fpath=(~/.zfunc $fpath)` comes before `compinit` in ~/.zshrc. A new shell then completes commands, options,
models, versions, stages, aliases and tags."""


def run(
    ctx: typer.Context, shell: Annotated[str, typer.Argument(metavar="SHELL", help="One of bash, zsh and fish.")]
) -> None:
    """Print the script that completes commands, models, versions."""
    if shell not in SHELLS:
        near = suggestion(shell, SHELLS)
        raise UsageError(f"there is no script for {quoted(shell)}", hint=near or f"the shells are {', '.join(SHELLS)}")
    answer = Completion(shell=shell, script=shells.script(shell))
    ctx.obj.output().show(answer, view_of(answer.script))
