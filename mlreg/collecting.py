"""Owns garbage collection: what is kept and why, what goes, and its going.

Two kinds of things go: what no event refers to, and the bytes of versions that no rule of retention keeps. The second
is an event in the history of the model, decided on the newest state; only then do bytes go, and never those that
another version needs. Removal holds off whoever registers, and marks again under that lock. Killed anywhere, it leaves
less garbage than before: what depends on others goes before them, so that all that is left can be restored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlreg.adapters.surroundings.ages import age_s
from mlreg.answers.collected import Collected, Fate, Item
from mlreg.bench import Bench
from mlreg.domain import decide, retention
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_model_name, folded
from mlreg.domain.retention import Policy, Reason
from mlreg.domain.state import ModelState
from mlreg.domain.times import moment_since
from mlreg.errors import ConflictError
from mlreg.marking import Marks, VersionName, read_marks
from mlreg.squeezing import squeeze_all
from mlreg.store import layout
from mlreg.store.blobs import Progress
from mlreg.store.blobs.stock import Stock

YOUNG_S = 3600
_SECTION = "retention"


def plan(bench: Bench, name: str | None, *, young: bool, dry_run: bool = False) -> Collected:
    """Tells what `prune` would do, and why; changes nothing.

    Args:
        name: Only versions of this model are looked at; what nothing refers to is nobody's.
        young: Whether what nothing refers to goes however young it is.
    """
    look = _look(bench, name, young=young)
    garbage, left = look.garbage(set(look.marks.having()) - look.doomed())
    return Collected(pruned=False, versions=look.fates, garbage=garbage, left=left, dry_run=dry_run)


def prune(bench: Bench, name: str | None, *, young: bool, squeeze: bool, progress: Progress) -> Collected:
    """Drops what no rule keeps, removes what nothing needs, and puts what stays into less room.

    Args:
        squeeze: Whether blobs that stay are put into their smallest form.

    Raises:
        ConflictError: Somebody is registering.
        IntegrityError: A history, a record or a blob is damaged: nothing was removed.
    """
    with bench.repository.backend.removing() as is_alone:
        if not is_alone:
            raise ConflictError(
                "somebody is registering, or collecting garbage too", hint="try again when they are done", code="busy"
            )
        first = _look(bench, name, young=young)
        events = _drop_all(bench, first)
        look = _look(bench, name, young=young) if events else first
        garbage, left = look.garbage(set(look.marks.having()))
        if garbage:
            _settle(bench, look)
        for item in garbage:
            bench.repository.backend.delete(item.object)
    now = {fate[:2]: fate for fate in look.fates}
    fates = [
        fate._replace(event=events[fate[:2]]) if fate[:2] in events else now.get(fate[:2], fate) for fate in first.fates
    ]
    answer = Collected(pruned=True, versions=fates, garbage=garbage, left=left)
    if not squeeze:
        return answer
    squeezed, notes = squeeze_all(bench, look.marks, progress)
    return replace(answer, squeezed=squeezed, notes=notes)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is there, what is referred to, and what becomes of each version."""

    bench: Bench
    stock: Stock
    marks: Marks
    policy: Policy
    young: bool
    fates: Sequence[Fate]

    def doomed(self) -> set[VersionName]:
        return {(fate.name, fate.version) for fate in self.fates if not fate.reasons}

    def garbage(self, staying: Collection[VersionName]) -> tuple[list[Item], list[Item]]:
        """Returns the files that nothing needs when only the versions `staying` have bytes, and those that stay yet.

        The first are in an order in which they can go one by one.
        """
        gone, left = self._blobs(staying)
        others = [*self._records(), *self._unfinished(), *self._cached()]
        kept = [item for item, is_left in others if is_left]
        return [*gone, *(item for item, is_left in others if not is_left)], [*left, *kept]

    def _blobs(self, staying: Collection[VersionName]) -> tuple[list[Item], list[Item]]:
        needed = self.stock.closure([*self.marks.others, *_named_by(self.marks, staying)])
        owners = {digest: version for version, named in self.marks.named.items() for digest in named}
        loose = [digest for digest in self.stock.keys if digest not in needed]
        young = [digest for digest in loose if digest not in owners and self._is_young(*self.stock.keys[digest])]
        resting = self.stock.closure(young)
        going = self.stock.dependents_first(digest for digest in loose if digest not in resting)
        left = [item for digest in young for item in self._forms(digest, "no event refers to it yet")]
        return [
            item
            for digest in going
            for item in self._forms(
                digest, "nothing keeps " + " ".join(owners[digest]) if digest in owners else "no event refers to it"
            )
        ], left

    def _forms(self, digest: str, why: str) -> Iterator[Item]:
        return (Item(key, why, self._size_and_age(key)[0]) for key in self.stock.keys[digest])

    def _records(self) -> Iterator[tuple[Item, bool]]:
        unexplained = {*self.marks.unexplained}
        for key in self._listed(layout.CATALOG):
            if key in unexplained:
                yield self._item(key, "its model has no history: was that lost?"), True
            elif layout.model_of_record(key) is not None and key not in self.marks.records:
                is_young = self._is_young(key)
                yield self._item(key, "no event refers to it" + (" yet" if is_young else "")), is_young

    def _unfinished(self) -> Iterator[tuple[Item, bool]]:
        """Yields what lies in `tmp/` for long: who was to finish it was killed. No lock tells, as for blobs."""
        for key in self._listed(layout.TMP):
            if not key.endswith("/lock") and self._size_and_age(key)[1] > YOUNG_S:
                yield self._item(key, "who wrote it was killed"), False

    def _cached(self) -> Iterator[tuple[Item, bool]]:
        states = self.marks.states.values()
        known = {layout.cached_record(standing.record) for state in states for standing in state.versions.values()}
        for key in self._listed(layout.CACHE):
            if _is_outdated(key.removeprefix(f"{layout.CACHE}/"), known):
                yield self._item(key, "the cache does not use it any more"), False

    def _listed(self, prefix: str) -> list[str]:
        return [*self.bench.repository.backend.list(prefix)]

    def _item(self, key: str, why: str) -> Item:
        return Item(key, why, self._size_and_age(key)[0])

    def _is_young(self, *keys: str) -> bool:
        return not self.young and any(self._size_and_age(key)[1] < YOUNG_S for key in keys)

    def _size_and_age(self, key: str) -> tuple[int, float]:
        try:
            with self.bench.repository.backend.open(key) as stream:
                return stream.seek(0, 2), age_s(stream)
        except FileNotFoundError:
            return 0, 0.0


