"""A server that has imported all that a command needs and forks a child for each: a command costs its own work only.

    zygote.py PROGRAMS   the module whose `run(program, words)` knows the programs, as `programs.py` does

It runs under `interpose.c`, which a child arms for itself before it begins. A program that is named by its whole path
is executed, and armed by its environment. One JSON document a line, in and out:

    {"program", "words", "cwd", "scratch", "fault": {…} | null}   →  {"pid", "code" | "signal" | "stopped"}
    {"pid"}   (go on with one that was stopped)                   →  the same
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TextIO

TIME_LIMIT_S = 30
Run = Callable[[str, Sequence[str]], object]


def serve(run: Run, requests: TextIO, answers: TextIO) -> None:
    """Does what `requests` ask for, one after the other."""
    for line in requests:
        request = json.loads(line)
        pid = _resumed(request["pid"]) if "pid" in request else _started(run, request)
        answers.write(json.dumps({"pid": pid, **_outcome(pid)}) + "\n")
        answers.flush()


def _started(run: Run, request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _child(run, request)
    return pid


def _resumed(pid: int) -> int:
    os.kill(pid, signal.SIGCONT)
    return pid


def _outcome(pid: int) -> dict[str, Any]:
    def give_up(*_: object) -> None:
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TIME_LIMIT_S)
    _, status = os.waitpid(pid, os.WUNTRACED)
    is_in_time = signal.alarm(0) > 0
    if os.WIFSTOPPED(status):
        return {"stopped": True}
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status) if is_in_time else "time limit"}
    return {"code": os.WEXITSTATUS(status)}


def _child(run: Run, request: dict[str, Any]) -> NoReturn:
    scratch = Path(request["scratch"])
    for descriptor, name in ((0, os.devnull), (1, "out"), (2, "err")):
        file = os.open(scratch / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    os.chdir(request["cwd"])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, shells have it ignored
    program, words = request["program"], request["words"]
    plan = _plan(request["fault"], os.open(scratch / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    if os.path.isabs(program):
        os.execve(program, [program, *words], {**os.environ, **_armed(plan)})
    if plan:
        ctypes.CDLL(None).faults_arm(os.fsencode(os.getcwd()), *plan)
    os._exit(_code(run, program, words))


def _plan(fault: dict[str, Any] | None, log: int) -> Sequence[int]:
    """Returns what `faults_arm` takes after the root."""
    return (fault["kinds"], fault["at"], fault["mode"], fault["number"], log, 1) if fault else ()


def _armed(plan: Sequence[int]) -> dict[str, str]:
    """Returns the environment that arms what is executed now."""
    if not plan:
        return {}
    *_, log, _ = plan
    os.set_inheritable(log, True)
    return {"FAULTS_ARM": " ".join([*map(str, plan), os.getcwd()])}


def _code(run: Run, program: str, words: list[str]) -> int:
    try:
        run(program, words)
        code: Any = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    run = import_module(sys.argv[1]).run
    gc.collect()
    gc.freeze()
    serve(run, os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w"))
