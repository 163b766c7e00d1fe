"""Owns `mlreg __complete KIND [MODEL] [-- WORD…]`: what a shell offers when TAB is pressed, one candidate a line.

`MODEL` is the model that the line is about; the `WORD`s are the line up to the cursor, the last one that which is being
typed. KIND is one of

    models      the models
    versions    the versions of MODEL, the greatest first
    expected    they and `none`
    selectors   what may stand behind `MODEL@`: versions, stages, `latest`, aliases; nothing where MODEL has an `@`
    references  models; of a word with an `@` the references that it can become
    compared    selectors; references where MODEL has an `@`
    labels      selectors; tags where MODEL has an `@`
    aliases     the aliases of MODEL
    tags        the tags of MODEL, or of all models
    stages      where a version can be promoted to; all-stages: the archive too; held-stages: those with one holder

A shell waits for the answer, so this is an entry of its own beside `mlreg.cli`: it imports next to nothing and looks at
the names of files; it opens the newest `EVENTS_MAX` events for aliases and tags, older ones are not offered. What it
reads may be anybody's work, and shells have executed what was offered to them: only what is made of the characters of
names gets out. Whatever goes wrong, nothing is printed and the exit code is 0.
"""

from __future__ import annotations

import os
import sys

from mlreg.lazy import LazyModule

TYPE_CHECKING = False  # to import that of typing takes as long as Python takes to start
if TYPE_CHECKING:
    import json
    import tomllib
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, NoReturn
else:
    json = LazyModule("json")
    tomllib = LazyModule("tomllib")

# as in mlreg.store.layout, mlreg.domain.stages and mlreg.adapters.surroundings.location, which take too long to import
DIRECTORY, VARIABLE, OTHER_VARIABLE = ".mlreg", "MLREG_DIR", "BRXA_MODEL_REGISTRY_PATH"
FORMAT, HISTORY, CATALOG, CONFIG = "format", "history", "catalog", "config.toml"
STAGES, ARCHIVED, LATEST = ("development", "staging", "production"), "archived", "latest"

EVENTS_MAX = 128
SPELLINGS_MAX = 200
SORTED_MAX = 1_000
_READ_BYTES = 1 << 16
_ALNUM = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_LABEL = _ALNUM | frozenset("._-")
_KEY = _LABEL | {"+"}
_VERSION = _ALNUM | frozenset(".+-")
_OF_VERSIONS = "".join(_VERSION).encode()
_RECORD_END = len("-01234567.yaml")


class Line:
    """What has been typed: the model that it is about, the word at the cursor, where the repository is."""

    def __init__(self, words: Sequence[str]) -> None:
        mark = words.index("--") if "--" in words else len(words)
        typed = words[mark + 1 :]
        self.model = unquoted(words[0]) if mark > 0 else ""
        self.word = unquoted(typed[-1]) if typed else ""
        self._typed = typed[:-1]

    def repository(self) -> str | None:
        """Returns the repository that the words lead to, as `mlreg.adapters.surroundings.location.find` does."""
        given: str | None = None
        for at, word in enumerate(self._typed):
            if word in ("-C", "--repo"):
                given = "".join(self._typed[at + 1 : at + 2])
            elif word.startswith("--repo="):
                given = word[7:]
            elif word.startswith("-C"):
                given = word[2:]
        if given is not None and not expanded(given):
            return None
        named = expanded(given or self._variable()) or os.getenv(VARIABLE) or os.getenv(OTHER_VARIABLE)
        if not named:
            return nearest(os.getcwd())
        path = target(named)
        return path if os.path.isdir(path) else None

    def _variable(self) -> str:
        """Returns what the line sets `MLREG_DIR` to before the command, as in `MLREG_DIR=there mlreg list`."""
        value = ""
        for word in self._typed:
            name, mark, rest = word.partition("=")
            if not mark:
                break
            value = rest if name == VARIABLE else value
        return value


