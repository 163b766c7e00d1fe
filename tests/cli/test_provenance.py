"""`lineage`, `impact`, `best`, `lock` and `outdated` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TREE = """\
data:v2024-01
  └─> feature-engineering:v1
        └─> experiment:exp-003-xgboost
              └─> model:fraud-detection-v3.1.0
                    └─> deployment:production
"""
METRICS = "--metric accuracy=0.9 --metric auc=0.95 --metric f1_score=0.88 --metric data_quality_score=0.9"


@pytest.fixture
def place(mlreg, tmp_path: Path, monkeypatch) -> Path:
    """A repository with one version in production."""
    (tmp_path / "a.bin").write_text("a")
    (tmp_path / "b.bin").write_text("b")
    mlreg("init")
    stated = "--data v2024-01 --feature-set v1 --experiment exp-003-xgboost --feature amount"
    mlreg("register", "fraud-detection", "a.bin", "--version", "3.1.0", *f"{stated} {METRICS}".split())
    mlreg("promote", "fraud-detection", "3.1.0", "--to", "production")
    return tmp_path


def test_the_tree_is_that_of_the_requirement(place, mlreg):
    """S1-26."""
    answer = mlreg("lineage", "fraud-detection")
    assert (answer.code, answer.out) == (0, TREE)
    assert mlreg("lineage", "fraud-detection@3.1.0").out == mlreg("lineage", "fraud-detection", "3.1.0").out == TREE


def test_a_version_is_a_word_of_its_own_to_impact_too(place, mlreg):
    assert mlreg("impact", "fraud-detection", "3.1.0").out == mlreg("impact", "fraud-detection@3.1.0").out
    assert mlreg("impact", "fraud-detection", "9.9.9").code == 3


def test_a_form_is_chosen_by_its_name(place, mlreg):
    assert mlreg("lineage", "fraud-detection", "--format", "mermaid").out.startswith("flowchart LR\n")
    document = json.loads(mlreg("lineage", "fraud-detection", "--format", "json").out)
    assert document == mlreg("lineage", "fraud-detection", "--json").document
    answer = mlreg("lineage", "fraud-detection", "--format", "svg")
    assert (answer.code, "dot, json, mermaid, openlineage" in answer.err) == (2, True)


def test_a_model_that_another_depends_on_is_stated_with_a_repeatable_option(place, mlreg):
    mlreg("register", "tok", "b.bin")
    others = ("--depends-on", "tok", "--depends-on", "fraud-detection@production")
    answer = mlreg("register", "x", "b.bin", *others)
    assert answer.code == 0, answer.err
    assert mlreg("info", "x", "--json").document["lineage"]["depends_on"] == ["fraud-detection@3.1.0", "tok@1.0.0"]
    assert mlreg("register", "x", "b.bin", "--depends-on", "none").code == 3


def test_a_specification_may_say_what_it_depends_on(place, mlreg):
    (place / "x.yaml").write_text("name: x\nfiles: b.bin\ndepends_on: [fraud-detection]\n")
    assert mlreg("register", "-f", "x.yaml").code == 0
    assert mlreg("info", "x", "--json").document["lineage"] == {"depends_on": ["fraud-detection@3.1.0"]}


def test_impact_prints_a_line_for_each_version(place, mlreg):
    mlreg("register", "x", "b.bin", "--parent", "fraud-detection")
    answer = mlreg("impact", "--feature", "amount")
    assert answer.out == "fraud-detection\t3.1.0\tproduction\t\nx\t1.0.0\t\tfraud-detection@3.1.0\n"
    assert mlreg("impact", "--feature", "amount", "-q").out == "fraud-detection@3.1.0\nx@1.0.0\n"
    assert mlreg("impact", "--feature", "none").code == 0
    assert mlreg("impact").code == 2


def test_best_prints_scores_and_promotes(place, mlreg):
    better = METRICS.replace("accuracy=0.9 ", "accuracy=0.95 ")
    mlreg(*f"register fraud-detection b.bin --version 3.2.0 {better}".split())
    answer = mlreg("best", "fraud-detection", "--json").document
    assert [(row["version"], row["composite_score"]) for row in answer["rows"]] == [("3.2.0", 0.931), ("3.1.0", 0.911)]
    assert mlreg("best", "fraud-detection", "-q").out == "3.2.0\n"
    answer = mlreg("best", "fraud-detection", "--promote", "production", "--min-gain", "0.5")
    assert (answer.code, "3.1.0 stays" in answer.err) == (0, True)
    answer = mlreg("best", "fraud-detection", "--promote", "prod", "--json")
    assert answer.document["promoted"]["version"] == "3.2.0"
    assert mlreg("list", "-q", "--stage", "production").out == "fraud-detection@3.2.0\n"


def test_a_lock_is_checked_with_an_exit_code(place, mlreg):
    (place / "mlreg.toml").write_text('[models]\nfraud-detection = "^3"\n')
    assert mlreg("lock", "--check").code == 1
    assert mlreg("lock").code == 0
    assert mlreg("lock", "--check").code == 0
    (place / "mlreg.toml").write_text('[models]\nfraud-detection = "~3.1"\n')
    answer = mlreg("lock", "--check")
    assert (answer.code, answer.err) == (1, "stale: fraud-detection: ~3.1 is wanted, not ^3\n")
    assert mlreg("lock", "--check", "--upgrade").code == 2
    assert mlreg("outdated", "-q").out == ""


def test_locks_of_another_directory(place, mlreg):
    (place / "service").mkdir()
    (place / "service/mlreg.toml").write_text('[models]\nfraud-detection = "best"\n')
    assert mlreg("lock", "service", "-q").out == "fraud-detection@3.1.0\n"
    assert (place / "service/mlreg.lock").exists()
    assert mlreg("outdated", "service").out == "fraud-detection\tbest\t3.1.0\t3.1.0\t3.1.0\tcurrent\t\n"
    assert mlreg("lock").code == 3
