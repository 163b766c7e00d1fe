"""While somebody swaps the file of a model under a load, it loads what was registered, or tells that it is damaged."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time

import joblib
import pytest

from mlreg.errors import IntegrityError
from mlreg.registry import Registry

from . import hostile

GOOD = {"weights": list(range(5000))}
SWAP = """
import itertools, os, sys
path, good, bad = sys.argv[1], *(open(name, "rb").read() for name in sys.argv[2:])
os.chmod(path, 0o600)
def renamed(data):
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.replace(path + ".new", path)
def rewritten(data):
    with open(path, "r+b") as file:
        file.write(data)
        file.truncate()
def cut(data):
    with open(path, "r+b") as file:
        file.truncate(len(data) // 2)
def patched(data):
    with open(path, "r+b") as file:
        file.write(data[:64])
print("ready", flush=True)
for write in itertools.cycle((renamed, rewritten, cut, patched)):
    for data in (bad, good):
        write(data)
    renamed(good)
"""


def raced(place, seconds: float) -> tuple[int, int]:
    """Returns how often the model came as it was registered and how often it was damaged, in so many `seconds`."""
    canary = place / "canary"
    registry = Registry.init(place / "project", actor="ann@example.org")
    joblib.dump(GOOD, place / "good.joblib")
    good = (place / "good.joblib").read_bytes()
    bad = hostile.system(f"touch {canary}") + pickle.dumps(GOOD)
    (place / "bad.joblib").write_bytes(bad[: len(good)].ljust(len(good), b"\0"))
    registry.register("m", place / "good.joblib", raw=True)
    (blob,) = (
        path for path in (place / "project/.mlreg/blobs").rglob("*") if path.is_file() and path.read_bytes() == good
    )
    names = [str(blob), str(place / "good.joblib"), str(place / "bad.joblib")]
    loaded = damaged = 0
    with subprocess.Popen([sys.executable, "-c", SWAP, *names], stdout=subprocess.PIPE, text=True) as swapper:
        try:
            assert swapper.stdout.readline() == "ready\n"
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    assert registry.load("m@1.0.0") == GOOD
                    loaded += 1
                except IntegrityError as error:
                    assert error.exit_code == 6
                    damaged += 1
                assert not canary.exists()
        finally:
            swapper.kill()
    return loaded, damaged


def test_a_file_that_is_swapped_while_it_is_loaded_is_what_it_was_or_damaged(tmp_path):
    loaded, damaged = raced(tmp_path, 3)
    assert loaded > 0 and damaged > 0


@pytest.mark.long
def test_a_file_that_is_swapped_for_minutes_is_what_it_was_or_damaged(tmp_path):
    loaded, damaged = raced(tmp_path, 120)
    assert loaded > 100 and damaged > 100
