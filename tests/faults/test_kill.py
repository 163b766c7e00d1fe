"""A command that is killed, or asked to end, at any of its calls has done nothing or all of it, and works again.

Each time the same command runs again with nothing cleaned up by hand, and after that the power is cut: what the second
run acknowledged must still be there.
"""

from __future__ import annotations

import signal

import pytest

from . import campaigns
from .commands import COMMANDS

each_command = pytest.mark.parametrize("command", COMMANDS, ids=str)


@each_command
def test_killed_at_any_call_it_leaves_the_old_or_the_new_state_and_works_again(trial_of, command):
    tally = campaigns.kill(trial_of(command), command.share)
    assert not tally.findings, tally


@each_command
def test_killed_in_the_middle_of_a_write_it_leaves_nothing_torn(trial_of, command):
    trial = trial_of(command)
    if not trial.writes:
        pytest.skip("it writes nothing")
    tally = campaigns.tear(trial, command.share)
    assert not tally.findings, tally


@each_command
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_asked_to_end_it_tidies_up_says_nothing_and_works_again(trial_of, command, number):
    tally = campaigns.interrupt(trial_of(command), number, share=8 * command.share)
    assert not tally.findings, tally


@pytest.mark.long
@each_command
def test_killed_at_each_call(trial_of, command):
    tally = campaigns.kill(trial_of(command))
    assert not tally.findings, tally


@pytest.mark.long
@each_command
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_asked_to_end_at_any_call(trial_of, command, number):
    tally = campaigns.interrupt(trial_of(command), number)
    assert not tally.findings, tally
