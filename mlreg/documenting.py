"""Owns documents that live: sections of Markdown files, and whole files, kept as the repository stands.

Three files are ours whole, by their names: `model_catalog.yaml`, `lineage_graph.json` and, where it is not there yet,
`deployment_history.md`. In every other file only what stands between markers is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mlreg.adapters import load
from mlreg.adapters.surroundings import files, preferences
from mlreg.answers.documented import Documented, Kept
from mlreg.bench import Bench
from mlreg.domain import audit, decide, living
from mlreg.domain.lineage import Lineage
from mlreg.domain.living import EVERY, Wanted
from mlreg.domain.names import quoted
from mlreg.domain.state import ModelState
from mlreg.errors import MlregError, NotFoundError, UsageError

CATALOG, GRAPH, HISTORY = "model_catalog.yaml", "lineage_graph.json", "deployment_history.md"
PathLike = str | os.PathLike[str]
_NEW_HISTORY = "# Deployment History\n\n<!-- mlreg:begin * deployments -->\n<!-- mlreg:end -->\n"


def sync(bench: Bench, paths: Sequence[PathLike], *, dry_run: bool) -> Documented:
    """Writes in each of the files anew what is ours there.

    Raises:
        NotFoundError: There is no such file, or no such model as a section asks for; no file was changed.
        UsageError: A section means nothing, or a file that would be ours whole is somebody else's.
    """
    return _documented(bench, paths, write=not dry_run, dry_run=dry_run)


def check(bench: Bench, paths: Sequence[PathLike]) -> Documented:
    """Tells which of the files are not as `sync` would write them; writes nothing."""
    return _documented(bench.frozen(), paths, write=False, dry_run=False)


def page(bench: Bench, name: str) -> str:
    """Returns the page of a model as Markdown."""
    state, stages = bench.state(name), bench.stages
    lines = living.lines_of(state, stages, lambda standing: bench.record(state, standing).metrics)
    told = living.page_of(state, stages, lines, _way_back(bench, state))
    text: str = load("documents", "markdown").page(told)
    return text


def deployments(bench: Bench, names: Iterable[str]) -> str:
    """Returns the table of all moves of the models as Markdown, the newest first."""
    history, stages = bench.repository.history, bench.stages
    moves = {name: audit.moves(history.events(bench.state(name).spelling), stages)[::-1] for name in names}
    text: str = load("documents", "markdown").deployments(moves)
    return text


def catalog(bench: Bench, names: Iterable[str]) -> str:
    """Returns the catalog of the models as YAML."""
    text: str = load("documents", "catalog").render({name: _entry(bench, name) for name in names})
    return text


def graph(bench: Bench, names: Iterable[str]) -> str:
    """Returns the lineage of all versions of the models as JSON."""
    origins = bench.repository.origins()
    refs = (f"{name}@{version}" for name in names for version in bench.state(name).versions)
    known = [origin for origin in map(origins.origin, refs) if origin is not None]
    nodes, edges = Lineage(known[-1], before=known[:-1]).graph() if known else ([], [])
    text: str = load("documents", "graph").render(nodes, edges)
    return text


def names(bench: Bench) -> list[str]:
    """Returns the names of all models, sorted."""
    return [summary.name for summary in bench.repository.summaries()]


def _documented(bench: Bench, paths: Sequence[PathLike], *, write: bool, dry_run: bool) -> Documented:
    """Makes all texts before it writes one: what cannot be written is found while all is as it was."""
    wanted = [Path(path) for path in paths]
    made = {path: _renewed(bench, path, preferences.read(path)) for path in wanted}
    kept = []
    for path, (data, sections) in made.items():
        # it is read again where it is written: whoever has edited it meanwhile keeps the edit
        is_stale = data != preferences.read(path)
        changed = preferences.change(path, partial(_anew, bench, path)) if write else is_stale
        kept.append(Kept(str(path), sections, changed))
    none = [f"{one.file} has no section of mlreg" for one in kept if not one.sections]
    hint = "; write `<!-- mlreg:begin NAME -->` and `<!-- mlreg:end -->` where it shall be" if write else ""
    return Documented(files=kept, notes=[f"{note}{hint}" for note in none if write], dry_run=dry_run)


def _anew(bench: Bench, path: Path, data: bytes) -> bytes:
    return _renewed(bench, path, data)[0]


def _renewed(bench: Bench, path: Path, data: bytes) -> tuple[bytes, int]:
    """Returns what is to stand in a file that has `data` now, and in how many places of it."""
    whole = _WHOLE.get(path.name)
    if whole is not None:
        make, mark = whole
        _check_ours(path, data, load("documents", mark).MARK)
        return make(bench, names(bench)).encode(), 1
    if not data and not path.exists():
        if path.name != HISTORY:
            raise NotFoundError(f"there is no file {quoted(str(path), 200)}", hint="make it, with a section in it")
        files.check_place(path)
        data = _NEW_HISTORY.encode()
    text = _decoded(path, data)
    count = len(living.places(text, str(path)))
    return living.renewed(text, str(path), lambda wanted: _said(bench, str(path), wanted)).encode(), count


def _said(bench: Bench, source: str, wanted: Wanted) -> str:
    of = names(bench) if wanted.name == EVERY else [wanted.name]
    try:
        if wanted.part == living.DEPLOYMENTS:
            return deployments(bench, of)
        return "\n\n".join(page(bench, name) for name in of) or "There is no model yet."
    except NotFoundError as error:
        raise NotFoundError(
            f"{source}, line {wanted.line}: {error.message}",
            hint=error.hint,
            facts={**error.facts, "file": source, "line": wanted.line},
            code=error.stable_code,
        ) from error


def _way_back(bench: Bench, state: ModelState) -> str | None:
    stage = bench.stages.top
    try:
        draft = decide.decide_rollback(
            state,
            stage,
            stages=bench.stages,
            has_bytes=partial(bench.has_bytes, state),
        )
    except MlregError:
        return None
    return str(draft.effects["version"]) if draft else None


def _entry(bench: Bench, name: str) -> Mapping[str, Any]:
    state = bench.state(name)
    latest = state.latest()
    return {
        "latest": str(latest.version) if latest else None,
        "stages": state.holders(),
        "aliases": dict(state.aliases),
        "versions": [_version(bench, state, str(one.version)) for one in state.in_order()],
    }


def _version(bench: Bench, state: ModelState, version: str) -> dict[str, Any]:
    standing = state.versions[version]
    record = bench.record(state, standing)
    facts = {
        "version": version,
        "stage": standing.stage,
        "registered_at": standing.registered.at,
        "registered_by": standing.registered.actor,
        "digest": standing.record,
        "framework": record.framework,
        "type": record.type,
        "owner": record.owner,
        "metrics": record.shown_metrics(),
        "lineage": dict(record.lineage),
        "tags": list(standing.tags),
        "deprecated": standing.deprecated.document() if standing.deprecated else None,
    }
    return {name: value for name, value in facts.items() if value not in (None, {}, [])}


def _check_ours(path: Path, data: bytes, mark: str) -> None:
    files.check_place(path)
    if data and mark.encode() not in data[: len(mark) + 16]:
        raise UsageError(
            f"{quoted(str(path), 200)} is not a file that mlreg wrote",
            hint="move it away, or name another directory",
            facts={"file": str(path)},
        )


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{quoted(str(path), 200)} is not UTF-8 at byte {error.start}", hint="save it as UTF-8"
        ) from None


_WHOLE: Mapping[str, tuple[Callable[[Bench, Iterable[str]], str], str]] = {
    CATALOG: (catalog, "catalog"),
    GRAPH: (graph, "graph"),
}
