"""The harness itself: it finds out each naive program, sees every call that the kernel sees, and lies about none."""

from __future__ import annotations

import sys

import pytest

from . import kernel
from .calls import CHANGES, Kind, Mode
from .campaigns import CAMPAIGNS
from .commands import COMMANDS
from .lab import Fault
from .life import Life
from .powercut import KEPT, Disk, read_tree
from .subjects import naive_subject

FOUND_OUT = [
    ("writes_in_place", "kill", "BAD"),
    ("writes_in_place", "torn write", "BAD"),
    ("writes_in_place", "power cut", "BAD"),
    ("syncs_no_file", "power cut", "BAD"),
    ("syncs_no_directory", "power cut", "LIE"),
    ("syncs_no_directory", "kill", "LIE"),
    ("speaks_too_early", "power cut", "LIE"),
    ("relies_on_what_it_finds", "kill", "LIE"),
    ("writes_two_files", "kill", "OTHER"),
    ("writes_two_files", "ENOSPC once", "OTHER"),
    ("removes_first", "kill", "BAD"),
    ("leaves_a_lock", "kill", "STUCK"),
    ("leaves_a_lock", "power cut", "STUCK"),
    ("ignores_errors", "EIO once", "LIE"),
    ("ignores_errors", "ENOSPC for good", "LIE"),
    ("ignores_short_writes", "short write", "BAD"),
    ("shows_a_traceback", "EMFILE once", "LOUD"),
    ("forgets_to_tidy_up", "EDQUOT for good", "LITTER"),
    ("careful", "SIGTERM", "LITTER"),
    ("does_not_end", "SIGINT", "LOUD"),
]
CHANGES_NOTHING_THAT_IS_SEEN = ("register what is there", "gc that squeezes")
PROMOTE = next(command for command in COMMANDS if command.name == "promote in place of another")
REGISTER = next(command for command in COMMANDS if command.name == "register a directory")


@pytest.mark.parametrize(("program", "campaign", "kind"), FOUND_OUT)
def test_a_naive_program_is_found_out(trial_of, program, campaign, kind):
    assert kind in CAMPAIGNS[campaign](trial_of(naive_subject(program))).kinds


@pytest.mark.parametrize("campaign", [name for name in CAMPAIGNS if not name.startswith("SIG")])
def test_a_careful_program_is_left_in_peace(trial_of, campaign):
    tally = CAMPAIGNS[campaign](trial_of(naive_subject("careful")))
    assert tally.points and not tally.findings, tally


@pytest.mark.parametrize("command", [PROMOTE, REGISTER], ids=str)
def test_mlreg_without_its_syncs_of_directories_would_lie(trial_of, command):
    trial = trial_of(command)
    tally = trial.cut_power_without(lambda call: call.kind == Kind.FSYNC and "tmp/" not in call.path)
    assert tally.kinds["LIE"] == 1


@pytest.mark.parametrize("command", [PROMOTE, REGISTER], ids=str)
def test_mlreg_without_its_syncs_of_files_would_be_damaged(trial_of, command):
    trial = trial_of(command)
    tally = trial.cut_power_without(lambda call: call.kind == Kind.FSYNC and "tmp/" in call.path)
    assert tally.kinds["BAD"] > 0


def test_mlreg_without_the_sync_of_its_blobs_directories_would_be_damaged(trial_of):
    tally = trial_of(REGISTER).cut_power_without(lambda call: call.kind == Kind.FSYNC and "blobs" in call.path)
    assert tally.kinds["BAD"] > 0


@pytest.mark.parametrize("place", [".mlreg/history", ".mlreg/tmp/"])
def test_a_life_without_these_syncs_would_come_to_grief(lab, tmp_path, place):
    with pytest.raises(AssertionError, match=r"damage|acknowledged is gone"):
        Life(lab, tmp_path, 1, forgets=lambda call: call.kind == Kind.FSYNC and call.path.startswith(place)).live(100)


def test_a_fault_that_does_not_happen_proves_nothing(trial_of):
    trial = trial_of(PROMOTE)
    with pytest.raises(AssertionError, match="did not happen"):
        trial.kill([Fault(CHANGES, trial.number_of(CHANGES) + 1, Mode.SIGNAL_BEFORE, 9)])


def test_a_trial_without_a_fault_proves_nothing(trial_of):
    with pytest.raises(AssertionError, match="proves nothing"):
        trial_of(PROMOTE).kill([])


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_same_command_again_answers_what_it_should(trial_of, command):
    trial = trial_of(command)
    assert trial.code_again == command.again
    assert (trial.old == trial.new) == (command.name in CHANGES_NOTHING_THAT_IS_SEEN)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_harness_sees_every_change_that_the_kernel_sees(trial_of, command):
    if not kernel.can_trace():
        pytest.skip(kernel.NEEDS)
    trial = trial_of(command)
    with trial.copy() as root:
        assert kernel.changes_seen(root, [sys.executable, "-m", "mlreg", *command.words]) == kernel.changes_in(
            trial.calls
        )


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_calls_done_again_make_what_is_on_the_disk(lab, trial_of, command):
    with trial_of(command).copy() as root:
        disk = Disk(root)
        disk.replay(lab.run("mlreg", command.words, root, Fault()).calls)
        assert disk.after_power_cut(KEPT) == read_tree(root)
