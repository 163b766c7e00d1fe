"""Commands at once: what was acknowledged is there, the history is whole, and each stage has one holder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mlreg import Registry
from mlreg.store import codec, layout

from .calls import Kind
from .commands import IN_PRODUCTION, REPLACED, SECOND, THREE
from .lab import HERE, SOURCES
from .racer import MODEL, Outcome
from .racing import Meeting, promotions_in, raced
from .subjects import Standing, Words, problems, standing, write_sources

FRESH: Sequence[Words] = [("init",)]
REGISTER = ("register", "fraud", "model.bin")
REGISTER_OTHER = ("register", "fraud", "better.bin")
ROLLBACK = ("rollback", "fraud")
DONE, CONFLICT = 0, 5


def codes_of(meetings: Sequence[Meeting]) -> set[tuple[int | None, int | None]]:
    return {meeting.codes for meeting in meetings}


def steps_back(now: Standing) -> int:
    return sum(event["kind"] == "rolled-back" for event in now["repository"]["fraud"]["events"])


# ---- two commands that meet between two calls of the first

some_calls = pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.long)])


def test_of_two_rollbacks_at_once_the_one_that_looked_and_came_too_late_answers_5(arena):
    meetings = list(arena(THREE).meetings(ROLLBACK, ROLLBACK))
    looked = next(n for n, meeting in enumerate(meetings) if meeting.before.kind == Kind.LIST)
    committed = next(n for n, meeting in enumerate(meetings) if meeting.before.kind == Kind.LINK)
    assert codes_of(meetings[: looked + 1]) == {(DONE, DONE)}
    assert codes_of(meetings[looked + 1 : committed + 1]) == {(CONFLICT, DONE)}
    assert codes_of(meetings[committed + 1 :]) == {(DONE, DONE)}
    for meeting in meetings:
        assert steps_back(meeting.after) == meeting.codes.count(DONE) and not meeting.problems


def test_a_rollback_that_loses_answers_5_also_where_nothing_is_left_to_go_back_to(arena):
    meetings = arena(REPLACED).meetings(ROLLBACK, ROLLBACK)
    meeting = next(meeting for meeting in meetings if meeting.before.kind == Kind.LINK)
    assert meeting.codes == (CONFLICT, DONE), meeting.first


def test_a_rollback_is_not_disturbed_by_what_does_not_concern_it(arena):
    meetings = list(arena(THREE).meetings(ROLLBACK, ("tag", "fraud", "1.0.0", "reviewed"), share=3))
    assert codes_of(meetings) == {(DONE, DONE)}


def test_of_two_rollbacks_to_the_one_before_the_one_that_looked_and_came_too_late_answers_5(arena):
    to_the_one_before = ("rollback", "fraud", "--to", "production~1")
    meetings = list(arena(THREE).meetings(to_the_one_before, ROLLBACK, share=8))
    assert codes_of(meetings) == {(CONFLICT, DONE), (DONE, DONE)}
    for meeting in meetings:
        assert steps_back(meeting.after) == meeting.codes.count(DONE) and not meeting.problems


@some_calls
def test_two_rollbacks_to_one_version_are_one_rollback(arena, share):
    to_first = ("rollback", "fraud", "--to", "1.0.0")
    stage = arena(THREE)
    once = stage.one_after_the_other(to_first)[1]
    for meeting in stage.meetings(to_first, to_first, share):
        assert meeting.codes == (DONE, DONE) and meeting.after == once and not meeting.problems


@some_calls
def test_two_registrations_of_the_same_are_one_version(arena, share):
    stage = arena(FRESH)
    once = stage.one_after_the_other(REGISTER)[1]
    for meeting in stage.meetings(REGISTER, REGISTER, share):
        assert meeting.codes == (DONE, DONE) and meeting.after == once and not meeting.problems


@some_calls
def test_of_two_registrations_of_one_version_with_other_content_one_answers_5(arena, share):
    stage = arena(FRESH)
    first, second = ((*words, "--version", "1.0.0") for words in (REGISTER, REGISTER_OTHER))
    meetings = list(stage.meetings(first, second, share))
    assert codes_of(meetings) == {(DONE, CONFLICT), (CONFLICT, DONE)}
    alone = {DONE: stage.one_after_the_other(first)[1], CONFLICT: stage.one_after_the_other(second)[1]}
    assert all(meeting.after == alone[meeting.first.code] and not meeting.problems for meeting in meetings)


@some_calls
def test_two_inits_make_one_repository(arena, share):
    for meeting in arena([]).meetings(("init", "--json"), ("init", "--json"), share):
        assert meeting.codes == (DONE, DONE) and not meeting.problems
        assert json.loads(meeting.first.out)["id"] == json.loads(meeting.second.out)["id"]


def test_what_was_expected_is_checked_together_with_the_move(arena):
    wish = ("promote", "fraud", "2.0.0", "--to", "production", "--expect", "1.0.0")
    archive = ("archive", "fraud", "1.0.0", "--force", "--reason", "leaks")
    meetings = list(arena(IN_PRODUCTION).meetings(wish, archive))
    assert codes_of(meetings) == {(CONFLICT, DONE), (DONE, DONE)}


WISHES: Sequence[Words] = (
    ("register", "fraud", "model.bin", "--version", "4.0.0"),
    ("register", "fraud", "better.bin", "--version", "4.0.0"),
    ("promote", "fraud", "1.0.0", "--to", "production"),
    ("promote", "fraud", "2.0.0", "--to", "staging"),
    ("rollback", "fraud", "--to", "1.0.0"),
    ("tag", "fraud", "2.0.0", "reviewed"),
    ("deprecate", "fraud@2.0.0", "--reason", "leaks"),
    ("archive", "fraud", "3.0.0", "--force", "--reason", "leaks"),
)


@pytest.mark.long
@pytest.mark.parametrize(("first", "second"), list(product(WISHES, WISHES)), ids=" ".join)
def test_two_absolute_wishes_at_once_end_as_one_after_the_other(arena, first, second):
    stage = arena(THREE)
    forth = stage.one_after_the_other(first, second)
    codes, after = stage.one_after_the_other(second, first)
    orders = [forth, (codes[::-1], after)]
    for meeting in stage.meetings(first, second):
        assert (meeting.codes, meeting.after) in orders and not meeting.problems, meeting


# ---- many processes


def check_race(root: Path, outcome: Outcome, wished: int) -> None:
    acknowledged, promoted = Counter(map(tuple, outcome["acknowledged"])), promotions_in(root)
    assert outcome["failed"] == 0 and outcome["read_errors"] == [] and outcome["reads"] > 0
    told = acknowledged.total() + outcome["refused"] + outcome["killed"]
    assert wished <= told <= wished + outcome["killed"], "who was killed may have said that it was done before"
    assert not acknowledged - promoted, "an acknowledged promotion has no event"
    assert (promoted - acknowledged).total() <= outcome["killed"], "an event has nobody who wished it"
    last = max(promoted, key=lambda promotion: promotion[1])
    versions = Registry.open(root).versions(MODEL).document()["versions"]
    assert [one["version"] for one in versions if one["stage"] == "production"] == [last[0]]
    assert not problems(root)


def test_16_processes_promote_20_times_each_and_no_promotion_is_lost(tmp_path):
    check_race(tmp_path, raced(tmp_path, 16, 20), wished=320)


def test_a_fifth_of_16_processes_is_killed_at_random_and_no_acknowledged_promotion_is_lost(tmp_path):
    outcome = raced(tmp_path, 16, 10, share_killed=0.2)
    assert outcome["killed"] > 0
    check_race(tmp_path, outcome, wished=160)


@pytest.mark.long
@pytest.mark.parametrize("share_killed", [0.0, 0.2])
def test_800_promotions(tmp_path, share_killed):
    check_race(tmp_path, raced(tmp_path, 16, 50, share_killed), wished=800)


def collected(directory: Path, rounds: int, share_killed: float) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "collector.py"), str(directory), str(rounds), str(share_killed)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(SOURCES)}, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("rounds", "share_killed"),
    [(40, 0.1), *(pytest.param(1000, share, marks=pytest.mark.long) for share in (0.0, 0.2))],
)
def test_what_is_registered_while_garbage_is_collected_keeps_its_bytes(tmp_path, rounds, share_killed):
    outcome = collected(tmp_path, rounds, share_killed)
    assert (outcome["lost"], outcome["failed"], outcome["read_errors"], outcome["problems"]) == ([], [], [], [])
    assert outcome["registered"] == rounds == outcome["collected"] + outcome["busy"]
    assert outcome["collected"] and outcome["dropped"] and outcome["reads"]


def test_garbage_is_not_collected_where_somebody_registers(arena):
    """The bytes are there already, and nothing refers to them: what registers relies on them, gc would remove them."""
    stage = arena([*FRESH, REGISTER_OTHER])
    data = stage.directory / "model.bin"
    orphan = stage.directory / ".mlreg" / layout.blob(codec.digest(data.read_bytes()))
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(data.read_bytes())
    meetings = list(stage.meetings((*REGISTER, "--version", "2.0.0"), ("gc", "--prune", "--now"), share=2))
    assert codes_of(meetings) == {(DONE, DONE), (DONE, CONFLICT)}
    assert not [meeting.problems for meeting in meetings if meeting.problems]


def at_once(root: Path, *commands: Words) -> list[int]:
    """Runs the commands as processes of their own, all at once, and returns how they ended."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    options = {"cwd": root, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([sys.executable, "-m", "mlreg", *words], **options) for words in commands]
    return [process.wait() for process in processes]


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[Sequence[Words]], Path]:
    def make(before: Sequence[Words]) -> Path:
        write_sources(tmp_path)
        for words in before:
            assert at_once(tmp_path, words) == [DONE]
        return tmp_path

    return make


def test_commands_of_the_shell_promote_at_once(repository):
    root = repository(SECOND)
    wishes = [("promote", "fraud", f"{1 + turn % 2}.0.0", "--to", "production") for turn in range(8)]
    assert at_once(root, *wishes) == [DONE] * 8
    assert not problems(root)


def test_commands_of_the_shell_init_and_register_at_once(repository):
    root = repository([])
    assert at_once(root, *[("init",)] * 4) == [DONE] * 4
    assert at_once(root, *[REGISTER] * 4) == [DONE] * 4
    assert len(standing(root)["repository"]["fraud"]["versions"]) == 1
    assert not problems(root)


def test_commands_of_the_shell_roll_back_at_once_one_step_for_each_that_says_so(repository):
    root = repository(THREE)
    codes = at_once(root, ROLLBACK, ROLLBACK)
    assert set(codes) <= {DONE, CONFLICT} and DONE in codes
    assert steps_back(standing(root)) == codes.count(DONE)
