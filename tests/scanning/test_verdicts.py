"""The verdicts: no hostile file is allowed, every honest one is without a word, one's own classes need trust."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import joblib
import pytest

from mlreg.scanning import Report, scan_path, scan_stream
from mlreg.scanning.codes import CODES, VERDICTS
from mlreg.scanning.names import Standing, allowed

from . import hostile

ROOT = Path(__file__).parents[2]
CANARY = Path("/tmp/mlreg-scan-canary")  # short, so that a call fits into the name of a member
HOSTILE = hostile.everything(CANARY)
FAMILIES = ("pickles", "torches", "natives", "kerases", "others")
HONEST_LEAST = {"pickles": 100, "torches": 15, "natives": 10, "kerases": 12, "others": 20}
MAKE = """
import json, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from mlreg.adapters.frameworks import _unpickler
from scanning import honest
import _pytest.outcomes
for family in sys.argv[2:]:
    place = Path(sys.argv[1], family)
    place.mkdir()
    try:
        paths = [str(path) for path in getattr(honest, family)(place)]
    except _pytest.outcomes.Skipped as skipped:
        paths = str(skipped)
    for path in paths if family == "pickles" else ():
        with open(path, "rb") as stream:
            _unpickler.load(path, stream)
    print(json.dumps([family, paths]))
"""
LOAD = """
import io, pickle, sys
from pathlib import Path
from scanning import hostile
canary = Path(sys.argv[1])
for name, data in hostile.forms(f"touch {canary}"):
    if name in hostile.LIVE:
        canary.unlink(missing_ok=True)
        try:
            pickle.load(io.BytesIO(data))
        except Exception:
            pass
        print(name, canary.exists())
