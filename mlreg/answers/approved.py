"""What `approve` and `reject` answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlreg.answers.base import Answer
from mlreg.domain.approvals import Approval, Tally


@dataclass(frozen=True, kw_only=True, eq=False)
class Approved(Answer):
    """What somebody said of a version, and whether that is new."""

    name: str
    version: str
    approval: Approval
    changed: bool
    event: int | None
    anchored: bool

    def facts(self) -> dict[str, Any]:
        approval = self.approval
        return {
            "name": self.name,
            "version": self.version,
            "stage": approval.stage,
            "approver": approval.approver,
            "signed": approval.is_signed,
            "key": approval.key,
            "groups": list(approval.groups),
            "anchored": self.anchored,
            "comment": approval.comment,
            "expires": approval.expires,
            "policy": approval.policy,
            "changed": self.changed,
            "event": self.event,
            "at": approval.at,
        }

    def document(self) -> dict[str, Any]:
        """Returns the whole JSON document."""
        document = {"schema": f"mlreg.{self.approval.decision}/1", **self.facts()}
        return {**document, "dry_run": True} if self.dry_run else document


@dataclass(frozen=True, kw_only=True, eq=False)
class ApprovalListing(Answer):
    """All that was said of a version, for `stage` or (None) for any, and what of it counts."""

    schema = "mlreg.approve-list/1"
    name: str
    version: str
    stage: str | None
    tally: Tally

    @property
    def approvals(self) -> Sequence[Approval]:
        """The approvals and rejections, in the order of their events."""
        return self.tally.in_order

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "stage": self.stage,
            "registrant": self.tally.registrant,
            "anchored": self.tally.anchored,
            "approvals": [approval.document() for approval in self.approvals],
        }
