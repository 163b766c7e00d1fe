"""Owns where all versions come from: a table in the cache, of which only the parts are decoded that are asked for.

A line of the table is of one model after one event; its stamp is how the digest of that event begins. What many
versions of a model say alike, as their features, stands in it once, and for each version which of them it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mlreg.domain.lineage import Origin
from mlreg.domain.listing import Summary
from mlreg.domain.names import folded
from mlreg.domain.recall import DIGEST_START
from mlreg.domain.sheet import Sheet
from mlreg.ports import Cache
from mlreg.store import layout, tables
from mlreg.store.search import Fold

TABLE_FROM = 256
_COLUMN = "origins"
# the places of the values in a line
_VERSIONS, _PARENTS, _DEPENDS_ON, _SOURCES, _FEATURES = 0, 1, 2, 3, 5
_STATED = ("data", "feature_set", "experiment", "increment")
FoldOf = Callable[[str], Fold]


class Kin(NamedTuple):
    """The versions of the model `name`, the greatest first, and by place which they come from: None, or a version."""

    name: str
    versions: Sequence[str]
    parents: Sequence[str | None]
    depends_on: Mapping[str, Sequence[str]]


class Origins:
    """Tells where versions come from.

    Args:
        fold_of: Gives the facts of all versions of a model.
        cache: Where the table is kept, or None.
        summaries: All models.
        table_from: Of how many new versions it takes to write the table anew.
    """

    def __init__(
        self, fold_of: FoldOf, cache: Cache | None, summaries: Sequence[Summary], *, table_from: int = TABLE_FROM
    ) -> None:
        self._models = {folded(summary.name): summary for summary in summaries}
        self._table = self._filled(fold_of, cache, table_from)
        self._kin = self._read_kin()
        self._places: dict[str, dict[str, int]] = {}
        self._sources: dict[str, tuple[Sequence[Mapping[str, Any]], Sequence[int]]] = {}

    def kin(self) -> Iterable[Kin]:
        """Returns the versions of all models, and which they come from."""
        return self._kin.values()

    def holders(self) -> dict[str, list[str]]:
        """Returns the stages that are held, by the version that holds them (`name@version`)."""
        held: dict[str, list[str]] = {}
        for summary in self._models.values():
            for stage, version in summary.stages.items():
                held.setdefault(f"{summary.name}@{version}", []).append(stage)
        return held

    def origin(self, ref: str) -> Origin | None:
        """Returns what the version `ref` (`name@version`) states, or None where there is no such version."""
        name, _, version = ref.partition("@")
        model = folded(name)
        if model not in self._kin or self._kin[model].name != name:
            return None
        kin = self._kin[model]
        if model not in self._places:
            self._places[model] = {known: place for place, known in enumerate(kin.versions)}
        place = self._places[model].get(version)
        if place is None:
            return None
        if model not in self._sources:
            known, which = tables.picked([(self._table[model], (_SOURCES, _SOURCES + 1))])
            self._sources[model] = (known, which)
        known, which = self._sources[model]
        return Origin(
            name=name,
            version=version,
            parent=kin.parents[place],
            depends_on=kin.depends_on.get(version, ()),
            stages=[stage for stage, holder in self._models[model].stages.items() if holder == version],
            **known[which[place]],
        )

    def with_sources(self, word: str, is_meant: Callable[[Mapping[str, Any]], bool]) -> list[str]:
        """Returns the versions of whose sources `is_meant` is true; `word` stands in all of these."""
        return list(self._with(_SOURCES, word, is_meant))

    def with_feature(self, feature: str) -> list[str]:
        """Returns the versions that have a feature."""
        return list(self._with(_FEATURES, feature, lambda features: feature in features))

    def sources(self) -> Iterator[Mapping[str, Any]]:
        """Yields what versions state that they were made of; what is stated alike in a model, once."""
        return self._known(_SOURCES)

    def features(self) -> Iterator[Sequence[str]]:
        """Yields the lists of features that versions have; those that are alike in a model, once."""
        return self._known(_FEATURES)

    def _with(self, place: int, word: str, is_meant: Callable[[Any], bool]) -> Iterator[str]:
        needle = json.dumps(word, ensure_ascii=False)[1:-1].encode()
        having = [model for model, line in self._table.items() if needle in bytes(line.data)]
        values = tables.picked((self._table[model], (place, place + 1)) for model in having)
        for model, known, which in zip(having, values[::2], values[1::2], strict=True):
            meant = [is_meant(one) for one in known]
            kin = self._kin[model]
            if any(meant):
                yield from (
                    f"{kin.name}@{version}" for version, at in zip(kin.versions, which, strict=True) if meant[at]
                )

    def _known(self, place: int) -> Iterator[Any]:
        for known in tables.picked((line, (place,)) for line in self._table.values()):
            yield from known

    def _read_kin(self) -> dict[str, Kin]:
        values = tables.picked((line, (_VERSIONS, _PARENTS, _DEPENDS_ON)) for line in self._table.values())
        parts = zip(self._table, values[::3], values[1::3], values[2::3], strict=True)
        return {model: Kin(self._models[model].name, *of_model) for model, *of_model in parts}

    def _filled(self, fold_of: FoldOf, cache: Cache | None, table_from: int) -> tables.Table:
        """Returns the table, with new lines where it is of older folds; where these are many they are kept."""
        kept = tables.read(cache, layout.column(_COLUMN)) if cache else {}
        table, made = tables.Table(), 0
        for model, summary in self._models.items():
            line = kept.get(model)
            if line is None or line.stamp != summary.head_digest[:DIGEST_START]:
                fold = fold_of(summary.name)
                line = tables.line_of(fold.stamp, _values([fact.sheet for fact in fold.facts]))
                made += len(fold.facts)
            table[model] = line
        if cache and made >= table_from:
            tables.write(cache, layout.column(_COLUMN), table)
        return table


def _values(sheets: Sequence[Sheet]) -> Iterator[Any]:
    lineages = [sheet.get("lineage", {}) for sheet in sheets]
    yield [sheet["version"] for sheet in sheets]
    yield [lineage.get("parent") for lineage in lineages]
    yield {
        sheet["version"]: lineage["depends_on"]
        for sheet, lineage in zip(sheets, lineages, strict=True)
        if lineage.get("depends_on")
    }
    yield from _told_apart([_source(sheet) for sheet in sheets])
    yield from _told_apart([sheet.get("features", []) for sheet in sheets])


def _source(sheet: Sheet) -> dict[str, Any]:
    lineage = sheet.get("lineage", {})
    facts = {key: lineage.get(key) for key in _STATED}
    facts |= {"commit": sheet.get("commit"), "dataset": sheet.get("dataset")}
    return {key: value for key, value in facts.items() if value}


def _told_apart(values: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Returns the values that differ, and for each of `values` which of them it is."""
    known: dict[str, int] = {}
    which = [known.setdefault(json.dumps(value, sort_keys=True), len(known)) for value in values]
    return [json.loads(text) for text in known], which