class Shelf:
    """The names that a repository holds."""

    def __init__(self, root: str) -> None:
        self._root = root

    def models(self, word: str = "") -> list[str]:
        """Returns the models; those that begin with `word` where there are any, else all."""
        near = sorted(filter(is_key, beginning(self._names(HISTORY), folded(word))))
        return [*map(self._spelling if len(near) <= SPELLINGS_MAX else unfolded, near)]

    def versions(self, model: str, word: str = "") -> list[str]:
        """Returns the versions of `model`, the greatest first; those that begin with `word` where there are any."""
        names = self._names(CATALOG, folded(model)) if is_model(model) else []
        near = beginning([name[:-_RECORD_END] for name in names if name[-5:] == ".yaml"], word)
        if len(near) > SORTED_MAX and not "".join(near).encode(errors="replace").translate(None, _OF_VERSIONS):
            return sorted(near, reverse=True)  # too many to look at each
        return sorted(filter(is_version, near), key=precedence, reverse=True)

    def stages(self) -> list[str]:
        """Returns the stages but the archive, the last one first: it is asked for most."""
        try:
            text = self._read(CONFIG, size_bytes=1 << 20).decode()
        except OSError:
            text = ""
        if not any("stages" in line and not line.lstrip().startswith("#") for line in text.splitlines()):
            return [*reversed(STAGES)]
        order = plain_order(text) or tomllib.loads(text).get("stages", {}).get("order", STAGES)
        return [stage for stage in reversed(order) if is_label(stage)]

    def aliases(self, model: str) -> list[str]:
        """Returns the aliases of `model`, sorted."""
        found: dict[str, Any] = {}
        for event in self._events(model, b'"aliases":{'):
            for alias, version in event.get("aliases", {}).items():
                found.setdefault(alias, version)
        return sorted(alias for alias, version in found.items() if version and is_label(alias))

    def tags(self, model: str) -> list[str]:
        """Returns the tags on versions of `model`, sorted."""
        return sorted(self._tags(model, EVENTS_MAX))

    def all_tags(self) -> list[str]:
        """Returns the tags on versions of any model, sorted."""
        keys = [*filter(is_key, self._names(HISTORY))][: EVENTS_MAX // 2]
        return sorted({tag for key in keys for tag in self._tags(key, EVENTS_MAX // len(keys))})

    def _tags(self, model: str, events_max: int) -> set[str]:
        found: dict[str, list[str]] = {}
        for event in self._events(model, b'"tags":[', events_max):
            found.setdefault(event["version"], event.get("tags", []))
        return {tag for tags in found.values() for tag in tags if is_label(tag)}

    def _spelling(self, key: str) -> str:
        """Returns the name of a model as it was first written: history keeps it under one that is folded."""
        try:
            head = self._read(*event_path(key, 1))
        except OSError:
            return unfolded(key)
        name = head.partition(b'"model":"')[2].partition(b'"')[0].decode("ascii", "replace")
        return name if folded(name) == key and is_model(name) else unfolded(key)

    def _events(self, model: str, mark: bytes, events_max: int = EVENTS_MAX) -> Iterator[dict[str, Any]]:
        """Yields the newest events of `model` that have `mark` in them, the newest first."""
        key = folded(model)
        head = self._head(key) if is_model(model) else 0
        for number in range(head, max(head - events_max, 0), -1):
            try:
                data = self._read(*event_path(key, number))
                event = json.loads(data) if mark in data else None
            except (OSError, ValueError):  # what is damaged is for `mlreg verify` to tell
                continue
            if isinstance(event, dict):
                yield event

    def _head(self, key: str) -> int:
        """Returns the number of the last event; they have no gaps, so that none but a few need to be looked for."""
        step, head = 1, 0
        while self._has_event(key, head + step):
            head += step
            step *= 2
        while step := step // 2:
            head += step * self._has_event(key, head + step)
        return head

    def _has_event(self, key: str, number: int) -> bool:
        return os.path.lexists(os.path.join(self._root, *event_path(key, number)))

    def _names(self, *parts: str) -> list[str]:
        try:
            return os.listdir(os.path.join(self._root, *parts))
        except OSError:
            return []

    def _read(self, *parts: str, size_bytes: int = _READ_BYTES) -> bytes:
        # a FIFO in the way would wait for a writer for ever, a link could lead anywhere
        file = os.open(os.path.join(self._root, *parts), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.read(file, size_bytes)
        finally:
            os.close(file)


def _selectors(shelf: Shelf, model: str, word: str) -> list[str]:
    if "@" in model or not is_model(model):
        return []
    mark = word[:1] if word[:1] in ("v", "V") and word[1:2].isdigit() else ""
    versions = shelf.versions(model, word[len(mark) :])
    versions = [mark + version for version in versions] if mark else versions
    others = [*shelf.stages(), LATEST, *shelf.aliases(model)] if versions else []
    return beginning([*versions, *others], word)


def _references(shelf: Shelf, model: str, word: str) -> list[str]:
    name, mark, part = word.partition("@")
    return [f"{name}@{selector}" for selector in _selectors(shelf, name, part)] if mark else shelf.models(word)


def _compared(shelf: Shelf, model: str, word: str) -> list[str]:
    return _references(shelf, model, word) if "@" in model else _selectors(shelf, model, word)


def _labels(shelf: Shelf, model: str, word: str) -> list[str]:
    return _tags(shelf, model, word) if "@" in model else _selectors(shelf, model, word)


def _tags(shelf: Shelf, model: str, word: str) -> list[str]:
    name = model.partition("@")[0]
    return shelf.tags(name) if is_model(name) else shelf.all_tags()


KINDS: dict[str, Callable[[Shelf, str, str], list[str]]] = {
    "models": lambda shelf, model, word: shelf.models(word),
    "versions": lambda shelf, model, word: shelf.versions(model.partition("@")[0], word),
    "expected": lambda shelf, model, word: [*shelf.versions(model.partition("@")[0], word), "none"],
    "selectors": _selectors,
    "references": _references,
    "compared": _compared,
    "labels": _labels,
    "aliases": lambda shelf, model, word: shelf.aliases(model.partition("@")[0]),
    "tags": _tags,
    "stages": lambda shelf, model, word: shelf.stages(),
    "all-stages": lambda shelf, model, word: [*shelf.stages(), ARCHIVED],
    "held-stages": lambda shelf, model, word: shelf.stages()[:-1],
}


def candidates(kind: str, words: Sequence[str]) -> list[str]:
    """Returns what a shell offers for the last of `words`; nothing where there is no repository or no such kind."""
    line = Line(words)
    root = line.repository()
    return KINDS[kind](Shelf(root), line.model, line.word) if root and kind in KINDS else []


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Prints what a shell offers, and ends the process with 0, come what may."""
    words = list(sys.argv[1:] if arguments is None else arguments)[1:]
    try:
        found = candidates(words[0], words[1:])
        write("\n".join([*found, ""]).encode("ascii"))
    except (Exception, KeyboardInterrupt):  # a message in the middle of a line that is being typed helps nobody
        pass
    if arguments is None:
        os._exit(0)  # all is written: to take the interpreter apart takes a tenth of the time of a call
    raise SystemExit(0)


def write(data: bytes) -> None:
    """Writes all of `data` to standard output, past Python's buffer, which complains at the end of the process."""
    while data:
        data = data[os.write(1, data) :]


def nearest(directory: str) -> str | None:
    """Returns the nearest repository from `directory` upwards, or None."""
    while not os.path.isdir(os.path.join(directory, DIRECTORY)):
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return os.path.join(directory, DIRECTORY)


def target(named: str) -> str:
    """Returns the `.mlreg` that `named`, it or the directory that holds it, means."""
    path = os.path.abspath(named)
    is_one = os.path.isfile(os.path.join(path, FORMAT)) and os.path.isdir(os.path.join(path, HISTORY))
    return path if os.path.basename(path) == DIRECTORY or is_one else os.path.join(path, DIRECTORY)


def expanded(word: str) -> str:
    """Returns the path that a shell makes of `word`; of what it could execute, nothing is."""
    path = unquoted(word)
    if word[:1] != "'":
        path = os.path.expandvars(path) if "$" in path else path
        path = os.path.expanduser(path) if word[:1] == "~" else path
    return path


def unquoted(word: str) -> str:
    """Returns `word` without the quotes and backslashes that a shell takes off."""
    if not any(mark in word for mark in "\\'\""):
        return word
    found, quote, rest = [], "", iter(word)
    for character in rest:
        if character == "\\" and quote != "'":
            found.append(next(rest, ""))
        elif character == quote:
            quote = ""
        elif character in "'\"" and not quote:
            quote = character
        else:
            found.append(character)
    return "".join(found)


def plain_order(text: str) -> list[str]:
    """Returns the stages of a configuration that names them in one line, as the comments of a fresh one do; else none.

    To import what reads any TOML takes as long as all the rest.
    """
    table = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            table = line
        elif table == "[stages]" and line.replace(" ", "").startswith('order=["') and line.endswith('"]'):
            return line.split('"')[1::2]
    return []


def event_path(key: str, number: int) -> tuple[str, str, str]:
    """Returns where in a repository the event with `number` of a model is."""
    return HISTORY, key, f"{number:08}.json"


def beginning(words: Sequence[str], start: str) -> list[str]:
    """Returns those of `words` that begin with `start`; all where none does: shells match in other ways too."""
    return [*words] if not start else [word for word in words if word.startswith(start)] or [*words]


def is_key(name: str) -> bool:
    """Whether `name` is made as those under which models are kept."""
    return name[:1] in _ALNUM and _KEY.issuperset(name)


def is_model(name: str) -> bool:
    """Whether `name` is made as the names of models are."""
    return all(map(is_label, name.split("/")))


def is_label(name: Any) -> bool:
    """Whether `name` is made as tags, aliases, stages and the parts of a model's name are."""
    return isinstance(name, str) and name[:1] in _ALNUM and _LABEL.issuperset(name)


def is_version(name: str) -> bool:
    """Whether `name` is made as versions are."""
    core = name.partition("+")[0].partition("-")[0].split(".")
    return _VERSION.issuperset(name) and len(core) == 3 and all(map(str.isdigit, core))


def precedence(version: str) -> tuple[list[int], bool, list[tuple[bool, int, str]]]:
    """Returns what versions are sorted by, as Semantic Versioning 2.0.0 says in its section 11."""
    core, _, pre = version.partition("+")[0].partition("-")
    parts = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in pre.split(".")]
    return [int(number) for number in core.split(".")], not pre, parts


def folded(name: str) -> str:
    """Returns the name under which `name` is kept."""
    return name.lower().replace("/", "+")


def unfolded(key: str) -> str:
    """Returns a spelling of the model that is kept under `key`."""
    return key.replace("+", "/")
