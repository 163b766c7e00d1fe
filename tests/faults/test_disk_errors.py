"""A disk that is full, broken or read-only makes a command fail in one line, or not at all; and it works again."""

from __future__ import annotations

import errno

import pytest

from . import campaigns
from .calls import ERRORS, Mode
from .campaigns import ERROR_CAMPAIGNS
from .commands import COMMANDS, REGISTER
from .lab import Fault
from .trial import Tally

each_command = pytest.mark.parametrize("command", COMMANDS, ids=str)


@each_command
def test_an_error_at_any_call_is_told_in_one_line_leaves_nothing_half_done_and_works_again(trial_of, command):
    trial = trial_of(command)
    some = [*ERROR_CAMPAIGNS.values()][COMMANDS.index(command) % 3 :: 3]  # each command a third of the errors
    tally = sum((fails(trial, share=40) for fails in some), Tally())
    assert not tally.findings, tally


@each_command
def test_short_writes_are_carried_on(trial_of, command):
    trial = trial_of(command)
    if not trial.writes:
        pytest.skip("it writes nothing")
    tally = campaigns.shorten(trial, command.share)
    assert not tally.findings, tally


@pytest.mark.long
@each_command
@pytest.mark.parametrize("fails", ERROR_CAMPAIGNS.values(), ids=ERROR_CAMPAIGNS)
def test_each_error_at_each_call(trial_of, command, fails):
    tally = fails(trial_of(command))
    assert not tally.findings, tally


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_the_message_names_the_file(lab, trial_of, number):
    trial = trial_of(REGISTER)
    failed, unnamed = 0, set()
    for at in range(1, trial.number_of(ERRORS[number]) + 1):
        run = trial.run(Fault(ERRORS[number], at, Mode.ERROR_ONCE, number))
        hit = next(call for call in run.calls if call.injected)
        failed += run.code != 0
        if run.code and not any(name in run.err for name in (".mlreg", "model.bin")):
            unnamed.add(f"{hit.kind.name.lower()}: {run.err.splitlines()[0]}")
    assert failed
    assert not unnamed
