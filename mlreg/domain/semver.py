"""Owns what a version number is: Semantic Versioning 2.0.0 (https://semver.org), to the letter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from mlreg.domain.names import quoted
from mlreg.errors import UsageError

Level = Literal["major", "minor", "patch"]
Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]

MAX_CHARACTERS: Final = 128

# [0-9], not \d: the latter takes the digits of every script
NUMBER: Final = "(?:0|[1-9][0-9]*)"
_WORD: Final = "[0-9]*[A-Za-z-][0-9A-Za-z-]*"
PRERELEASE: Final = rf"(?:{NUMBER}|{_WORD})(?:\.(?:{NUMBER}|{_WORD}))*"
BUILD: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"

_VERSION: Final = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({PRERELEASE}))?(?:\+({BUILD}))?")
_PARTIAL: Final = rf"{NUMBER}(?:\.{NUMBER})?"


@dataclass(frozen=True, slots=True)
class Version:
    """One semantic version; `str` of it is the stored text, without a `v`.

    Laws:
        `Version.parse(str(version)) == version`.
        `<`, `<=`, `>` and `>=` compare `precedence` (SemVer 11), which ignores build metadata; `==` and
        `hash` take every field. So of `1.0.0+a` and `1.0.0+b` neither is less, each is `<=` the other, and
        they are not equal.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version:
        """Returns the version that `text` spells; one leading `v` or `V` is dropped.

        Raises:
            UsageError: `text` is not SemVer 2.0.0, or longer than 128 characters without its `v`.
        """
        return cls._read(_without_v(text), named=text)

    @classmethod
    def parse_loose(cls, text: str) -> Version:
        """Returns the version that `text` spells, zero-filled where it is partial: `v3` is 3.0.0.

        Raises:
            UsageError: As `parse` does.
        """
        bare = _without_v(text)
        if re.fullmatch(_PARTIAL, bare):
            bare += ".0" if "." in bare else ".0.0"
        return cls._read(bare, named=text)

    @classmethod
    def parse_stated(cls, text: str) -> Version:
        """Returns the version that `text` states for something new: as `parse`, but `v3` is 3.0.0.

        A partial one without its `v` is as likely a slip: nobody is to find out later.

        Raises:
            UsageError: As `parse` does.
        """
        return cls.parse_loose(text) if text[:1] in ("v", "V") else cls.parse(text)

    @classmethod
    def _read(cls, bare: str, *, named: str) -> Version:
        if len(bare) > MAX_CHARACTERS:
            raise UsageError(
                f"version {quoted(named)} is longer than {MAX_CHARACTERS} characters",
                hint="write a shorter one, such as `3.1.0` or `3.1.0-rc.1`",
            )
        found = _VERSION.fullmatch(bare)
        if found is None:
            raise UsageError(
                f"{quoted(named)} is not a semantic version",
                hint="write three numbers, as in `3.1.0` or `3.1.0-rc.1`",
            )
        major, minor, patch, prerelease, build = found.groups()
        return cls(int(major), int(minor), int(patch), identifiers(prerelease), identifiers(build))

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before a release, as `1.0.0-rc.1` does."""
        return bool(self.prerelease)

    @property
    def precedence(self) -> Precedence:
        """Returns what versions are ordered by; equal for two that differ only in build metadata."""
        return (
            self.major,
            self.minor,
            self.patch,
            not self.prerelease,
            tuple(_identifier_precedence(identifier) for identifier in self.prerelease),
        )

    def bump(self, level: Level) -> Version:
        """Returns the next release at `level`, without build metadata.

        A pre-release of that very release becomes it, as in npm: the patch after 1.2.3-rc.1 is 1.2.3.

        Raises:
            UsageError: The next release would be longer than 128 characters.
        """
        major, minor, patch = self._bumped(level)
        return Version.parse(f"{major}.{minor}.{patch}")

    def _bumped(self, level: Level) -> tuple[int, int, int]:
        match level:
            case "major":
                is_ahead = self.is_prerelease and not self.minor and not self.patch
                return self.major + (not is_ahead), 0, 0
            case "minor":
                is_ahead = self.is_prerelease and not self.patch
                return self.major, self.minor + (not is_ahead), 0
            case "patch":
                return self.major, self.minor, self.patch + (not self.is_prerelease)
            case _:
                assert_never(level)

    def __str__(self) -> str:
        prerelease = "-" + ".".join(self.prerelease) if self.prerelease else ""
        build = "+" + ".".join(self.build) if self.build else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{build}"

    # not functools.total_ordering: that one makes <= out of < and ==, and == takes the build metadata
    def __lt__(self, other: object) -> bool:
        return self.precedence < other.precedence if isinstance(other, Version) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.precedence <= other.precedence if isinstance(other, Version) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.precedence > other.precedence if isinstance(other, Version) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.precedence >= other.precedence if isinstance(other, Version) else NotImplemented


def same_precedence(a: Version, b: Version) -> bool:
    """Returns whether `a` and `b` are the same version but for their build metadata."""
    return a.precedence == b.precedence


def identifiers(text: str | None) -> tuple[str, ...]:
    """Returns the dot-separated identifiers of a pre-release or of build metadata; none for None."""
    return tuple(text.split(".")) if text else ()


def _without_v(text: str) -> str:
    return text[1:] if text.startswith(("v", "V")) else text


def _identifier_precedence(identifier: str) -> tuple[bool, int, str]:
    """Returns the key of SemVer 11.4: numbers by value and before words, words by ASCII."""
    return (False, int(identifier), "") if identifier.isdecimal() else (True, 0, identifier)
