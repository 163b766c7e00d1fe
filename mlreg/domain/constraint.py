"""Owns what a constraint such as `^3.1` or `>=3.1,<4` means: the rules of node-semver, npm's library.

The grammar is the one in its README (https://github.com/npm/node-semver#range-grammar). A version may bear a
`v`, spaces (of ASCII) may follow an operator, and a comma between comparators is a space, as Python has it.
What node-semver takes only by accident of how it rewrites text (`1.2.3*`, `==1.2`, `~=1.2`) is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from mlreg.domain.names import quoted
from mlreg.domain.semver import BUILD, NUMBER, PRERELEASE, Precedence, Version, identifiers
from mlreg.errors import UsageError

MAX_CHARACTERS: Final = 256

_SPACES: Final = re.compile(r"[ \t\n\r\f\v]+")
_PLACE: Final = rf"({NUMBER}|[xX*])"
_PARTIAL: Final = rf"[vV]?{_PLACE}(?:\.{_PLACE}(?:\.{_PLACE}(?:-({PRERELEASE}))?)?)?(?:\+{BUILD})?"
_SIMPLE: Final = re.compile(rf"(\^|~>?|[<>]=?|=|) ?{_PARTIAL}(?: |\Z)")
_HYPHEN: Final = re.compile(rf"{_PARTIAL} - {_PARTIAL}")
_X_RANGE: Final = re.compile(r"[vV]?[0-9]+\.(?:[0-9]+\.)?[xX](?:\.[0-9xX]+)?")

_COMPARE: Final[dict[str, Callable[[Precedence, Precedence], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Comparator:
    """One of `<`, `<=`, `>`, `>=`, `=` and the version it compares with."""

    symbol: str
    version: Version

    def admits(self, version: Version) -> bool:
        """Returns whether `version` lies on the right side; build metadata does not count."""
        return _COMPARE[self.symbol](version.precedence, self.version.precedence)

    def names_prerelease_of(self, version: Version) -> bool:
        """Returns whether it compares with a pre-release of the very release that `version` is one of."""
        return self.version.is_prerelease and _release(self.version) == _release(version)


# all of the comparators of one such set must hold; the empty set is "any version"
ComparatorSet = tuple[Comparator, ...]

_NOTHING: Final = Comparator("<", Version(0, 0, 0, ("0",)))
_ANYTHING: Final = Comparator(">=", Version(0, 0, 0))


@dataclass(frozen=True, slots=True)
class Constraint:
    """A set of versions: those that satisfy every comparator of at least one of its `sets`.

    Law: a pre-release matches a set only where a comparator of that set names a pre-release of the same
    major.minor.patch; so `>=1.0.0` never takes 2.0.0-rc.1, and `>=2.0.0-rc.0` takes it but not 2.0.1-rc.1.
    """

    text: str
    sets: tuple[ComparatorSet, ...]

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """Returns the constraint that `text` spells; the empty text is any release.

        Raises:
            UsageError: `text` is not a constraint, or longer than 256 characters.
        """
        if len(text) > MAX_CHARACTERS:
            raise _refusal(text, f"is longer than {MAX_CHARACTERS} characters")
        sets = tuple(_comparators_of(part.strip(" "), text) for part in _SPACES.sub(" ", text).split("||"))
        # as node-semver has it, `*` swallows its alternatives, also one that names a pre-release
        return cls(text, ((),) if () in sets else sets)

    def matches(self, version: Version) -> bool:
        """Returns whether `version` is one of the set; its build metadata does not count."""
        return any(_matches_all(comparators, version) for comparators in self.sets)

    def greatest(self, versions: Iterable[Version]) -> Version | None:
        """Returns the greatest of `versions` that matches, the first of equals; None where none does."""
        matching = (version for version in versions if self.matches(version))
        return max(matching, key=lambda version: version.precedence, default=None)

    def __str__(self) -> str:
        return self.text


def is_constraint(text: str) -> bool:
    """Returns whether the selector of a reference is meant as a constraint, be it a correct one or not.

    Plain and partial versions are not, names (even `x`) are not, and neither are `production~1` and
    `production@{2024-01-15 10:00}`, which look back in history.
    """
    if "@" in text:
        return False
    return text.startswith("~") or any(sign in text for sign in "^<>=*|, ") or bool(_X_RANGE.fullmatch(text))


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version of which only the first `numbers` are given, three at most; none stands for any version."""

    numbers: tuple[int, ...]
    prerelease: tuple[str, ...]

    @classmethod
    def read(cls, *places: str | None) -> _Partial:
        """Returns what three places and a pre-release spell; what follows an x does not count."""
        *numbered, prerelease = places
        numbers = tuple(int(place) for place in takewhile(_is_number, numbered) if place)
        return cls(numbers, identifiers(prerelease) if len(numbers) == 3 else ())

    @property
    def is_any(self) -> bool:
        return not self.numbers

    @property
    def is_whole(self) -> bool:
        return len(self.numbers) == 3

    @property
    def floor(self) -> Version:
        """Returns the least version that it may stand for."""
        return Version(*_filled(self.numbers), self.prerelease)

    @property
    def next_minor(self) -> Version:
        """Returns the first release beyond its minor number, or beyond its major one if that is all."""
        return self._next(min(len(self.numbers), 2) - 1)

    @property
    def next_breaking(self) -> Version:
        """Returns the first release beyond its first number that is not 0, or beyond the last of zeros."""
        not_zero = (at for at, number in enumerate(self.numbers) if number)
        return self._next(next(not_zero, len(self.numbers) - 1))

    def _next(self, at: int) -> Version:
        return Version(*_filled((*self.numbers[:at], self.numbers[at] + 1)))