"""


def scanned(data: bytes, *trusted: str) -> Report:
    return scan_stream(io.BytesIO(data), "model", trusted=trusted)


def test_there_are_enough_hostile_files():
    assert len(HOSTILE) >= 400


@pytest.mark.parametrize("name", [name for name in HOSTILE if not name.startswith("costly")])  # see test_limits
def test_no_hostile_file_is_allowed(name):
    report = scanned(HOSTILE[name])
    assert not report.is_allowed, name
    assert report.findings and not CANARY.exists()


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.startswith(("call-", "form-"))])
def test_what_is_called_is_refused_and_no_trust_helps(name):
    report = scanned(HOSTILE[name])
    assert (report.verdict, report.to_trust) == ("refused", [])


def test_hostile_pickles_are_real(tmp_path):
    """They do touch the canary where a plain unpickler reads them: in a process of its own."""
    canary = tmp_path / "canary"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run([sys.executable, "-c", LOAD, str(canary)], env=environment, capture_output=True, text=True)
    told = dict(line.split() for line in done.stdout.splitlines())
    assert set(told) == set(hostile.LIVE)
    assert [name for name, is_live in told.items() if is_live != "True"] == []


@pytest.fixture(scope="module")
def honest_files(tmp_path_factory):
    """By family the paths of its files, made in a process of its own; or why there are none."""
    place = tmp_path_factory.mktemp("honest")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "KERAS_BACKEND": "torch",
        "HOME": str(place),
    }
    command = [sys.executable, "-c", MAKE, str(place), *FAMILIES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if "Skipped: could not import" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr  # also where the unpickler refuses one of the pickles
    return dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith('["'))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_honest_file_is_allowed_without_a_word(family, honest_files):
    paths = honest_files[family]
    if isinstance(paths, str):
        pytest.skip(paths)
    assert len(paths) >= HONEST_LEAST[family]
    reports = [scan_path(path) for path in paths]
    assert [(report.path, report.findings) for report in reports if report.findings or not report.is_allowed] == []


@pytest.fixture
def own(monkeypatch):
    """A package that mlreg does not know, with a class and a function."""
    module = ModuleType("ownpackage")
    exec("class Model:\n    pass\ndef scale(x):\n    return x", module.__dict__)  # noqa: S102 - a class needs a module
    monkeypatch.setitem(sys.modules, "ownpackage", module)
    return module


@pytest.mark.parametrize("protocol", range(6))
def test_own_classes_need_trust_and_the_command_is_told(own, protocol):
    data = pickle.dumps({"model": own.Model()}, protocol)
    report = scanned(data)
    assert (report.verdict, report.to_trust) == ("needs-trust", ["ownpackage.Model"])
    assert scanned(data, "ownpackage.Model").verdict == "allowed"
    assert scanned(data, "ownpackage.Other").verdict == "needs-trust"


@pytest.mark.parametrize(
    "loss", ["AbsoluteError", "HalfBinomialLoss", "HalfPoissonLoss", "HalfTweedieLossIdentity", "PinballLoss"]
)
def test_losses_as_scikit_learn_saved_them_until_1_5_are_allowed_and_build_nothing_else(loss):
    """They go through a function that takes the class: of that only theirs may be one."""

    def verdict(first: bytes) -> str:
        made = f"csklearn._loss._loss\n__pyx_unpickle_Cy{loss}\n(".encode() + first + b"I238750788\n)tR."
        return scanned(b"\x80\x02" + made).verdict

    assert verdict(f"csklearn._loss._loss\nCy{loss}\n".encode()) == "allowed"
    assert verdict(b"cos\nsystem\n") == "refused"
    assert verdict(b"I1\n") == "refused"


def test_own_functions_that_are_only_kept_need_trust(own):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    stream = io.BytesIO()
    joblib.dump(preprocessing.FunctionTransformer(own.scale), stream)
    assert scanned(stream.getvalue()).to_trust == ["ownpackage.scale"]


def test_trust_lets_nothing_be_called():
    data = HOSTILE["form-foreign-called"]
    assert scanned(data, "stranger.run").verdict == "refused"


def test_a_reason_says_what_and_where():
    data = hostile.system("true")
    (finding, *_) = scanned(data).findings
    assert (finding.code, "os.system" in finding.message) == ("MLR302", True)
    assert finding.offset == len(b"\x80\x02cos\nsystem\n")


def test_zeros_behind_a_pickle_and_several_pickles_are_told():
    good = pickle.dumps([1])
    assert [finding.code for finding in scanned(good + bytes(9)).findings] == ["MLR340"]
    assert [finding.code for finding in scanned(good * 3).findings] == ["MLR341"]
    assert scanned(good * 3).verdict == scanned(good + bytes(9)).verdict == "allowed"


@pytest.mark.parametrize("suffix", [".txt", ".png", ".safetensors", ".onnx", ".h5", ""])
def test_a_name_makes_nothing_harmless(suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(hostile.system("true"))
    assert scan_path(path).verdict == "refused"


def test_a_model_without_a_byte_is_torn_and_other_empty_files_are_nothing(tmp_path):
    for name in ("model.pkl", "MODEL.JOBLIB", "model.pt", "model.safetensors", "a.npy"):
        (tmp_path / name).touch()
        report = scan_path(tmp_path / name)
        assert (report.verdict, [finding.code for finding in report.findings]) == ("invalid", ["MLR330"])
    for name in ("__init__.py", "empty", "notes.txt", "added_tokens.json"):
        (tmp_path / name).touch()
        assert scan_path(tmp_path / name).verdict == "allowed"


def test_every_code_has_a_verdict_and_a_reason():
    assert {code.verdict for code in CODES.values()} == set(VERDICTS)
    assert all(code.why and code.why.isascii() and not code.why.endswith(".") for code in CODES.values())


def test_the_lists_are_sorted_and_name_nothing_that_runs_what_it_is_given():
    for path in (ROOT / "mlreg/scanning/allowed").glob("*.txt"):
        head, *lines = path.read_text().splitlines()
        assert head.startswith("# ")
        assert lines == sorted(set(lines))
    used = {f"{module} {name}" for (module, name), standing in allowed().items() if standing is not Standing.NAMED}
    assert used.isdisjoint(hostile.CALLS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not any(name in ("eval", "exec", "getattr", "system", "load", "loads") for _, name in allowed())


@pytest.mark.parametrize(("magic", "package"), [(b"\x04\x22\x4d\x18", "lz4"), (b"\x28\xb5\x2f\xfd", "zstandard")])
def test_what_only_another_package_unpacks_is_invalid_and_the_package_is_named(magic, package):
    (finding,) = scanned(magic + bytes(30)).findings
    assert (finding.code, finding.verdict) == ("MLR332", "invalid")
    assert f"needs the package `{package}`" in finding.message
