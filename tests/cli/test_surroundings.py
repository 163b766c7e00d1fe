"""Where the repository is found, who is taken to act, and what of the machine counts."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]


def actor_of_next_event(mlreg: Type, *words: str) -> str:
    """Returns who a change is written down for."""
    assert mlreg("tag", "churn", "0.1.0", "touched", *words).code == 0
    actor: str = mlreg("history", "churn", "--json").document["events"][-1]["actor"]
    mlreg("tag", "churn", "0.1.0", "touched", "--remove")
    return actor


def test_the_nearest_repository_upwards_is_taken(project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "down")
    assert mlreg("list", "-q").out == "churn\nfraud-detector\n"
    assert mlreg("init").out == f"made the repository {project / 'deep' / 'down' / '.mlreg'}\n"
    assert mlreg("list", "-q").out == ""


@pytest.mark.parametrize("end", ["", ".mlreg"])
def test_a_repository_is_named_by_itself_or_by_what_holds_it(
    end: str, project: Path, mlreg: Type, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert mlreg("list", "-q", "-C", str(project / end)).out == "churn\nfraud-detector\n"
    monkeypatch.setenv("MLREG_DIR", str(project / end))
    assert mlreg("list", "-q").out == "churn\nfraud-detector\n"
    assert mlreg("list", "--repo", "/nowhere").code == 3


def test_a_repository_that_is_named_but_not_there_is_not_made(
    project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLREG_DIR", str(project / "nowhere"))
    for line in ("list", "register new v100.pkl", "promote churn 0.1.0 --to prod", "verify"):
        assert mlreg(*line.split()).code == 3
    assert not (project / "nowhere").exists()


def test_who_acts_is_said_else_found(project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    monkeypatch.setenv("GITHUB_ACTOR", "octo")
    assert actor_of_next_event(mlreg, "--actor", "cleo@example.org") == "cleo@example.org"
    assert actor_of_next_event(mlreg) == "ann@example.org"
    monkeypatch.delenv("MLREG_ACTOR")
    subprocess.run(["git", "config", "user.email", "git@example.org"], cwd=project, check=True)
    assert actor_of_next_event(mlreg) == "git@example.org"
    subprocess.run(["git", "config", "--unset", "user.email"], cwd=project, check=True)
    assert actor_of_next_event(mlreg) == "octo"
    monkeypatch.delenv("GITHUB_ACTOR")
    assert actor_of_next_event(mlreg)


def test_the_same_files_and_facts_from_somebody_else_are_the_same_version(project: Path, mlreg: Type) -> None:
    words = ["register", "new", "v100.pkl", "--metric", "f1=0.5", "--json"]
    first = mlreg(*words).document
    again = mlreg(*words, "--actor", "bo@example.org").document
    assert (again["created"], again["version"], again["digest"]) == (False, first["version"], first["digest"])
    assert len(mlreg("history", "new", "--json").document["events"]) == 1


def test_other_facts_are_another_version(project: Path, mlreg: Type) -> None:
    mlreg("register", "new", "v100.pkl", "--metric", "f1=0.5")
    assert mlreg("register", "new", "v100.pkl", "--metric", "f1=0.6", "--json").document["version"] == "1.0.1"
    assert mlreg("register", "new", "v100.pkl", "--metric", "f1=0.6", "--version", "1.0.0").code == 5


def test_bits_that_let_a_file_run_are_kept(project: Path, mlreg: Type) -> None:
    (project / "serve.sh").write_text("#!/bin/sh\n")
    (project / "serve.sh").chmod(0o755)
    mlreg("register", "new", "v100.pkl", "serve.sh")
    mlreg("checkout", "new", "-o", "out")
    kept = {path.name: bool(path.stat().st_mode & stat.S_IXUSR) for path in (project / "out").iterdir()}
    assert kept == {"serve.sh": True, "v100.pkl": False}


def test_ids_alone_are_for_scripts(project: Path, mlreg: Type) -> None:
    for line, ids in {
        "list -q": "churn\nfraud-detector\n",
        "list fraud-detector -q": "2.1.0-rc.1\n2.0.0\n1.1.0\n1.0.1\n1.0.0\n",
        "info churn -q": "churn@0.1.0\n",
        "register churn v100.pkl -q": "0.1.1\n",
        "promote churn 0.1.1 --to prod -q": "0.1.1\n",
        "rollback fraud-detector -q": "1.0.0\n",
        "checkout churn -q": "churn-0.1.1\n",
        "verify -q": "",
    }.items():
        answer = mlreg(*line.split())
        assert (answer.code, answer.out, answer.err) == (0, ids, ""), line
