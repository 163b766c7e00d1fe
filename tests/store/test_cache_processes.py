"""Processes that are killed while they write the cache, many at once, and a disk that cannot be written."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from growing import Garden, random_moves

import mlreg
from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.store.history import Stamp
from mlreg.store.repository import Repository, found

SOURCES = Path(mlreg.__file__).parents[1]
ASK = """
import json, shutil, sys
from mlreg.registry import Registry
registry = lambda: Registry.open(sys.argv[1], actor="ann")
def ask():
    return [
        registry().list().document(), registry().versions("deep").document(), registry().info("deep").document(),
        registry().find(where=["metrics.auc>0.5"]).document(), registry().find(search="black").document(),
        registry().lineage("deep").document(), registry().impact(feature="f3").document(),
    ]
"""
ASK_FOR_EVER = """
print("ready", flush=True)
while True:
    shutil.rmtree(sys.argv[1] + "/cache", ignore_errors=True)
    ask()
"""
WRITE = """
for number in range(8):
    registry().tag("deep", "latest", tags=[f"{sys.argv[2]}-{number}"])
    registry().tag(f"model-{number}", "latest", tags=[sys.argv[2]])
"""
READ = """
for number in range(8):
    ask()
"""
SAY = "json.dump(ask(), sys.stdout)"
SAY_WITHOUT = "shutil.rmtree(sys.argv[1] + '/cache', ignore_errors=True)\n" + SAY


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.mlreg` with twenty models, one of them with many events."""
    root = tmp_path_factory.mktemp("grown") / ".mlreg"
    backend = MemoryBackend()
    repository = Repository(backend)
    found(repository, Stamp("0" * 32, "2026-01-05T09:00:00.000000Z", "ann"))
    plants = Garden(repository)
    plants.grow("deep", [("register", 1), *random_moves(3, 400)])
    for number in range(20):
        plants.grow(f"model-{number}", [("register", 40 * number + one) for one in range(12)])
    for key in backend.list(""):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        with backend.open(key) as stream:
            (root / key).write_bytes(stream.read())
    return root


@pytest.fixture
def repository(grown: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(grown, tmp_path / ".mlreg"))


def begun(program: str, *words: object, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-c", ASK + program, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out


def answers(repository: Path, program: str = SAY) -> Any:
    return json.loads(said(begun(program, repository)))


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_wrong(repository: Path) -> None:
    truth, chance = answers(repository, SAY_WITHOUT), random.Random(1)
    for _ in range(5):
        process = begun(ASK_FOR_EVER, repository)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.4)
        process.kill()
        process.communicate()
        assert answers(repository) == truth


def test_many_at_once_see_and_leave_what_is_true(repository: Path) -> None:
    processes = [begun(program, repository, name) for program, name in [(WRITE, "a"), (WRITE, "b"), (READ, "c")]]
    assert [said(process) for process in processes] == ["", "", ""]
    warm = answers(repository)
    assert warm == answers(repository) == answers(repository, SAY_WITHOUT)
    tags = {tag for line in warm[1]["versions"] for tag in line["tags"]}
    assert tags >= {f"{name}-{number}" for name in "ab" for number in range(8)}


def can_mount() -> bool:
    command = ["unshare", "--mount", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs the right to mount")
@pytest.mark.parametrize("cache", ["none", "warm", "old"])
def test_on_a_disk_that_cannot_be_written_the_answers_are_the_same(repository: Path, cache: str) -> None:
    if cache != "none":
        answers(repository)
    if cache == "old":
        said(begun(WRITE, repository, "a"))
    read_only = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"'
    inside = json.loads(
        said(begun(SAY, repository, before=("unshare", "--mount", "sh", "-c", read_only, str(repository))))
    )
    assert inside == answers(repository, SAY_WITHOUT)
