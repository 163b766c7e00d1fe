"""A power cut at any call leaves the old or the new state, and the new one where the command had said so."""

from __future__ import annotations

import signal

import pytest

from . import campaigns, commands
from .calls import CHANGES, Kind, Mode
from .commands import COMMANDS
from .lab import Fault
from .powercut import Disk, mixed
from .subjects import problems

PROMOTE = ("promote", "fraud", "1.0.0", "--to", "production")
each_command = pytest.mark.parametrize("command", COMMANDS, ids=str)


@each_command
def test_a_power_cut_leaves_the_old_or_the_new_state_and_never_takes_back_what_was_said(trial_of, command):
    tally = campaigns.cut_power(trial_of(command), 2 * command.share)
    assert not tally.findings, tally


@pytest.mark.long
@each_command
def test_a_power_cut_before_each_call(trial_of, command):
    tally = campaigns.cut_power(trial_of(command))
    assert not tally.findings, tally


@pytest.mark.long
@each_command
def test_whatever_part_of_the_unsynced_survives(trial_of, command):
    tally = campaigns.cut_power_at_random(trial_of(command))
    assert not tally.findings, tally


def test_a_promotion_on_top_of_one_that_was_killed_before_its_sync_leaves_no_gap(lab, arena):
    """The names of two events wait in one directory, and a disk may keep the second without the first."""
    with arena(commands.REPLACED).copy() as root:
        disk = Disk(root)
        links = frozenset({Kind.LINK})
        disk.replay(lab.run("mlreg", PROMOTE, root, Fault(links, 1, Mode.SIGNAL_AFTER, signal.SIGKILL)).calls)
        found = []
        for number, call in enumerate(lab.run("mlreg", ("tag", "fraud", "1.0.0", "new"), root, Fault()).calls):
            if call.kind in CHANGES:
                for mix in range(10):
                    with lab.copy_from(disk.after_power_cut(mixed(f"{number} {mix}"))) as back:
                        found += [f"power cut before {call}: {problem}" for problem in problems(back)]
            disk.replay([call])
    assert not found
