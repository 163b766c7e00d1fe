"""The hooks for pre-commit: the real one installs them from this repository, and commits good and bad files."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlreg.registry import Registry
from mlreg.store import strict_yaml

ROOT = Path(__file__).parent.parent
HOOKS: list[dict[str, Any]] = strict_yaml.parse((ROOT / ".pre-commit-hooks.yaml").read_bytes(), name="hooks")
ENTRIES = {hook["id"]: hook["entry"].split() for hook in HOOKS}
PACKAGE = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "completions", "mlreg")
SIGNATURE = "inputs:\n  age: int\n  income: float\n"
REPORT = """
import json, sys
from mlreg.__main__ import main
try:
    main()
except SystemExit as end:
    json.dump([end.code or 0, sorted(sys.modules)], sys.stderr)
"""
# what would open a network connection, build what a pickle says, or is a framework
NEVER = {"socket", "ssl", "urllib.request", "pickle", "joblib", "numpy", "sklearn", "torch", "onnx", "pandas"}
CODED = {
    "mlreg-verify": {"numpy", "pickle"}
}  # of coded blobs the frames are looked at, with numpy, which knows pickles
Run = Callable[..., subprocess.CompletedProcess[str]]


class Canary:
    """An object whose pickle touches a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self._path}",)


def make_project(directory: Path) -> None:
    """Makes a repository where fraud 1.0.0 is in production, with its specification, its signature and a lock."""
    registry = Registry.init(directory)
    (directory / "fraud").mkdir()
    (directory / "fraud/model.npy").write_text("weights")
    (directory / "fraud/signature.yaml").write_text(SIGNATURE)
    (directory / "fraud/mlreg.yaml").write_text("name: fraud\nfiles: model.npy\nsignature: signature.yaml\n")
    signature = strict_yaml.parse(SIGNATURE.encode(), name="it")
    registry.register("fraud", directory / "fraud/model.npy", signature=signature, stage="production")
    registry.register("other", directory / "fraud/model.npy")
    (directory / "mlreg.toml").write_text('[models]\nfraud = ">=1"\n')
    registry.lock(directory)
    (directory / "fraud/model.npy").unlink()


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a developer, in which pip takes what is installed here and asks no network for more."""
    home = tmp_path_factory.mktemp("developer")
    who = {f"GIT_{role}_{what}": "ann@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MLREG_", "PRE_COMMIT"))},
        **who,
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("-packages")),
    }


def git(*words: str, cwd: Path, env: dict[str, str]) -> str:
    return subprocess.run(["git", *words], cwd=cwd, env=env, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]) -> tuple[Path, str]:
    """This package as a git repository of its own, and its newest commit."""
    place = tmp_path_factory.mktemp("published")
    for name in PACKAGE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    for words in ("init -q", "add -A", "commit -q -m it"):
        git(*words.split(), cwd=place, env=variables)
    return place, git("rev-parse", "HEAD", cwd=place, env=variables).strip()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str], published: tuple[Path, str]) -> Path:
    """A project under git that has installed all hooks; their environment is built with its first commit."""
    for needed in ("pre_commit", "setuptools"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    place = tmp_path_factory.mktemp("template") / "project"
    place.mkdir()
    git("init", "-q", cwd=place, env=variables)
    make_project(place)
    ids = "".join(f"      - id: {name}\n" for name in ENTRIES)
    repo, rev = published
    (place / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: {repo}\n    rev: {rev}\n    hooks:\n{ids}")
    command = [sys.executable, "-m", "pre_commit", "install", "--install-hooks"]
    done = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (place / "PAGE.md").write_text("words\n")
    git("add", "-A", cwd=place, env=variables)
    git("commit", "-q", "-m", "all that is good", cwd=place, env=variables)
    return place


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "project", symlinks=True))


@pytest.fixture
def commit(project: Path, variables: dict[str, str]) -> Run:
    """Stages all that changed and commits it."""

    def run() -> subprocess.CompletedProcess[str]:
        git("add", "-A", cwd=project, env=variables)
        command = ["git", "commit", "-q", "-m", "it"]
        return subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=60)

    return run


def outcomes(said: str) -> dict[str, str]:
    """Returns by hook what pre-commit says of it: Passed, Failed or Skipped."""
    names = {hook["name"]: hook["id"] for hook in HOOKS}
    found = re.findall(r"^(mlreg · .*?)\.{3,}.*?(Passed|Failed|Skipped)$", said, re.MULTILINE)
    return {names[name]: outcome for name, outcome in found}


def test_a_commit_of_good_files_goes_through(project, commit):
    (project / "fraud/signature.yaml").write_text(SIGNATURE + "  zip: {type: str, optional: true}\n")
    (project / "PAGE.md").write_text("other words\n")
    done = commit()
    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(done.stdout + done.stderr) == {
        "mlreg-signature": "Passed",
        "mlreg-scan": "Skipped",
        "mlreg-verify": "Passed",
        "mlreg-docs": "Passed",
        "mlreg-lock": "Skipped",
    }


def test_a_commit_of_bad_files_is_stopped_and_each_is_told_with_its_line(project, commit, tmp_path):
    canary = tmp_path / "canary"
    (project / "fraud/signature.yaml").write_text(SIGNATURE.replace("float", "int"))
    (project / "a broken.signature.yaml").write_text("inputs:\n  age: itn\n")
    (project / "evil.pkl").write_bytes(pickle.dumps(Canary(canary)))
    (project / "mlreg.toml").write_text('[models]\nfraud = ">=1,<2"\n')
    (project / "PAGE.md").write_text("<!-- mlreg:begin fraud -->\nold\n<!-- mlreg:end -->\n")
    event = next((project / ".mlreg/history/other").iterdir())
    event.write_bytes(event.read_bytes().replace(b"development", b"developpment"))
    done = commit()
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert set(outcomes(said).values()) == {"Failed"}, said
    assert len(outcomes(said)) == len(ENTRIES)
    assert "fraud/signature.yaml:3:3: MLR203 " in said
    assert "a broken.signature.yaml:2:3: MLR202 " in said
    assert "evil.pkl: MLR3" in said
    assert "PAGE.md: MLR401 " in said
    assert "mlreg.lock: MLR501 " in said
    assert f".mlreg/history/other/{event.name}: MLR104 " in said
    assert not canary.exists()


def test_a_break_goes_through_where_the_major_number_moves(project, commit):
    (project / "fraud/signature.yaml").write_text(SIGNATURE.replace("float", "int"))
    with (project / "fraud/mlreg.yaml").open("a") as file:
        file.write("bump: major\n")
    assert commit().returncode == 0


def test_a_clone_without_the_bytes_of_models_can_commit(project, commit):
    shutil.rmtree(project / ".mlreg/blobs")
    (project / "words.txt").write_text("words")
    assert commit().returncode == 0


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path)
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    (tmp_path / "PAGE.md").write_text("<!-- mlreg:begin fraud -->\n<!-- mlreg:end -->\n")
    yield tmp_path
    assert not (tmp_path / "canary").exists()


FILES = {
    "mlreg-signature": (["fraud/signature.yaml", "fraud/mlreg.yaml"], 0),
    "mlreg-scan": (["evil.pkl"], 1),
    "mlreg-verify": ([], 0),
    "mlreg-docs": (["PAGE.md"], 1),
    "mlreg-lock": ([], 0),
}


@pytest.mark.parametrize("hook", ENTRIES)
def test_a_hook_writes_nothing_and_loads_neither_network_nor_pickles_nor_frameworks(ground, hook):
    files, expected = FILES[hook]
    before = {path: path.stat().st_mtime_ns for path in ground.rglob("*")}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", REPORT, *ENTRIES[hook][1:], *files]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == expected, done.stdout + done.stderr
    assert NEVER & set(modules) <= CODED.get(hook, set())
    assert {path: path.stat().st_mtime_ns for path in ground.rglob("*")} == before


def test_hooks_are_python_and_say_what_they_do():
    for hook in HOOKS:
        assert hook["language"] == "python"
        assert hook["entry"].split()[0] == "mlreg"
        assert hook["description"].endswith(".")


PATTERNS = {
    "mlreg-signature": (
        ["signature.yaml", "a/signature.json", "fraud-signature.yml", "mlreg.yaml", "a/fraud.mlreg.yaml"],
        ["mlreg.toml", "designature.yaml", "signature.yaml.bak", "spec.yaml"],
    ),
    "mlreg-scan": (["a.pkl", "b/C.PT", "pytorch_model-00001.bin", "m.safetensors"], ["a.py", "data.bin", "a.pkl.txt"]),
    "mlreg-lock": (["mlreg.toml", "a/mlreg.lock"], ["poetry.lock", "mlreg.yaml"]),
}


@pytest.mark.parametrize("hook", PATTERNS)
def test_a_hook_is_given_its_files_and_no_others(hook):
    pattern = next(one["files"] for one in HOOKS if one["id"] == hook)
    good, bad = PATTERNS[hook]
    assert [name for name in good if not re.search(pattern, name)] == []
    assert [name for name in bad if re.search(pattern, name)] == []