def _comparators_of(part: str, text: str) -> ComparatorSet:
    """Returns the comparators of `part`, one alternative of the constraint `text`."""
    hyphen = _HYPHEN.fullmatch(part)
    if hyphen:
        found = _hyphen_range(_Partial.read(*hyphen.groups()[:4]), _Partial.read(*hyphen.groups()[4:]))
    else:
        found = [comparator for simple in _simples(part, text) for comparator in _simple_range(simple, text)]
    # as node-semver has it, >=0.0.0 says nothing, also where a pre-release of 0.0.0 is named beside it
    return tuple(comparator for comparator in found if comparator != _ANYTHING)


def _simples(part: str, text: str) -> Iterator[re.Match[str]]:
    """Yields each operator with its version; spaces or commas stand between them."""
    between_commas = [piece.strip(" ") for piece in part.split(",")]
    if len(between_commas) > 1 and not all(between_commas):
        raise _refusal(text)
    for piece in between_commas:
        yield from _scan(piece, text)


def _scan(piece: str, text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(piece):
        simple = _SIMPLE.match(piece, at)
        if simple is None:
            raise _refusal(text)
        yield simple
        at = simple.end()


def _simple_range(simple: re.Match[str], text: str) -> list[Comparator]:
    symbol, *places = simple.groups()
    partial = _Partial.read(*places)
    is_caret_or_tilde = symbol in ("^", "~", "~>")
    if not is_caret_or_tilde and any(map(_is_number, places[len(partial.numbers) : 3])):
        raise _refusal(text)  # a number follows an x, as in 1.x.3
    if partial.is_any:
        return [_NOTHING] if symbol in ("<", ">") else []
    if is_caret_or_tilde:
        return _from_until(partial, partial.next_breaking if symbol == "^" else partial.next_minor)
    return [Comparator(symbol or "=", partial.floor)] if partial.is_whole else _x_range(symbol, partial)


def _x_range(symbol: str, partial: _Partial) -> list[Comparator]:
    """Returns what an operator means before a partial version: every version that it may stand for counts."""
    match symbol:
        case ">":
            return [Comparator(">=", partial.next_minor)]
        case ">=":
            return [Comparator(">=", partial.floor)]
        case "<":
            return [_below(partial.floor)]
        case "<=":
            return [_below(partial.next_minor)]
        case _:
            return _from_until(partial, partial.next_minor)


def _hyphen_range(first: _Partial, last: _Partial) -> list[Comparator]:
    lower = [] if first.is_any else [Comparator(">=", first.floor)]
    if last.is_any:
        return lower
    return [*lower, Comparator("<=", last.floor) if last.is_whole else _below(last.next_minor)]


def _from_until(first: _Partial, end: Version) -> list[Comparator]:
    return [Comparator(">=", first.floor), _below(end)]


def _below(release: Version) -> Comparator:
    """Returns the comparator that shuts out `release` with its pre-releases, of which `-0` is the least."""
    return Comparator("<", replace(release, prerelease=("0",)))


def _is_number(place: str | None) -> bool:
    return place is not None and place not in ("x", "X", "*")


def _filled(numbers: tuple[int, ...]) -> tuple[int, int, int]:
    major, minor, patch = (*numbers, 0, 0)[:3]
    return major, minor, patch


def _release(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


def _matches_all(comparators: ComparatorSet, version: Version) -> bool:
    if not all(comparator.admits(version) for comparator in comparators):
        return False
    return not version.is_prerelease or any(each.names_prerelease_of(version) for each in comparators)


def _refusal(text: str, reason: str = "is not a constraint") -> UsageError:
    return UsageError(f"{quoted(text)} {reason}", hint="write it as in `^3.1`, `~3.1.0` or `'>=3.1,<4'`")
