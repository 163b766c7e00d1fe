"""Owns searches: which versions are meant by conditions on their facts, and in which order.

A condition on what a version does not have is never true, also where it says `!=`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from mlreg.domain.metric import Metric
from mlreg.domain.names import quoted, suggestion
from mlreg.domain.semver import Version
from mlreg.domain.sheet import FIELDS, GROUPS, METRICS, TEXT, Sheet, value_at
from mlreg.errors import UsageError

Test = Callable[[Any], bool]
_ALIASES = {"tag": "tags", "increment": "lineage.increment", "model": "name"}
_CONDITION = re.compile(r"\s*(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


class Condition(NamedTuple):
    """One comparison: the fact at `path`, one of `<`, `<=`, `>`, `>=`, `=`, `!=`, and what it is held against."""

    path: str
    symbol: str
    operand: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Returns the condition that `text` spells, as in `metrics.f1>0.9`.

        Raises:
            UsageError: It spells none, or none that could ever be decided.
        """
        found = _CONDITION.fullmatch(text)
        if found is None or not found[3]:
            raise UsageError(f"{quoted(text)} is not a condition", hint="write one as in `--where 'metrics.f1>0.9'`")
        condition = cls(checked_path(found[1]), found[2].replace("==", "="), found[3])
        condition.test()
        return condition

    def test(self) -> Test:
        """Returns whether the value at `path` of a sheet is as it should be, as a function of it.

        Raises:
            UsageError: The operand is no number where only a number can be.
        """
        compare = _COMPARE[self.symbol]
        if self.path.startswith(METRICS):
            return _metric_test(compare, self.path[len(METRICS) :], self.operand)
        if self.path == "version":
            precedence = Version.parse_loose(self.operand).precedence
            return lambda value: compare(Version.parse(value).precedence, precedence)
        if self.path == "deprecated" and self.operand.lower() not in ("true", "false"):
            raise UsageError(f"{quoted(self.operand)} is neither `true` nor `false`: a version is deprecated or not")
        return _plain_test(self.symbol, compare, self.operand)


class Term(NamedTuple):
    """What must hold of the value at `path`; of a text, that it has all `words` is part of that."""

    path: str
    test: Test
    words: Sequence[str] = ()


class Sort(NamedTuple):
    """By which fact versions are ordered, and which way."""

    path: str
    is_descending: bool

    @classmethod
    def parse(cls, text: str) -> Sort:
        """Returns the order that `text` spells: `metrics.auc`, or `-metrics.auc` for the greatest first.

        Raises:
            UsageError: It names no fact.
        """
        return cls(checked_path(text.removeprefix("-")), text.startswith("-"))

    def order(self, values: Sequence[Any]) -> list[int]:
        """Returns the places of `values` in this order; equals as they were, those without a value last."""
        keys = [self._key(value) for value in values]
        present = [place for place, key in enumerate(keys) if key is not None]
        present.sort(key=lambda place: keys[place], reverse=self.is_descending)  # type: ignore[arg-type, return-value]
        return present + [place for place, key in enumerate(keys) if key is None]

    def _key(self, value: Any) -> tuple[Any, ...] | None:
        if value is None:
            return None
        if self.path == "version":
            return Version.parse(value).precedence
        if isinstance(value, str):
            return 1, value
        if isinstance(value, list):
            return (0, value[1], value[0]) if self.path.startswith(METRICS) else (1, "\0".join(map(str, value)))
        return 0, "", value


