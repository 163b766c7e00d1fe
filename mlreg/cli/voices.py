"""Owns how approvals read where a version is shown: who says what, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlreg.cli.text import ago


def told(approvals: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Returns for each of `approvals`, as documents have them, who says it, and what."""
    return [(one["approver"], _sentence(one)) for one in approvals]


def _sentence(one: Mapping[str, Any]) -> str:
    verb = "approves" if one["decision"] == "approve" else "rejects"
    signed = "" if one["signed"] else ", unsigned"
    until = f", until {one['expires'][:10]}" if one["expires"] else ""
    comment = f": {one['comment']}" if one["comment"] else ""
    return f"{verb} it for {one['stage']}, {ago(one['at'])}{signed}{until}{comment}"
