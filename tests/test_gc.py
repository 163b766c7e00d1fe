"""Garbage collection: what is kept never loses a byte, what goes is said before, and no kill or race leaves damage."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.answers.collected import Collected
from mlreg.errors import BlockedError, ConflictError, IntegrityError, MlregError, NotFoundError
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.config import SECTIONS
from mlreg.store.history import Stamp
from mlreg.store.repository import Repository, found

ACTOR = "ann@example.org"
ROOT = Path(__file__).parent.parent
VALUES = 6_000  # 24 kB: enough to be stored against another
HOURS_AGO = time.time() - 3 * 3600
NEWEST_1 = "keep_newest = 1"


def weights(steps: int) -> bytes:
    """Returns the file of a model that was trained for so many steps: each a small change of all before."""
    lots = np.random.default_rng(7)
    values = lots.standard_normal(VALUES).astype("f4")
    for _ in range(steps):
        values += (lots.standard_normal(VALUES) * 1e-4).astype("f4")
    return npy(values)


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


@dataclass
class Bench:
    """A repository on the disk, and the files that were registered, by version."""

    root: Path
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        return Registry.open(self.root, actor=ACTOR)

    @property
    def directory(self) -> Path:
        return self.root / ".mlreg"

    def register(self, content: bytes, name: str = "fraud", **words: Any) -> str:
        path = self.root / "model.npy"
        path.write_bytes(content)
        version = self.registry.register(name, path, **words).version
        self.files[f"{name}@{version}"] = content
        return version

    def rules(self, text: str) -> None:
        (self.directory / "config.toml").write_text(f"[retention]\n{text}\n")

    def tree(self) -> dict[str, bytes]:
        paths = [path for path in self.directory.rglob("*") if path.is_file()]
        return {key: path.read_bytes() for path in paths if not (key := self.key(path)).startswith("cache/")}

    def key(self, path: Path) -> str:
        return str(path.relative_to(self.directory))

    def blobs(self) -> set[str]:
        return {key for key in self.tree() if key.startswith(layout.BLOBS)}

    def litter(self, key: str, content: bytes = b"litter", *, at: float = HOURS_AGO) -> str:
        path = self.directory / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at, at))
        return key

    def check(self) -> None:
        """Checks that the repository is whole, and each version that was not dropped is what was registered."""
        assert self.registry.verify().problems == []
        for reference, content in self.files.items():
            if not self.registry.info(reference).standing.dropped:
                with TemporaryDirectory() as out:
                    self.registry.checkout(reference, directory=out)
                    assert (Path(out) / "model.npy").read_bytes() == content


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    Registry.init(tmp_path, actor=ACTOR)
    return Bench(tmp_path)


@pytest.fixture
def five(bench: Bench) -> Bench:
    """Five versions, each stored against the first."""
    for steps in range(5):
        bench.register(weights(steps), metrics={"auc": steps / 10})
    return bench


def dropped(answer: Collected) -> list[str]:
    return sorted(fate.version for fate in answer.versions if not fate.reasons)


def objects(items: Iterable[Any]) -> set[str]:
    return {item.object for item in items}


# ---- the plan


def test_the_plan_says_why_each_version_stays_and_changes_nothing(five):
    five.registry.promote("fraud", "1.0.1", to="production")
    five.registry.hold("fraud", "1.0.2", reason="case 4711")
    five.rules(NEWEST_1)
    before = five.tree()
    plan = five.registry.gc()
    assert {fate.version: [reason.text for reason in fate.reasons] for fate in plan.versions} == {
        "1.0.4": ["is the latest release", "is among the newest 1"],
        "1.0.3": [],
        "1.0.2": ["is held: case 4711"],
        "1.0.1": ["holds production"],
        "1.0.0": ["its bytes are needed by fraud 1.0.1 and 2 more"],
    }
    assert not plan.pruned and plan.freed_bytes > 0
    assert five.tree() == before


def test_without_a_rule_no_version_is_dropped_and_without_garbage_nothing_goes(five):
    before = five.tree()
    answer = five.registry.gc(prune=True, now=True, squeeze=False)
    assert (dropped(answer), answer.garbage, answer.freed_bytes) == ([], [], 0)
    assert five.tree() == before


def test_what_is_planned_is_what_is_done(five):
    five.rules("keep_newest = 2")
    plan, done = five.registry.gc(), five.registry.gc(prune=True, squeeze=False)
    assert dropped(plan) == dropped(done) == ["1.0.1", "1.0.2"]
    assert objects(plan.garbage) == objects(done.garbage)
    assert plan.freed_bytes == done.freed_bytes == sum(fate.freed_bytes for fate in done.versions)
    assert plan.document()["pruned"] is False and done.document()["pruned"] is True
    five.check()


def test_a_dry_run_is_the_plan(five):
    five.rules(NEWEST_1)
    before = five.tree()
    answer = five.registry.gc(prune=True, dry_run=True)
    assert answer.document()["dry_run"] is True and dropped(answer)
    assert five.tree() == before


def test_the_model_that_is_named_alone_loses_versions(five):
    for steps in (10, 11):
        five.register(weights(steps), "other", version=f"2.0.{steps}")
    five.rules(NEWEST_1)
    answer = five.registry.gc("other", prune=True, squeeze=False)
    assert {fate.name for fate in answer.versions} == {"other"}
    assert not any(line.brief.dropped for line in five.registry.versions("fraud").versions)
    with pytest.raises(NotFoundError):
        five.registry.gc("nobody")
    five.check()


# ---- dropping


def test_a_dropped_version_keeps_record_metrics_and_history_and_nothing_can_be_done_with_it(five):
    five.rules(NEWEST_1)
    five.registry.gc(prune=True)
    facts = five.registry.info("fraud@1.0.2").document()
    assert facts["metrics"] == {"auc": 0.2} and facts["files"] and facts["stored_bytes"] is None
    assert facts["dropped"]["reason"] == "not among the newest 1" and facts["dropped"]["by"] == ACTOR
    event = five.registry.history("fraud").events[-1].document()
    assert (event["kind"], event["reason"]) == ("dropped", "not among the newest 1")
    assert event["dropped"]["rules"]["keep_newest"] == 1
    listed = {line.version: line.document()["dropped"] for line in five.registry.versions("fraud").versions}
    assert listed["1.0.2"] and not listed["1.0.4"]
    assert five.registry.compare("fraud@1.0.2", "fraud@1.0.4").document()["metric_comparison"]["auc"]["difference"]
    with pytest.raises(BlockedError, match="no bytes any more"):
        five.registry.promote("fraud", "1.0.2", to="production")
    with pytest.raises(NotFoundError, match="no bytes any more"):
        five.registry.checkout("fraud", "1.0.2", directory=five.root / "out")
    with pytest.raises(NotFoundError, match="no bytes any more"):
        five.registry.load("fraud", "1.0.2", trust=True)


def test_the_same_registration_brings_the_bytes_back(five):
    five.rules(NEWEST_1)
    five.registry.gc(prune=True)
    (five.root / "model.npy").write_bytes(weights(2))
    answer = five.registry.register("fraud", five.root / "model.npy", metrics={"auc": 0.2})
    assert (answer.version, answer.created) == ("1.0.2", False) and "are here again" in answer.notes[0]
    assert five.registry.history("fraud").events[-1].kind == "restored"
    five.registry.promote("fraud", "1.0.2", to="production")
    five.registry.gc(prune=True)
    assert five.registry.info("fraud@1.0.2").document()["dropped"] is None
    five.check()


def test_a_file_that_a_kept_version_has_too_stays(bench):
    shared = weights(0)
    bench.register(shared, "fraud", version="1.0.0")
    bench.register(weights(30), "fraud", version="1.1.0")
    bench.register(shared, "other", version="1.0.0")
    bench.rules('keep_newest = 1\nhold = ["other"]')
    answer = bench.registry.gc(prune=True)
    reasons = {(fate.name, fate.version): fate.reasons for fate in answer.versions}
    assert [reason.rule for reason in reasons["fraud", "1.0.0"]] == ["base"]
    bench.check()


def test_what_others_are_stored_against_stays_however_far_that_goes(five):
    """The first is dropped in the model that has it; what is stored against it is of another."""
    five.register(weights(5), "child", parent="fraud@1.0.4", version="1.0.0")
    five.rules('keep_newest = 1\nmodels."fraud" = { keep_newest = 1 }')
    for _ in range(2):
        five.registry.gc(prune=True, now=True)
        five.check()


def test_a_version_without_garbage_of_its_own_stays_in_its_record_only(bench):
    """Dropped by an event although others need its bytes: they stay, and are removed once nobody does."""
    first = bench.register(weights(0))
    bench.register(weights(1))
    bench.rules(NEWEST_1)
    assert dropped(bench.registry.gc(prune=True)) == []
    bench.register(npy(np.random.default_rng(1).standard_normal(VALUES)))
    answer = bench.registry.gc(prune=True, squeeze=False)
    assert dropped(answer) == ["1.0.0", "1.0.1"] and bench.registry.info(f"fraud@{first}").standing.dropped
    bench.check()


# ---- garbage


def orphan(bench: Bench, content: bytes, **words: Any) -> str:
    return bench.litter(layout.blob(f"sha256:{sha256(content).hexdigest()}"), content, **words)


def test_what_no_event_refers_to_goes_once_it_is_an_hour_old(five):
    blob, record = orphan(five, b"old"), five.litter("catalog/fraud/9.9.9-00000000.yaml")
    young = {orphan(five, b"young", at=time.time()), five.litter("catalog/fraud/9.9.8-00000000.yaml", at=time.time())}
    answer = five.registry.gc(prune=True, squeeze=False)
    assert objects(answer.garbage) == {blob, record} and objects(answer.left) == young
    assert {item.why for item in answer.garbage} == {"no event refers to it"}
    assert objects(five.registry.gc(prune=True, now=True, squeeze=False).garbage) == young
    five.check()


def test_what_killed_processes_and_older_caches_left_is_swept(five):
    five.registry.versions("fraud")
    old = {five.litter("tmp/123-abc"), five.litter("cache/0/snapshots/fraud"), five.litter("cache/records/00.json")}
    five.litter("tmp/124-abc", at=time.time())
    cached = {path for path in (five.directory / "cache").rglob("*.json") if path.name != "00.json"}
    assert objects(five.registry.gc(prune=True, now=True, squeeze=False).garbage) == old
    assert (five.directory / "tmp/124-abc").exists() and (five.directory / "tmp/lock").exists()
    assert cached and all(path.exists() for path in cached)


def test_records_whose_history_is_lost_are_not_taken_for_garbage_nor_is_what_they_name(five):
    five.register(weights(40), "other")
    events = sorted((five.directory / "history/other").iterdir())
    for path in (five.directory / "cache").rglob("*"):
        if path.is_file():
            path.unlink()
    for path in events:
        path.unlink()
    before = five.tree()
    answer = five.registry.gc(prune=True, now=True, squeeze=False)
    assert [item.why for item in answer.left] == ["its model has no history: was that lost?"]
    assert answer.garbage == [] and five.tree() == before


@pytest.mark.parametrize(
    "pattern",
    ["history/fraud/00000002.json", "history/@repository/00000001.json", "catalog/fraud/1.0.2-*.yaml"],
)
@pytest.mark.parametrize("how", [Path.unlink, lambda path: path.chmod(0o644) or path.write_bytes(b"{}")])
def test_where_anything_that_says_what_is_needed_is_lost_nothing_is_removed(five, pattern, how):
    orphan(five, b"old")
    five.rules(NEWEST_1)
    for path in five.directory.glob(pattern):
        how(path)
    before = five.tree()
    with pytest.raises(IntegrityError):
        five.registry.gc(prune=True, now=True)
    assert five.tree() == before


def test_where_the_newest_events_are_gone_that_the_cache_has_seen_nothing_is_removed(five):
    for number in range(70):
        five.registry.tag("fraud", "1.0.0", tags=[f"t{number}"])
    five.registry.versions("fraud")
    for number in range(60, 76):
        (five.directory / f"history/fraud/{number:08}.json").unlink()
    with pytest.raises(IntegrityError, match="was here before"):
        five.registry.gc(prune=True)


def test_a_blob_of_which_nobody_knows_what_it_needs_ends_it(five):
    coded = next(path for path in five.directory.rglob("*.mlb") if path.stat().st_size < VALUES * 3)
    coded.chmod(0o644)
    coded.write_bytes(b"damaged" + coded.read_bytes()[7:])
    five.rules(NEWEST_1)
    before = five.tree()
    with suppress(IntegrityError):
        five.registry.gc(prune=True, squeeze=False)
        pytest.fail("it went on")
    assert five.tree() == before


# ---- squeezing


def test_what_stays_is_squeezed_and_is_still_what_it_was(five):
    raw = five.root / "raw.bin"
    raw.write_bytes(weights(20))
    five.registry.register("fraud", raw, raw=True)
    answer = five.registry.gc(prune=True)
    assert answer.squeezed and all(blob.after_bytes < blob.before_bytes for blob in answer.squeezed)
    assert five.registry.gc(prune=True).squeezed == []
    assert five.registry.gc(prune=True).freed_bytes == 0
    five.check()


def test_a_variant_is_stored_against_what_it_is_a_variant_of(five):
    raw = five.root / "raw.bin"
    raw.write_bytes(weights(20))
    five.registry.register("whole", raw)
    raw.write_bytes(weights(20)[:-4] + b"\0\0\0\1")
    five.registry.register("half", raw, variant_of="whole@1.0.0", raw=True)
    (entry,) = five.registry.info("half").record.files
    squeezed = {one.digest: one for one in five.registry.gc(prune=True).squeezed}[entry.digest]
    assert squeezed.after_bytes < squeezed.before_bytes / 40
    five.check()


def test_where_it_is_not_to_be_squeezed_blobs_stay_as_they_are(five):
    before = five.blobs()
    assert five.registry.gc(prune=True, squeeze=False).squeezed == ()
    assert five.blobs() == before


# ---- together with others


def test_while_somebody_registers_nothing_is_removed_and_it_can_be_tried_again(five):
    repository = five.registry._bench.repository
    with repository.sharing(), pytest.raises(ConflictError, match="somebody is registering") as busy:
        five.registry.gc(prune=True)
    assert busy.value.retryable and busy.value.stable_code == "busy"
    five.registry.gc(prune=True)


class Interrupted(BaseException):
    """The process ends here."""


class Meddled(MemoryBackend):
    """A backend in which something happens before a change: what `meddle` does, given the number of the change."""

    def __init__(self) -> None:
        super().__init__()
        self.meddle: Callable[[int, str], None] = lambda number, key: None
        self._numbers = count(1)

    def begin(self, meddle: Callable[[int, str], None]) -> None:
        self.meddle, self._numbers = meddle, count(1)

    def create(self, key: Any, chunks: Any) -> bool:
        self.meddle(next(self._numbers), key if isinstance(key, str) else "")
        return super().create(key, chunks)

    def replace(self, key: str, chunks: Any) -> None:
        self.meddle(next(self._numbers), key)
        super().replace(key, chunks)

    def delete(self, key: str) -> None:
        self.meddle(next(self._numbers), key)
        super().delete(key)


@contextmanager
def in_memory(files: Iterable[bytes], rules: str, *, parent: bool = False) -> Iterator[tuple[Meddled, Registry]]:
    """Gives a repository with versions of `fraud`, and its backend."""
    backend = Meddled()
    repository = Repository(backend)
    found(repository, Stamp("0" * 32, "2026-01-05T09:00:00.000000Z", ACTOR))
    backend.replace(layout.CONFIG, [f"[retention]\n{rules}\n".encode()])
    registry = Registry(repository, actor=ACTOR)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "model.npy"
        for content in files:
            path.write_bytes(content)
            registry.register("fraud", path)
    yield backend, registry


def test_a_promotion_that_comes_first_wins_and_the_version_stays():
    with in_memory(map(weights, range(4)), NEWEST_1) as (backend, registry):

        def meddle(number: int, key: str) -> None:
            if key == layout.event("fraud", 5):
                backend.begin(lambda number, key: None)
                registry.promote("fraud", "1.0.2", to="production")

        backend.begin(meddle)
        answer = registry.gc(prune=True)
        assert dropped(answer) == ["1.0.1"]
        assert [event.kind for event in registry.history("fraud").events][4:] == ["promoted", "dropped"]
        assert registry.verify().problems == []


def test_a_promotion_that_comes_second_is_refused():
    with in_memory(map(weights, range(4)), NEWEST_1) as (backend, registry):
        met = []

        def meddle(number: int, key: str) -> None:
            if key.startswith(layout.BLOBS) and not met:
                with pytest.raises(BlockedError) as blocked:
                    registry.promote("fraud", "1.0.2", to="production")
                met.append(blocked.value.stable_code)

        backend.begin(meddle)
        registry.gc(prune=True, squeeze=False)
        assert met == ["bytes-dropped"]


def test_killed_before_any_change_it_leaves_a_whole_repository_and_the_next_one_ends_alike():
    contents = [*map(weights, range(4)), np.random.default_rng(3).bytes(30_000)]
    with in_memory(contents, NEWEST_1) as (backend, registry):
        backend.begin(lambda number, key: None)
        registry.gc(prune=True)
        changes, undisturbed = next(backend._numbers) - 1, sorted(backend.list(layout.BLOBS))
    assert changes > 6
    for at in range(1, changes + 1):
        with in_memory(contents, NEWEST_1) as (backend, registry):

            def kill(number: int, key: str, at: int = at) -> None:
                if number == at:
                    raise Interrupted

            backend.begin(kill)
            with pytest.raises(Interrupted):
                registry.gc(prune=True)
            backend.begin(lambda number, key: None)
            assert registry.verify().problems == [], f"killed before change {at}"
            registry.gc(prune=True)
            assert registry.verify().problems == [] and sorted(backend.list(layout.BLOBS)) == undisturbed


# ---- laws

WISHES = (
    *(f"register {steps}" for steps in range(5)),
    *("promote", "promote", "rollback", "alias", "hold", "lift", "tag", "deprecate", "gc", "again"),
)
RULES = (
    NEWEST_1,
    "keep_newest = 2\nkeep_rollbacks = 1",
    "keep_days = 0",
    "keep_newest = 1\nkeep_rollbacks = 1\nkeep_tags = []",
)


def carry_out(registry: Registry, wish: str, lots: Random, path: Path, files: dict[str, bytes]) -> None:
    versions = [line.version for line in registry.versions("fraud").versions] if files else []
    verb, _, steps = wish.partition(" ")
    if verb == "register":
        path.write_bytes(weights(int(steps)))
        version = registry.register("fraud", path, meta={"n": len(files)}).version
        files[version] = path.read_bytes()
    elif verb == "again" and versions:
        version = lots.choice(versions)
        path.write_bytes(files[version])
        place = sorted(files).index(version)
        registry.register("fraud", path, meta={"n": place}, version=version)
    elif verb == "gc":
        registry.gc(prune=True, now=True, squeeze=lots.random() < 0.3)
    elif versions:
        version = lots.choice(versions)
        moves: dict[str, Callable[[], object]] = {
            "promote": lambda: registry.promote("fraud", version, to=lots.choice(["staging", "production"])),
            "rollback": lambda: registry.rollback("fraud"),
            "alias": lambda: registry.alias("fraud", version, alias="champion"),
            "hold": lambda: registry.hold("fraud", version, reason="case"),
            "lift": lambda: registry.lift_hold("fraud", version),
            "tag": lambda: registry.tag("fraud", version, tags=["keep"]),
            "deprecate": lambda: registry.deprecate("fraud", version, reason="old"),
        }
        moves[verb]()


@settings(derandomize=True, deadline=None, max_examples=15)
@given(st.lists(st.sampled_from(WISHES), min_size=8, max_size=18), st.sampled_from(RULES), st.integers(0, 1_000))
def test_whatever_happened_what_is_kept_has_its_bytes_and_a_second_prune_changes_nothing(story, rules, seed):
    check_story(["register 0", "register 1", "register 2", *story], rules, seed)


@pytest.mark.long
@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(WISHES), min_size=8, max_size=40), st.sampled_from(RULES), st.integers(0, 1_000))
def test_whatever_happened_in_long(story, rules, seed):
    check_story(["register 0", "register 1", "register 2", *story], rules, seed)


def check_story(story: list[str], rules: str, seed: int) -> None:
    lots, files = Random(seed), dict[str, bytes]()
    with in_memory([], rules) as (backend, registry), TemporaryDirectory() as directory:
        for wish in story:
            with suppress(MlregError):
                carry_out(registry, wish, lots, Path(directory) / "model.npy", files)
        plan = registry.gc(now=True)
        done = registry.gc(prune=True, now=True)
        assert dropped(plan) == dropped(done) and objects(plan.garbage) == objects(done.garbage)
        check_kept(registry, files, done)
        after = {key: backend.open(key).read() for key in backend.list("")}
        again = registry.gc(prune=True, now=True)
        assert (dropped(again), again.garbage, again.squeezed) == ([], [], [])
        assert {key: backend.open(key).read() for key in backend.list("")} == after


def check_kept(registry: Registry, files: dict[str, bytes], done: Collected) -> None:
    assert registry.verify().problems == []
    state = registry._bench.state("fraud")
    holders = {*state.holders().values(), *state.aliases.values()}
    for version, standing in state.versions.items():
        if standing.dropped is None:
            entry = registry._bench.written(state, standing).files[0]
            assert b"".join(registry._bench.repository.blobs.read(entry.digest)) == files[version]
        else:
            assert version not in holders and standing.held is None
    assert {fate.version for fate in done.versions if fate.reasons} == {
        version for version, standing in state.versions.items() if standing.dropped is None
    }


# ---- real processes

WORKER = """
import sys, time
from pathlib import Path
from mlreg import Registry
from mlreg.errors import ConflictError
root, verb, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.path.insert(0, sys.argv[4])
from test_gc import weights
done = 0
if verb == "register":
    contents = [weights(steps) for steps in range(6)]
    for turn in range(rounds):
        path = root / "model.npy"
        path.write_bytes(contents[turn * 5 % 6])
        Registry.open(root).register("fraud", path, meta={"n": turn % 9})
        done += 1
    (root / "done").touch()
