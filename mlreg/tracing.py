"""Owns where versions come from and what comes of them: lineage, impact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Any

from mlreg.answers.affected import Affected, Impact
from mlreg.answers.traced import Traced
from mlreg.bench import Bench
from mlreg.domain.lineage import Origin, Registered, descendants, lineage_of
from mlreg.domain.names import suggestion
from mlreg.errors import UsageError
from mlreg.resolve import find_shown, joined_ref
from mlreg.store.origins import FEATURES, Origins

FEATURE, FEATURE_SET, DATA_SET, MODEL = "feature", "feature-set", "data-set", "model"
_DIGEST_LEAST = len("sha256:") + 6


def trace(bench: Bench, name: str, version: str | None) -> Traced:
    """Tells where a version comes from and what came of it, to any depth."""
    found = find_shown(bench, joined_ref(name, version, bench.stages))
    origins = bench.repository.origins()
    ref = f"{found.name}@{found.version}"
    focus = origins.origin(ref) or Origin(found.name, found.version)
    standing = found.standing
    return Traced(
        lineage=lineage_of(focus, origins.origin, origins.children),
        registered=Registered(
            bench.repository.id(), standing.record, standing.registered.at, standing.registered.actor
        ),
        notes=found.notes,
    )


def assess(
    bench: Bench,
    ref: str | None,
    version: str | None = None,
    *,
    feature: str | None,
    feature_set: str | None,
    data_set: str | None,
) -> Impact:
    """Tells which versions use a feature, a feature set, data, or a version: themselves, or through another."""
    asked = {MODEL: ref, FEATURE: feature, FEATURE_SET: feature_set, DATA_SET: data_set}
    stated = [(kind, what) for kind, what in asked.items() if what is not None]
    if len(stated) != 1:
        raise UsageError(
            "one thing is asked for: a version, a feature, a feature set or data",
            hint="write `mlreg impact --feature NAME`, or `mlreg impact NAME@VERSION`",
        )
    kind, what = stated[0]
    notes: list[str] = []
    if kind == MODEL:
        found = find_shown(bench, joined_ref(what, version, bench.stages))
        what, notes = f"{found.name}@{found.version}", [*found.notes]
    origins = bench.repository.origins()
    direct = _DIRECT[kind](origins, what)
    if not direct:
        near = suggestion(what, dict.fromkeys(filter(None, _KNOWN[kind](origins))))
        notes.append(f"no version states the {kind.replace('-', ' ')} {what}{': ' + near if near else ''}")
    through = descendants(direct, origins.children)
    held = origins.holders()
    return Impact(
        kind=kind,
        what=what,
        versions=[_affected(one, None, held) for one in direct]
        + [_affected(one, above, held) for one, above in through.items()],
        notes=notes,
    )


def _affected(ref: str, through: str | None, held: Mapping[str, list[str]]) -> Affected:
    name, _, version = ref.partition("@")
    return Affected(name, version, through, held.get(ref, ()))


def _with_data(origins: Origins, word: str) -> list[str]:
    """Returns the versions that state data of this name, version or digest, or of both as `name@version`."""
    found = dict.fromkeys(origins.stating("data", word, word.__eq__))
    found |= dict.fromkeys(origins.stating("dataset", word, partial(_is_dataset, word)))
    name, _, version = word.rpartition("@")
    if name:
        named = set(origins.stating("data", name, name.__eq__))
        dated = origins.stating("dataset", version, lambda dataset: dataset.get("version") == version)
        found |= dict.fromkeys(ref for ref in dated if ref in named)
    return list(found)


def _is_dataset(word: str, dataset: Mapping[str, Any]) -> bool:
    is_digest = len(word) >= _DIGEST_LEAST and word.startswith("sha256:")
    return dataset.get("version") == word or (is_digest and dataset.get("digest", "").startswith(word))


def _known_data(origins: Origins) -> Iterable[str | None]:
    return chain(origins.known("data"), (dataset.get("version") for dataset in origins.known("dataset")))


_DIRECT: Mapping[str, Callable[[Origins, str], list[str]]] = {
    MODEL: lambda origins, ref: [ref],
    FEATURE: lambda origins, feature: origins.stating(FEATURES, feature, lambda features: feature in features),
    FEATURE_SET: lambda origins, name: origins.stating("feature_set", name, name.__eq__),
    DATA_SET: _with_data,
}
_KNOWN: Mapping[str, Callable[[Origins], Iterable[str | None]]] = {
    FEATURE: lambda origins: chain.from_iterable(origins.known(FEATURES)),
    FEATURE_SET: lambda origins: origins.known("feature_set"),
    DATA_SET: _known_data,
}
