"""Owns a process that is started and waited for: it hears the signals that we hear, and its end is ours to tell."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from mlreg.domain.names import quoted
from mlreg.errors import NotAllowedError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import subprocess
else:
    subprocess = LazyModule("subprocess")

RUN_DIRECTORY = "MLREG_RUN_DIR"
_STDERR = 2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL = 128


class Ended(NamedTuple):
    """How a process ended: its exit code as a shell tells it, and by which signal, where it was one."""

    code: int
    signal: str | None = None


def run(command: Sequence[str], variables: Mapping[str, str]) -> Ended:
    """Runs `command` with further environment `variables` until it ends; what it prints goes to stderr.

    SIGINT, SIGTERM and SIGHUP are passed on. Where one came, that counts as its end even if it made a good one.

    Raises:
        UsageError: There is no such command.
        NotAllowedError: It may not be run.
    """
    heard: list[signal.Signals] = []
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        heard.append(signal.Signals(number))
        for child in children:
            _send(child, heard[-1])

    with _handled(pass_on):
        children.append(_started(command, variables))
        for early in heard:
            _send(children[0], early)
        code = children[0].wait()
    if code < 0:
        return Ended(_BY_SIGNAL - code, signal.Signals(-code).name)
    if heard:
        return Ended(code or _BY_SIGNAL + heard[-1], heard[-1].name)
    return Ended(code)


def run_directory(environment: Mapping[str, str] = os.environ) -> str | None:
    """Returns where the run that this process is part of notes what it finds, or None where it is part of none."""
    return environment.get(RUN_DIRECTORY) or None


def _started(command: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env={**os.environ, **variables}, stdout=_STDERR)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"there is no command {quoted(command[0], 200)}", hint="write it as you would without `mlreg run --`"
        ) from None
    except PermissionError:
        raise NotAllowedError(
            f"{quoted(command[0], 200)} may not be run", hint="see who may run it with `ls -l`"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{quoted(command[0], 200)} cannot be run: {error}") from error


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Sends our signals to `handler`; only the main thread can, in others the process keeps what it has."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS if _is_heard(number)}
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known)


def _is_heard(number: signal.Signals) -> bool:
    # `nohup` has it ignored, and so shall the command
    return signal.getsignal(number) not in (signal.SIG_IGN, None)


def _send(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # Ctrl-C reaches everybody in the foreground of the terminal: the command has heard of it
    if number != signal.SIGINT or not _is_in_the_foreground():
        child.send_signal(number)


def _is_in_the_foreground() -> bool:
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def is_running(pid: int) -> bool:
    """Whether there is a process `pid` on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
