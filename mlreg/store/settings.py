"""Owns the settings: every key of a configuration, what it may be, where it may stand, what it is for.

No setting names something to execute, and none may: a repository's configuration is anybody's work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import tomllib
else:
    tomllib = LazyModule("tomllib")

Path = tuple[str, ...]
ANY = "*"
DEEP = "**"
_LISTING = {
    "policy": frozenset({"from", "each", "require"}),
    "retention": frozenset({"keep_stages", "keep_tags", "hold"}),
}
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MARK = 8191  # what a key is given to see that it is one


class Kind(NamedTuple):
    """What values of a setting are like: in words, as a check, and how one that is typed is read."""

    wants: str
    accepts: Callable[[Any], bool]
    read: Callable[[str], Any] = str


class Key(NamedTuple):
    """One setting.

    Attributes:
        name: Its words with dots between; `*` stands for a name of one's own, `**` for one or more words.
        default: What it is where nothing says otherwise; None: nothing.
        older: A variable of the environment of an older system, which is asked after that of mlreg.
        is_shared: Whether it is the same for all who use a repository: it stands in its file and nowhere else.
    """

    name: str
    says: str
    kind: Kind
    default: Any = None
    older: str | None = None
    is_shared: bool = False

    @property
    def words(self) -> Path:
        """The words of its name."""
        return tuple(self.name.split("."))

    @property
    def is_open(self) -> bool:
        """Whether there are as many of it as somebody makes names."""
        return not {ANY, DEEP}.isdisjoint(self.words)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of the environment that state it, the first one first."""
        if self.is_shared or self.is_open:
            return ()
        own = "MLREG_" + self.name.upper().replace(".", "_")
        return (own, self.older) if self.older else (own,)

    def checked(self, value: Any, where: str) -> Any:
        """Returns `value`, a text being what somebody typed, where the setting can have it.

        Raises:
            UsageError: It cannot.
        """
        try:
            meant = self.kind.read(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            meant = None
        if meant is None or not self.kind.accepts(meant):
            shown = quoted(value) if isinstance(value, str) else quoted(str(value))
            raise UsageError(f"{where} cannot be {shown}", hint=f"it is {self.kind.wants}", facts={"key": self.name})
        return meant


def _choice(*words: str) -> Kind:
    return Kind(f"one of {', '.join(words)}", lambda value: value in words, str.lower)


def _count(least: int, most: int) -> Kind:
    def accepts(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Kind(f"a whole number from {least} to {most}", accepts, int)


def _matching(pattern: str, wants: str) -> Kind:
    def accepts(value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch(pattern, value) is not None

    return Kind(wants, accepts)


def _listed(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return [word.strip() for word in text.split(",")]
    return found if isinstance(found, list) else [text]


def _plain(text: str) -> Any:
    """Returns the number, truth value or list that `text` is, else `text`."""
    try:
        return json.loads(text)
    except ValueError:
        return [word.strip() for word in text.split(",")] if "," in text else text


def _is_plain(value: Any) -> bool:
    inner = value if isinstance(value, list) else [value]
    return all(isinstance(one, str | int | float) for one in inner)


def in_place(path: Path, value: Any) -> Any:
    """Returns `value` as it stands at `path`: of a rule that lists words, one word is a list too."""
    is_word = path[-1] in _LISTING.get(path[0], ()) and isinstance(value, str)
    return [value] if is_word else value


_YES_OR_NO = Kind("true or false", lambda value: isinstance(value, bool), {"true": True, "false": False}.get)
_LINE = _matching(r"[^\x00-\x1f\x7f]{1,1024}", "one line of text")
_WORD = _matching(r"[a-z0-9][a-z0-9._-]{0,127}", "a lower-case name of one of the stages")
_WORDS = Kind("a list of lower-case names, as in `lab,live`", lambda value: isinstance(value, list), _listed)
_RULE = Kind("a number, `true`, `false`, a text, or a list as in `@risk,@audit`", _is_plain, _plain)
_HERE = Kind("`local`: other places are still to come", lambda value: value == "local", str.lower)
_CPU = _matching(
    r"(?!0+(\.0*)?m?$)(\d{1,4}(\.\d{1,3})?|\d{1,7}m)", "a number of processors, as in `2`, `0.5` or `500m`"
)
_MEMORY = _matching(r"0*[1-9]\d{0,14}(Ki|Mi|Gi|Ti|k|M|G|T)?", "a number of bytes, as in `512Mi` or `2G`")

KEYS = (
    Key(
        "stages.order",
        "the stages from the first to the one that serves",
        _WORDS,
        default=["development", "staging", "production"],
        is_shared=True,
    ),
    Key("stages.aliases.*", "another spelling of a stage", _WORD, is_shared=True),
    Key("metrics.*.direction", "which way a metric is better, where its name does not tell", _choice("up", "down")),
    Key("approvals.unsigned", "whether approvals count that nobody has signed", _YES_OR_NO, False, is_shared=True),
    Key(
        "policy.*.**",
        "a word of the policy of a stage, as in `policy.production.approvals.count`",
        _RULE,
        is_shared=True,
    ),
    Key("score.**", "a word of what the best version is: docs/ranking.md", _RULE, is_shared=True),
    Key("retention.**", "a word of what gc keeps: docs/storage.md", _RULE, is_shared=True),
    Key(
        "storage.type",
        "where bytes are kept: in the repository",
        _HERE,
        default="local",
        older="BRXA_STORAGE_TYPE",
    ),
    Key(
        "deployments.replicas",
        "how many copies of a model serve, in deployment manifests",
        _count(1, 1000),
        default=1,
        older="BRXA_DEFAULT_REPLICAS",
    ),
    Key(
        "deployments.cpu",
        "how many processors a copy gets, in deployment manifests",
        _CPU,
        default="500m",
        older="BRXA_DEFAULT_CPU",
    ),
    Key(
        "deployments.memory",
        "how many bytes of memory a copy gets, in deployment manifests",
        _MEMORY,
        default="512Mi",
        older="BRXA_DEFAULT_MEMORY",
    ),
)
UNREAD = ("BRXA_STORAGE_PATH", "BRXA_DEPLOYMENTS_PATH")
"""Variables of the older system of which nothing is made here: where the bytes are, the repository is."""


def parse_key(text: str) -> tuple[Key, Path]:
    """Returns the setting that `text` names, and its words; a word of other characters stands in quotes, as in TOML.

    Raises:
        UsageError: There is no such setting.
    """
    try:
        path = _chain(tomllib.loads(f"{text} = {_MARK}"))
    except (ValueError, RecursionError):
        path = ()
    key = found(path)
    if key is None:
        known = [key.name for key in KEYS]
        # what takes any words is near to everything
        alike = [key for key in KEYS if DEEP not in key.words or key.words[:1] == path[:1]]
        near = suggestion(text, [_filled(key.name, path) for key in alike])
        raise UsageError(
            f"{quoted(text)} is not a setting",
            hint=near or "see all with `mlreg config list`",
            facts={"key": text[:200], "known": known},
            code="unknown-setting",
        )
    return key, path


def found(path: Path) -> Key | None:
    """Returns the setting with these words, or None."""
    return next((key for key in KEYS if _means(key.words, path)), None)


def spelled(path: Path) -> str:
    """Returns the words of a setting as they are typed and written."""
    return ".".join(word if _BARE.fullmatch(word) else literal(word) for word in path)


def literal(value: Any) -> str:
    """Returns `value` as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    # a string of JSON is one of TOML but for the one character that only JSON lets through
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def stated(root: Mapping[str, Any], before: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yields the settings that a table states, with their values."""
    for word, value in root.items():
        path = (*before, word)
        if isinstance(value, dict):
            yield from stated(value, path)
        elif found(path) is not None:
            yield path, value


def _means(words: Path, path: Path) -> bool:
    if words[-1] == DEEP:
        return len(path) >= len(words) and _means(words[:-1], path[: len(words) - 1])
    return len(words) == len(path) and all(word in (ANY, own) for word, own in zip(words, path, strict=True))


def _filled(name: str, path: Path) -> str:
    """Returns the name of a setting with the words of `path` in place of the stars."""
    words = [ANY if word == DEEP else word for word in name.split(".")]
    own = [*path[: len(words)], *["NAME"] * (len(words) - len(path))]
    return spelled(tuple(mine if word == ANY else word for word, mine in zip(words, own, strict=True)))


def _chain(table: Mapping[str, Any]) -> Path:
    """Returns the words that lead to the mark in `table`; none where anything else is in it."""
    path: list[str] = []
    inner: Any = table
    while isinstance(inner, dict) and len(inner) == 1:
        word, inner = next(iter(inner.items()))
        path.append(word)
    return tuple(path) if inner == _MARK else ()