def _look(bench: Bench, name: str | None, *, young: bool) -> _Look:
    state = None if name is None else bench.state(checked_model_name(name))
    policy: Policy = bench.config.sections.get(_SECTION, Policy())
    stock = Stock(bench.repository.backend, bench.repository.blobs)
    marks = read_marks(bench.repository, stock.keys)
    states = [marks.states[folded(state.spelling)]] if state else list(marks.states.values())
    fates = [fate for state in states for fate in _fates(bench, policy, state)]
    return _Look(bench, stock, marks, policy, young, _weighed(stock, marks, fates))


def _fates(bench: Bench, policy: Policy, state: ModelState) -> Iterator[Fate]:
    """Yields what the rules say of the versions of a model that have their bytes, the greatest first."""
    reasons = _reasons(bench, policy, state)
    missed = policy.rules(state.spelling).missed
    for version in state.versions.names_in_order():
        if version in reasons:
            why = reasons[version]
            yield Fate(state.spelling, version, state.versions[version].stage, why, None if why else missed)


def _reasons(bench: Bench, policy: Policy, state: ModelState) -> dict[str, list[Reason]]:
    now = bench.journal.now()

    def since(days: int) -> str:
        return moment_since(f"{days}d", now)

    return retention.reasons_to_keep(state, policy, stages=bench.stages, since=since)


def _weighed(stock: Stock, marks: Marks, fates: Sequence[Fate]) -> list[Fate]:
    """Returns `fates` with what each of those that nothing keeps would free; where that is nothing, it stays."""
    doomed = {fate[:2] for fate in fates if not fate.reasons}
    if not doomed:
        return list(fates)
    needed_by: dict[str, list[VersionName]] = {}
    for version in marks.having():
        for digest in () if version in doomed else stock.closure(marks.named[version]):
            needed_by.setdefault(digest, []).append(version)
    staying = set(needed_by) | stock.closure(marks.others)
    counted = set(staying)
    weighed = []
    for fate in fates:
        own = marks.named[fate[:2]]
        if fate.reasons or own - staying:
            freed = set() if fate.reasons else stock.closure(own) - counted
            counted |= freed
            weighed.append(fate._replace(freed_bytes=sum(map(stock.stored_bytes, freed))))
        else:
            weighed.append(fate._replace(reasons=[_costs_nothing(own, needed_by)], missed=None))
    return weighed


def _costs_nothing(own: Collection[str], needed_by: Mapping[str, Sequence[VersionName]]) -> Reason:
    users = sorted({" ".join(user) for digest in own for user in needed_by.get(digest, ())})
    if not users:
        return Reason("absent", "has no bytes here that only it needs")
    return Reason("base", f"its bytes are needed by {users[0]}" + (f" and {len(users) - 1} more" * (len(users) > 1)))


def _drop_all(bench: Bench, look: _Look) -> dict[VersionName, int]:
    """Adds the events that bytes are dropped, but of versions that something keeps by now; returns their numbers."""
    numbers: dict[VersionName, int] = {}
    looked_at = {model: state.head for model, state in look.marks.states.items()}
    for fate in look.fates:
        if not fate.reasons:
            model = folded(fate.name)
            state = look.marks.states[model]
            outcome = bench.journal.commit(state, fate.name, _drop_wish(bench, look.policy, fate, looked_at[model]))
            bench.repository.history.catch_up(state, fate.name)
            if outcome.number is not None:
                numbers[fate[:2]] = outcome.number
                looked_at[model] += outcome.number == looked_at[model] + 1  # nobody else was between
    return numbers


def _settle(bench: Bench, look: _Look) -> None:
    """Makes the drops of bytes, and what was removed before, outlast a loss of power: who did it may have been killed.

    Or the bytes would be gone of a version that nobody has dropped, or the base of a blob that comes back.
    """
    for state in look.marks.states.values():
        if any(standing.dropped for standing in state.in_order()):
            bench.repository.history.settle(state.spelling, state)
    bench.repository.backend.settle(layout.BLOBS)


def _drop_wish(bench: Bench, policy: Policy, fate: Fate, looked_at: int) -> Callable[[ModelState], Draft | None]:
    """Returns what decides the drop; where more has happened than was looked at, the rules are asked again."""
    rules = policy.rules(fate.name)

    def wish(state: ModelState) -> Draft | None:
        if state.head != looked_at and _reasons(bench, policy, state).get(fate.version) != []:
            return None
        return decide.decide_drop(state, fate.version, fate.missed or "", rules.document())

    return wish


def _named_by(marks: Marks, versions: Collection[VersionName]) -> Iterator[str]:
    return (digest for version in versions for digest in marks.named[version])


def _is_outdated(key: str, records: Collection[str]) -> bool:
    room = key.split("/", 1)[0]
    if room == layout.cached_record("").split("/", 1)[0]:
        return key not in records
    return room.isdigit() and room != layout.DERIVED
