"""Pipelines: outputs, summaries, annotations; the action and the examples run as a shell would run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlreg.adapters import load, names
from mlreg.errors import NotFoundError
from mlreg.registry import Registry
from mlreg.store import strict_yaml

ROOT = Path(__file__).parent.parent
RECIPES = re.findall(r"^## (\d+\..*?)\n.*?```bash\n(.*?)```", (ROOT / "docs/ci.md").read_text(), re.M | re.S)
HOSTILE = "a|b\nc%d::error::x,y<script>@team $(touch PWN) `touch PWN`"


@pytest.fixture
def bin_directory(tmp_path: Path) -> Path:
    """A directory for the PATH in which `mlreg` is this checkout."""
    directory = tmp_path / "bin"
    directory.mkdir()
    script = directory / "mlreg"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlreg "$@"\n')
    script.chmod(0o755)
    return directory


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A job's directory: a trained model, and a repository where 1.1.0 is better than production and 1.2.0 worse."""
    directory = tmp_path / "project"
    directory.mkdir()
    registry = Registry.init(directory)
    for version, auc in (("1.0.0", 0.9), ("1.1.0", 0.95), ("1.2.0", 0.5)):
        (directory / "model.joblib").write_text(version)
        registry.register("fraud-detector", directory / "model.joblib", version=version, metrics={"auc": auc})
    registry.promote("fraud-detector", "1.0.0", to="production")
    (directory / "model.joblib").write_text("trained")
    (directory / "metrics.json").write_text('{"auc": 0.97}')
    return directory


