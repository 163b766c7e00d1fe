"""Owns who uses the models: what a service wants, what is locked for it, and who has told the repository so.

What is locked stays locked as long as it is there and wanted; only `upgrade` takes what is newer. A service is known to
the repository once it has announced itself: an event of the repository's own history.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlreg.adapters.surroundings import preferences
from mlreg.answers.locked import Change, Locked, Newer, Outdated
from mlreg.bench import Bench
from mlreg.domain.events import ANNOUNCED, Draft
from mlreg.domain.lockfile import (
    Lock,
    Pin,
    Wants,
    admits,
    announced_by,
    broken,
    parse_lock,
    parse_wants,
)
from mlreg.domain.names import quoted
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import NotFoundError, UsageError
from mlreg.resolve import find_used, joined_ref
from mlreg.store import layout
from mlreg.store.config import Reader, document

WANTS, LOCK = "mlreg.toml", "mlreg.lock"
PathLike = str | os.PathLike[str]


def lock(bench: Bench, directory: PathLike, *, upgrade: bool, announce: bool, dry_run: bool) -> Locked:
    """Writes `mlreg.lock` for what `mlreg.toml` in `directory` wants."""
    wants, before = _read_wants(bench, directory), _read_lock(directory)
    if announce and wants.consumer is None:
        raise UsageError("nobody says who announces it", hint=f'say it in {WANTS}, as in `consumer = "checkout-api"`')
    new, answer = _locked(bench, directory, wants, before, upgrade=upgrade)
    text = new.text().encode()
    path = Path(directory, LOCK)
    changed = preferences.read(path) != text if dry_run else preferences.change(path, lambda _: text)
    event = _announce(bench, wants, dry_run=dry_run) if announce else None
    return replace(answer, changed=changed, event=event, dry_run=dry_run)


def check(bench: Bench, directory: PathLike) -> Locked:
    """Tells whether the lock is what is wanted and what the repository has; writes nothing."""
    bench = bench.frozen()
    wants, before = _read_wants(bench, directory), _read_lock(directory)
    new, answer = _locked(bench, directory, wants, before, upgrade=False)
    if not answer.stale and preferences.read(Path(answer.file)) != new.text().encode():
        return replace(answer, stale=["it is not as `mlreg lock` writes it"])
    return answer


def outdated(bench: Bench, directory: PathLike) -> Outdated:
    """Tells for what is locked which newer versions there are."""
    wants, lock = _read_wants(bench, directory), _read_lock(directory)
    if lock is None:
        raise NotFoundError(f"there is no {LOCK} here", hint="write one with `mlreg lock`", code="no-lock")
    return Outdated(models=[_newer(bench, pin, wants) for pin in lock.pins])


def announced(bench: Bench) -> dict[str, dict[str, str]]:
    """Returns by consumer what it wants of which models, as far as the repository was told."""
    events = bench.repository.history.events(layout.REPOSITORY)
    return announced_by(event.effects for event in events if event.kind == ANNOUNCED)


def broken_notes(bench: Bench, model: str, version: str) -> list[str]:
    """Returns a sentence for each consumer that has announced that it does not want `version` of a model."""
    return broken(announced(bench), model, version, bench.stages)


def _locked(
    bench: Bench, directory: PathLike, wants: Wants, before: Lock | None, *, upgrade: bool
) -> tuple[Lock, Locked]:
    repository = bench.repository.id()
    known = before or Lock(repository, ())
    changes, notes = [], list[str]()
    for name, wanted in wants.models.items():
        pin = known.pin(name)
        why = _obstacle(bench, pin, wanted) if pin else "not locked"
        now = pin
        if pin is None or upgrade or why:
            found = find_used(bench, joined_ref(name, wanted, bench.stages))
            now = _pin(found.state, found.standing, wanted)
            notes += found.notes
        elif pin.wanted != wanted:
            now, why = pin._replace(wanted=wanted), f"{wanted} is wanted, not {pin.wanted}"
        changes.append(Change(name, pin, now, why))
    changes += [Change(pin.name, pin, None, "not wanted") for pin in known.pins if pin.name not in wants.models]
    stale = [f"{change.name}: {change.why}" for change in changes if change.why]
    if known.repository != repository:
        stale.append("it is out of another repository")
    new = Lock(repository, [change.now for change in changes if change.now])
    file = str(Path(directory, LOCK))
    return new, Locked(file=file, models=changes, stale=stale, changed=False, consumer=wants.consumer, notes=notes)


def _obstacle(bench: Bench, pin: Pin, wanted: str) -> str | None:
    """Returns why what is locked cannot stay, or None: a stage that moves on does not move a lock."""
    state = bench.state(pin.name)
    standing = state.versions.get(pin.version)
    if standing is None:
        return f"{pin.version} is not registered"
    if (standing.record, standing.content) != (pin.digest, pin.content_digest):
        return f"{pin.version} is another version than was locked: its digest differs"
    if standing.dropped is not None:
        return f"the bytes of {pin.version} were dropped"
    is_wanted = admits(wanted, pin.version, bench.stages)
    if is_wanted is False or (is_wanted is None and pin.wanted != wanted):
        return f"{wanted} is wanted, {pin.version} is locked"
    return None


def _pin(state: ModelState, standing: Standing, wanted: str) -> Pin:
    return Pin(state.spelling, wanted, str(standing.version), standing.record, standing.content)


def _newer(bench: Bench, pin: Pin, wants: Wants) -> Newer:
    state = bench.state(pin.name)
    latest, standing = state.latest(), state.versions.get(pin.version)
    wanted = wants.models.get(pin.name, pin.wanted)
    try:
        newest = find_used(bench, joined_ref(pin.name, wanted, bench.stages)).version
    except NotFoundError:
        newest = None
    return Newer(
        name=pin.name,
        wanted=wanted,
        locked=pin.version,
        newest=newest,
        latest=str(latest.version) if latest else None,
        deprecated=standing is not None and standing.deprecated is not None,
    )


def _announce(bench: Bench, wants: Wants, *, dry_run: bool) -> int | None:
    """Tells the repository what a consumer wants, where it does not know it yet; returns the number of the event."""
    effects = {"consumer": wants.consumer, "models": dict(wants.models)}

    def wish(state: ModelState) -> Draft | None:
        is_known = announced(bench).get(str(wants.consumer), {}) == wants.models
        return None if is_known else Draft(ANNOUNCED, effects)

    state = bench.repository.history.state(layout.REPOSITORY)
    if dry_run:
        return bench.journal.foresee(state, wish).number
    return bench.journal.commit(state, layout.REPOSITORY, wish).number


def _read_wants(bench: Bench, directory: PathLike) -> Wants:
    path = Path(directory, WANTS)
    data = preferences.read(path)
    if not data and not path.exists():
        raise NotFoundError(
            f"there is no {WANTS} in {quoted(str(directory), 200)}",
            hint='say there what is used: a line `[models]`, below it `fraud-detector = ">=3.1,<4"`',
            code="no-wants",
        )
    reader = _reader(data, path)
    return parse_wants(reader.root, bench.stages, reader.error)


def _read_lock(directory: PathLike) -> Lock | None:
    path = Path(directory, LOCK)
    data = preferences.read(path)
    if not data:
        return None
    reader = _reader(data, path)
    return parse_lock(reader.root, reader.error)


def _reader(data: bytes, path: Path) -> Reader:
    root: Mapping[str, Any] = document(data, str(path))
    return Reader(root, data.decode("utf-8"), str(path))
