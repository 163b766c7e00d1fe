"""Owns what several formats do to findings whose texts may hold anything: paths, names, values of data."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from mlreg.domain.findings import Finding

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]")


def on_one_line(text: str) -> str:
    """Returns `text` with everything that ends a line, moves a cursor or is no character written as an escape."""
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def relative(path: str) -> str:
    """Returns `path` as it is from the working directory, with `/`; one that lies elsewhere as it is."""
    if os.path.isabs(path):
        inside = os.path.relpath(path)
        path = path if inside.startswith(os.pardir) else inside
    return os.path.normpath(path).replace(os.sep, "/")


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """Yields for each of `findings` what it is known by: the same wherever its line moves to, another for another."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        facts = (finding.code, relative(finding.path), finding.message)
        text = "\0".join((*facts, str(seen[facts])))
        seen[facts] += 1
        yield sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
