"""Owns what is put to the test: every command that writes, and what must be there before it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlreg.adapters import load
from mlreg.registry import Registry
from mlreg.store import codec, layout
from mlreg.store.repository import Repository

from .subjects import (
    Standing,
    Subject,
    Words,
    errs,
    litter,
    problems,
    staged,
    standing,
    write_sources,
    write_weights,
)

FIRST: Sequence[Words] = (("init",), ("register", "fraud", "model.bin", "--metric", "auc=0.9"))
SECOND: Sequence[Words] = (*FIRST, ("register", "fraud", "better.bin", "--version", "2.0.0"))
IN_PRODUCTION: Sequence[Words] = (*SECOND, ("promote", "fraud", "1.0.0", "--to", "production"))
REPLACED: Sequence[Words] = (*IN_PRODUCTION, ("promote", "fraud", "2.0.0", "--to", "production"))
THREE: Sequence[Words] = (
    *REPLACED,
    ("register", "fraud", "export", "--version", "3.0.0"),
    ("promote", "fraud", "3.0.0", "--to", "production"),
)

NEW_DIRECTORY = Path("deep/project")
REGISTER = Subject("register a file", ("register", "fraud", "model.bin", "--metric", "auc=0.9"), [("init",)])

COMMANDS = (
    Subject("init", ("init",)),
    Subject(
        "init in a new directory",
        ("init", str(NEW_DIRECTORY)),
        observe=lambda root: standing(root / NEW_DIRECTORY),
        problems=lambda root: problems(root / NEW_DIRECTORY),
        errs=lambda root: errs(root / NEW_DIRECTORY),
        staged=lambda root: staged(root / NEW_DIRECTORY),
    ),
    REGISTER,
    Subject("register a directory", ("register", "fraud", "export"), [("init",)]),
    Subject("register a second version", ("register", "fraud", "better.bin", "--tag", "new"), FIRST),
    Subject("register what is there", ("register", "fraud", "model.bin", "--metric", "auc=0.9"), FIRST),
    Subject("promote", ("promote", "fraud", "1.0.0", "--to", "staging", "--reason", "try it"), FIRST),
    Subject("promote in place of another", ("promote", "fraud", "2.0.0", "--to", "production"), IN_PRODUCTION),
    Subject("rollback", ("rollback", "fraud", "--reason", "worse"), REPLACED, again=3),
    Subject("rollback of two steps", ("rollback", "fraud"), THREE, again=0),
    Subject("rollback to a version", ("rollback", "fraud", "--to", "1.0.0"), THREE),
    Subject("tag", ("tag", "fraud", "1.0.0", "reviewed"), FIRST),
    Subject("deprecate", ("deprecate", "fraud@1.0.0", "--reason", "leaks"), FIRST),
    Subject("set", ("set", "fraud@1.0.0", "--metric", "latency=35ms"), FIRST),
    Subject("alias", ("alias", "fraud", "1.0.0", "champion"), FIRST),
    Subject(
        "config set",
        ("config", "set", "metrics.psi.direction", "down"),
        FIRST,
        observe=lambda root: {**standing(root), "config": (root / ".mlreg/config.toml").read_text()},
    ),
    Subject("archive", ("archive", "fraud", "1.0.0"), SECOND),
    Subject("checkout", ("checkout", "fraud", "1.0.0", "-o", "out"), FIRST, is_atomic=False),
    Subject("checkout of a directory", ("checkout", "fraud", "3.0.0", "-o", "out/model"), THREE, is_atomic=False),
)
