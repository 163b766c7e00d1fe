"""Owns what names may look like: models, tags, aliases, actors, paths of files inside a version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from mlreg.errors import UsageError

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
MODEL_NAME_MAX = 200
TEXT_MAX_CHARACTERS = 1_000_000
LINE_MAX_CHARACTERS = 256
PATH_MAX_CHARACTERS = 1024


def quoted(text: str, limit: int = 60) -> str:
    """Returns `text` in quotes as a message may show it: one line, printable, `limit` characters at most."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def first_line(text: str, limit: int = 120) -> str:
    """Returns the first line of `text`, shortened: fit for a message."""
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= limit else line[: limit - 1] + "…"


def checked_model_name(text: str) -> str:
    """Returns `text` where it is a model's name.

    Raises:
        UsageError: It is not made of `/`-separated segments of ASCII letters, digits, `.`, `_` and `-`.
    """
    segments = text.split("/")
    name, at, _ = text.partition("@")
    if at and all(map(_is_segment, name.split("/"))):
        raise UsageError(
            f"{quoted(text)} cannot be a model's name: it names a version", hint=f"name the model alone: `{name}`"
        )
    if not all(map(_is_segment, segments)):
        raise UsageError(
            f"{quoted(text)} cannot be a model's name",
            hint="use letters, digits, `.`, `_` and `-`, with `/` between parts, as in `risk/fraud-detector`",
        )
    if len(text) > MODEL_NAME_MAX:
        raise UsageError(
            f"{quoted(text)} cannot be a model's name: it is longer than {MODEL_NAME_MAX} characters",
            hint="choose a shorter name and put the rest into `--description`",
        )
    return text


def checked_label(text: str, kind: str) -> str:
    """Returns `text` where it can be a tag or an alias (`kind` says which in the error).

    Raises:
        UsageError: It is not one segment of ASCII letters, digits, `.`, `_` and `-`.
    """
    if not _is_segment(text):
        raise UsageError(
            f"{quoted(text)} cannot be {kind}",
            hint="use letters, digits, `.`, `_` and `-`, as in `team-a`",
        )
    return text


def checked_line(text: str, what: str) -> str:
    """Returns `text`, a field of one line (an actor, an owner), where it is one.

    Raises:
        UsageError: It is empty, too long, has control characters or is not valid Unicode.
    """
    if not text.strip() or len(text) > LINE_MAX_CHARACTERS or re.search(_CONTROL, text):
        raise UsageError(
            f"{quoted(text)} cannot be {what}",
            hint=f"use one line of at most {LINE_MAX_CHARACTERS} characters",
        )
    return checked_text(text, what)


def checked_text(text: str, what: str) -> str:
    """Returns `text`, a field of any length, where it can be stored.

    Raises:
        UsageError: It is over a million characters or not valid Unicode.
    """
    if len(text) > TEXT_MAX_CHARACTERS:
        raise UsageError(
            f"{what} has {len(text)} characters, the most is {TEXT_MAX_CHARACTERS}",
            hint="register it as a file of the version instead",
        )
    if not _is_unicode(text):
        raise UsageError(f"{quoted(text)} cannot be {what}: it is not valid UTF-8")
    return text


def checked_words(text: str, what: str) -> str:
    """Returns `text`, a field of any length that people read (a description, a reason), where it says something.

    Raises:
        UsageError: It is blank, or cannot be stored.
    """
    if not text.strip():
        raise UsageError(f"{what} says nothing", hint="write some words, or leave it out")
    return checked_text(text, what)


def checked_path(text: str) -> str:
    """Returns `text` where it is a relative path that stays inside its directory on every system.

    Raises:
        UsageError: It is absolute, has `.`, `..`, empty parts, backslashes or control characters.
    """
    parts = text.split("/")
    clean = not any(part in ("", ".", "..") for part in parts) and not re.search(r"[\\\x00-\x1f\x7f]", text)
    if not clean or len(text) > PATH_MAX_CHARACTERS or re.match(r"[A-Za-z]:", text) or not _is_unicode(text):
        raise UsageError(
            f"{quoted(text)} cannot be the path of a file of a version",
            hint="rename the file: no backslash, control character or undecodable byte, no `..`",
        )
    return text


def folded(name: str) -> str:
    """Returns the key under which `name` is kept: lower case, `/` written `+`; equal for names that collide."""
    return name.lower().replace("/", "+")


def unfolded(key: str) -> str:
    """Returns the name whose key is `key`, in lower case."""
    return key.replace("+", "/")


def suggestion(word: str, known: Iterable[str], limit: int = 3) -> str | None:
    """Returns a "did you mean" for `word` out of `known`, or None where nothing is near."""
    by_fold = {name.lower(): name for name in known}
    near = get_close_matches(word.lower()[:128], by_fold, n=limit, cutoff=0.6)
    return "did you mean " + " or ".join(f"`{by_fold[name]}`" for name in near) + "?" if near else None


def _is_segment(text: str) -> bool:
    return (
        _SEGMENT.fullmatch(text) is not None
        and not text.endswith(".")
        and text.split(".", 1)[0].lower() not in _DEVICES
    )


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def few(words: Sequence[str], most: int = 3) -> str:
    """Returns words in a row, those over `most` as their number."""
    rest = [f"{len(words) - most} more"] if len(words) > most else []
    return ", ".join([*words[:most], *rest])
