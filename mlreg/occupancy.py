"""Owns how much room models take on the disk, and which version brought what there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from mlreg.answers.occupied import Occupied, Room, Shelf
from mlreg.bench import Bench
from mlreg.domain.names import checked_model_name
from mlreg.domain.state import ModelState, Standing
from mlreg.store.blobs.stock import Stock


class _Tenant(NamedTuple):
    """A version, its blobs that are here, and what its files hold."""

    name: str
    version: str
    blobs: Collection[str]
    logical_bytes: int
    is_dropped: bool


def measure_room(bench: Bench, name: str | None) -> Occupied:
    """Tells how much room each version takes, of all models or of `name`.

    All models are looked at in any case: of a blob that several share, the first version that has it is counted.
    """
    only = None if name is None else bench.state(checked_model_name(name)).spelling
    history = bench.repository.history
    states = [state for state in map(history.state, history.models()) if state.head]
    stock = Stock(bench.repository.backend, bench.repository.blobs)
    tenants = [tenant for state, standing in _in_order(states) for tenant in [_tenant(bench, stock, state, standing)]]
    needs = [stock.closure(tenant.blobs) for tenant in tenants]
    users = Counter(digest for needed in needs for digest in needed)
    owners = _owners(tenants, needs)
    rooms: dict[str, dict[str, Room]] = {}
    for at, (tenant, needed) in enumerate(zip(tenants, needs, strict=True)):
        rooms.setdefault(tenant.name, {})[tenant.version] = Room(
            version=tenant.version,
            logical_bytes=tenant.logical_bytes,
            stored_bytes=sum(stock.stored_bytes(digest) for digest in needed if owners[digest] == at),
            freed_bytes=sum(stock.stored_bytes(digest) for digest in needed if users[digest] == 1),
            is_dropped=tenant.is_dropped,
        )
    shelves = [
        Shelf(state.spelling, [rooms[state.spelling][version] for version in state.versions.names_in_order()])
        for state in states
        if only in (None, state.spelling)
    ]
    garbage = sum(stock.stored_bytes(digest) for digest in stock.keys if digest not in owners)
    return Occupied(
        models=sorted(shelves, key=lambda shelf: shelf.name.lower()), garbage_bytes=None if only else garbage
    )


def _in_order(states: Sequence[ModelState]) -> Iterator[tuple[ModelState, Standing]]:
    """Yields the versions of all models in the order in which they came: of one model by number, never by its clock."""
    came: list[tuple[str, int, ModelState, Standing]] = []
    for place, state in enumerate(states):
        standings = list(state.versions.values())
        moments = accumulate((standing.registered.at for standing in standings), max)
        came += [(moment, place, state, one) for moment, one in zip(moments, standings, strict=True)]
    for _, _, state, standing in sorted(came, key=lambda entry: entry[:2]):
        yield state, standing


def _tenant(bench: Bench, stock: Stock, state: ModelState, standing: Standing) -> _Tenant:
    if standing.dropped is not None:
        return _Tenant(state.spelling, str(standing.version), (), 0, True)
    files = bench.written(state, standing).files
    here = {entry.digest for entry in files} & stock.keys.keys()
    logical = sum(entry.size_bytes for entry in files)
    return _Tenant(state.spelling, str(standing.version), here, logical, False)


def _owners(tenants: Sequence[_Tenant], needs: Sequence[set[str]]) -> dict[str, int]:
    """Returns whose each blob is: the first's that has it as a file, else the first's that is stored against it."""
    owners: dict[str, int] = {}
    for place, tenant in enumerate(tenants):
        for digest in tenant.blobs:
            owners.setdefault(digest, place)
    for place, needed in enumerate(needs):
        for digest in needed:
            owners.setdefault(digest, place)
    return owners
