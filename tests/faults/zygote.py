"""A server that has imported all that a command needs and forks a child for each: a command costs its own work only.

It runs under `interpose.c`, which a child arms for itself before it begins. One JSON document a line, in and out:

    {"program", "words", "cwd", "scratch", "fault": {…} | null}   →  {"pid", "code" | "signal" | "stopped"}
    {"pid"}   (go on with one that was stopped)                   →  the same
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NoReturn, TextIO

import late
import naive

import mlreg
from mlreg import cli

TIME_LIMIT_S = 30
_DEAR = ("frameworks", "demos", "__main__")


def serve(requests: TextIO, answers: TextIO) -> None:
    """Does what `requests` ask for, one after the other."""
    for line in requests:
        request = json.loads(line)
        pid = _resumed(request["pid"]) if "pid" in request else _started(request)
        answers.write(json.dumps({"pid": pid, **_outcome(pid)}) + "\n")
        answers.flush()


def _started(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _child(request)
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


def _child(request: dict[str, Any]) -> NoReturn:
    scratch = Path(request["scratch"])
    for descriptor, name in ((0, os.devnull), (1, "out"), (2, "err")):
        file = os.open(scratch / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
        os.close(file)
    os.chdir(request["cwd"])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, shells have it ignored
    _arm(request["fault"], os.open(scratch / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    os._exit(_code(_program(request["program"]), request["words"]))


def _program(name: str) -> Callable[[list[str]], Any]:
    return cli.main if name == "mlreg" else partial(_naive, name)


def _naive(name: str, words: list[str]) -> None:
    naive.run(name, *words)


def _arm(fault: dict[str, Any] | None, log: int) -> None:
    if fault:
        ctypes.CDLL(None).faults_arm(
            os.fsencode(os.getcwd()), fault["kinds"], fault["at"], fault["mode"], fault["number"], log, 1
        )


def _code(program: Callable[[list[str]], Any], words: list[str]) -> int:
    sys.argv = ["mlreg", *words]
    try:
        program(words)
        code: Any = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


def _modules() -> Iterator[str]:
    """Yields all modules of mlreg that need no framework: what is imported here, no child has to import."""
    for module in walk_packages(mlreg.__path__, "mlreg."):
        if not any(word in module.name for word in _DEAR):
            yield module.name


if __name__ == "__main__":
    concurrent.futures.ThreadPoolExecutor = late.LateExecutor  # type: ignore[assignment, misc]
    for module in ("packaging.requirements", "tomllib", *_modules()):
        with suppress(ImportError):  # it needs what is not installed, and so does no command here
            import_module(module)
    gc.collect()
    gc.freeze()
    serve(os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w"))
