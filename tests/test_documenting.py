"""Living documents: the page of a model, the history of deployments, the catalog and the graph."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from mlreg import Registry
from mlreg.errors import NotFoundError, UsageError

PAGE = """\
## Fraud Detection Model - Production

### Current Production Model
- Version: v3.1.0
- Deployed: 2024-01-20
- Accuracy: 87%
- Latency: 35ms (p50)

### Version History
| Version | Stage | Accuracy | Deployed | Notes |
|---------|-------|----------|----------|-------|
| v3.1.0  | Prod  | 0.87     | 2024-01-20 | Current ✅ |
| v3.0.0  | Archived | 0.85  | 2024-01-10 | Replaced by v3.1.0 |
| v2.5.0  | Archived | 0.83  | 2023-12-01 | Retired |

### Rollback Plan
If v3.1.0 issues detected:
1. Rollback to v3.0.0 (tested, stable)
2. Investigate issue in staging
3. Deploy fix as v3.1.1
"""
NAME = "fraud-detection-model"
LIFE = (
    ("2.5.0", 0.83, "45ms", 2023, 12, 1),
    ("3.0.0", 0.85, "40ms", 2024, 1, 10),
    ("3.1.0", 0.87, "35ms", 2024, 1, 20),
)


def lines(text: str) -> list[str]:
    """Returns the lines that say something; cells without the blanks around them."""
    plain = [re.sub(r" *\| *", "|", line).strip() for line in text.splitlines()]
    return [re.sub(r"-{3,}", "---", line) for line in plain if line]


@pytest.fixture
def served(registry: Registry, model_file, clock) -> Registry:
    """The life of the model that the requirement tells of."""
    for version, accuracy, latency, *day in LIFE:
        clock.moment = datetime(*day, 8, tzinfo=UTC)
        registry.register(
            NAME, model_file(version), version=version, metrics={"accuracy": accuracy, "latency_p50": latency}
        )
        registry.promote(NAME, version, to="production", reason="better | <!-- mlreg:end -->")
    return registry


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "models.md"
    path.write_bytes(
        f"# Ours\r\n<!-- mlreg:begin {NAME} -->\r\n<!-- mlreg:end -->\r\n\x0cthe end, no line end".encode()
    )
    return path


def test_the_page_is_that_of_the_requirement(served, document):
    """S1-37, S1-38, S1-39."""
    served.docs([document])
    shown = lines(document.read_text())
    wanted = lines(PAGE)
    assert [line for line in shown if line in wanted] == wanted
    assert shown[: 2 + len(wanted)] == ["# Ours", f"<!-- mlreg:begin {NAME} -->", *wanted]


def test_outside_of_the_markers_nothing_changes(served, document):
    before = document.read_bytes()
    served.docs([document])
    after = document.read_bytes()
    head, tail = before.split(b"<!-- mlreg:end -->")
    assert after.startswith(head)
    assert after.endswith(b"<!-- mlreg:end -->" + tail)
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_a_check_tells_what_is_stale_and_writes_nothing(served, document, model_file):
    before = document.read_bytes()
    assert served.check_docs([document]).stale == [str(document)]
    assert served.docs([document], dry_run=True).stale == [str(document)]
    assert document.read_bytes() == before
    served.docs([document])
    assert served.check_docs([document]).stale == []
    served.rollback(NAME, reason="slow")
    assert served.check_docs([document]).stale == [str(document)]


def test_the_notes_say_what_became_of_a_version(served, document, model_file):
    served.rollback(NAME, reason="slow")
    served.deprecate(NAME, "2.5.0", reason="leaked", end_of_life="2027-06-30")
    served.register(NAME, model_file("x"), version="3.2.0", stage="staging")
    served.docs([document])
    notes = {line.split("|")[1]: line.split("|")[-2] for line in lines(document.read_text()) if line.startswith("|v")}
    assert notes == {
        "v3.2.0": "Candidate",
        "v3.1.0": "Rolled back: slow",
        "v3.0.0": "Current ✅",
        "v2.5.0": "Deprecated: leaked, until 2027-06-30",
    }


def test_without_a_version_in_production_there_is_no_plan(registry, model_file, document):
    registry.register(NAME, model_file())
    registry.docs([document])
    text = document.read_text()
    assert "Nothing is in production.\n" in text
    assert "so there is nothing to go back from" in text
    registry.promote(NAME, "1.0.0", to="production")
    registry.docs([document])
    assert "There is no version to go back to from v1.0.0." in document.read_text()


def test_what_people_write_cannot_end_a_section(served, tmp_path):
    path = tmp_path / "deployment_history.md"
    served.docs([path])
    assert path.read_text().count("<!-- mlreg:end -->") == 1
    assert served.check_docs([path]).stale == []


def test_the_files_of_an_increment_are_written_whole(served, tmp_path):
    """S1-35."""
    names = ("model_catalog.yaml", "lineage_graph.json", "deployment_history.md")
    served.docs([tmp_path / name for name in names])
    catalog = yaml.safe_load((tmp_path / names[0]).read_text())["models"][NAME]
    assert (catalog["stages"], catalog["latest"]) == ({"production": "3.1.0"}, "3.1.0")
    graph = json.loads((tmp_path / names[1]).read_text())
    assert f"model:{NAME}@3.0.0" in [node["id"] for node in graph["nodes"]]
    assert len(re.findall(r"^\| 20", (tmp_path / names[2]).read_text(), re.MULTILINE)) == 3
    served.rollback(NAME)
    stale = served.check_docs([tmp_path / name for name in names]).stale
    assert stale == [str(tmp_path / name) for name in names]
    served.docs(stale)
    assert served.check_docs(stale).stale == []


def test_a_file_of_somebody_else_is_never_written_over(served, tmp_path, document):
    other = tmp_path / "model_catalog.yaml"
    other.write_text("models: mine\n")
    with pytest.raises(UsageError):
        served.docs([document, other])
    assert other.read_text() == "models: mine\n"
    assert "Version" not in document.read_text()


def test_what_is_not_there_is_named(served, tmp_path, document):
    with pytest.raises(NotFoundError, match=r"none\.md"):
        served.docs([tmp_path / "none.md"])
    document.write_text("a\n\n<!-- mlreg:begin fraud-detection -->\n<!-- mlreg:end -->\n")
    with pytest.raises(NotFoundError, match=r"line 3: there is no model fraud-detection"):
        served.docs([document])
    document.write_bytes(b"\xff")
    with pytest.raises(UsageError):
        served.docs([document])


def test_every_model_has_a_page_where_a_star_stands(served, document, model_file):
    served.register("churn", model_file("c"))
    document.write_text("<!-- mlreg:begin * -->\n<!-- mlreg:end -->\n")
    served.docs([document])
    assert re.findall(r"^## .*", document.read_text(), re.MULTILINE) == [
        "## Churn - Production",
        "## Fraud Detection Model - Production",
    ]


def test_the_command_exits_with_1_where_a_page_is_stale(mlreg, model_file, document):
    mlreg("init")
    mlreg("register", NAME, str(model_file()))
    answer = mlreg("docs", "check", "models.md")
    assert (answer.code, answer.out) == (1, "models.md\tstale\n")
    assert "mlreg docs sync models.md" in answer.err
    assert mlreg("docs", "sync", "models.md").out == "models.md\twritten\n"
    assert mlreg("docs", "check", "models.md").code == 0
    (document.parent / "plain.md").write_text("words")
    assert mlreg("docs", "check", "plain.md").out == "plain.md\tno section\n"
    assert mlreg("docs", "write", "models.md").code == 2
