"""Audits: what happened to a model in a period, on whose word, with what evidence; and its forms."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from mlreg import Registry
from mlreg.domain import audit as rules
from mlreg.domain.events import PROMOTED, Event
from mlreg.domain.stages import Stages
from mlreg.errors import NotFoundError, UsageError

HOSTILE = "<script>alert(1)</script> | `x` [a](http://evil.example) \u202e *b* @all\n=1+1"


@pytest.fixture
def served(registry: Registry, model_file, clock) -> Registry:
    """1.0.0, then 1.1.0 for a day, then back; 1.1.0 has a late metric, 2.0.0 waits."""
    for version, accuracy, data in (("1.0.0", 0.85, None), ("1.1.0", 0.87, "tx"), ("2.0.0", 0.8, "tx")):
        registry.register(
            "fraud",
            model_file(version),
            version=version,
            metrics={"accuracy": accuracy, "latency_p50": "40ms"},
            data=data,
            owner="risk",
        )
    registry.promote("fraud", "1.0.0", to="production", reason="first")
    clock.moment += timedelta(days=30)
    registry.promote("fraud", "1.1.0", to="production", reason=HOSTILE)
    clock.moment += timedelta(days=1)
    registry.rollback("fraud", reason="slow")
    registry.set("fraud", "1.1.0", metrics={"accuracy": 0.7})
    return registry


def answer_to(found, check):
    return next((one.answer, list(one.missing)) for one in found.checks if one.check == check)


def test_who_held_production_and_who_put_it_there(served):
    found = served.audit("fraud").audit
    held = [(one.span.version, one.span.event.kind, one.span.until is None) for one in found.at_stage("production")]
    assert held == [("1.0.0", "promoted", False), ("1.1.0", "promoted", False), ("1.0.0", "rolled-back", True)]
    assert [one.event.reason for one in found.moves] == ["first", HOSTILE, "slow"]


def test_metrics_are_told_when_they_were_stated_the_late_ones_too(served):
    points = served.audit("fraud").audit.metrics["accuracy"]
    told = [(point.version, point.metric.value, point.late) for point in points]
    assert told == [("1.0.0", 0.85, False), ("1.1.0", 0.87, False), ("2.0.0", 0.8, False), ("1.1.0", 0.7, True)]


def test_a_period_is_as_things_stood_at_its_end(served):
    found = served.audit("fraud", until="2026-01-31").audit
    assert [one.span.version for one in found.deployments] == ["1.0.0"]
    assert found.head[0] == 4
    assert found.deployments[0].span.until is None
    assert [point.late for point in found.metrics["accuracy"]] == [False] * 3
    later = served.audit("fraud", since="2026-02-01").audit
    assert {one.span.version for one in later.deployments} == {"1.0.0", "1.1.0"}
    assert [one.event.kind for one in later.moves] == ["promoted", "rolled-back"]


def test_a_period_that_is_none_is_refused(served):
    with pytest.raises(UsageError):
        served.audit("fraud", since="2026-03-01", until="2026-02-01")
    with pytest.raises(NotFoundError):
        served.audit("fraud", until="2020-01-01")
    with pytest.raises(NotFoundError):
        served.audit("other")
    with pytest.raises(UsageError):
        served.audit("fraud", format="pdf")


def test_checkpoints_say_what_speaks_against_them(served):
    found = served.audit("fraud").audit
    assert answer_to(found, "history") == (True, [])
    assert answer_to(found, "reason") == (True, [])
    assert answer_to(found, "policy") == (False, ["1.0.0 (event 4)", "1.1.0 (event 5)"])
    assert answer_to(found, "gates") == (None, [])
    assert answer_to(found, "approved") == (False, ["1.0.0 (event 4)", "1.1.0 (event 5)"])
    assert answer_to(found, "data") == (False, ["1.0.0"])
    assert answer_to(found, "bytes") == (True, [])
    asked = {one.check: one.text for one in found.checks}
    assert asked["policy"] == "every promotion to production was decided by a policy"  # a rollback asks none


def test_of_a_model_that_never_served_the_checkpoints_have_no_answer(registry, model_file):
    registry.register("fraud", model_file())
    found = registry.audit("fraud").audit
    assert {one.check: one.answer for one in found.checks if one.answer is not None} == {"history": True}


def test_taking_the_holder_away_by_force_is_a_forced_move(served):
    served.archive("fraud", "1.0.0", force=True, reason="off")
    assert [one.event.kind for one in served.audit("fraud").audit.forced] == ["archived"]


def event(**effects) -> Event:
    about = {"version": "1.0.0", "from": "staging", "to": "production", **effects}
    return Event(3, "i", "fraud", PROMOTED, "2026-01-01T00:00:00.000000Z", "ann", None, None, "d", about)


def test_the_gates_that_an_event_states_are_told_as_it_states_them():
    gates = [
        {"gate": "auc", "open": True, "value": 0.9, "needs": "at least 0.88"},
        {"gate": "approvals", "open": False, "value": "1 of 2", "needs": "2"},
    ]
    move = rules.move_of(event(policy="sha256:ab", gates=gates, forced=True), Stages())
    assert [one.document() for one in move.gates] == gates
    assert (move.policy, move.is_forced) == ("sha256:ab", True)


@pytest.mark.parametrize(
    "effects",
    [{}, {"gates": None}, {"gates": [1, {}, {"gate": 3, "open": True}]}, {"policy": 3, "forced": "no"}, {"gates": "x"}],
)
def test_effects_of_another_shape_are_no_gates(effects):
    move = rules.move_of(event(**effects), Stages())
    assert (move.policy, list(move.gates), move.is_forced) == (None, [], False)


def test_metrics_of_one_dimension_stand_on_one_axis(registry, model_file):
    values = (("1.0.0", "0.2s"), ("1.0.1", "180ms"), ("1.0.2", "nan"))
    for version, value in values:
        registry.register("fraud", model_file(version), version=version, metrics={"latency": value})
    points, unit = rules.plotted(registry.audit("fraud").audit.metrics["latency"])
    assert ([value for _, value in points], unit) == ([0.2, 0.18], "s")


def test_markdown_has_one_table_a_section_and_nothing_of_the_reason_is_markup(served):
    text = served.audit("fraud").text
    (row,) = [line for line in text.splitlines() if line.startswith("| production | 1.1.0 ")]
    assert row.replace("\\|", "").count("|") == 10
    assert not {"<script", "`x`", "[a]", "*b*", "http://", " @all", "\u202e"} & {
        word for word in ("<script", "`x`", "[a]", "*b*", "http://", " @all", "\u202e") if word in text
    }


def test_csv_is_a_rectangle_and_computes_nothing(served):
    served.rollback("fraud", to="1.1.0", reason="=HYPERLINK(1)")
    rows = list(csv.reader(io.StringIO(served.audit("fraud", format="csv").text)))
    assert len({len(row) for row in rows}) == 1
    cells = [cell for row in rows for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_json_is_the_document(served):
    answer = served.audit("fraud", format="json")
    document = json.loads(answer.text)
    assert document["deployments"] == answer.document()["deployments"]
    assert document["schema"] == "mlreg.audit/1"


def test_the_report_is_written_in_place_of_the_last(served, tmp_path: Path):
    file = tmp_path / "audit.md"
    file.write_text("old")
    assert served.audit("fraud", file=file, dry_run=True).file == str(file)
    assert file.read_text() == "old"
    answer = served.audit("fraud", file=file)
    assert file.read_text() == answer.text
    with pytest.raises(NotFoundError):
        served.audit("fraud", file=tmp_path / "none/audit.md")


def test_the_command_prints_the_report_or_says_where_it_is(mlreg, model_file):
    mlreg("init")
    mlreg("register", "fraud", str(model_file()))
    mlreg("promote", "fraud", "1.0.0", "--to", "production", "--reason", "first")
    assert mlreg("audit", "fraud").out.startswith("# Audit of fraud\n")
    assert mlreg("audit", "fraud", "-q").out == "1.0.0\n"
    answer = mlreg("audit", "fraud", "--format", "html", "-o", "a.html")
    assert answer.out.startswith("written to a.html: 1 deployments, ")
    assert mlreg("audit", "fraud", "--format", "pdf").code == 2
    assert mlreg("audit", "fraud", "--from", "soon").code == 2


@pytest.fixture
def signed(registry, model_file, tmp_path: Path) -> Registry:
    """Two versions in production, one after the other: the first approved before, the second only afterwards."""
    for who in ("root", "bo"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / who)]
        subprocess.run(command, check=True, timeout=30)
    registry.add_key("root@x.org", tmp_path / "root.pub", key=tmp_path / "root")
    registry.add_key("bo@x.org", tmp_path / "bo.pub", key=tmp_path / "root")
    for version in ("1.0.0", "1.1.0"):
        registry.register("fraud", model_file(version), version=version)
    bo = {"stage": "production", "key": tmp_path / "bo", "comment": "fine"}
    registry.approve("fraud", "1.0.0", **bo)
    registry.promote("fraud", "1.0.0", to="production", reason="a")
    registry.promote("fraud", "1.1.0", to="production", reason="b")
    registry.approve("fraud", "1.1.0", **bo)
    registry.rollback("fraud", reason="c")
    return registry


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_an_approval_is_a_ground_for_what_came_after_it_only(signed):
    found = signed.audit("fraud").audit
    who = {one.span.event.number: [said.approver for said in one.backing] for one in found.deployments}
    assert who == {4: ["bo@x.org"], 5: [], 7: []}
    assert answer_to(found, "approved") == (False, ["1.1.0 (event 5)"])
    assert found.trust == "unanchored"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_the_report_names_the_key_and_why_an_approval_does_not_count_any_more(signed, monkeypatch):
    text = signed.audit("fraud").text
    row = next(line for line in text.splitlines() if line.startswith("| 1.1.0 | production | approve |"))
    assert "SHA256:" in row
    assert row.endswith("it lapsed when the version was rolled back: event 7 |") or "no: " in row
    assert "1 of 2 valid; 1 from before a rollback or a change" in text
    counted = [one.refusal is None for _, one in signed.audit("fraud").audit.approvals]
    assert counted == [True, False]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_without_a_program_that_checks_signatures_none_counts_and_the_report_says_so(signed, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    answer = signed.audit("fraud")
    assert [one.refusal.code for _, one in answer.audit.approvals] == ["unchecked", "unchecked"]
    assert "signatures were not checked" in answer.notes[0]
    assert answer.audit.trust == answer.notes[0]
