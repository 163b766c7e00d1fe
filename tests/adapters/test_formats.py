"""The formats of findings: each can be read by whoever reads it, whatever paths and messages hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlreg.adapters import load, names
from mlreg.cli.topics import schema
from mlreg.domain.findings import Finding
from mlreg.findings import kinds

KINDS = kinds()
SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text())
HOSTILE = "a,b:c%d\n::error::x\r\x1b[31m]]>&lt;\"'<script>\u2028\x00\ud800"
FINDING = Finding("MLR203", "models/a.yaml", "it breaks", 3, 5, "take it back")
texts = st.text(st.characters() | st.sampled_from(HOSTILE), max_size=40)
numbers = st.none() | st.integers(1, 10**6)
findings = st.lists(
    st.builds(
        Finding,
        st.sampled_from(sorted(KINDS)),
        texts.filter(bool),
        texts,
        numbers,
        numbers,
        st.none() | texts,
        st.sampled_from(["error", "warning", "note"]),
    ),
    max_size=4,
)


def rendered(format: str, *found: Finding) -> str:
    return str(load("formats", format).render(found, KINDS))


def check_concise(text: str, found: list[Finding]) -> None:
    assert [line.split(": MLR")[-1][:3] for line in text.splitlines()] != [] or not found
    assert len(text.splitlines()) == len(found)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) is None


def check_json(text: str, found: list[Finding]) -> None:
    document = json.loads(text)
    jsonschema.Draft202012Validator(schema("findings")).validate(document)
    assert [{**one.document(), "name": KINDS[one.code].name} for one in found] == document["findings"]


def check_github(text: str, found: list[Finding]) -> None:
    lines = text.splitlines()
    assert len(lines) == len(found)
    assert all(
        re.match(r"::(error|warning|notice) file=[^,:]*(,line=\d+)?(,col=\d+)?,title=[^,:]*::", x) for x in lines
    )


def check_gitlab(text: str, found: list[Finding]) -> None:
    entries = json.loads(text)
    assert [set(entry) for entry in entries] == [
        {"description", "check_name", "fingerprint", "severity", "location"}
    ] * len(found)
    assert {entry["severity"] for entry in entries} <= {"info", "minor", "major", "critical", "blocker"}
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


def check_junit(text: str, found: list[Finding]) -> None:
    root = ElementTree.fromstring(text)
    (suite,) = root
    cases = suite.findall("testcase")
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert len(cases) == int(suite.attrib["tests"]) == max(len(found), 1)
    assert len(suite.findall("testcase/failure")) == int(suite.attrib["failures"])
    assert all({"name", "classname", "time"} <= set(case.attrib) for case in cases)
    assert {child.tag for case in cases for child in case} <= {"failure", "system-out"}


def check_sarif(text: str, found: list[Finding]) -> None:
    log = json.loads(text)
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [one.code for one in found]


CHECKS: dict[str, Any] = {name: globals()[f"check_{name}"] for name in names("formats")}


@pytest.mark.parametrize("format", names("formats"))
@given(found=findings)
@example(found=[Finding("MLR101", "\ud800", "", None, None, None, "error")])
def test_whatever_findings_hold_a_format_stays_what_it_is(format, found):
    CHECKS[format](rendered(format, *found), found)


def test_an_annotation_stands_at_its_line_and_holds_no_second_command():
    text = rendered("github", Finding("MLR202", "a,b:c.yaml", "x%y\n::error::z", 3, 5, "mend it"))
    assert text == (
        "::error file=a%2Cb%3Ac.yaml,line=3,col=5,title=MLR202 signature-invalid::x%25y\\n::error::z%0Ahint: mend it\n"
    )


def test_a_line_has_the_place_the_code_and_what_mends_it():
    assert rendered("concise", FINDING) == "models/a.yaml:3:5: MLR203 it breaks; take it back\n"


@pytest.mark.parametrize("format", ["gitlab", "sarif"])
def test_a_finding_is_known_by_the_same_where_its_line_moves_and_by_another_where_it_stands_twice(format):
    moved = Finding("MLR203", "./models/a.yaml", "it breaks", 30, 5, "take it back")
    first, second, third = (set(re.findall("[0-9a-f]{64}", rendered(format, *found))) for found in
                            ([FINDING], [moved], [FINDING, moved]))  # fmt: skip
    assert first == second < third
    assert len(third) == 2


def test_paths_are_those_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = Finding("MLR301", str(tmp_path / "a b/m.pkl"), "x")
    outside = Finding("MLR301", "/somewhere/m.pkl", "x")
    assert [one["location"]["path"] for one in json.loads(rendered("gitlab", inside, outside))] == [
        "a b/m.pkl",
        "/somewhere/m.pkl",
    ]
    results = json.loads(rendered("sarif", inside, outside))["runs"][0]["results"]
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results]
    assert uris == ["a%20b/m.pkl", "file:///somewhere/m.pkl"]


def test_only_an_error_fails_a_test():
    text = rendered("junit", FINDING, Finding("MLR206", "b.yaml", "x", severity="note"))
    assert 'tests="2" failures="1"' in text


def test_without_findings_a_report_is_still_one():
    for format, check in CHECKS.items():
        check(rendered(format), [])
