"""Owns the command line as shells see it: a table of commands, their options, and what values and arguments are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlreg.cli import COMMANDS, build, load_command
from mlreg.cli.topics import TOPICS
from mlreg.domain import events
from mlreg.findings import kinds

Kind = str | tuple[str, ...]  # a kind of `mlreg __complete`, FILES, DIRECTORIES, NOTHING, or the words themselves
FILES, DIRECTORIES, NOTHING = "files", "directories", "nothing"

SHELLS = ("bash", "zsh", "fish")
_EVENTS = tuple(value for name, value in vars(events).items() if name.isupper() and isinstance(value, str))

_SAID = [
    "WHO", "TEXT", "K=V", "V", "NAME", "TYPE", "ID", "X", "DATE", "WHEN", "COND", "FACT", "N", "ROLE=PATH", "COLUMN",
    "FORMAT",
    "FPR",
    "CLASS",
]  # fmt: skip

VALUES: Mapping[str, Kind] = {
    **dict.fromkeys(_SAID, NOTHING),
    "DIR": DIRECTORIES,
    **dict.fromkeys(("FILE", "SPEC"), FILES),
    "KIND": _EVENTS,
    "LEVEL": ("major", "minor", "patch", "auto"),
    "REF": "references",
    "STAGE": "stages",
    "TAG": "tags",
    "VERSION": "versions",
    "VERSION|none": "expected",
}
"""What the value of an option is, by its metavar; `github|gitlab` is these words."""

ARGUMENTS: Mapping[str, Sequence[Kind]] = {
    "NAME": ["references"],
    "VERSION": ["selectors"],
    "DIR": [DIRECTORIES],
    "PATH...": [FILES],
    "PATH... -- COMMAND...": [FILES],
    "NAME A B...": ["references", "compared"],
    "VERSION TAG...": ["labels", "tags"],
    "VERSION ALIAS": ["selectors", "aliases"],
    "REF": ["references"],
    "VERSION DATA": [FILES],
    "FILE...": [FILES],
    "sync|check": [("sync", "check")],
    "show|infer|check|lint|set": [("show", "infer", "check", "lint", "set")],
    "list|add|remove|trust": [("list", "add", "remove", "trust")],
    "list|get|set|unset": [("list", "get", "set", "unset")],
    "KEY VALUE": [NOTHING, NOTHING],
    "list|add|remove": [("list", "add", "remove")],
    "show|test": [("show", "test")],
    "NAME...": ["references"],
    "WORD...": ["references", FILES],
    "SHELL": [SHELLS],
    "CODE": [tuple(kinds())],
    "TOPIC...": [(*TOPICS, *COMMANDS), (*COMMANDS, "error")],
}
"""What arguments are, by their metavar without brackets; the last goes on where that ends with an ellipsis."""

_OF_MODELS = ("register", "list", "history", "rollback", "verify", "du", "gc", "best", "audit")

OWN: Mapping[tuple[str, str], Kind] = {
    **dict.fromkeys([(name, "NAME") for name in _OF_MODELS], "models"),
    ("list", "--stage"): "all-stages",
    ("promote", "--from"): "all-stages",
    ("keys", "WORD..."): FILES,
    ("rollback", "--stage"): "held-stages",
    ("run", "--register"): "models",
}
"""What an option or an argument of one command is where that differs from what its metavar says."""


class Option(NamedTuple):
    """An option: its names, what it does, and of one with a value what that is."""

    names: Sequence[str]
    help: str
    metavar: str
    value: Kind | None
    repeats: bool

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return self.value is None


class Verb(NamedTuple):
    """A command: what it does, its own options, and its arguments as usage writes them and what they are."""

    name: str
    help: str
    options: Sequence[Option]
    metavars: Sequence[str]
    arguments: Sequence[Kind]

    @property
    def goes_on(self) -> bool:
        """Whether the last argument may repeat."""
        return bool(self.metavars) and self.metavars[-1].endswith("...")


class Tree(NamedTuple):
    """The whole command line."""

    options: Sequence[Option]
    verbs: Sequence[Verb]


def tree() -> Tree:
    """Returns the command line as it is now; every command is loaded."""
    everywhere = _options("", build().params)
    known = {name for option in everywhere for name in option.names}
    return Tree(everywhere, [_verb(name, known - {"--version"}) for name in COMMANDS])


def _verb(name: str, everywhere: set[str]) -> Verb:
    command = load_command(name)
    words = [param for param in command.params if not param.opts[0].startswith("-")]
    metavars = [(param.metavar or "").replace("[", "").replace("]", "") for param in words]
    arguments = [OWN.get((name, metavar), kind) for metavar in metavars for kind in ARGUMENTS.get(metavar, [NOTHING])]
    options = [option for option in _options(name, command.params) if everywhere.isdisjoint(option.names)]
    return Verb(name, _plain(command.get_short_help_str()), options, metavars, arguments)


def _options(command: str, params: Sequence[Any]) -> list[Option]:
    return [
        Option(
            names=[*param.opts, *param.secondary_opts],
            help=_plain(param.help or ""),
            metavar=param.metavar or "",
            value=None if param.is_flag else _value(command, param),
            repeats=param.multiple,
        )
        for param in params
        if param.opts[0].startswith("-") and not param.hidden
    ]


def _value(command: str, param: Any) -> Kind:
    own = (OWN[command, name] for name in param.opts if (command, name) in OWN)
    return next(own, _kind(param.metavar or ""))


def _kind(metavar: str) -> Kind:
    words = tuple(metavar.split("|"))
    return VALUES.get(metavar, words if len(words) > 1 and metavar.islower() else NOTHING)


def _plain(text: str) -> str:
    """Returns `text` in ASCII: a script is read by shells of any locale."""
    return text.replace("…", "...").encode("ascii", "replace").decode()
