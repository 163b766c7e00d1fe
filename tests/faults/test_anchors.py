"""The anchors on the bench: what `docs/reliability.md` says of others was found out, and is not the harness's doing."""

from __future__ import annotations

import re
import sys

import pytest

from . import anchors_git, anchors_race, kernel
from .anchors import git_subject, mlflow_subject, sqlite_subject
from .anchors_table import MLFLOW_PYTHON, race_of
from .calls import Kind
from .campaigns import CAMPAIGNS
from .lab import HERE
from .trial import Trial
from .workshop import opened_lab

needs_git = pytest.mark.skipif(not anchors_git.GIT, reason="git is not installed")
needs_mlflow = pytest.mark.skipif(not MLFLOW_PYTHON.exists(), reason="MLflow is not installed in .venv-mlflow")
CAREFUL = [("DELETE", "EXTRA"), ("WAL", "FULL")]


@pytest.mark.parametrize("modes", CAREFUL, ids=" ".join)
@pytest.mark.parametrize("campaign", ["kill", "torn write", "power cut", "ENOSPC once", "EIO once"])
def test_sqlite_with_all_its_care_is_left_in_peace(trial_of, modes, campaign):
    tally = CAMPAIGNS[campaign](trial_of(sqlite_subject(*modes)), share=3)
    assert tally.points and not {*tally.kinds} - {"LOUD"}, tally


def test_sqlite_without_syncs_lies(trial_of):
    assert CAMPAIGNS["power cut"](trial_of(sqlite_subject("DELETE", "OFF"))).kinds["LIE"]


def test_sqlite_that_does_not_sync_the_directory_when_it_is_done_may_take_back_the_last_transaction(trial_of):
    (finding,) = CAMPAIGNS["power cut"](trial_of(sqlite_subject("DELETE", "FULL"))).findings
    assert finding.kind == "LIE" and "after the last call" in finding.when


def test_sqlite_without_its_syncs_of_the_journal_would_not_be_left_in_peace(trial_of):
    trial = trial_of(sqlite_subject("DELETE", "EXTRA"))
    tally = trial.cut_power_without(lambda call: call.kind == Kind.FSYNC and call.path.endswith("-journal"))
    assert {*tally.kinds} & {"BAD", "OTHER"}


@needs_git
def test_git_that_is_killed_leaves_a_lock_to_remove_by_hand(trial_of):
    tally = CAMPAIGNS["kill"](trial_of(git_subject()), share=5)
    stuck = [finding for finding in tally.findings if finding.kind == "STUCK"]
    assert stuck and all("remove the file manually" in finding.what for finding in stuck)
    assert not tally.kinds["BAD"] and not tally.kinds["OTHER"]


@needs_git
def test_git_as_it_comes_is_damaged_by_a_power_cut_and_less_with_all_its_syncs(trial_of):
    as_it_comes, with_syncs = (
        CAMPAIGNS["power cut"](trial_of(git_subject(*options)), share=4) for options in ((), anchors_git.EVERY_SYNC)
    )
    assert as_it_comes.kinds["BAD"] > with_syncs.kinds["BAD"]


@pytest.mark.long
@needs_mlflow
def test_mlflow_that_is_killed_leaves_nobody_in_production(tmp_path):
    with opened_lab(str(MLFLOW_PYTHON), "anchors_mlflow") as (lab, directory):
        tally = CAMPAIGNS["kill"](Trial(lab, mlflow_subject(lab, "staged"), directory / "subject"), share=2)
    assert tally.kinds["OTHER"] and not tally.kinds["STUCK"]


COMMANDS = {"sqlite": [sys.executable, str(HERE / "anchors_sqlite.py")], str(anchors_git.GIT): [str(anchors_git.GIT)]}
SUBJECTS = [*(sqlite_subject(*modes) for modes in CAREFUL), *([git_subject()] if anchors_git.GIT else [])]


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_the_harness_sees_every_change_that_the_kernel_sees(trial_of, subject):
    if not kernel.can_trace():
        pytest.skip(kernel.NEEDS)
    trial = trial_of(subject)
    with trial.copy() as root:
        seen = kernel.changes_seen(root, [*COMMANDS[subject.program], *subject.words])
    assert seen == kernel.changes_in(trial.calls)


@pytest.mark.long
@needs_mlflow
def test_the_harness_sees_every_change_that_mlflow_makes(tmp_path):
    if not kernel.can_trace():
        pytest.skip(kernel.NEEDS)
    with opened_lab(str(MLFLOW_PYTHON), "anchors_mlflow") as (lab, directory):
        trial = Trial(lab, mlflow_subject(lab, "staged"), directory / "subject")
        with trial.copy() as root:
            seen = kernel.changes_seen(root, [str(MLFLOW_PYTHON), str(HERE / "anchors_mlflow.py"), "staged"])
    assert _named_alike(seen) == _named_alike(kernel.changes_in(trial.calls))


def _named_alike(changes):
    return sorted(re.sub(r"tmp\w{8}", "tmp…", change) for change in changes)


def test_who_is_refused_does_not_count_as_acknowledged(tmp_path):
    def change(root, process, turn):
        if turn % 2:
            raise ValueError
        return f"{process} {turn}"

    assert anchors_race.changes(change, tmp_path, 3, 7) == ["7 0", None, "7 2"]


@pytest.mark.parametrize(("has_history", "outcome"), [(True, "320 / 0 / 0"), (False, "320 / 320 / 0")])
def test_of_promotions_at_once_those_are_lost_that_nothing_tells_of(trial_of, has_history, outcome):
    race = race_of("anchors_sqlite", lambda seen: [reason for *_, reason in seen["history"] if has_history])
    assert str(race(trial_of(sqlite_subject("WAL", "FULL")))) == outcome
