"""`-q` prints names and versions only, and a document that was asked for as it is: what is asked for is never lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from mlreg.cli import COMMANDS

Type = Callable[..., Any]

DOCUMENTS = (
    "card fraud-detector",
    "completion bash",
    "export fraud-detector --format cyclonedx",
    "export fraud-detector --format deployment",
    "audit fraud-detector --format markdown",
    "audit fraud-detector --format csv",
    "lineage fraud-detector --format mermaid",
    "lineage fraud-detector --format dot",
    "signature infer rows.csv",
    "signature show signed --yaml",
    "help refs",
    "help promote",
    "help json info",
    "config get stages.order",
)
NAMES = {
    "init": "*/.mlreg",
    "register new churn.onnx": "1.0.0",
    "list": "churn\nfraud-detector\nsigned",
    "list churn": "0.1.0",
    "info churn": "churn@0.1.0",
    "promote churn 0.1.0 --to staging": "0.1.0",
    "rollback fraud-detector --dry-run": "1.0.0",
    "compare fraud-detector 1.0.0 1.1.0": "deploy",
    "history churn": "1",
    "checkout churn": "churn-0.1.0",
    "verify": "",
    "gc": "",
    "du": "churn\nfraud-detector\nsigned",
    "hold churn@0.1.0 --reason case": "0.1.0",
    "deprecate fraud-detector@2.0.0 --reason old": "2.0.0",
    "archive churn@0.1.0": "0.1.0",
    "tag churn 0.1.0 a": "a",
    "set churn 0.1.0 --owner bo": "0.1.0",
    "alias churn 0.1.0 champion": "0.1.0",
    "why churn": "churn@0.1.0",
    "lineage churn": "model:churn@0.1.0",
    "impact --feature amount": "fraud-detector@2.0.0\nfraud-detector@1.1.0\nfraud-detector@1.0.0\nsigned@1.0.0",
    "audit fraud-detector": "1.0.0\n1.1.0\n2.0.0",
    "card churn -o README.md": "churn@0.1.0",
    "checkpoint --unsigned -o now.checkpoint": "sha256:*",
    "signature infer rows.csv -o s.yaml": "s.yaml",
    "signature show signed": "signed@1.0.0",
    "scan churn.onnx": "",
    "trust list": "",
    "policy show": "",
    "keys list": "",
    "config list": "stages.order\n*",
    "explain MLR203": "MLR203",
    "approve churn@0.1.0 --list": "",
    "doctor": "",
    "docs sync page.md": "page.md",
    "validate given.yaml rows.csv": ":fraud",
}


@pytest.fixture
def ready(project: Path, mlreg: Type) -> Path:
    (project / "rows.csv").write_text("amount,fraud\n1.5,true\n")
    (project / "given.yaml").write_text("inputs:\n  - name: amount\n    type: double\n")
    (project / "page.md").write_text("<!-- mlreg:begin churn -->\n<!-- mlreg:end -->\n")
    done = mlreg("register", "signed", "v100.pkl", "--signature", "given.yaml", "--feature", "amount")
    assert done.code == 0, done.err
    return project


@pytest.mark.parametrize("line", DOCUMENTS)
def test_a_document_is_what_was_asked_for(ready: Path, mlreg: Type, line: str) -> None:
    loud, quiet = mlreg(*line.split()), mlreg(*line.split(), "-q")
    assert loud.out.strip()
    assert (quiet.code, _timeless(quiet.out), quiet.err) == (loud.code, _timeless(loud.out), "")


def test_a_checkpoint_that_is_not_written_down_is_printed(ready: Path, mlreg: Type) -> None:
    quiet = mlreg("checkpoint", "--unsigned", "-q")
    (ready / "kept").write_text(quiet.out)
    assert mlreg("verify", "--against", "kept").code == 0


@pytest.mark.parametrize("line", NAMES)
def test_else_there_are_names_and_versions_only(ready: Path, mlreg: Type, line: str) -> None:
    answer = mlreg(*line.split(), "-q")
    assert answer.err == ""
    assert fnmatch(answer.out, f"{NAMES[line]}\n" if NAMES[line] else "")


def test_no_command_is_left_out() -> None:
    known = {line.split()[0] for line in (*DOCUMENTS, *NAMES)}
    assert {*COMMANDS} - known == {"best", "lock", "outdated", "reject", "run", "demo"}


def _timeless(text: str) -> str:
    return re.sub(r"[0-9-]{10}[T ][0-9:.]{5,15}( UTC|Z)?", "then", text)
