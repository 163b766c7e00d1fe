"""What a scan takes and touches: time, memory, files, modules; and that no bytes at all upset it."""

from __future__ import annotations

import io
import os
import pickle
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlreg.scanning import scan_stream
from mlreg.scanning.codes import VERDICTS
from mlreg.scanning.pickles.opcodes import HANDLERS

from . import hostile

ROOT = Path(__file__).parents[2]
HOSTILE = hostile.everything(Path("/tmp/mlreg-scan-canary"))
CPU_MAX_S, MEMORY_MAX_BYTES = 2.0, 512 << 20
IN_CHILD = """
import resource, sys, time
from mlreg.scanning import scan_path
for path in sys.argv[1:]:
    begin = time.thread_time()
    verdict = scan_path(path).verdict
    print(verdict, time.thread_time() - begin)
"""
WATCHED = """
import io, sys
from mlreg.scanning import scan_stream
from mlreg.scanning import names, keras
names.allowed(), keras.known_names(), names._known_packages()
scan_stream(io.BytesIO(b"\\x80\\x02N."), "warm")
from scanning import hostile
from pathlib import Path
corpus = list(hostile.small(Path("/nowhere/canary")))
import encodings.cp437, encodings.raw_unicode_escape, encodings.latin_1
seen = []
BAD = ("open", "import", "os.", "subprocess", "socket", "pickle", "exec", "ctypes", "shutil")
sys.addaudithook(lambda event, args: seen.append((event, args[0] if args else "")) if event.startswith(BAD) else None)
before = set(sys.modules)
for name, data in corpus:
    scan_stream(io.BytesIO(data), name)
found, loaded = list(seen), set(sys.modules) - before
print(found[:5], sorted(loaded))
"""
GOOD = [pickle.dumps({"a": [1, 2.5, "x", (1, 2)], "b": {1, 2}, "c": b"y" * 9}, protocol) for protocol in range(6)] + [
    data for name, data in HOSTILE.items() if name.startswith(("form-", "joblib-")) and len(data) < 2000
]


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))


def test_costly_files_take_two_seconds_and_half_a_gigabyte_at_most(tmp_path):
    costly = {name: data for name, data in HOSTILE.items() if name.startswith("costly")}
    for name, data in costly.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", IN_CHILD, *(str(tmp_path / name) for name in costly)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, preexec_fn=limited)
    assert done.returncode == 0, done.stderr
    rows = dict(zip(costly, (line.split() for line in done.stdout.splitlines()), strict=True))
    assert {name: row for name, row in rows.items() if row[0] == "allowed" or float(row[1]) > CPU_MAX_S} == {}


def test_scanning_opens_nothing_imports_nothing_and_runs_nothing():
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run([sys.executable, "-c", WATCHED], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[] []"


def test_no_framework_and_no_unpickler_is_imported():
    heavy = "('pickle', 'numpy', 'joblib', 'zipfile', 'tarfile')"
    code = f"import sys, mlreg.scanning; print([name for name in sys.modules if name in {heavy}])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}, capture_output=True
    )
    assert done.stdout.strip() == b"[]", done.stderr


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Returns `data` with a few opcodes or bytes replaced, put in, taken out or put together with another's."""
    known = [value for value, handler in enumerate(HANDLERS) if handler is not HANDLERS[0]]
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        how = chance.randrange(5)
        if how == 0:
            changed[at : at + 1] = bytes([chance.choice(known)])
        elif how == 1:
            changed[at:at] = bytes([chance.choice(known)])
        elif how == 2:
            del changed[at : at + chance.randint(1, 8)]
        elif how == 3:
            changed[at : at + 1] = bytes([chance.randrange(256)])
        else:
            other = chance.choice(GOOD)
            changed[at:] = other[chance.randrange(len(other)) :]
    return bytes(changed)


def fuzz(count: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        data = mutated(chance.choice(GOOD), chance)
        begin = time.thread_time()
        report = scan_stream(io.BytesIO(data), "fuzz")
        assert report.verdict in VERDICTS
        assert time.thread_time() - begin < CPU_MAX_S, data


def test_no_mutated_pickle_upsets_it():
    fuzz(3000, 1)


@pytest.mark.long
def test_no_mutated_pickle_of_a_million_upsets_it():
    fuzz(1_000_000, 2)


def test_no_mutated_file_of_any_format_upsets_it():
    chance = random.Random(3)
    small = [data for name, data in HOSTILE.items() if len(data) < 5000 and not name.startswith("costly")]
    for _ in range(1500):
        data = bytearray(chance.choice(small))
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        assert scan_stream(io.BytesIO(bytes(data)), "fuzz").verdict in VERDICTS


@pytest.mark.parametrize("what", ["numbers", "forest", "words"])
def test_honest_pickles_are_read_fast(what):
    """At 20 MB/s where arrays or numbers are most of a file; words and small objects go one opcode at a time."""
    made = {
        "numbers": lambda: pickle.dumps([value * 0.5 for value in range(500_000)]),
        "forest": lambda: pickle.dumps([bytes(20_000) for _ in range(300)]),
        "words": lambda: pickle.dumps({f"word number {value}": value for value in range(100_000)}),
    }[what]()
    speeds = []
    for _ in range(3):
        begin = time.thread_time()
        assert scan_stream(io.BytesIO(made), what).is_allowed
        speeds.append(len(made) / (time.thread_time() - begin))
    assert max(speeds) >= (4e6 if what == "words" else 20e6)


@pytest.mark.parametrize("protocol", [2, 4])
def test_names_and_types_that_come_again_after_half_a_million_texts_are_known(protocol):
    """What the memo has forgotten of so many is data alone."""
    numpy = pytest.importorskip("numpy")
    words = {f"word {number}": number for number in range(500_000)}
    data = pickle.dumps([numpy.arange(3.0), words, numpy.arange(4.0), numpy.float64(1)], protocol)
    assert scan_stream(io.BytesIO(data), "words", bytes_per_s=100_000).findings == []


def test_a_name_in_a_memo_of_half_a_million_texts_is_refused_as_ever():
    words = {f"word {number}": number for number in range(500_000)}
    data = pickle.dumps(["os", "system", words], 4)
    named = b"h\x01h\x02\x93\x8c\x04true\x85R."
    (finding, *_) = scan_stream(io.BytesIO(data[:-1] + named), "words", bytes_per_s=100_000).findings
    assert (finding.code, finding.verdict) == ("MLR302", "refused")
