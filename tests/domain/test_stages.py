"""Stages: their order, their spellings, which of them have one holder."""

from __future__ import annotations

import pytest

from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.errors import UsageError

STAGES = Stages()


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        *[(word, "development") for word in ("development", "dev", "DEV", "Development")],
        *[(word, "staging") for word in ("staging", "stage", "Stage", "STAGING")],
        *[(word, "production") for word in ("production", "prod", "Prod", "pRoDuCtIoN")],
        *[(word, ARCHIVED) for word in ("archived", "ARCHIVED")],
    ],
)
def test_a_stage_is_spelled_in_any_case_and_by_its_aliases(text: str, stage: str) -> None:
    assert STAGES.parse(text) == stage


@pytest.mark.parametrize(
    "text",
    ["", " prod", "prod ", "production\n", "live", "archive", "pröduction", "ſtaging", "x" * 1_000_000],
    ids=lambda text: ascii(text[:20]),
)
def test_what_spells_no_stage_is_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is not a stage") as caught:
        STAGES.parse(text)
    assert caught.value.facts == {"stages": ["development", "staging", "production", "archived"]}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("prodution", "did you mean `production`"),
        ("archive", "did you mean `archived`?"),
        ("qqq", "the stages are development, staging, production"),
    ],
)
def test_a_stage_that_is_nearly_spelled_is_suggested(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        STAGES.parse(text)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("text", ["dev", "archived"])
def test_a_stage_without_a_single_holder_cannot_be_asked_for_one(text: str) -> None:
    with pytest.raises(UsageError, match="has no single holder"):
        STAGES.parse_held(text)


def test_every_stage_but_the_first_has_a_single_holder() -> None:
    assert [stage for stage in (*STAGES.order, ARCHIVED) if STAGES.has_holder(stage)] == ["staging", "production"]


@pytest.mark.parametrize("from_", [*STAGES.order, ARCHIVED, "renamed-away"])
@pytest.mark.parametrize("to", [*STAGES.order, ARCHIVED])
def test_backwards_is_down_the_order_and_never_out_of_the_archive(from_: str, to: str) -> None:
    down = [("staging", "development"), ("production", "development"), ("production", "staging")]
    assert STAGES.is_backwards(from_, to) == ((from_, to) in down)


def test_a_repository_may_have_stages_of_its_own() -> None:
    stages = Stages(("lab", "canary", "shadow", "live"), {"on": "live"})
    assert (stages.first, stages.top, stages.parse("ON"), stages.find("prod")) == ("lab", "live", "live", None)