class Wishes(TypedDict, total=False):
    """What `Query.parse` takes but for the model: conditions on versions, their order and their number."""

    search: str | None
    stage: str | None
    tags: Iterable[str]
    owner: str | None
    framework: str | None
    increment: str | None
    deprecated: bool | None
    where: Iterable[str]
    sort: str | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """Which versions are meant; made by `Query.parse`.

    `model` is the only model to look at, or None; `terms` are what must hold, each of the value at a path of the sheet.
    """

    model: str | None
    terms: Sequence[Term]
    sort: Sort | None
    limit: int | None

    @classmethod
    def parse(
        cls,
        *,
        model: str | None = None,
        stage: str | None = None,
        tags: Iterable[str] = (),
        owner: str | None = None,
        framework: str | None = None,
        increment: str | None = None,
        deprecated: bool | None = None,
        where: Iterable[str] = (),
        search: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> Query:
        """Returns the search for versions of which all of this is true.

        Args:
            stage: A stage as the repository calls it, or the archive.
            tags: Tags that they have, all of them.
            where: Conditions, as in `metrics.latency<40ms`.
            search: Words that stand somewhere in name, description, notes, tags, owner or custom facts; case does not
                count.
            sort: A fact, as in `-metrics.auc`; without it by name, and the greatest version first.
            limit: How many at most.

        Raises:
            UsageError: One of the words cannot be understood.
        """
        stated = {"stage": stage, "owner": owner, "framework": framework, "lineage.increment": increment}
        equal = [Condition(path, "=", text) for path, text in stated.items() if text is not None]
        equal += [Condition("tags", "=", tag) for tag in tags]
        if deprecated is not None:
            equal.append(Condition("deprecated", "=", str(deprecated)))
        terms = [Term(condition.path, condition.test()) for condition in [*equal, *map(Condition.parse, where)]]
        if search is not None:
            words = search.casefold().split()
            terms.append(Term(TEXT, lambda text: all(word in text for word in words), words))
        if limit is not None and limit < 1:
            raise UsageError(f"{limit} is not a number of lines", hint="write `--limit 10`")
        return cls(model, terms, None if sort is None else Sort.parse(sort), limit)

    @property
    def paths(self) -> list[str]:
        """The facts that decide, each once."""
        return list(dict.fromkeys([*(term.path for term in self.terms), *([self.sort.path] if self.sort else [])]))

    def matches(self, sheet: Sheet) -> bool:
        """Whether the version with `sheet` is meant."""
        return all(term.test(value_at(sheet, term.path)) for term in self.terms)


def checked_path(text: str) -> str:
    """Returns the path of a fact as sheets have it.

    Raises:
        UsageError: There is no such fact.
    """
    path = _ALIASES.get(text, text)
    if path in FIELDS or any(path.startswith(f"{group}.") and path != f"{group}." for group in GROUPS):
        return path
    within = f"`metrics.{text}`" if text.isidentifier() else "written as `metrics.f1`"
    raise UsageError(
        f"{quoted(text)} is no fact of a version",
        hint=suggestion(text, [*FIELDS, *(f"{group}." for group in GROUPS)])
        or f"a metric is {within}; the facts are {', '.join(FIELDS)}, and what stands in {', '.join(GROUPS)}",
    )


def _metric_test(compare: Callable[[Any, Any], bool], name: str, operand: str) -> Test:
    metric = Metric.parse(name, operand)
    if not metric.is_finite:
        raise UsageError(f"{quoted(operand)} is no number that a metric could be held against")
    number, base = metric.canonical()
    if base:
        return lambda value: isinstance(value, list) and value[1] == base and compare(value[0], number)
    return lambda value: isinstance(value, int | float) and compare(value, number)


def _plain_test(symbol: str, compare: Callable[[Any, Any], bool], operand: str) -> Test:
    number = float(operand) if _NUMBER.fullmatch(operand) else None
    is_equality = symbol in ("=", "!=")

    def test(value: Any) -> bool:
        if isinstance(value, str):
            if is_equality or number is None or not _NUMBER.fullmatch(value):
                return compare(value, operand)
            return compare(float(value), number)
        if isinstance(value, bool):
            return is_equality and compare(str(value).lower(), operand.lower())
        if isinstance(value, int | float):
            return number is not None and value == value and compare(value, number)
        if isinstance(value, list):
            return is_equality and (operand in map(_spelled, value)) == (symbol == "=")
        return False

    return test


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
