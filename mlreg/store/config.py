"""Owns `config.toml`, the one file of a repository that people edit, and what that of a user has in common with it.

A part of the file is a *section*: a table of one name. A room that reads one of its own adds a row to `SECTIONS`; what
the row's function makes of the table is found in `Config.sections`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.domain.names import checked_label, suggestion
from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule
from mlreg.store import layout

if TYPE_CHECKING:
    import tomllib

    from mlreg.domain import approvals, policies, retention, score
    from mlreg.domain.metric import Direction
    from mlreg.store import settings
else:
    approvals = LazyModule("mlreg.domain.approvals")
    tomllib = LazyModule("tomllib")
    policies = LazyModule("mlreg.domain.policies")
    retention = LazyModule("mlreg.domain.retention")
    score = LazyModule("mlreg.domain.score")
    settings = LazyModule("mlreg.store.settings")

_VERSION_LIKE = r"v?[0-9]+(\.|\Z)"

TEMPLATE = """\
# The configuration of this repository; yours to edit. All of it is optional: what follows are examples.
#
# Which way a metric is better, where its name does not tell:
#
# [metrics.score]
# direction = "up"          # or "down"
#
# The stages from the first to the one that serves; every one but the first has a single holder:
#
# [stages]
# order = ["development", "staging", "production"]
# aliases = { dev = "development", stage = "staging", prod = "production" }
"""


class Config(NamedTuple):
    """What a configuration says.

    Attributes:
        sections: What other rooms have made of their sections, by name.
        plain: Values of settings that no room has a section for, by their names, as `deployments.cpu`.
        warnings: Sentences on what means nothing to this mlreg, and may to a newer one.
    """

    stages: Stages = Stages()
    directions: Mapping[str, Direction] = MappingProxyType({})
    sections: Mapping[str, Any] = MappingProxyType({})
    plain: Mapping[str, Any] = MappingProxyType({})
    warnings: tuple[str, ...] = ()

    def above(self, other: Config) -> Config:
        """Returns what is said where this goes before `other`, which is of a user; only here are there sections."""
        directions = {**other.directions, **self.directions}
        plain = {**other.plain, **self.plain}
        return self._replace(directions=directions, plain=plain, warnings=(*self.warnings, *other.warnings))


def parse_config(data: bytes, source: str = layout.CONFIG) -> Config:
    """Returns the configuration that `data`, the file `source` of a repository, says.

    Raises:
        UsageError: It is not TOML, or has a key or value that means nothing; file and line are named.
    """
    reader = _reader(data, source)
    if reader is None:
        return Config()
    warnings = reader.sections(("stages", "metrics", *_PLAIN, *SECTIONS))
    return Config(
        stages=_stages(reader),
        directions=_directions(reader),
        sections={
            name: read(reader, reader.table(reader.root, name))
            for name, read in SECTIONS.items()
            if name in reader.root
        },
        plain=_plain(reader),
        warnings=warnings,
    )


def parse_user_config(data: bytes, source: str) -> Config:
    """Returns the configuration that `data`, the file `source` of a user, says: nothing of what all have to share.

    Raises:
        UsageError: It is not TOML, or has a key or value that means nothing there; file and line are named.
    """
    reader = _reader(data, source)
    if reader is None:
        return Config()
    shared = next((name for name in ("stages", *SECTIONS) if name in reader.root), None)
    if shared is not None:
        raise reader.error(shared, f"{shared!a} is the same for all who use a repository", _IN_REPOSITORY)
    warnings = reader.sections(("metrics", "roots", *_PLAIN))
    return Config(directions=_directions(reader), plain=_plain(reader), warnings=warnings)


def document(data: bytes, source: str) -> Mapping[str, Any]:
    """Returns the tables and values of a file as they stand there.

    Raises:
        UsageError: It is not TOML; file and line are named.
    """
    reader = _reader(data, source)
    return reader.root if reader else {}


class Reader:
    """The values of a configuration, and how to complain about them."""

    def __init__(self, root: Mapping[str, Any], text: str, source: str) -> None:
        self.root = root
        self._text = text
        self._source = source

    def error(self, key: str, what: str, hint: str | None = None) -> UsageError:
        """Returns the error that `what` is wrong at `key`, with its line."""
        line = self._line(key)
        place = f"{self._source}, line {line}" if line else self._source
        return UsageError(f"cannot read {place}: {what}", hint=hint, facts={"file": self._source, "line": line})

    def sections(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Returns a warning for each section that is not one of the `known`: a newer mlreg may know it.

        Raises:
            UsageError: One is no table, or was meant to be one of these: a rule that is misspelled must not be lost.
        """
        for key, value in self.root.items():
            near = suggestion(key, known)
            if key not in known and (near or not isinstance(value, dict)):
                raise self.error(key, f"{key!a} means nothing", near or f"known are {', '.join(known)}")
        return tuple(
            f"{self._source}, line {self._line(key)}: [{key}] means nothing to this mlreg"
            for key in self.root
            if key not in known
        )

    def _line(self, key: str) -> int | None:
        return next((n for n, line in enumerate(self._text.splitlines(), 1) if _names_key(line, key)), None)

    def only(self, table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        """Checks that `table` has no key but the `known`."""
        for key in table:
            if key not in known:
                near = suggestion(key, known) or f"known are {', '.join(known)}"
                raise self.error(key, f"{where}{key!a} means nothing", near)

    def table(self, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Returns the table `key`, an empty one where it is not there."""
        value = parent.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"{key!a} is not a table")
        return value


SECTIONS: Mapping[str, Callable[[Reader, Mapping[str, Any]], Any]] = {
    "approvals": lambda reader, table: approvals.parse_setting(table, reader.error),
    "retention": lambda reader, table: retention.parse_policy(table, reader.error),
    "score": lambda reader, table: score.parse_formulas(table, reader.error),
    "policy": lambda reader, table: policies.parse_policies(table, _stages(reader), reader.error),
}
"""What reads a section of its own, by its name; `reader.error` says what is wrong, with file and line."""

_PLAIN = ("storage", "deployments")
_IN_REPOSITORY = "write it into the `config.toml` of the repository: `mlreg config set` does"


def _reader(data: bytes, source: str) -> Reader | None:
    """Returns the values of the file, or None where it is empty but for comments."""
    text = _decoded(data, source)
    return None if _says_nothing(text) else Reader(_toml(text, source), text, source)


def _plain(reader: Reader) -> dict[str, Any]:
    """Returns what the sections say that are settings and nothing else."""
    found: dict[str, Any] = {}
    for section in _PLAIN:
        table = reader.table(reader.root, section)
        known = {key.words[1]: key for key in settings.KEYS if key.words[0] == section} if table else {}
        reader.only(table, tuple(known), f"{section}.")
        for word, value in table.items():
            if not known[word].kind.accepts(value):
                raise reader.error(word, f"{section}.{word} is not {known[word].kind.wants}")
            found[f"{section}.{word}"] = value
    return found


def _stages(reader: Reader) -> Stages:
    table = reader.table(reader.root, "stages")
    reader.only(table, ("order", "aliases"), "stages.")
    usual = Stages()
    order = table.get("order", list(usual.order))
    if not isinstance(order, list) or not all(map(_is_stage_name, order)) or not 1 < len(set(order)) == len(order):
        raise reader.error("order", "stages.order is not a list of two or more lower-case names, each once")
    own = reader.table(table, "aliases")
    for alias, stage in own.items():
        if stage not in order or alias in order or not _is_stage_name(alias):
            raise reader.error(alias, f"stages.aliases.{alias} is not a lower-case name of one of the stages")
    kept = {alias: stage for alias, stage in usual.aliases.items() if stage in order and alias not in order}
    return Stages(tuple(order), {**kept, **own})


def _directions(reader: Reader) -> dict[str, Direction]:
    directions: dict[str, Direction] = {}
    for name in (metrics := reader.table(reader.root, "metrics")):
        metric = reader.table(metrics, name)
        reader.only(metric, ("direction",), f"metrics.{name}.")
        if (direction := metric.get("direction")) not in ("up", "down"):
            raise reader.error(name, f"metrics.{name}.direction is neither 'up' nor 'down'")
        directions[name] = direction
    return directions


def _is_stage_name(name: Any) -> bool:
    try:
        return (
            isinstance(name, str)
            and checked_label(name, "a stage") == name.lower()
            and name not in (ARCHIVED, "latest")
            and not re.match(_VERSION_LIKE, name)
        )
    except UsageError:
        return False


def _decoded(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"cannot read {source}, line {line}: not valid UTF-8") from None


def _says_nothing(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def _toml(text: str, source: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    # a ValueError of another kind is a number of too many digits
    except (ValueError, RecursionError) as error:
        what, _, at = str(error).partition(" (at ")
        found = re.search(r"line (\d+)", at)
        line = int(found[1]) if found else text.count("\n") + 1 if at else None
        what = "it is nested too deeply" if isinstance(error, RecursionError) else what.split(";", 1)[0]
        place = f"{source}, line {line}" if line else source
        raise UsageError(
            f"cannot read {place}: {what[:1].lower()}{what[1:]}",
            hint='mend that line: it is TOML, sections as `[metrics.auc]` and lines as `direction = "up"`',
            facts={"file": source, "line": line},
        ) from None


def _names_key(line: str, key: str) -> bool:
    return re.search(
        rf"(^|[\[.\s\"'{{,]){re.escape(key)}([\]\s=.\"']|$)", line
    ) is not None and not line.lstrip().startswith("#")
