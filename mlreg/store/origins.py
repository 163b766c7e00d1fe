"""Owns where all versions come from: tables in the cache, of which only the parts are decoded that are asked for.

A line of a table is of one model after one event; its stamp is how the digest of that event begins. A fact that many
versions of a model state alike, as their features, stands in it once, and for each version which of them it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from mlreg.domain.lineage import Origin
from mlreg.domain.listing import Summary
from mlreg.domain.names import folded
from mlreg.domain.recall import DIGEST_START
from mlreg.domain.sheet import Sheet
from mlreg.ports import Cache
from mlreg.store import layout, tables
from mlreg.store.search import Fold

TABLE_FROM = 256
FEATURES = "features"
_SOURCES = ("data", "feature_set", "experiment", "increment", "commit", "dataset")
_KIN, _STATED = "kin and variants", "stated"
# the places of the values in a line of `_KIN`; in the others a fact has two: what is stated, which version states what
_OTHERS, _VERSIONS, _PARENTS, _DEPENDS_ON, _VARIANTS = range(5)
FoldOf = Callable[[str, Collection[str]], Fold]


class _Kin:
    """What one model has in `kin`: its versions, the greatest first, and what they come from, by version."""

    def __init__(self, name: str, values: Iterable[Any]) -> None:
        versions, parents, depends_on, variants = values
        self.name = name
        self.places: dict[str, int] = {version: place for place, version in enumerate(versions)}
        self.parents: Mapping[str, str | None] = dict(zip(versions, parents, strict=True))
        self.depends_on: Mapping[str, Sequence[str]] = depends_on
        self.variants: Mapping[str, str] = variants

    def children(self) -> dict[str, list[str]]:
        """Returns which of its versions come from which: by reference, the least first."""
        found: dict[str, list[str]] = {}
        for version in reversed(self.places):
            single = filter(None, (self.parents[version], self.variants.get(version)))
            for ref in dict.fromkeys([*single, *self.depends_on.get(version, ())]):
                found.setdefault(self.ref(ref), []).append(f"{self.name}@{version}")
        return found

    def ref(self, word: str) -> str:
        """Returns a reference as a line has it, which leaves the name of its own model away, as a whole one."""
        return word if "@" in word else f"{self.name}@{word}"


class Origins:
    """Tells where versions come from.

    Args:
        fold_of: Gives the facts of the versions of a model, or of those only that are not as they were in some fold.
        cache: Where the tables are kept, or None.
        summaries: All models.
        table_from: Of how many new versions it takes to write the tables anew.
    """

    def __init__(
        self, fold_of: FoldOf, cache: Cache | None, summaries: Sequence[Summary], *, table_from: int = TABLE_FROM
    ) -> None:
        self._fold_of = fold_of
        self._last: tuple[tuple[str, str | None], Fold] | None = None
        self._cache = cache
        self._table_from = table_from
        self._models = {folded(summary.name): summary for summary in summaries}
        self._tables = {_KIN: self._read(_KIN, self._is_newest)}
        self._kin: dict[str, _Kin] = {}
        self._sources: dict[str, Sequence[Any]] = {}
        self._users: dict[str, list[str]] | None = None
        self._asked: set[str] = set()
        self._children: dict[str, list[str]] = {}

    def holders(self) -> dict[str, list[str]]:
        """Returns the stages that are held, by the version that holds them (`name@version`)."""
        held: dict[str, list[str]] = {}
        for summary in self._models.values():
            for stage, version in summary.stages.items():
                held.setdefault(f"{summary.name}@{version}", []).append(stage)
        return held

    def children(self, ref: str) -> Sequence[str]:
        """Returns the versions made from the version `ref`, variants of it, and those that need it, the least first."""
        model = folded(ref.partition("@")[0])
        if self._users is None:
            self._users = self._by_other()
        for user in (model, *self._users.pop(model, ())):
            if user not in self._asked and user in self._models:
                self._asked.add(user)
                for parent, children in self._kin_of(user).children().items():
                    self._children.setdefault(parent, []).extend(children)
        return self._children.get(ref, ())

    def origin(self, ref: str) -> Origin | None:
        """Returns what the version `ref` (`name@version`) states, or None where there is no such version."""
        name, _, version = ref.partition("@")
        model = folded(name)
        if model not in self._models or self._models[model].name != name:
            return None
        if model not in self._sources:
            self._sources[model] = [*tables.picked([(self._table(_STATED)[model], range(2 * len(_SOURCES)))])]
        kin = self._kin_of(model)
        if version not in kin.places:
            return None
        sources, place, parent = self._sources[model], kin.places[version], kin.parents[version]
        original = kin.variants.get(version)
        facts = {
            key: known[which[place] if which else 0]
            for key, known, which in zip(_SOURCES, sources[::2], sources[1::2], strict=True)
        }
        return Origin(
            name=name,
            version=version,
            parent=kin.ref(parent) if parent else None,
            variant_of=kin.ref(original) if original else None,
            depends_on=[kin.ref(one) for one in kin.depends_on.get(version, ())],
            stages=[stage for stage, holder in self._models[model].stages.items() if holder == version],
            **{key: value for key, value in facts.items() if value is not None},
        )

    def stating(self, key: str, word: str, is_meant: Callable[[Any], bool]) -> list[str]:
        """Returns the versions of which `is_meant` is true of what they state of `key`, or of their `FEATURES`.

        Args:
            word: It stands somewhere in all that is meant.
        """
        table, place = self._at(key)
        needle = json.dumps(word, ensure_ascii=False)[1:-1].encode()
        having = [model for model, line in table.items() if needle in line.data]
        values = [*tables.picked((table[model], (place, place + 1)) for model in having)]
        found: list[str] = []
        for model, known, which in zip(having, values[::2], values[1::2], strict=True):
            meant = [value is not None and is_meant(value) for value in known]
            if any(meant):
                name, versions = self._models[model].name, self._kin_of(model).places
                found += [f"{name}@{version}" for version, at in versions.items() if meant[which[at] if which else 0]]
        return found

    def known(self, key: str) -> Iterator[Any]:
        """Yields what versions state of `key`, or their `FEATURES`; what is alike in a model, once."""
        table, place = self._at(key)
        values = chain.from_iterable(tables.picked((line, (place,)) for line in table.values()))
        return (value for value in values if value is not None)

    def _at(self, key: str) -> tuple[tables.Table, int]:
        return (self._table(FEATURES), 0) if key == FEATURES else (self._table(_STATED), 2 * _SOURCES.index(key))

    def _kin_of(self, model: str) -> _Kin:
        if model not in self._kin:
            values = tables.picked([(self._tables[_KIN][model], (_VERSIONS, _PARENTS, _DEPENDS_ON, _VARIANTS))])
            self._kin[model] = _Kin(self._models[model].name, values)
        return self._kin[model]

    def _by_other(self) -> dict[str, list[str]]:
        """Returns by model which other models have versions that come from one of its."""
        users: dict[str, list[str]] = {}
        others = tables.picked((line, (_OTHERS,)) for line in self._tables[_KIN].values())
        for model, names in zip(self._tables[_KIN], others, strict=True):
            for name in names:
                users.setdefault(folded(name), []).append(model)
        return users

    def _is_newest(self, model: str, stamp: str) -> bool:
        return stamp == self._models[model].head_digest[:DIGEST_START]

    def _table(self, name: str) -> tables.Table:
        """Returns a table whose places are those of `kin`."""
        if name not in self._tables:
            kin = self._tables[_KIN]
            self._tables[name] = self._read(name, lambda model, stamp: kin[model].stamp == stamp)
        return self._tables[name]

    def _fold(self, name: str, since: str | None) -> Fold:
        """Returns the fold of a model; the last one is at hand: where one model has changed, each table asks for it."""
        if self._last is None or self._last[0] != (name, since):
            self._last = (name, since), self._fold_of(name, () if since is None else (since,))
        return self._last[1]

    def _read(self, name: str, is_fresh: Callable[[str, str], bool]) -> tables.Table:
        """Returns a table, with new lines where it is of other folds; where these are many they are kept."""
        key = layout.column(f"origins: {name}")
        kept = tables.read(self._cache, key) if self._cache else {}
        table, made = tables.Table(), 0
        for model, summary in self._models.items():
            line = kept.get(model)
            if line is None or not is_fresh(model, line.stamp):
                fold = self._fold(summary.name, line.stamp if line else None)
                if name != _KIN and fold.stamp != self._tables[_KIN][model].stamp:
                    # somebody has just added an event: places agree within one fold
                    fold, line = self._fold_of(summary.name, ()), None
                    self._tables[_KIN][model] = _renewed(_KIN, None, fold)
                    self._kin.pop(model, None)
                line = _renewed(name, line, fold)
                made += fold.news
            table[model] = line
        if self._cache and made >= self._table_from:
            tables.write(self._cache, key, table)
        return table


def _renewed(name: str, line: tables.Line | None, fold: Fold) -> tables.Line:
    """Returns the line of a table after `fold`; what that did not look at is as in `line`."""
    looked_at = [version for version in fold.versions if version in fold.facts]
    new = [*_VALUES[name](fold.name, [fold.facts[version].sheet for version in looked_at])]
    if line is not None and len(looked_at) < len(fold.versions):
        known = json.loads(b"[%b]" % line.data.replace(b"\t", b","))
        new = [*(_kin_joined if name == _KIN else _others_joined)(known, new, fold, looked_at)]
    return tables.line_of(fold.stamp, new)


def _kin_joined(known: Sequence[Any], new: Sequence[Any], fold: Fold, looked_at: Sequence[str]) -> Iterator[Any]:
    parents = {
        version: parent
        for values in (known, new)
        for version, parent in zip(values[_VERSIONS], values[_PARENTS], strict=True)
    }
    yield sorted({*known[_OTHERS], *new[_OTHERS]})
    yield fold.versions
    yield [parents[version] for version in fold.versions]
    for place in (_DEPENDS_ON, _VARIANTS):
        yield {version: refs for version, refs in known[place].items() if version not in fold.facts} | new[place]


def _others_joined(known: Sequence[Any], new: Sequence[Any], fold: Fold, looked_at: Sequence[str]) -> Iterator[Any]:
    before = [version for version in fold.versions if version not in fold.added]
    for place in range(0, len(known), 2):
        texts = {json.dumps(value, sort_keys=True): at for at, value in enumerate(known[place])}
        which = dict(zip(before, known[place + 1] or [0] * len(before), strict=True))
        for version, at in zip(looked_at, new[place + 1] or [0] * len(looked_at), strict=True):
            which[version] = texts.setdefault(json.dumps(new[place][at], sort_keys=True), len(texts))
        yield [json.loads(text) for text in texts]
        yield [which[version] for version in fold.versions] if len(texts) > 1 else []


def _kin_values(name: str, sheets: Sequence[Sheet]) -> Iterator[Any]:
    lineages = {sheet["version"]: sheet.get("lineage", {}) for sheet in sheets}
    own = f"{name}@"
    parents = [lineage.get("parent") for lineage in lineages.values()]
    depends_on = {version: lineage["depends_on"] for version, lineage in lineages.items() if "depends_on" in lineage}
    variants = {version: lineage["variant_of"] for version, lineage in lineages.items() if "variant_of" in lineage}
    named = {ref.partition("@")[0] for ref in chain(filter(None, parents), variants.values(), *depends_on.values())}
    yield sorted(named - {name})
    yield list(lineages)
    yield [ref and ref.removeprefix(own) for ref in parents]
    yield {version: [ref.removeprefix(own) for ref in refs] for version, refs in depends_on.items()}
    yield {version: ref.removeprefix(own) for version, ref in variants.items()}


def _stated_values(name: str, sheets: Sequence[Sheet]) -> Iterator[Any]:
    beside = ("commit", "dataset")
    stated = [{**sheet.get("lineage", {}), **{key: sheet.get(key) for key in beside}} for sheet in sheets]
    for key in _SOURCES:
        yield from _told_apart(facts.get(key) for facts in stated)


def _feature_values(name: str, sheets: Sequence[Sheet]) -> Iterator[Any]:
    yield from _told_apart(sheet.get(FEATURES) for sheet in sheets)


def _told_apart(values: Iterable[Any]) -> tuple[list[Any], list[int]]:
    """Returns the values that differ, and for each of `values` which of them it is: nothing where all are alike."""
    known: dict[str, int] = {}
    which = [known.setdefault(json.dumps(value, sort_keys=True), len(known)) for value in values]
    return [json.loads(text) for text in known], which if len(known) > 1 else []


_VALUES: Mapping[str, Callable[[str, Sequence[Sheet]], Iterator[Any]]] = {
    _KIN: _kin_values,
    _STATED: _stated_values,
    FEATURES: _feature_values,
}
