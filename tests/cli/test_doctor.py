"""`doctor` finds what is wrong, and the command that it names mends it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlreg.adapters.surroundings import disk, installation
from mlreg.registry import Registry

ROOT = Path(__file__).parents[2]
Break = Callable[[Path], object]


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def findings(mlreg, *words):
    answer = mlreg("doctor", *words, "--json")
    document = answer.document
    assert (answer.code == 0) == document["ok"] == (not document["problems"])
    return {finding["code"]: finding for finding in [*document["problems"], *document["advice"]]}


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], None]:
    """Runs a command line in a shell that knows `mlreg`."""
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / "mlreg"
    tool.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m mlreg "$@"\n'
    )
    tool.chmod(0o755)

    def run(line: str) -> None:
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
        subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, check=True, capture_output=True)

    return run


def test_a_sound_repository_has_nothing_wrong(project, mlreg):
    assert "half-made" not in findings(mlreg)
    assert mlreg("doctor", "-q").out == ""
    states = {line.split("\t")[1]: line.split("\t")[0] for line in mlreg("doctor").out.splitlines()}
    expected = ("python", "packages", "actor", "format", "files", "config.toml", "history", "models", "disk", "cache")
    assert [name for name in expected if states[name] != "ok"] == []


def forget_format(place: Path) -> None:
    (place / "format").unlink()


def forget_attributes(place: Path) -> None:
    (place / ".gitattributes").unlink()


def change_ignored(place: Path) -> None:
    (place / ".gitignore").write_text("cache/\n")


def break_off_work(place: Path) -> None:
    (place / "tmp").mkdir(exist_ok=True)
    left = place / "tmp/4711-00ff"
    left.write_bytes(b"half a model")
    os.utime(left, (time.time() - 200_000,) * 2)


def cache_as_file(place: Path) -> None:
    shutil.rmtree(place / "cache", ignore_errors=True)
    (place / "cache").write_text("")


def damage_cache(place: Path) -> None:
    for cached in (place / "cache").rglob("*"):  # what is looked at on the way is made anew before it is judged
        if cached.is_file():
            cached.write_bytes(cached.read_bytes()[:-1] + b"?")


def blobs_into_git(place: Path) -> None:
    git("init", "-q")
    git("add", "-f", ".mlreg/blobs")


def line_ends_by_git(place: Path) -> None:
    git("init", "-q")
    forget_attributes(place)
    Path(".gitattributes").write_text("* text=auto\n")


def ignored_not_at_all(place: Path) -> None:
    git("init", "-q")
    (place / ".gitignore").unlink()


@pytest.mark.parametrize(
    ("code", "break_it"),
    [
        ("half-made", forget_format),
        ("file-missing", forget_attributes),
        ("file-damaged", change_ignored),
        ("leftovers", break_off_work),
        ("cache", cache_as_file),
        ("cache-damaged", damage_cache),
        ("git-blobs-tracked", blobs_into_git),
        ("git-line-ends", line_ends_by_git),
        ("git-blobs", ignored_not_at_all),
    ],
)
def test_the_command_that_is_named_mends_it(project, mlreg, shell, code, break_it):
    break_it(project / ".mlreg")
    found = findings(mlreg)
    assert code in found
    shell(found[code]["fix"])
    assert code not in findings(mlreg)
    assert mlreg("verify").code == 0


def test_a_configuration_that_cannot_be_read_is_named_with_its_line(project, mlreg):
    (project / ".mlreg/config.toml").write_text("[stages]\norder = 3\n")
    found = findings(mlreg)["config"]
    assert "line 2" in found["message"]
    assert len(mlreg("doctor", "--json").document["problems"]) == 1
    assert found["fix"].endswith(str(project / ".mlreg/config.toml"))


def test_a_newer_format_asks_for_a_newer_mlreg(project, mlreg):
    (project / ".mlreg/format").chmod(0o644)
    (project / ".mlreg/format").write_text("mlreg 9\n" + "0" * 32 + "\n")
    assert "pip install --upgrade mlreg" in findings(mlreg)["newer-format"]["fix"]


def test_a_damaged_event_is_a_case_for_verify(project, mlreg):
    last = max((project / ".mlreg/history/churn").iterdir())
    last.chmod(0o644)
    last.write_text("{}")
    found = findings(mlreg)
    assert any(finding["fix"] == "mlreg verify" for finding in found.values())


def test_an_event_of_tomorrow_means_that_a_clock_is_wrong(project, mlreg):
    tomorrow = Registry.open(project)._bench.repository
    late = Registry(tomorrow, actor="bo", now=lambda: datetime.now(UTC) + timedelta(days=1))
    late.tag("churn", "0.1.0", tags=["x"])
    assert "one of the clocks is wrong" in findings(mlreg)["clock"]["message"]


def test_what_cannot_be_written_is_said_and_looked_at_all_the_same(project, mlreg):
    shutil.rmtree(project / ".mlreg/tmp")
    (project / ".mlreg/tmp").symlink_to("/proc/self")
    assert "nothing can be written" in findings(mlreg)["not-writable"]["message"]


def test_a_package_that_a_model_in_use_needs_is_named(project, mlreg):
    (project / "needs.txt").write_text("nosuchpackage>=1.2\npytest>=1\n")
    mlreg(*shlex.split("register churn v100.pkl --version 1.0.0 --requirements needs.txt --stage production"))
    found = findings(mlreg)["model-package"]
    assert found["message"] == ("churn 1.0.0 (production) was made with nosuchpackage>=1.2, it is not installed")
    assert found["fix"].endswith("-m pip install 'nosuchpackage>=1.2'")


def test_what_git_ignores_would_be_missing_in_a_clone(project, mlreg):
    git("init", "-q")
    Path(".gitignore").write_text("*.json\n")
    assert "a clone would not know the models" in findings(mlreg)["git-ignored"]["message"]


def test_nobody_said_who_acts(project, mlreg, monkeypatch):
    monkeypatch.delenv("MLREG_ACTOR")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    found = findings(mlreg)["actor"]
    assert "the login name" in found["message"] and found["fix"].startswith("git config")


def test_a_missing_home_is_advice_and_not_wrong(project, mlreg):
    assert "HOME is" in findings(mlreg)["home"]["message"]
    assert mlreg("doctor").code == 0


def test_without_a_repository_the_installation_is_looked_at(mlreg):
    answer = mlreg("doctor", "--json")
    assert (answer.code, answer.document["repository"], answer.err) == (0, None, "")


@pytest.mark.parametrize("words", [("-C", "nowhere"), ()])
def test_a_repository_that_was_named_must_be_there(mlreg, monkeypatch, words):
    if not words:
        monkeypatch.setenv("MLREG_DIR", "nowhere")
    assert findings(mlreg, *words)["no-repository"]["fix"] == "mlreg init"


def test_looking_leaves_nothing_behind(project, mlreg, tree):
    mlreg("doctor")
    before = tree(project / ".mlreg")
    mlreg("doctor")
    assert tree(project / ".mlreg") == before


def test_a_terminal_shows_findings_below_their_check(project, drawn):
    (project / ".mlreg/format").unlink()
    shown = drawn("doctor", "--no-color", columns=100)
    assert "wrong   format" in shown and "mlreg init -C" in shown
    assert "1 problem" in shown.splitlines()[-1]


@pytest.mark.parametrize(
    ("requirement", "is_met"), [("pytest>=1", True), ("pytest>=999", False), ("nosuchpackage", False)]
)
def test_a_requirement_is_met_or_not(requirement, is_met):
    assert installation.need(requirement).is_met == is_met


def test_a_package_of_another_version_than_mlreg_needs_is_wrong(mlreg, tmp_path, monkeypatch):
    installed = tmp_path / "site/mlreg-0.1.0.dist-info"
    installed.mkdir(parents=True)
    needs = ("pytest>=999", "typer>=0.1", "nosuchpackage; extra == 'x'", "nosuchpackage; python_version < '3'")
    lines = ["Metadata-Version: 2.1", "Name: mlreg", "Version: 0.1.0", *(f"Requires-Dist: {need}" for need in needs)]
    (installed / "METADATA").write_text("\n".join(lines) + "\n\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    found = findings(mlreg)
    assert "nosuchpackage" not in str(found)
    assert found["package"]["fix"].endswith("-m pip install 'pytest>=999'")


@pytest.mark.parametrize("requirement", ["not a requirement", "pytest; python_version < '3'"])
def test_what_is_no_requirement_here_is_not_needed(requirement):
    assert installation.need(requirement) is None


def test_an_ordinary_disk_can_all_that_is_needed(tmp_path):
    assert disk.ability(tmp_path) == disk.Ability(None, None, None)
    assert [*tmp_path.iterdir()] == []
    assert disk.ability(Path("/proc/self")).write is not None
