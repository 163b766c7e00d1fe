"""The JSON Schemas that are shipped: every document that a command prints is of its schema."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlreg.cli import COMMANDS
from mlreg.cli.topics import documents, schema

Type = Callable[..., Any]
TODAY = "2027-01-31"
LINES = (
    "init",
    "init --dry-run",
    "register fraud a.bin --metric auc=0.8 --metric latency=40ms --param depth=3 --feature amount --tag t --owner bo",
    "register fraud a.bin --metric auc=0.8 --metric latency=40ms --param depth=3 --feature amount --tag t --owner bo",
    "register fraud b.bin --metric auc=0.9 --metric loss=nan --feature amount --feature hour --parent fraud@1.0.0",
    "register fraud c.bin --version 2.0.0-rc.1+build.5 --dry-run",
    "register fraud c.bin --version 2.0.0-rc.1 --stage staging --description words",
    "list",
    "promote fraud 1.0.0 --to production --reason first",
    "promote fraud 1.1.0 --to production --dry-run",
    "promote fraud 1.1.0 --to production",
    "promote fraud 1.1.0 --to production",
    "rollback fraud --dry-run",
    "rollback fraud --reason worse",
    "rollback fraud --to 1.1.0",
    "tag fraud 1.0.0 a b",
    "tag fraud 1.0.0 a --remove --dry-run",
    "alias fraud",
    "alias fraud 1.0.0 champion",
    "alias fraud 1.0.0 champion",
    "alias fraud champion --remove",
    "alias fraud 1.1.0 champion",
    "set fraud 1.0.0 --metric auc_live=0.7 --owner ann --note seen",
    "set fraud 1.0.0 --metric auc_live=0.7 --dry-run",
    f"deprecate fraud 1.0.0 --reason old --end-of-life {TODAY}",
    "deprecate fraud 1.0.0 --lift",
    f"deprecate fraud 1.0.0 --reason old --end-of-life {TODAY}",
    "archive fraud 2.0.0-rc.1 --dry-run",
    "archive fraud 2.0.0-rc.1",
    "register other c.bin --version 0.1.0",
    "list",
    "list fraud",
    "list --stage production",
    "list fraud --where metrics.auc>0.5",
    "info fraud",
    "info fraud@1.0.0",
    "info fraud@champion",
    "info other",
    "compare fraud 1.0.0 1.1.0",
    "compare fraud 1.0.0 1.1.0 2.0.0-rc.1",
    "compare fraud@1.0.0 other@0.1.0",
    "history fraud",
    "history fraud --timeline",
    "history other",
    "why fraud",
    "why fraud@1.0.0",
    "why fraud@2.0.0-rc.1",
    "why other@0.1.0",
    "checkout fraud -o out --dry-run",
    "checkout fraud -o out",
    "verify",
    "verify fraud --quick",
    "hold fraud@1.0.0 --reason case --dry-run",
    "hold fraud@1.0.0 --reason case",
    "hold fraud@1.0.0 --lift",
    "info fraud@1.0.0",
    "lineage fraud",
    "impact --feature amount",
    "best fraud",
    "lock --dry-run",
    "lock",
    "outdated",
    "audit fraud",
    "audit fraud --from 2026-01-01 --format html -o audit.html --dry-run",
    "docs sync models.md --dry-run",
    "docs sync models.md",
    "docs check models.md",
    "export fraud --layout flat -o exported --dry-run",
    "export fraud --layout flat -o exported",
    "export fraud --format cyclonedx",
    "card fraud",
    "card fraud@1.0.0 -o README.md --dry-run",
    "policy show",
    "policy show fraud --to production",
    "policy show fraud@1.1.0 --to staging",
    "policy test --history",
    "scan d.csv",
    "trust add fraud@1.0.0 --global team.Model --reason reviewed --dry-run",
    "trust add fraud@1.0.0 --global team.Model --reason reviewed",
    "trust list fraud@1.0.0",
    "trust list",
    "trust remove fraud@1.0.0 --global team.Model",
    "gc",
    "gc fraud --prune --dry-run",
    "gc --prune --now",
    "du",
    "du fraud",
    "config set metrics.score.direction up",
    "config set stages.order development,staging,live,production --dry-run",
    "config get metrics.score.direction",
    "config unset metrics.score.direction",
    "config list --show-origin",
    "signature infer d.csv --target p",
    "signature set other@0.1.0 s.yaml --dry-run",
    "signature set other@0.1.0 s.yaml",
    "signature show other",
    "signature show fraud",
    "signature check other@0.1.0 s.yaml",
    "signature lint s.yaml",
    "explain",
    "explain MLR203",
    "validate other@0.1.0 d.csv",
    "validate s.yaml d.csv",
    "doctor",
    "keys add ann@keys.org ann.pub --group admins --dry-run",
    "keys add ann@keys.org ann.pub --group admins",
    "keys add ann@keys.org ann.pub --key ann",
    "keys list",
    "approve fraud@1.1.0 --for production --comment good --key ann --expires 30d --dry-run",
    "approve fraud@1.1.0 --for production --comment good --key ann --expires 30d",
    "reject fraud@1.1.0 --for production --reason bad --key ann",
    "approve fraud@1.1.0 --list",
    "checkpoint --key ann --dry-run",
    "checkpoint -o all.checkpoint --key ann",
    "verify --against all.checkpoint",
    "run --register made a.bin -- true",
    "completion zsh",
    "help",
    "help refs",
    "help info",
    "help json error",
)
WRONG = (
    "",
    "lst",
    "list none-such",
    "info",
    "info fraud@9.9.9",
    "init there -C /nowhere/at/all --nonsense",
    "rollback none-such",
    "help none-such",
    "completion tcsh",
    "checkout fraud -o /proc/nothing",
    "list -C /nowhere",
)


def check(document: Any, name: str) -> None:
    """Holds `document` against the schema `name`, formats of times too."""
    validator = jsonschema.Draft202012Validator(schema(name), format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with a few files to register."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.bin").write_text(name)
    (tmp_path / "s.yaml").write_text("inputs: {amount: float}\noutputs: [p]\n")
    (tmp_path / "mlreg.toml").write_text('[models]\nfraud = ">=1"\n')
    (tmp_path / "models.md").write_text("<!-- mlreg:begin fraud -->\n<!-- mlreg:end -->\n")
    (tmp_path / "d.csv").write_text("amount,p\n1.5,0\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "ann")], check=True)
    return tmp_path


def test_every_command_and_the_error_have_a_schema() -> None:
    assert {name.partition("-")[0] for name in documents()} == {*COMMANDS, "error", "findings"}


@pytest.mark.parametrize("name", documents())
def test_a_schema_is_one_and_says_which(name: str) -> None:
    known = schema(name)
    jsonschema.Draft202012Validator.check_schema(known)
    assert known["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert known["title"] == known["properties"]["schema"]["const"] == f"mlreg.{name}/1"
    assert "schema" in known["required"]


def objects(known: Any) -> list[dict[str, Any]]:
    """Returns every schema of an object in `known`."""
    inner = known.values() if isinstance(known, dict) else known if isinstance(known, list) else []
    own = [known] if isinstance(known, dict) and "properties" in known else []
    return [*own, *(found for part in inner for found in objects(part))]


@pytest.mark.parametrize("name", documents())
def test_a_schema_lets_fields_be_added_and_requires_none_that_it_does_not_describe(name: str) -> None:
    for known in objects(schema(name)):
        assert known.get("additionalProperties", True) is True
        assert set(known.get("required", ())) <= set(known["properties"]) | {"models", "versions"}


def test_every_document_of_a_whole_life_is_of_its_schema(files: Path, mlreg: Type) -> None:
    """Also that none is lacking: every command but `demo`, which has a test of its own, prints one."""
    seen = set()
    for line in LINES:
        answer = mlreg(*line.split(), "--json") if " -- " not in line else mlreg("--json", *line.split())
        assert answer.code == 0, (line, answer.err)
        check(answer.document, answer.document["schema"].removeprefix("mlreg.").removesuffix("/1"))
        seen.add(line.split()[0])
    assert seen == {*COMMANDS} - {"demo"}


def test_a_verify_that_finds_damage_and_a_sick_repository_are_of_their_schemas(files: Path, mlreg: Type) -> None:
    mlreg("init")
    mlreg("register", "fraud", "a.bin")
    shutil.rmtree(files / ".mlreg/blobs")
    (files / ".mlreg/config.toml").write_text("nonsense")
    verified, examined = mlreg("verify", "--json"), mlreg("doctor", "--json")
    assert verified.code == 1
    assert verified.document["problems"]
    check(verified.document, "verify")
    check(examined.document, "doctor")


@pytest.mark.parametrize("line", WRONG)
def test_every_error_is_of_its_schema(files: Path, mlreg: Type, line: str) -> None:
    mlreg("init")
    mlreg("register", "fraud", "a.bin")
    answer = mlreg(*line.split(), "--json")
    assert answer.code != 0
    check(json.loads(answer.err), "error")


def test_the_demonstration_is_of_its_schema(files: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))  # it types its commands as anybody would
    answer = mlreg("demo", "--keep", "shown", "--dry-run", "--json")
    assert answer.code == 0, answer.err
    check(answer.document, "demo")
    assert answer.document["path"] == "shown"
    assert not Path("shown").exists()


def test_a_document_that_lacks_something_or_has_it_wrong_is_found(files: Path, mlreg: Type) -> None:
    mlreg("init")
    mlreg("register", "fraud", "a.bin")
    document = mlreg("info", "fraud", "--json").document
    for wrong in ({"version": "v1"}, {"digest": "sha256:1"}, {"registered_at": "yesterday"}, {"metrics": {"a": []}}):
        with pytest.raises(AssertionError):
            check({**document, **wrong}, "info")
    with pytest.raises(AssertionError):
        check({key: value for key, value in document.items() if key != "stage"}, "info")
