"""Owns what shells complete: for each shell one script, made of the commands and their options.

A script offers commands and options by itself and asks `mlreg __complete` (`mlreg.complete`) for names. Nothing that it
is told is ever evaluated: candidates are kept in arrays and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlreg.cli.shells import bash, fish, zsh
from mlreg.cli.shells.commandline import Tree, tree

_WRITERS: Mapping[str, Callable[[Tree], str]] = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}


def script(shell: str) -> str:
    """Returns the script that makes `shell` complete the words of mlreg."""
    return _WRITERS[shell](tree())
