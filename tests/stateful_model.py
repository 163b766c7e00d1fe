"""Owns what a repository should be, said once more in the plainest way: dictionaries and lists, no file, no event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

ORDER = ("development", "staging", "production")
HELD = ORDER[1:]
ARCHIVED = "archived"
NOT_FOUND, CONFLICT, BLOCKED = 3, 5, 7
KEEP_NEWEST = 1  # the configuration of the repository: what gc drops


class Refused(Exception):
    """The command ends with this exit code, and changes nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Version:
    """What a version is and what was said of it. `over` is who stood at its stage before it."""

    content: bytes
    facts: tuple[Any, ...]
    stage: str = ORDER[0]
    over: str | None = None
    tags: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    owner: str | None = None
    deprecated: str | None = None
    held: str | None = None
    dropped: bool = False


@dataclass
class Seat:
    """Who holds a stage, who can be gone back to, who can be gone forward to, and all that ever held it."""

    holder: str | None = None
    path: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    ever: set[str] = field(default_factory=set)


@dataclass
class Model:
    """One model; `events` counts what has happened. Each method is a command: it returns whether that did anything."""

    versions: dict[str, Version] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=lambda: {stage: Seat() for stage in HELD})
    aliases: dict[str, str] = field(default_factory=dict)
    events: int = 0

    def register(self, content: bytes, auc: float, version: str | None, stage: str) -> bool:
        facts = (content, auc)
        same = version if version is not None else self._greatest(v for v in self.versions if self[v].facts == facts)
        if same in self.versions:
            if self[same].facts != facts:
                raise Refused(CONFLICT)
            back, self[same].dropped = self[same].dropped, False
            return self._happened(back)
        self._enter(version or self._next(), Version(content, facts), stage)
        return self._happened()

    def promote(self, version: str, to: str, expect: str | None) -> bool:
        it, holder = self.find(version), self.holder(to)
        if it.stage == to:
            if expect not in (None, version, it.over or "none"):
                raise Refused(CONFLICT)
            return False
        if expect not in (None, holder or "none"):
            raise Refused(CONFLICT)
        self._check_usable(it)
        if it.stage in ORDER and ORDER.index(to) < ORDER.index(it.stage):
            raise Refused(BLOCKED)
        self._leave(version)
        self._enter(version, it, to)
        return self._happened()

    def rollback(self, stage: str, to: str | None) -> bool:
        self._check_known()
        if to is not None:
            self.find(to)
        seat = self.seats[stage]
        if to is not None and to == seat.holder:
            return False
        below = len(seat.path) - (seat.holder is not None)
        fit = [keep for keep in range(below, 0, -1) if self._is_fit(seat.path[keep - 1], stage)]
        if to is None:
            if not fit:
                raise Refused(NOT_FOUND)
            keep, push = fit[0], []
        else:
            if to not in seat.ever:
                raise Refused(BLOCKED)
            self._check_usable(self[to])
            if self._is_further_up(to, stage):
                raise Refused(BLOCKED)
            keep, push = len(seat.path), [to]
            if to in seat.path:
                keep, push = max(at for at, known in enumerate(seat.path) if known == to) + 1, []
            elif to in seat.forward:
                push = seat.forward[: seat.forward.index(to) + 1]
        version, left = push[-1] if push else seat.path[keep - 1], seat.holder
        self._leave(version)
        if left is not None:
            self[left].stage = ARCHIVED
        self._seat(stage, keep, push, version)
        self[version].stage, self[version].over = stage, left
        return self._happened()

    def archive(self, version: str, force: bool) -> bool:
        it = self.find(version)
        if it.stage == ORDER[-1] and not force:
            raise Refused(BLOCKED)
        self._leave(version)
        changed, it.stage = it.stage != ARCHIVED, ARCHIVED
        return self._happened(changed)

    def deprecate(self, version: str, reason: str | None) -> bool:
        it = self.find(version)
        changed, it.deprecated = it.deprecated != reason, reason
        return self._happened(changed)

    def tag(self, version: str, add: Iterable[str], remove: Iterable[str]) -> bool:
        it = self.find(version)
        before, it.tags = it.tags, (it.tags | {*add}) - {*remove}
        return self._happened(it.tags != before)

    def set(self, version: str, owner: str | None, note: str | None) -> bool:
        it, before = self.find(version), None
        before = (it.owner, [*it.notes])
        it.owner = owner or it.owner
        it.notes += [note] if note and note not in it.notes else []
        return self._happened((it.owner, it.notes) != before)

    def hold(self, version: str, reason: str | None) -> bool:
        it = self.find(version)
        if reason and it.dropped:
            raise Refused(NOT_FOUND)
        changed, it.held = it.held != reason, reason
        return self._happened(changed)

    def alias(self, version: str | None, alias: str) -> bool:
        self._check_known()
        if version is not None and self.find(version).dropped:
            raise Refused(NOT_FOUND)
        before = {**self.aliases}
        self.aliases.pop(alias, None)
        if version is not None:
            self.aliases[alias] = version
        return self._happened(self.aliases != before)

    def checkout(self, version: str) -> bytes:
        if self.find(version).dropped:
            raise Refused(NOT_FOUND)
        return self[version].content

    def droppable(self) -> set[str]:
        """The versions whose bytes no rule keeps."""
        having = [version for version in self.versions if not self[version].dropped]
        kept = {*having[-KEEP_NEWEST:], *self.aliases.values(), self.latest()}
        for seat in self.seats.values():
            ways = {version for version in [*seat.path, *seat.forward] if self[version].deprecated is None}
            kept |= {*ways, seat.holder}
        return {v for v in having if v not in kept and self[v].held is None and "keep" not in self[v].tags}

    def latest(self) -> str | None:
        return self._greatest(v for v in self.versions if "-" not in v and self[v].deprecated is None)

    def holder(self, stage: str) -> str | None:
        return self.seats[stage].holder if stage in HELD else None

    def find(self, version: str) -> Version:
        if version not in self.versions:
            raise Refused(NOT_FOUND)
        return self[version]

    def __getitem__(self, version: str) -> Version:
        return self.versions[version]

    def _check_known(self) -> None:
        if not self.versions:
            raise Refused(NOT_FOUND)

    def _check_usable(self, it: Version) -> None:
        if it.deprecated is not None or it.dropped:
            raise Refused(BLOCKED)

    def _is_fit(self, version: str, stage: str) -> bool:
        it = self[version]
        is_usable = it.deprecated is None and not it.dropped and not self._is_further_up(version, stage)
        return is_usable and version != self.seats[stage].holder

    def _is_further_up(self, version: str, stage: str) -> bool:
        return self[version].stage in ORDER[ORDER.index(stage) + 1 :]

    def _enter(self, version: str, it: Version, stage: str) -> None:
        left = self.holder(stage)
        if left is not None:
            self[left].stage = ARCHIVED
        it.stage, it.over = stage, left
        self.versions[version] = it
        if stage in HELD:
            self._seat(stage, len(self.seats[stage].path), [version], version)

    def _leave(self, version: str) -> None:
        for stage, seat in self.seats.items():
            if seat.holder == version:
                self._seat(stage, len(seat.path) - 1, [], None)

    def _seat(self, stage: str, keep: int, push: list[str], holder: str | None) -> None:
        seat = self.seats[stage]
        if not push:
            seat.forward = [*seat.path[keep:], *seat.forward]
        else:
            seat.forward = seat.forward[len(push) :] if seat.forward[: len(push)] == push else []
        seat.path[keep:] = push
        seat.holder = holder
        seat.ever |= {holder} if holder else set()

    def _next(self) -> str:
        release = self._greatest(version for version in self.versions if "-" not in version)
        if release is None:
            return self._greatest(self.versions).partition("-")[0] if self.versions else "1.0.0"
        major, minor, patch = map(int, release.split("."))
        return f"{major}.{minor}.{patch + 1}"

    def _greatest(self, versions: Iterable[str]) -> Any:
        return max(versions, key=rank, default=None)

    def _happened(self, is_so: bool = True) -> bool:
        self.events += is_so
        return is_so


def rank(version: str) -> tuple[list[int], bool]:
    """The order of the versions that are used here."""
    core, _, pre = version.partition("-")
    return [int(part) for part in core.split(".")], not pre


def sharing(models: dict[str, Model]) -> Iterator[bytes]:
    """Yields the contents that versions need which nothing can drop."""
    for model in models.values():
        droppable = model.droppable()
        yield from (it.content for name, it in model.versions.items() if name not in droppable and not it.dropped)
