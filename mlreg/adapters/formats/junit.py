"""Owns findings as a JUnit report, which nearly every system of pipelines shows as tests that failed.

Source: the schema of the Jenkins xUnit plug-in, `junit-10.xsd`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from mlreg.adapters.formats._texts import relative
from mlreg.domain.findings import Finding, Kind, fails

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def render(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> str:
    """Returns a report with a test for each of `findings`, failed where it is an error; one that passed without any."""
    cases = [_case(finding, kinds[finding.code]) for finding in findings]
    if not findings:
        cases = ['    <testcase classname="mlreg" name="nothing was found" time="0"/>']
    failures = sum(fails([finding]) for finding in findings)
    counts = f'name="mlreg" tests="{len(cases)}" failures="{failures}" errors="0"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites {counts} time="0">',
            f'  <testsuite {counts} skipped="0" time="0">',
            *cases,
            "  </testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _case(finding: Finding, kind: Kind) -> str:
    path = relative(finding.path)
    said = {"classname": path, "name": f"{finding.code} {kind.name} {finding.place}", "file": path}
    head = " ".join([*(f"{name}={_attribute(value)}" for name, value in said.items()), 'time="0"'])
    body = f"{finding.place}: {finding.code} {finding.text}"
    if fails([finding]):
        what = f"<failure type={_attribute(finding.code)} message={_attribute(finding.message)}>"
        return f"    <testcase {head}>{what}{_text(body)}</failure></testcase>"
    return f"    <testcase {head}><system-out>{_text(body)}</system-out></testcase>"


def _attribute(text: str) -> str:
    return f'"{escape(_seen(text), _QUOTES)}"'


def _text(text: str) -> str:
    return escape(_seen(text))


def _seen(text: str) -> str:
    return _NO_XML.sub(lambda found: ascii(found[0])[1:-1], text)