else:
    while not (root / "done").exists():
        try:
            Registry.open(root).gc(prune=True, now=True, squeeze=done % 5 == 0)
            done += 1
            time.sleep(0.02)
        except ConflictError as error:
            assert error.stable_code == "busy", error
print(done)
"""


def race(bench: Bench, rounds: int) -> tuple[int, int]:
    """Lets one process register, other versions and again those that were dropped, while another collects garbage."""
    bench.rules("keep_newest = 2")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WORKER, str(bench.root)]
    verbs = ("register", "collect")
    processes = [
        subprocess.Popen([*command, verb, str(rounds), str(ROOT / "tests")], env=environment, stdout=subprocess.PIPE)
        for verb in verbs
    ]
    registered, collected = (int(process.communicate()[0] or -1) for process in processes)
    return registered, collected


@pytest.mark.parametrize("rounds", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_a_register_and_a_prune_at_once_lose_nothing(bench, rounds):
    registered, collected = race(bench, rounds)
    assert registered == rounds and collected > 0
    kinds = [event.kind for event in bench.registry.history("fraud").events]
    assert "dropped" in kinds and "restored" in kinds
    assert bench.registry.verify().problems == []
    state = bench.registry._bench.state("fraud")
    for standing in state.versions.values():
        if standing.dropped is None:
            assert bench.registry._bench.repository.blobs.has_all(bench.registry._bench.written(state, standing).files)


def test_the_rules_are_read_from_the_configuration_with_file_and_line(five):
    assert "retention" in SECTIONS
    (five.directory / "config.toml").write_text("[stages]\n\n[retention]\nkeep_newset = 3\n")
    with pytest.raises(MlregError, match=r"config\.toml, line 4: retention\.keep_newset means nothing"):
        five.registry.gc()
