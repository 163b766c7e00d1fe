"""Owns which policy is in force: what configuration says of a model and a stage, as one text with a digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.bench import Bench
from mlreg.store import codec

if TYPE_CHECKING:
    from mlreg.domain.policies import Policies, Rules

SECTION = "policy"


class InForce(NamedTuple):
    """The rules for a model and a stage, the text that is kept of them, and its digest."""

    rules: Rules
    text: bytes
    digest: str


def policies_of(bench: Bench) -> Policies | None:
    """Returns all that configuration says of policies, None where it says nothing."""
    sections: Mapping[str, Any] = bench.config.sections
    return sections.get(SECTION)


def in_force(bench: Bench, model: str, stage: str) -> InForce | None:
    """Returns the policy for `model` (as it is spelled) at `stage`, None where there is none."""
    known = policies_of(bench)
    return None if known is None else of(known, model, stage)


def of(policies: Policies, model: str, stage: str) -> InForce | None:
    """Returns what `policies` say of `model` at `stage`, None where they say nothing."""
    rules = policies.rules(model, stage)
    if rules is None:
        return None
    text = codec.canonical_json(rules.document())
    return InForce(rules, text, codec.digest(text))


def policy_digest(bench: Bench, model: str, stage: str) -> str | None:
    """Returns the digest of the policy for `model` at `stage`: what approvals are given under; None for none."""
    known = in_force(bench, model, stage)
    return known.digest if known else None
