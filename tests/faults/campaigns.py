"""Owns which faults a command is put through: each campaign tries one at all of its calls, or at a share of them."""

from __future__ import annotations

import errno
import signal
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from .calls import CHANGES, ERRORS, Kind, Mode
from .lab import Fault
from .powercut import SURVIVALS
from .trial import Tally, Trial

_WRITES = frozenset({Kind.WRITE})
_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
_ONCE = {errno.EINTR}  # whoever is interrupted tries again: for good would be for ever


class Campaign(Protocol):
    """Puts a command through faults, at every call, or at one of `share`."""

    def __call__(self, trial: Trial, share: int = 1) -> Tally: ...


def kill(trial: Trial, share: int = 1) -> Tally:
    """Kills the command before and after each call that changes something."""
    return trial.kill(_signals(trial, signal.SIGKILL, share))


def tear(trial: Trial, share: int = 1) -> Tally:
    """Kills the command when a write is half done."""
    return trial.kill(_at(trial, _WRITES, Mode.TORN, share=share))


def shorten(trial: Trial, share: int = 1) -> Tally:
    """Has each write do half, and say so."""
    return trial.fail(_at(trial, _WRITES, Mode.SHORT, share=share))


def cut_power(trial: Trial, share: int = 1) -> Tally:
    """Cuts the power before each call and after the last; of what is not safe, the extremes survive."""
    return trial.cut_power(SURVIVALS, share=share)


def cut_power_at_random(trial: Trial, share: int = 1) -> Tally:
    """Cuts the power before each call and after the last; of what is not safe, anything survives."""
    return trial.cut_power({}, mixes=20, share=share)


def interrupt(trial: Trial, number: int, share: int = 1) -> Tally:
    """Asks the command to end, before and after each call that changes something."""
    return trial.end(_signals(trial, number, share), _CODES[signal.Signals(number)])


def fail(trial: Trial, number: int, mode: Mode, share: int = 1) -> Tally:
    """Answers the error `number` at each call that can answer it: once, from then on, or although the call is done."""
    return trial.fail(_at(trial, ERRORS[number], mode, number, share))


ERROR_CAMPAIGNS: Mapping[str, Campaign] = {
    f"{errno.errorcode[number]} {name}": partial(fail, number=number, mode=mode)
    for number in ERRORS
    for name, mode in (("once", Mode.ERROR_ONCE), ("for good", Mode.ERROR_ALWAYS), ("though done", Mode.ERROR_AFTER))
    if mode == Mode.ERROR_ONCE or number not in _ONCE
}
CAMPAIGNS: Mapping[str, Campaign] = {
    "kill": kill,
    "torn write": tear,
    "short write": shorten,
    "power cut": cut_power,
    "power cut, anything survives": cut_power_at_random,
    "SIGTERM": partial(interrupt, number=signal.SIGTERM),
    "SIGINT": partial(interrupt, number=signal.SIGINT),
    **ERROR_CAMPAIGNS,
}


def _signals(trial: Trial, number: int, share: int) -> list[Fault]:
    before, after = (_at(trial, CHANGES, mode, number, share) for mode in (Mode.SIGNAL_BEFORE, Mode.SIGNAL_AFTER))
    return [*before, *after]


def _at(trial: Trial, kinds: frozenset[Kind], mode: Mode, number: int = 0, share: int = 1) -> list[Fault]:
    """Returns the fault at one of `share` calls of `kinds`; which ones differs from fault to fault."""
    first = (number + mode) % share
    calls = range(1, trial.number_of(kinds) + 1)
    return [Fault(kinds, at, mode, number) for at in calls[first::share] or calls[:1]]
