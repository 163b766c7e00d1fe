"""The ground that all tests stand on: a home that cannot be written, a clock that ticks, a way to type commands."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlreg.adapters import load
from mlreg.cli import main
from mlreg.registry import Registry
from mlreg.store.history import Stamp
from mlreg.store.repository import Repository, found

ACTOR = "ann@example.org"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the long forms, unless they are asked for: `pytest -m long`."""
    if "long" not in config.option.markexpr:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that does not exist and cannot be made, no configuration of the machine, a known actor."""
    blocker = tmp_path_factory.mktemp("home") / "a-file"
    blocker.touch()
    for name in list(os.environ):
        if name.startswith(("MLREG_", "GIT_", "XDG_", "GITHUB_", "GITLAB_", "NO_COLOR")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(blocker / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("MLREG_ACTOR", ACTOR)


class Clock:
    """A clock that goes on by a minute whenever it is looked at, or to where it is set."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repository() -> Repository:
    """An empty repository in memory."""
    repository = Repository(load("backends", "memory").connect("."))
    found(repository, Stamp("0" * 32, "2026-01-05T09:00:00.000000Z", ACTOR))
    return repository


@pytest.fixture
def registry(repository: Repository, clock: Clock) -> Registry:
    """A registry over a repository in memory."""
    return Registry(repository, actor=ACTOR, now=clock)


@pytest.fixture
def model_file(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a file `model.bin` with the given content and returns its path."""

    def make(content: str = "weights") -> Path:
        path = tmp_path / "model.bin"
        path.write_text(content)
        return path

    return make


@dataclass(frozen=True)
class Result:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        import json

        return json.loads(self.out)


Type = Callable[..., Result]


@pytest.fixture
def mlreg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types `mlreg WORDS…` in a fresh directory, in this process, with stdout and stderr as pipes."""
    monkeypatch.chdir(tmp_path)

    def type_(*words: str) -> Result:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            main(words)
        return Result(int(end.value.code or 0), *(stream.buffer.getvalue().decode() for stream in (out, err)))

    return type_


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[bytes]]]:
    """Runs `mlreg WORDS…` as a process of its own in a fresh directory."""

    def run(*words: str | bytes, **options: Any) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "mlreg", *words]
        return subprocess.run(command, **{"cwd": tmp_path, "capture_output": True, "timeout": 60, **options})

    yield run
