"""What the system sees of a scan and of a load: nothing written, no program started, no socket opened."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from . import hostile

EVERY = 9  # one of so many hostile files
STARTED = re.compile(r"\b(?:execve|execveat|fork|vfork|socket|connect|ptrace)\(")
WRITTEN = re.compile(
    r"\b(?:open|openat|creat)\([^\n]*O_(?:WRONLY|RDWR|CREAT)|\b(?:unlink|rename|mkdir|link|symlink|chmod)\w*\("
)


@pytest.fixture
def traced(tmp_path):
    """Runs mlreg under strace in `tmp_path`, and returns what it printed and its calls of the system."""
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("strace is not here, or may not trace")

    def run(*words: str) -> tuple[str, list[str]]:
        log = tmp_path.parent / f"{tmp_path.name}.strace"
        command = [strace, "-f", "-e", "trace=process,network,file,ptrace", "-o", str(log), sys.executable]
        environment = {**os.environ, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run([*command, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done.stdout + done.stderr, log.read_text().splitlines()

    return run


def told(calls: list[str], which: re.Pattern[str]) -> list[str]:
    """Returns the calls that match and did something; the first is that of Python itself."""
    return [call for call in calls[1:] if which.search(call) and "ENOENT" not in call and os.devnull not in call]


def test_a_scan_of_hostile_files_writes_starts_and_connects_nothing(traced, tmp_path):
    canary = tmp_path / "canary"
    corpus = [one for one in sorted(hostile.small(canary)) if len(one[1]) < 100_000][::EVERY]
    for number, (_, data) in enumerate(corpus):
        (tmp_path / f"{number}.bin").write_bytes(data)
    output, calls = traced("-m", "mlreg", "scan", ".")
    assert output.count("refused") >= len(corpus) // 3
    assert (told(calls, STARTED), told(calls, WRITTEN)) == ([], [])
    assert not canary.exists()


def test_a_load_connects_nothing_and_starts_nothing(traced, tmp_path):
    make = """
from mlreg import Registry
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
Registry.init(actor="ann@example.org").register("m", model)
"""
    output, _ = traced("-c", make)
    output, calls = traced("-c", "from mlreg import Registry; print(Registry.open().load('m@1.0.0').predict([[1.0]]))")
    assert output.strip() == "[1]"
    assert told(calls, STARTED) == []


def test_what_starts_and_writes_would_be_seen(traced):
    _, calls = traced("-c", "import os, socket; socket.socket(); open('made', 'w'); os.system('true')")
    assert told(calls, STARTED) and told(calls, WRITTEN)
