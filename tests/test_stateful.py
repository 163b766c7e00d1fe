"""Random commands and random faults on one repository, held after each step against what `stateful_model` says."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from stateful_model import HELD, KEEP_NEWEST, ORDER, Model, Refused, rank, sharing

from mlreg.adapters import load
from mlreg.cli import main
from mlreg.errors import MlregError
from mlreg.registry import Registry
from mlreg.store.repository import Repository

KILLED = 9
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where a sync takes no time
TOUCHES = {"open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "os.utime"}
NAMES = ("fraud", "risk/churn")
VERSIONS = ("0.9.0", "1.0.0", "1.0.1", "1.1.0", "2.0.0", "3.0.0-rc.1")
LARGE = Random(4711).randbytes(40_000)
CONTENTS = (b"", b"weights", b"other weights", LARGE, LARGE[:20_000] + b"\1" + LARGE[20_001:], LARGE[::-1])
EVILS = (
    "some_of_the_cache_is_lost",
    "the_cache_is_lost",
    "the_cache_is_damaged",
    "a_cache_of_long_ago_comes_back",
    "the_cache_is_kept_for_later",
    "the_clock_jumps",
    "something_stays_half_done",
)

names = st.sampled_from(NAMES)
versions = st.sampled_from(VERSIONS)
picks = st.integers(0, 8)  # of the versions that there are; 0 is one that may not be there
stages = st.sampled_from(ORDER)
held = st.sampled_from(HELD)
doors = st.sampled_from(["ann", "bo", "fresh", "typed"])
words = st.sampled_from(["keep", "reviewed"])
deaths = st.none() | st.none() | st.integers(0, 25)

Said = tuple[Callable[[Model], bool], Callable[[Registry], Any], list[str]]


class Life(RuleBasedStateMachine):
    """A repository, what it should be, and four doors to it: two registries that stay open, fresh ones, the words."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="mlreg-life-", dir=IN_MEMORY))
        self.root = self.place / ".mlreg"
        self.models = {name: Model() for name in NAMES}
        self.moment = datetime(2026, 1, 5, tzinfo=UTC)
        self.file = self.place / "model.bin"

    @initialize(count=st.sampled_from([5, 6, 4, 3, 0]))
    def begin(self, count: int) -> None:
        Registry.init(self.place, actor="ann@example.org")
        (self.root / "config.toml").write_text(f"[retention]\nkeep_newest = {KEEP_NEWEST}\n")
        self.open = {"ann": self._opened("ann"), "bo": self._opened("bo")}
        self._remember()
        for content, version in zip(CONTENTS, VERSIONS[:count], strict=False):
            for name in NAMES[: 1 + count % 2]:
                self.register("ann", None, name, content, 0.5, version, "production")

    def teardown(self) -> None:
        try:
            if hasattr(self, "open"):
                self._check_verified()
        finally:
            shutil.rmtree(self.place)

    # what people do

    @rule(door=doors, death=deaths, name=names, content=st.sampled_from(CONTENTS), auc=st.sampled_from([0.5, 0.9]),
          version=st.none() | versions, stage=st.none() | held)  # fmt: skip
    def register(
        self,
        door: str,
        death: int | None,
        name: str,
        content: bytes,
        auc: float,
        version: str | None,
        stage: str | None,
    ) -> None:
        self.file.write_bytes(content)
        facts = {"version": version, "metrics": {"auc": auc}, "stage": stage}
        line = ["register", name, str(self.file), "--metric", f"auc={auc}", *said("version", version)]
        self._step(
            door, death, name,
            lambda model: model.register(content, auc, version, stage or ORDER[0]),
            lambda registry: registry.register(name, self.file, **facts),
            [*line, *said("stage", stage)],
        )  # fmt: skip

    @rule(door=doors, death=deaths, name=names, pick=picks, to=stages,
          expected=st.none() | st.none() | st.just("none") | picks)  # fmt: skip
    def promote(self, door: str, death: int | None, name: str, pick: int, to: str, expected: Any) -> None:
        version = self._meant(name, pick)
        expect = self._meant(name, expected) if isinstance(expected, int) else expected
        self._step(
            door, death, name,
            lambda model: model.promote(version, to, expect),
            lambda registry: registry.promote(name, version, to=to, expect=expect),
            ["promote", name, version, "--to", to, *said("expect", expect)],
        )  # fmt: skip

    @rule(door=doors, death=deaths, name=names, stage=held, back=st.none() | picks)
    def rollback(self, door: str, death: int | None, name: str, stage: str, back: int | None) -> None:
        to = None if back is None else self._meant(name, back)
        self._step(
            door, death, name,
            lambda model: model.rollback(stage, to),
            lambda registry: registry.rollback(name, stage=stage, to=to),
            ["rollback", name, "--stage", stage, *said("to", to)],
        )  # fmt: skip

    @rule(door=doors, death=deaths, name=names, pick=picks, force=st.booleans())
    def archive(self, door: str, death: int | None, name: str, pick: int, force: bool) -> None:
        version = self._meant(name, pick)
        self._step(
            door, death, name,
            lambda model: model.archive(version, force),
            lambda registry: registry.archive(name, version, force=force, reason="test"),
            ["archive", name, version, "--reason", "test", *(["--force"] if force else [])],
        )  # fmt: skip

    @rule(
        door=doors,
        death=deaths,
        name=names,
        pick=picks,
        what=st.sampled_from(["deprecate", "hold", "tag", "set", "alias"]),
        word=words,
        off=st.booleans(),
    )
    def something_is_said(
        self, door: str, death: int | None, name: str, pick: int, what: str, word: str, off: bool
    ) -> None:
        version = self._meant(name, pick)
        wish, act, line = getattr(self, f"_{what}")(name, version, word, off)
        self._step(door, death, name, wish, act, line)

    def _deprecate(self, name: str, version: str, word: str, off: bool) -> Said:
        if off:
            lift = ["deprecate", name, version, "--lift"]
            return lambda model: model.deprecate(version, None), lambda it: it.lift_deprecation(name, version), lift
        line = ["deprecate", name, version, "--reason", word]
        return lambda model: model.deprecate(version, word), lambda it: it.deprecate(name, version, reason=word), line

    def _hold(self, name: str, version: str, word: str, off: bool) -> Said:
        if off:
            lift = ["hold", name, version, "--lift"]
            return lambda model: model.hold(version, None), lambda it: it.lift_hold(name, version), lift
        line = ["hold", name, version, "--reason", word]
        return lambda model: model.hold(version, word), lambda it: it.hold(name, version, reason=word), line

    def _tag(self, name: str, version: str, word: str, off: bool) -> Said:
        line = ["tag", name, version, word]
        if off:
            take = [*line, "--remove"]
            return lambda model: model.tag(version, [], [word]), lambda it: it.untag(name, version, tags=[word]), take
        return lambda model: model.tag(version, [word], []), lambda it: it.tag(name, version, tags=[word]), line

    def _set(self, name: str, version: str, word: str, off: bool) -> Said:
        owner = None if off else word
        line = ["set", name, version, "--note", word, *said("owner", owner)]
        return (
            lambda model: model.set(version, owner, word),
            lambda it: it.set(name, version, owner=owner, note=word),
            line,
        )

    def _alias(self, name: str, version: str, word: str, off: bool) -> Said:
        if off:
            take = ["alias", name, word, "--remove"]
            return lambda model: model.alias(None, word), lambda it: it.unalias(name, word), take
        line = ["alias", name, version, word]
        return lambda model: model.alias(version, word), lambda it: it.alias(name, version, alias=word), line

    @rule(door=doors, name=names, pick=picks)
    def checkout(self, door: str, name: str, pick: int) -> None:
        version = self._meant(name, pick)
        out = Path(tempfile.mkdtemp(dir=self.place)) / "out"
        code = self._run(
            door,
            lambda registry: registry.checkout(name, version, directory=out),
            ["checkout", name, version, "-o", str(out)],
        )
        try:
            content = self.models[name].checkout(version)
        except Refused as refused:
            assert code == refused.code
            assert not out.exists()
        else:
            assert code == 0
            assert (out / "model.bin").read_bytes() == content

    @rule(door=doors, death=deaths, squeeze=st.booleans())
    def collect(self, door: str, death: int | None, squeeze: bool) -> None:
        """Each drop of a version is an event of its own: what is killed has dropped some of what it may."""
        needed = set(sharing(self.models))
        code = self._run(
            door,
            lambda registry: registry.gc(prune=True, now=True, squeeze=squeeze),
            ["gc", "--prune", "--now", *([] if squeeze else ["--no-squeeze"])],
            death,
        )
        assert code == 0 or death is not None
        now = self._opened("ann")
        for name, model in self.models.items():
            droppable = model.droppable()
            for version in droppable:
                model[version].dropped = now.info(name, version).document()["dropped"] is not None
                if code == 0 and model[version].content not in (*needed, *CONTENTS[3:]):
                    assert model[version].dropped  # of the large ones, others may be kept as a difference
                model.events += model[version].dropped
        self._look(door)
        if code:
            self._check_verified()

    # what happens to repositories

    @rule(what=st.sampled_from(EVILS), lot=st.randoms(use_true_random=False))
    def something_happens(self, what: str, lot: Any) -> None:
        getattr(self, f"_{what}")(lot)

    def _some_of_the_cache_is_lost(self, lot: Any) -> None:
        for path in self._cached():
            if lot.random() < 0.7:
                path.unlink()

    def _the_cache_is_lost(self, lot: Any) -> None:
        shutil.rmtree(self.root / "cache", ignore_errors=True)

    def _the_cache_is_damaged(self, lot: Any) -> None:
        for path in self._cached():
            if lot.random() < 0.5:
                damage(path, lot)

    def _a_cache_of_long_ago_comes_back(self, lot: Any) -> None:
        shutil.rmtree(self.root / "cache", ignore_errors=True)
        if (self.place / "kept").exists():
            shutil.copytree(self.place / "kept", self.root / "cache")

    def _the_cache_is_kept_for_later(self, lot: Any) -> None:
        self._remember()

    def _the_clock_jumps(self, lot: Any) -> None:
        self.moment = datetime(2018 + lot.randrange(16), 1, 5, tzinfo=UTC)

    def _something_stays_half_done(self, lot: Any) -> None:
        (self.root / "tmp").mkdir(exist_ok=True)
        (self.root / "tmp" / f"{lot.randrange(10**9)}-{lot.randrange(10**9):x}").write_bytes(lot.randbytes(100))
        room = self.root / "blobs" / "sha256" / "00"
        room.mkdir(parents=True, exist_ok=True)

    @rule()
    def somebody_verifies(self) -> None:
        self._check_verified()

    # how it is held against the model

    @invariant()
    def a_step_is_done(self) -> None:
        Life.steps += 1

    def _step(
        self,
        door: str,
        death: int | None,
        name: str,
        wish: Callable[[Model], bool],
        act: Callable[[Registry], Any],
        line: list[str],
    ) -> None:
        """Does it by `door`, maybe killed at its touch number `death`; then again, where it was killed."""
        if death is not None:
            code = self._run(door, act, line, death)
            after, expected = self._foreseen(name, wish)
            assert code in (KILLED, expected), (code, expected)
            self._check_verified()
            if code == expected or self._events(name) == after.events:
                self.models[name] = after
            self._look("fresh")
            if code == expected:
                return
        after, expected = self._foreseen(name, wish)
        code = self._run(door, act, line)
        assert code == expected, (code, expected)
        self.models[name] = after
        self._look(door)

    def _meant(self, name: str, pick: int) -> str:
        known = [*self.models[name].versions]
        return known[pick % len(known)] if known and pick else VERSIONS[pick % len(VERSIONS)]

    def _foreseen(self, name: str, wish: Callable[[Model], bool]) -> tuple[Model, int]:
        model = deepcopy(self.models[name])
        try:
            wish(model)
        except Refused as refused:
            return self.models[name], refused.code
        return model, 0

    def _run(self, door: str, act: Callable[[Registry], Any], line: list[str], death: int | None = None) -> int:
        self.moment += timedelta(minutes=1)
        if death is not None:
            return self._killed(lambda: self._run("typed" if door == "typed" else "fresh", act, line), death)
        if door == "typed":
            return typed("-C", str(self.place), *line)[0]
        try:
            act(self.open.get(door) or self._opened(door))
        except MlregError as error:
            return error.exit_code
        return 0

    def _killed(self, act: Callable[[], int], death: int) -> int:
        """Does `act` in a process that dies when it touches the repository for the time number `death`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:
            left = [death]

            def die(event: str, details: tuple[Any, ...]) -> None:
                if event in TOUCHES and str(self.root) in str(details):
                    if not left[0]:
                        os._exit(KILLED)
                    left[0] -= 1

            signal.alarm(60)
            sys.addaudithook(die)
            code = 70
            try:
                code = act()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code >= 0, f"it hung, or was killed by signal {-code}"
        return code

    def _look(self, door: str) -> None:
        """Holds all that can be read by `door` against the model."""
        listed = self._asked(door, lambda registry: registry.list(), ["list"])["models"]
        assert [line["name"] for line in listed] == [name for name in NAMES if self.models[name].versions]
        for line in listed:
            model = self.models[line["name"]]
            assert line["stages"] == holders(model)
            assert line["aliases"] == model.aliases
            assert (line["latest"], line["versions"]) == (model.latest(), len(model.versions))
            self._look_at(door, line["name"], model)

    def _look_at(self, door: str, name: str, model: Model) -> None:
        document = self._asked(door, lambda registry: registry.versions(name), ["list", name])
        lines = {line["version"]: line for line in document["versions"]}
        assert [*lines] == sorted(model.versions, key=rank, reverse=True)
        for version, it in model.versions.items():
            line = lines[version]
            assert (line["stage"], line["tags"], line["metrics"]) == (it.stage, sorted(it.tags), {"auc": it.facts[1]})
            assert (line["deprecated"] or {}).get("reason") == it.deprecated
        assert self._events(name) == model.events
        for version, it in list(model.versions.items())[-2:]:
            info = self._asked(door, lambda registry, v=version: registry.info(name, v), ["info", name, version])
            assert (info["owner"], [note["text"] for note in info["notes"]]) == (it.owner, it.notes)
            assert ((info["hold"] or {}).get("reason"), info["dropped"] is not None) == (it.held, it.dropped)

    def _asked(self, door: str, act: Callable[[Registry], Any], line: list[str]) -> Any:
        if door == "typed":
            code, out = typed("-C", str(self.place), *line, "--json")
            assert code == 0
            return json.loads(out)
        return act(self.open.get(door) or self._opened(door)).document()

    def _events(self, name: str) -> int:
        return sum(1 for _ in (self.root / "history" / name.replace("/", "+")).glob("*.json"))

    def _check_verified(self) -> None:
        assert self._opened("ann").verify().problems == []

    def _opened(self, who: str) -> Registry:
        backend, cache = load("backends", "local"), load("caches", "local")
        repository = Repository(backend.connect(self.root), cache.connect(self.root / "cache"))
        return Registry(repository, actor=f"{who}@example.org", now=lambda: self.moment)

    def _cached(self) -> list[Path]:
        return sorted(path for path in (self.root / "cache").rglob("*") if path.is_file())

    def _remember(self) -> None:
        shutil.rmtree(self.place / "kept", ignore_errors=True)
        if (self.root / "cache").exists():
            shutil.copytree(self.root / "cache", self.place / "kept")


def said(option: str, value: str | None) -> list[str]:
    return [] if value is None else [f"--{option}", value]


def holders(model: Model) -> dict[str, str]:
    return {stage: seat.holder for stage, seat in model.seats.items() if seat.holder}


def typed(*words: str) -> tuple[int, str]:
    """Types `mlreg WORDS…` in this process; returns the exit code and stdout."""
    with streams() as out, pytest.raises(SystemExit) as end:
        main(words)
    return int(end.value.code or 0), out.buffer.getvalue().decode()  # type: ignore[attr-defined]


@contextmanager
def streams() -> Iterator[io.TextIOWrapper]:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        yield out


def damage(path: Path, lot: Any) -> None:
    """Does to a file what disks and people do."""
    data = bytearray(path.read_bytes())
    path.unlink()
    way = lot.randrange(4)
    if way == 0 and data:
        data[lot.randrange(len(data))] ^= 1 << lot.randrange(8)
    elif way == 1:
        del data[lot.randrange(len(data) + 1) :]
    elif way == 2:
        data += lot.randbytes(20)
    else:
        data.clear()
    path.write_bytes(data)


def live(*, lives: int, steps: int, derandomize: bool) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            derandomize=derandomize,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_is_done_and_happens_a_repository_is_what_it_should_be() -> None:
    live(lives=12, steps=50, derandomize=True)


@pytest.mark.long
def test_in_ten_thousand_steps_there_is_no_difference() -> None:
    Life.steps = 0
    while Life.steps < 10_000:
        live(lives=20, steps=100, derandomize=False)