@pytest.fixture
def shell(project: Path, bin_directory: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script as a pipeline's step does: bash, stopping at the first error, the runner's variables set."""

    def run(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        runner = {
            "PATH": f"{bin_directory}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        environment = {**os.environ, **runner, **variables}
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=60)

    return run


def steps_of_the_action() -> list[dict[str, Any]]:
    action: Any = strict_yaml.parse((ROOT / "action.yml").read_bytes(), name="action.yml")
    return list(action["runs"]["steps"])


def in_context(text: str, context: dict[str, str]) -> str:
    """Returns `text` with the expressions of a workflow evaluated: `${{ inputs.x || github.y }}`."""

    def value(match: re.Match[str]) -> str:
        return next((context[word] for word in match[1].split(" || ") if context.get(word)), "")

    return re.sub(r"\$\{\{ (.*?) \}\}", value, text)


@pytest.mark.parametrize(("title", "script"), RECIPES, ids=[title.split(".")[0] for title, _ in RECIPES])
def test_a_recipe_runs_as_it_stands(title, script, shell):
    done = shell(script)
    assert done.returncode == 0, f"{title}: {done.stderr}"


def test_there_are_ten_recipes():
    assert [title.split(".")[0] for title, _ in RECIPES] == [str(number) for number in range(1, 11)]


def test_a_recipe_that_stops_a_worse_candidate_stops_it(shell):
    done = shell(RECIPES[2][1])
    assert "it stays" in done.stdout
    assert "error" not in done.stderr


def test_a_failing_smoke_test_takes_production_back(shell, project):
    shell(RECIPES[5][1])
    assert Registry.open(project).info("fraud-detector@production").standing.version.minor == 0


def test_the_outputs_of_a_step_are_the_scalars_of_the_answer(shell, tmp_path):
    shell("mlreg promote fraud-detector 1.1.0 --to production --ci github")
    lines = (tmp_path / "output").read_text().splitlines()
    assert {"version=1.1.0", "to=production", "replaced=1.0.0", "changed=true"} <= set(lines)


def test_a_comparison_becomes_a_table_of_the_summary(shell, tmp_path):
    shell("mlreg compare fraud-detector production 1.1.0 --ci github")
    assert "| auc | 0.9 | 0.95 | 5.555556 | 1.1.0 |" in (tmp_path / "summary.md").read_text()


def test_an_error_becomes_an_annotation(shell):
    done = shell("mlreg info fraud-detector@9.9.9 --ci github")
    assert done.stderr.splitlines()[-1].startswith("::error title=mlreg%3A not-found::fraud-detector has no version")


def test_a_pipeline_that_is_none_of_these_is_a_usage_error(shell):
    for line in ("mlreg list --ci jenkins", "mlreg --ci jenkins list"):
        done = shell(line)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines() == [
            "error: 'jenkins' is not one of the pipelines",
            "hint: the pipelines are github, gitlab",
        ]


def test_with_json_stderr_holds_the_error_object_alone(shell):
    done = shell("mlreg info fraud-detector@9.9.9 --ci github --json")
    assert json.loads(done.stderr)["exit_code"] == 3


def test_hostile_text_cannot_write_a_second_output(shell, tmp_path):
    shell("mlreg promote fraud-detector 1.1.0 --to production")
    shell("mlreg rollback fraud-detector --reason $'x\\nversion=9' --ci github")
    text = (tmp_path / "output").read_text()
    assert re.search(r"^reason<<(mlreg-[0-9a-f]{16})\nx\nversion=9\n\1$", text, re.M)


@pytest.mark.parametrize("name", names("ci"))
def test_hostile_text_stays_in_its_cell(name, tmp_path):
    document = {"schema": "mlreg.tag/1", "name": HOSTILE, "rows": [{"a": HOSTILE}]}
    environment = {"GITHUB_STEP_SUMMARY": str(tmp_path / "it"), "MLREG_DOTENV": str(tmp_path / "it")}
    load("ci", name).publish(document, environment)
    text = (tmp_path / "it").read_text()
    assert "<script>" not in text
    assert "$(touch" not in text
    assert all(line.count("|") in (0, 2, 3) for line in text.splitlines())


def test_an_annotation_is_one_line_whatever_the_message_says():
    line = load("ci", "github").annotation(NotFoundError("a\nb%c::d", hint="e"))
    assert line == "::error title=mlreg%3A not-found::a%0Ab%25c::d%0Ahint: e"


def test_an_annotation_tells_which_gates_are_shut(shell, project):
    with open(project / ".mlreg/config.toml", "a") as config:
        config.write("[policy.production]\nmetrics.auc = { min = 0.99 }\n")
    done = shell("mlreg promote fraud-detector 1.1.0 --to production --ci github")
    assert done.returncode == 7
    assert "%0Aauc  0.95  needs at least 0.99%0Ahint: " in done.stderr.splitlines()[-1]


def test_lists_become_sentences_of_the_summary(shell, tmp_path):
    shell("printf 'cos\\nsystem\\n(S\"true\"\\ntR.' > bad.pkl; mlreg scan bad.pkl --ci github")
    text = (tmp_path / "summary.md").read_text()
    assert "is on no list of what models need; " in text
    assert "&#91;" not in text
    assert "| what | it |" not in text


def test_the_action_runs_what_it_was_given(shell, project, tmp_path, bin_directory):
    context = {
        "inputs.run": 'promote fraud-detector 1.1.0 --to production --reason "it is $(touch PWN) better"',
        "inputs.repository": ".",
        "github.actor": "octo",
        "github.action_path": str(ROOT),
        "runner.temp": str(tmp_path),
    }
    (tmp_path / "mlreg-venv").mkdir()
    (tmp_path / "mlreg-venv/bin").symlink_to(bin_directory)
    for step in steps_of_the_action():
        variables = {name: in_context(text, context) for name, text in step["env"].items()}
        done = shell(step["run"], **variables)
        assert done.returncode == 0, done.stderr
    last = Registry.open(project).history("fraud-detector").events[-1]
    assert (last.actor, last.reason) == ("octo", "it is $(touch PWN) better")
    assert not (project / "PWN").exists()


def test_the_outputs_that_the_action_names_are_those_of_documents():
    action: Any = strict_yaml.parse((ROOT / "action.yml").read_bytes(), name="action.yml")
    assert set(action["outputs"]) == {"version", "stage", "digest", "changed", "verdict"}


def test_the_jobs_for_gitlab_hand_the_version_on(shell, project):
    jobs: Any = strict_yaml.parse((ROOT / "docs/gitlab-ci.yml").read_bytes(), name="gitlab-ci.yml")
    assert shell("\n".join(jobs["register"]["script"])).returncode == 0
    reports = dict(line.split("=", 1) for line in (project / "mlreg.env").read_text().splitlines())
    done = shell("\n".join(jobs["promote"]["script"]), CI_PIPELINE_ID="7", **reports)
    assert "from development to production" in done.stdout, done.stderr
