"""Owns the way out to other tools: versions in the layout that they know, and documents about one version."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlreg import approving, documenting
from mlreg.adapters import load
from mlreg.adapters.surroundings import files, location, preferences
from mlreg.answers.carded import Card
from mlreg.answers.exported import Exported, Left, Written
from mlreg.bench import Bench
from mlreg.checkout import foresee_files, write_files
from mlreg.domain.handing import Handed, Stock, Tree
from mlreg.domain.names import checked_path, quoted
from mlreg.domain.record import FileEntry
from mlreg.domain.retention import Policy
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import TakenError
from mlreg.ranking import formula_of, ranked
from mlreg.resolve import Found, find_shown, find_used, joined_ref
from mlreg.store import codec, settings
from mlreg.store.blobs import Progress, no_progress

PathLike = str | os.PathLike[str]
_CARD = "huggingface"


def lay_out(
    bench: Bench,
    name: str | None,
    version: str | None,
    *,
    layout: str,
    directory: PathLike,
    dry_run: bool,
    progress: Progress = no_progress,
) -> Exported:
    """Writes one version, all of a model, or (no name) all of the repository below `directory`, in a layout.

    Files of models are never written over; texts about them are written anew.

    Raises:
        UsageError: There is no such layout.
        ConflictError: A file of another content is where a model's would go.
        IntegrityError: Bytes of the repository are damaged.
    """
    make = load("layouts", layout).tree
    chosen, left, notes = _chosen(bench, name, version)
    stock = _stock(bench, chosen, with_views=True)
    tree, hidden = _apart(make(stock))
    target = Path(directory)
    if not target.is_absolute():
        location.working_directory()
    entries = [entry._replace(path=path) for path, entry in sorted(tree.blobs.items())]
    _check_ways(target, tree.texts)
    if dry_run:
        foresee_files(bench.repository.blobs, entries, target, progress)
    else:
        write_files(bench.repository.blobs, entries, target, progress)
        for path, text in tree.texts.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            files.write(target / path, text.encode())
    return Exported(
        form=layout,
        place=str(target),
        versions=[one.ref for of_one in stock.models.values() for one in of_one],
        files=sorted([*map(_written, entries), *(_about(path, text) for path, text in tree.texts.items())]),
        left=left,
        notes=[*notes, *hidden],
        dry_run=dry_run,
    )


def describe(
    bench: Bench, name: str, version: str | None, *, format: str, file: PathLike | None, dry_run: bool
) -> Exported:
    """Makes a document about a version for another tool, and writes it to `file`, in place of what is there.

    Raises:
        UsageError: There is no such format.
        NotFoundError: There is no such version.
    """
    found, text = _described(bench, name, version, format)
    _write(file, text, dry_run=dry_run)
    return Exported(
        form=format,
        place=None if file is None else str(file),
        versions=[f"{found.name}@{found.version}"],
        files=[] if file is None else [_about(str(file), text)],
        text=text,
        notes=found.notes,
        dry_run=dry_run,
    )


def card(bench: Bench, name: str, version: str | None, *, file: PathLike | None, dry_run: bool) -> Card:
    """Makes the model card of a version, and writes it to `file`, in place of what is there.

    Raises:
        NotFoundError: There is no such version.
        MissingError: Approvals of it are signed, and there is no `ssh-keygen`.
    """
    found, text = _described(bench, name, version, _CARD)
    _write(file, text, dry_run=dry_run)
    return Card(
        name=found.name,
        version=found.version,
        text=text,
        file=None if file is None else str(file),
        digest=codec.digest(text.encode()),
        notes=found.notes,
        dry_run=dry_run,
    )


def _described(bench: Bench, name: str, version: str | None, format: str) -> tuple[Found, str]:
    render = load("manifests", format).render
    found = find_shown(bench, joined_ref(name, version, bench.stages))
    stock = _stock(bench, {found.name: (found.state, [found.standing])}, with_views=False)
    one = stock.models[found.name][0]
    if format == _CARD:
        said = approving.tally(bench, found.state, found.standing, stage=None)
        one = one._replace(approvals=[approval for approval in said.in_order if approval.refusal is None])
    text: str = render(stock, one)
    return found, text


def _write(file: PathLike | None, text: str, *, dry_run: bool) -> None:
    if file is not None and not dry_run:
        files.write(Path(file), text.encode())


def _chosen(
    bench: Bench, name: str | None, version: str | None
) -> tuple[dict[str, tuple[ModelState, list[Standing]]], list[Left], list[str]]:
    """Returns by model the versions that are meant, those that cannot be had, and what was assumed."""
    if name is not None:
        ref = joined_ref(name, version, bench.stages)
        if ref.selector is not None:
            found = find_used(bench, ref)
            return {found.name: (found.state, [found.standing])}, [], [*found.notes]
    models, left = {}, list[Left]()
    for model in documenting.names(bench) if name is None else [ref.name]:
        state = bench.state(model)
        here = [one for one in state.in_order() if one.dropped is None]
        left += [Left(f"{model}@{one.version}", one.dropped.reason) for one in state.in_order() if one.dropped]
        models[model] = (state, here)
    return models, left, [f"{one.ref} is left out: its bytes were dropped, {one.why}" for one in left]


def _stock(bench: Bench, chosen: Mapping[str, tuple[ModelState, Sequence[Standing]]], *, with_views: bool) -> Stock:
    views = {}
    if with_views:
        views = {
            documenting.CATALOG: documenting.catalog(bench, chosen),
            documenting.GRAPH: documenting.graph(bench, chosen),
            documenting.HISTORY: f"# Deployment History\n\n{documenting.deployments(bench, chosen)}\n",
        }
    return Stock(
        repository=bench.repository.id(),
        top=bench.stages.top,
        models={
            name: list(_handed(bench, state, standings, with_scores=with_views))
            for name, (state, standings) in chosen.items()
        },
        held={name: state.holders() for name, (state, _) in chosen.items()},
        settings=_settings(bench, next(iter(chosen), "")),
        serving={word: _setting(bench, f"deployments.{word}") for word in ("replicas", "cpu", "memory")},
        views=views,
    )


def _handed(bench: Bench, state: ModelState, standings: Sequence[Standing], *, with_scores: bool) -> Iterator[Handed]:
    seat = state.seat(bench.stages.top)
    deployed = {tenure.holder: tenure.moment for tenure in seat.tenures if tenure.holder is not None}
    scores = {place.version: place.score for place in ranked(bench, state).places} if with_scores else {}
    for one in standings:
        version = str(one.version)
        yield Handed(one, bench.record(state, one), deployed.get(version), scores.get(version))


def _settings(bench: Bench, model: str) -> dict[str, Any]:
    """Returns the settings as champion-and-challenger registries call them."""
    formula = formula_of(bench, model)
    retention: Policy = bench.config.sections.get("retention", Policy())
    return {
        "auto_select_best": formula.auto_select is not None,
        "max_models_to_keep": retention.rules(model).keep_newest,
        "performance_weight": dict(formula.weights),
    }


def _setting(bench: Bench, name: str) -> Any:
    """Returns what a setting is: by a variable, the repository, the user, or as nobody says otherwise.

    Raises:
        UsageError: The variable says what it cannot be.
    """
    key, _ = settings.parse_key(name)
    if stated := preferences.stated(key.variables):
        variable, text = stated
        return key.checked(text, variable)
    return bench.config.plain.get(name, key.default)


def _apart(tree: Tree) -> tuple[Tree, list[str]]:
    """Returns `tree` without the texts in whose places files of a model stand, and a sentence for each of these."""
    own = {path for path in tree.texts if path in tree.blobs}
    texts = {path: text for path, text in tree.texts.items() if path not in own}
    return Tree(tree.blobs, texts), [f"{path} is the file of the model's own, not one about it" for path in sorted(own)]


def _check_ways(directory: Path, paths: Iterable[str]) -> None:
    """Checks that no text would go through a link or to a directory."""
    hint = "export to another directory: `-o DIR`"
    for path in paths:
        way = directory / checked_path(path)
        within = [way, *list(way.parents)[: len(Path(path).parts) - 1]]
        if link := next((place for place in within if place.is_symlink()), None):
            raise TakenError(f"{quoted(str(link), 200)} is a link", hint=hint)
        if way.is_dir():
            raise TakenError(f"{quoted(str(way), 200)} is a directory", hint=hint)


def _written(entry: FileEntry) -> Written:
    return Written(entry.path, entry.size_bytes, entry.digest)


def _about(path: str, text: str) -> Written:
    data = text.encode()
    return Written(path, len(data), codec.digest(data))
