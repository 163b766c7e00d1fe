"""`--dry-run` on whatever writes: the same answer and exit code, and not one byte anywhere is another."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlreg.cli.shells.commandline import tree as command_line

Type = Callable[..., Any]

WRITES = (
    "init",
    "init elsewhere/deep",
    "register fraud-detector churn.onnx --version 3.0.0 --metric auc=0.9 --stage staging",
    "register anew churn.onnx",
    "register churn churn.onnx --version 0.1.0 --metric rmse=0.3",
    "promote fraud-detector 2.0.0 --to production --reason better",
    "promote fraud-detector 1.1.0 --to production",
    "promote fraud-detector 1.0.1 --to production",
    "rollback fraud-detector",
    "rollback fraud-detector --to 1.0.0",
    "checkout fraud-detector",
    "checkout fraud-detector@2.0.0 -o out --link",
    "verify --repair",
    "gc",
    "gc --prune --now",
    "hold fraud-detector@1.0.0 --reason case",
    "hold fraud-detector@1.0.0 --lift",
    "deprecate fraud-detector@1.0.0 --reason old",
    "deprecate fraud-detector@1.0.1 --lift",
    "archive fraud-detector@2.0.0",
    "archive fraud-detector@1.1.0",
    "tag fraud-detector 1.0.0 audited",
    "tag fraud-detector 1.1.0 reviewed --remove",
    "set fraud-detector 1.0.0 --metric auc=0.7 --note looked",
    "alias fraud-detector 1.0.0 champion",
    "alias fraud-detector champion --remove",
    "best fraud-detector --promote production --reason best",
    "lock service",
    "lock service --announce",
    "audit fraud-detector --format html -o audit.html",
    "docs sync models.md",
    "card fraud-detector -o README.md",
    "export fraud-detector --layout flat -o out",
    "export fraud-detector --format cyclonedx -o bom.json",
    "signature infer rows.csv -o signature.yaml",
    "signature set fraud-detector@2.0.0 given.yaml",
    "trust add fraud-detector@1.0.0 --global team.Scorer --reason looked",
    "trust remove fraud-detector@1.0.0 --global team.Scorer",
    "approve fraud-detector@2.0.0 --for production --actor bo@example.org --key bo",
    "reject fraud-detector@2.0.0 --for production --reason no --actor bo@example.org --key bo",
    "keys add cy@example.org cy.pub --key bo",
    "keys add bo@example.org bo.pub --key bo",
    "keys remove bo@example.org --key bo",
    "keys trust",
    "checkpoint --unsigned -o now.checkpoint",
    "checkpoint --key bo -o now.checkpoint",
    "config set metrics.score.direction up",
    "config set metrics.score.direction up --global",
    "config unset metrics.accuracy.direction",
    "run --register ran churn.onnx -- true",
)
SETTINGS = """
[metrics.accuracy]
direction = "up"

[score.weights]
accuracy = 1
"""
LOOKING = {
    "list", "info", "compare", "history", "du", "why", "lineage", "impact", "outdated", "validate", "scan", "policy",
    "explain", "doctor", "completion", "help",
}  # fmt: skip


@pytest.fixture
def ready(project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with all that the commands of `WRITES` need, and a home of its own."""
    monkeypatch.setenv("HOME", str(project / "home"))
    (project / "home").mkdir()
    (project / "service").mkdir()
    (project / "service" / "mlreg.toml").write_text('consumer = "shop"\n[models]\nchurn = "^0"\n')
    (project / "models.md").write_text("<!-- mlreg:begin fraud-detector -->\n<!-- mlreg:end -->\n")
    (project / "rows.csv").write_text("amount,fraud\n1.5,true\n")
    (project / "given.yaml").write_text("inputs:\n  - name: amount\n    type: double\n")
    with (project / ".mlreg" / "config.toml").open("a") as config:
        config.write(SETTINGS)
    for name in ("bo", "cy"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(project / name)], check=True)
    for line in ("keys add bo@example.org bo.pub --key bo", "trust add fraud-detector@1.0.0 --global team.Scorer"):
        assert mlreg(*line.split()).code == 0, line
    return project


@pytest.mark.parametrize("line", WRITES)
def test_a_dry_run_says_what_would_be_and_writes_nothing(ready: Path, mlreg: Type, tree: Type, line: str) -> None:
    command, *rest = line.split(" -- ")
    words = [*command.split(), "--json"]
    behind = ["--", *rest] if rest else []
    before = _kept(tree(ready))
    foreseen = mlreg(*words, "--dry-run", *behind)
    assert _kept(tree(ready)) == before
    done = mlreg(*words, *behind)
    assert foreseen.code == done.code, done.err
    assert _lasting(foreseen.err) == _lasting(done.err)
    if done.code == 0:
        assert _lasting(foreseen.out) == {**_lasting(done.out), "dry_run": True}


def test_no_command_that_writes_is_left_out() -> None:
    takes = {verb.name for verb in command_line().verbs for option in verb.options if "--dry-run" in option.names}
    assert takes == {line.split()[0] for line in WRITES} | {"demo"}
    assert {verb.name for verb in command_line().verbs} - takes == LOOKING


def _kept(files: dict[str, Any]) -> dict[str, Any]:
    """Returns all but the cache, which looking may fill and deleting loses nothing of."""
    return {name: what for name, what in files.items() if not name.startswith(".mlreg/cache/")}


def _lasting(text: str) -> Any:
    """Returns what a document says but times, what comes of them, and whether gc did it."""
    document = json.loads(re.sub(r"[0-9-]{10}T[0-9:.]{8,15}Z|[0-9a-f]{32,}", "then", text)) if text else {}
    return {name: value for name, value in document.items() if name not in ("duration_s", "pruned")}
