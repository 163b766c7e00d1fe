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
from mlreg.store.origins import Origins

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
        lineage=lineage_of(focus, origins.origin, children_of(origins)),
        registered=Registered(
            bench.repository.id(), standing.record, standing.registered.at, standing.registered.actor
        ),
        notes=found.notes,
    )


def assess(
    bench: Bench, ref: str | None, *, feature: str | None, feature_set: str | None, data_set: str | None
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
        found = find_shown(bench, joined_ref(what, None, bench.stages))
        what, notes = f"{found.name}@{found.version}", [*found.notes]
    origins = bench.repository.origins()
    direct = _DIRECT[kind](origins, what)
    if not direct:
        near = suggestion(what, dict.fromkeys(filter(None, _KNOWN[kind](origins))))
        notes.append(f"no version states the {kind.replace('-', ' ')} {what}{': ' + near if near else ''}")
    through = descendants(direct, children_of(origins))
    held = origins.holders()
    return Impact(
        kind=kind,
        what=what,
        versions=[_affected(one, None, held) for one in direct]
        + [_affected(one, above, held) for one, above in through.items()],
        notes=notes,
    )


def children_of(origins: Origins) -> Callable[[str], Iterable[str]]:
    """Returns what tells the versions that were made from a version or depend on it, the least first."""
    children: dict[str, list[str]] = {}
    for kin in origins.kin():
        for version, parent in zip(reversed(kin.versions), reversed(kin.parents), strict=True):
            if parent is not None:
                children.setdefault(parent, []).append(f"{kin.name}@{version}")
        for version in reversed(list(kin.depends_on)):
            for ref in kin.depends_on[version]:
                children.setdefault(ref, []).append(f"{kin.name}@{version}")
    return lambda ref: children.get(ref, ())


def _affected(ref: str, through: str | None, held: Mapping[str, list[str]]) -> Affected:
    name, _, version = ref.partition("@")
    return Affected(name, version, through, held.get(ref, ()))


def _with_data(origins: Origins, word: str) -> list[str]:
    return origins.with_sources(word.rpartition("@")[0] or word, partial(_is_data, word))


def _is_data(word: str, source: Mapping[str, Any]) -> bool:
    dataset = source.get("dataset", {})
    name, version, digest = source.get("data"), dataset.get("version"), dataset.get("digest", "")
    by_digest = len(word) >= _DIGEST_LEAST and word.startswith("sha256:") and digest.startswith(word)
    return by_digest or word in (name, version) or (None not in (name, version) and word == f"{name}@{version}")


def _with_feature_set(origins: Origins, word: str) -> list[str]:
    return origins.with_sources(word, lambda source: source.get("feature_set") == word)


def _known_data(origins: Origins) -> Iterable[str | None]:
    return chain.from_iterable(
        (source.get("data"), source.get("dataset", {}).get("version")) for source in origins.sources()
    )


_DIRECT: Mapping[str, Callable[[Origins, str], list[str]]] = {
    MODEL: lambda origins, ref: [ref],
    FEATURE: lambda origins, feature: origins.with_feature(feature),
    FEATURE_SET: _with_feature_set,
    DATA_SET: _with_data,
}
_KNOWN: Mapping[str, Callable[[Origins], Iterable[str | None]]] = {
    FEATURE: lambda origins: chain.from_iterable(origins.features()),
    FEATURE_SET: lambda origins: (source.get("feature_set") for source in origins.sources()),
    DATA_SET: _known_data,
}
