"""Owns findings as SARIF, which GitHub code scanning, Azure DevOps and editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mlreg.adapters.formats._texts import fingerprints, relative
from mlreg.domain.findings import Finding, Kind
from mlreg.version import __version__

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "mlreg/v1"


def render(findings: Sequence[Finding], kinds: Mapping[str, Kind]) -> str:
    """Returns a log of one run with all of `findings`, and the kinds that these are of as its rules."""
    codes = sorted({finding.code for finding in findings})
    results = [
        _result(finding, codes.index(finding.code), fingerprint)
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]
    rules = [_rule(code, kinds[code]) for code in codes]
    driver = {"name": "mlreg", "version": __version__, "semanticVersion": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, kind: Kind) -> dict[str, Any]:
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in kind.name.split("-")),
        "shortDescription": {"text": kind.what},
        "fullDescription": {"text": kind.why},
        "help": {"text": kind.mend},
    }


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.path)}}
    if finding.line is not None:
        column = {} if finding.column is None else {"startColumn": finding.column}
        place["region"] = {"startLine": finding.line, **column}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": finding.text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }


def _uri(path: str) -> str:
    known = relative(path)
    try:
        name = os.fsencode(known)
    except UnicodeEncodeError:  # half a character: no file has such a name, but a document may name one
        name = known.encode(errors="surrogatepass")
    return ("file://" if os.path.isabs(known) else "") + quote(name, safe="/")
