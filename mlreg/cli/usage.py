"""Owns errors about the words of a call: what was meant by them, and the line to type instead."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from mlreg.domain.names import quoted, suggestion
from mlreg.domain.stages import Stages
from mlreg.errors import UsageError

# what people type who know git, MLflow, DVC, Docker or kubectl
_VERBS = {
    "add": "register", "commit": "register", "create": "register", "log-model": "register", "push": "register",
    "save": "register", "upload": "register", "log": "history", "reflog": "history", "timeline": "history",
    "ls": "list", "models": "list", "versions": "list", "search": "list", "find": "list", "status": "list",
    "show": "info", "describe": "info", "get": "info", "inspect": "info", "cat": "info", "diff": "compare",
    "blame": "why", "reason": "why", "deploy": "promote", "stage": "promote", "transition": "promote",
    "release": "promote", "revert": "rollback", "undo": "rollback", "reset": "rollback", "restore": "rollback",
    "download": "checkout", "pull": "checkout", "fetch": "checkout", "load": "checkout", "cp": "checkout",
    "rm": "archive", "remove": "archive", "delete": "archive", "retire": "archive", "unarchive": "promote",
    "fsck": "verify", "check": "verify", "prune": "gc", "clean": "gc", "size": "du", "pin": "lock", "freeze": "lock",
    "annotate": "set", "edit": "set", "update": "set", "label": "tag", "protect": "hold", "report": "audit",
    "sign": "approve", "deny": "reject", "rank": "best", "leaderboard": "best", "graph": "lineage",
    "completions": "completion", "env": "doctor", "settings": "config",
}  # fmt: skip
_OPTIONS = {
    "-m": ("--reason", "--description"), "--message": ("--reason", "--description"), "--why": ("--reason",),
    "--to": ("--for", "--output"), "--for": ("--to",), "--stage": ("--to", "--for"), "--output": ("-o",),
    "--out": ("-o",), "--dir": ("-o", "--repo"), "--directory": ("-o", "--repo"),
    "--format": ("--output-format", "--layout"),
    "--author": ("--actor",), "--user": ("--actor",), "--by": ("--actor",), "-n": ("--dry-run", "--limit"),
    "--metrics": ("--metric",), "--params": ("--param",), "--tags": ("--tag",), "--yes": ("--force",),
    "-y": ("--force",),
}  # fmt: skip
_EXTRA = re.compile(r"unexpected extra argument\S* \((\S+)\)")
_EXTRA_OPTIONS = {"rollback": "--to", "promote": "--to", "approve": "--for", "reject": "--for"}


def unknown_command(word: str, known: Sequence[str]) -> UsageError:
    """Returns the error about `word`, which is none of the commands `known`."""
    meant = _VERBS.get(word.lower())
    near = f"here that is `mlreg {meant}`" if meant else suggestion(word, known)
    return UsageError(f"{quoted(word)} is not a command of mlreg", hint=near or "see all with `mlreg --help`")


def usage_error(error: Any, words: Sequence[str], known: Sequence[str]) -> UsageError:
    """Returns what Click says of a call as an error of mlreg.

    Args:
        error: Click's `UsageError`.
        words: The words of the call.
        known: All commands.
    """
    verb = next((word for word in words if word in known), "")
    option = getattr(error, "option_name", None)
    hint = _option_meant(option, error) if option else _line_meant(error, words, verb)
    message = (error.message if option and hint else error.format_message()).strip().rstrip(".").split("\n", 1)[0]
    return UsageError(
        message[:1].lower() + message[1:], hint=hint or f"see `{shlex.join(filter(None, ['mlreg', verb, '--help']))}`"
    )


def _option_meant(option: str, error: Any) -> str | None:
    """Returns the hint about an option that there is not."""
    taken = [name for param in error.ctx.command.params for name in param.opts] if error.ctx else []
    for meant in _OPTIONS.get(option, ()):
        if meant in taken:
            return f"here that is `{meant}`"
    by_name = {name.lstrip("-"): name for name in taken if name.startswith("--")}
    near = suggestion(option.lstrip("-"), by_name, limit=1)
    return near.replace("`", "`--", 1) if near else None


def _line_meant(error: Any, words: Sequence[str], verb: str) -> str | None:
    """Returns the hint about words that lack their option."""
    param = getattr(error, "param", None)
    if param is not None and getattr(param, "metavar", "") == "STAGE" and "--" not in words:
        rest, stage = (words[:-1], words[-1]) if Stages().find(words[-1]) else (words, "production")
        return f"to which stage? `{shlex.join(['mlreg', *rest, param.opts[0], stage])}`"
    extra = _EXTRA.search(error.format_message())
    if extra and verb in _EXTRA_OPTIONS and extra[1] in words and _EXTRA_OPTIONS[verb] not in words:
        at = len(words) - 1 - [*reversed(words)].index(extra[1])
        return f"`{shlex.join(['mlreg', *words[:at], _EXTRA_OPTIONS[verb], *words[at:]])}`"
    return None
