"""Owns `config.toml`, the one file of a repository that people edit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.domain.names import checked_label, suggestion
from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule
from mlreg.store import layout

if TYPE_CHECKING:
    import tomllib

    from mlreg.domain.metric import Direction
else:
    tomllib = LazyModule("tomllib")

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
    """What a repository's configuration says."""

    stages: Stages = Stages()
    directions: Mapping[str, Direction] = MappingProxyType({})


def parse_config(data: bytes, source: str = layout.CONFIG) -> Config:
    """Returns the configuration that `data`, the file `source`, says.

    Raises:
        UsageError: It is not TOML, or has a table, key or value that means nothing; file and line are named.
    """
    text = _decoded(data, source)
    if _says_nothing(text):
        return Config()
    reader = _Reader(_toml(text, source), text, source)
    reader.only(reader.root, ("stages", "metrics"), "")
    return Config(stages=_stages(reader), directions=_directions(reader))


class _Reader:
    """The values of a configuration, and how to complain about them."""

    def __init__(self, root: Mapping[str, Any], text: str, source: str) -> None:
        self.root = root
        self._text = text
        self._source = source

    def error(self, key: str, what: str, hint: str | None = None) -> UsageError:
        """Returns the error that `what` is wrong at `key`, with its line."""
        line = next((n for n, line in enumerate(self._text.splitlines(), 1) if _names_key(line, key)), None)
        place = f"{self._source}, line {line}" if line else self._source
        return UsageError(f"cannot read {place}: {what}", hint=hint, facts={"file": self._source, "line": line})

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


def _stages(reader: _Reader) -> Stages:
    table = reader.table(reader.root, "stages")
    reader.only(table, ("order", "aliases"), "stages.")
    usual = Stages()
    order = table.get("order", list(usual.order))
    if not isinstance(order, list) or not all(map(_is_stage_name, order)) or not 1 < len(set(order)) == len(order):
        raise reader.error("order", "stages.order is not a list of two or more lower-case names, each once")
    aliases = reader.table(table, "aliases") or {
        a: s for a, s in usual.aliases.items() if s in order and a not in order
    }
    for alias, stage in aliases.items():
        if stage not in order or alias in order or not _is_stage_name(alias):
            raise reader.error(alias, f"stages.aliases.{alias} is not a lower-case name of one of the stages")
    return Stages(tuple(order), dict(aliases))


def _directions(reader: _Reader) -> dict[str, Direction]:
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
            hint="see how TOML is written in the comments of a fresh `mlreg init`",
            facts={"file": source, "line": line},
        ) from None


def _names_key(line: str, key: str) -> bool:
    return re.search(
        rf"(^|[\[.\s\"'{{,]){re.escape(key)}([\]\s=.\"']|$)", line
    ) is not None and not line.lstrip().startswith("#")
