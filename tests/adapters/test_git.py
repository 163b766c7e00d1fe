"""What git knows of a directory is captured; whatever is wrong with git, nothing is known and nothing fails."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from mlreg.adapters.surroundings import git

WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of git with one commit on `main`."""
    (tmp_path / "train.py").write_text("train()")
    for words in (("init", "-q", "-b", "main"), ("add", "."), (*WHO, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def head(project):
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_commit_and_branch_are_told(project):
    assert git.capture(project) == {"commit": head(project), "branch": "main", "dirty": False}


def test_directories_below_know_it_too(project):
    (project / "deep/er").mkdir(parents=True)
    assert git.capture(project / "deep/er")["commit"] == head(project)


def test_a_changed_file_makes_it_dirty_and_an_unknown_one_does_not(project):
    (project / "model.pkl").write_text("weights")
    assert git.capture(project)["dirty"] is False
    (project / "train.py").write_text("train(harder=True)")
    assert git.capture(project)["dirty"] is True


def test_what_is_staged_makes_it_dirty(project):
    (project / "new.py").write_text("")
    subprocess.run(["git", "add", "new.py"], cwd=project, check=True)
    assert git.capture(project)["dirty"] is True


def test_without_a_branch_there_is_none(project):
    subprocess.run(["git", "checkout", "-q", "--detach"], cwd=project, check=True)
    assert git.capture(project) == {"commit": head(project), "dirty": False}


def test_before_the_first_commit_nothing_is_known(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert git.capture(tmp_path) == {}


def test_where_no_repository_is_no_process_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    marker = tmp_path / "started"
    (tmp_path / "git").write_text(f"#!/bin/sh\n: > '{marker}'\n")
    (tmp_path / "git").chmod(0o755)
    assert git.capture(tmp_path) == {}
    assert not marker.exists()


def test_without_git_nothing_is_known(project, monkeypatch):
    monkeypatch.setenv("PATH", str(project))
    assert git.capture(project) == {}


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere"])
def test_a_broken_repository_is_none(tmp_path, content):
    (tmp_path / ".git").write_text(content)
    assert git.capture(tmp_path) == {}


def test_where_the_tree_is_too_large_the_commit_is_told_all_the_same(project, monkeypatch, tmp_path_factory):
    slow = tmp_path_factory.mktemp("bin")
    real = next(Path(place) for place in os.get_exec_path() if (Path(place) / "git").exists())
    (slow / "git").write_text(f'#!/bin/sh\ncase "$*" in *status*) exec sleep 30;; esac\nexec {real}/git "$@"\n')
    (slow / "git").chmod(0o755)
    commit = head(project)
    monkeypatch.setenv("PATH", f"{slow}:{os.environ['PATH']}")
    began = time.monotonic()
    assert git.capture(project, timeout_s=0.5) == {"commit": commit}
    assert time.monotonic() - began < 10


def test_looking_changes_nothing_and_runs_no_hook(project):
    marker = project / "ran"
    hook = project / "hook"
    hook.write_text(f"#!/bin/sh\n: > '{marker}'\n")
    hook.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(hook)], cwd=project, check=True)
    (project / "train.py").touch()
    before = (project / ".git/index").read_bytes()
    assert git.capture(project)["dirty"] is False
    assert (project / ".git/index").read_bytes() == before
    assert not marker.exists()
