"""Whose bytes are kept, and why: a story, the rules, and what they come to. No file is written."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from test_life import STAGES, happen, tell

from mlreg.domain import decide
from mlreg.domain.retention import Policy, Reason, Rules, parse_policy, reasons_to_keep
from mlreg.domain.state import ModelState
from mlreg.domain.times import timestamp
from mlreg.errors import BlockedError, NotFoundError, UsageError

FOUR = "register 1; register 2; register 3; register 4"
LATEST = "is the latest release"
NEWEST = {"keep_newest": 1}


def complain(key: str, what: str, hint: str | None) -> UsageError:
    return UsageError(f"{key}: {what}", hint=hint)


def reasons(state: ModelState, rules: dict, *, today: str = "2026-01-05T10:00") -> dict[str, list[Reason]]:
    """Returns why each version is kept; in the table of the rules the model is called fraud."""

    def since(days: int) -> str:
        return timestamp(datetime.fromisoformat(f"{today}+00:00") - timedelta(days=days))

    return reasons_to_keep(state, parse_policy(rules, complain), stages=STAGES, since=since)


def kept(state: ModelState, rules: dict, **words: str) -> str:
    """Returns the versions that are kept with the words for it, as in `1 stage, 2 alias+newest`."""
    found = reasons(state, rules, **words)
    return ", ".join(
        f"{version.removesuffix('.0.0')} {'+'.join(reason.rule for reason in why)}"
        for version, why in found.items()
        if why
    )


@pytest.mark.parametrize(
    ("story", "rules", "expected"),
    [
        (FOUR, {}, "1 unlimited, 2 unlimited, 3 unlimited, 4 latest+unlimited"),
        (FOUR, {"hold": ["fraud@1.0.0"]}, "1 hold+unlimited, 2 unlimited, 3 unlimited, 4 latest+unlimited"),
        (FOUR, {"keep_tags": []}, "1 unlimited, 2 unlimited, 3 unlimited, 4 latest+unlimited"),
        (FOUR, NEWEST, "4 latest+newest"),
        (FOUR, {"keep_newest": 3}, "2 newest, 3 newest, 4 latest+newest"),
        (FOUR, {"keep_newest": 50}, "1 newest, 2 newest, 3 newest, 4 latest+newest"),
        ("register 3; register 1; register 2", NEWEST, "3 latest, 2 newest"),
        (f"{FOUR}; promote 1 production", NEWEST, "1 stage, 4 latest+newest"),
        (f"{FOUR}; promote 1 staging; promote 2 production", NEWEST, "1 stage, 2 stage, 4 latest+newest"),
        (f"{FOUR}; promote 1 production; promote 2 production", NEWEST, "1 rollback, 2 stage, 4 latest+newest"),
        (
            f"{FOUR}; promote 1 production; promote 2 production; promote 3 production",
            NEWEST,
            "1 rollback, 2 rollback, 3 stage, 4 latest+newest",
        ),
        (
            f"{FOUR}; promote 1 production; promote 2 production; promote 3 production",
            {**NEWEST, "keep_rollbacks": 1},
            "2 rollback, 3 stage, 4 latest+newest",
        ),
        (
            f"{FOUR}; promote 1 production; promote 2 production; deprecate 1",
            NEWEST,
            "2 stage, 4 latest+newest",
        ),
        (
            f"{FOUR}; promote 1 production; promote 2 production; rollback production",
            NEWEST,
            "1 stage, 2 rollback, 4 latest+newest",
        ),
        (f"{FOUR}; alias 2 champion", NEWEST, "2 alias, 4 latest+newest"),
        (f"{FOUR}; tag 2 keep; tag 3 pinned b; tag 1 b", NEWEST, "2 tag, 3 tag, 4 latest+newest"),
        (f"{FOUR}; tag 2 keep; tag 3 gold", {**NEWEST, "keep_tags": ["gold"]}, "3 tag, 4 latest+newest"),
        (f"{FOUR}; archive 2", {**NEWEST, "keep_stages": ["archived"]}, "2 stage, 4 latest+newest"),
        (f"{FOUR}; archive 4", {**NEWEST, "keep_stages": ["dev"]}, "1 stage, 2 stage, 3 stage, 4 latest+newest"),
        (FOUR, {**NEWEST, "hold": ["fraud@2.0.0", "fraud@v3.0.0"]}, "2 hold, 3 hold, 4 latest+newest"),
        (FOUR, {**NEWEST, "hold": ["other*", "other@1.0.0"]}, "4 latest+newest"),
        (FOUR, {**NEWEST, "hold": ["FRA*"]}, "1 hold, 2 hold, 3 hold, 4 latest+hold+newest"),
        (FOUR, {**NEWEST, "models": {"fr*": {"keep_newest": 2}}}, "3 newest, 4 latest+newest"),
        (FOUR, {**NEWEST, "models": {"fr*": {"keep_newest": 2}, "fraud": NEWEST}}, "3 newest, 4 latest+newest"),
        (FOUR, {**NEWEST, "models": {"other": {"keep_newest": 2}}}, "4 latest+newest"),
        (f"{FOUR}; tag 2 a", {"keep_tags": ["a"], "models": {"fraud": NEWEST}}, "2 tag, 4 latest+newest"),
    ],
)
def test_a_version_is_kept_by_any_reason_and_by_none_where_a_limit_is_set(story, rules, expected):
    assert kept(tell(story), rules) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (30, "2 days, 3 latest+days"),
        (5, "3 latest+days"),
        (0, "3 latest"),
        (400, "1 days, 2 days, 3 latest+days"),
    ],
)
def test_age_is_that_of_the_last_move(days, expected):
    story = "register 1 at 2025-01-01; register 2 at 2025-01-01; archive 2 at 2025-12-15; register 3 at 2026-01-03"
    assert kept(tell(story), {"keep_days": days}) == expected


def test_what_is_young_or_new_is_kept_where_both_limits_are_set():
    story = "register 1 at 2025-01-01; register 2 at 2025-01-02; register 3 at 2026-01-04; register 4 at 2026-01-04"
    assert kept(tell(story), {"keep_newest": 1, "keep_days": 7}) == "3 days, 4 latest+newest+days"
    assert Rules(keep_newest=1, keep_days=7).missed == "not among the newest 1, older than 7 days"


def test_reasons_are_sentences():
    state = tell(f"{FOUR}; promote 1 production; alias 2 champion; tag 3 keep")
    said = [reason.text for why in reasons(state, {"keep_newest": 1}).values() for reason in why]
    assert said == ["holds production", "is @champion", "is tagged keep", LATEST, "is among the newest 1"]


def test_a_hold_keeps_for_good_until_it_is_lifted():
    state = tell(FOUR)
    happen(state, decide.decide_hold(state, "1.0.0", "case 4711"))
    assert reasons(state, NEWEST)["1.0.0"] == [Reason("hold", "is held: case 4711")]
    assert decide.decide_hold(state, "1.0.0", "case 4711") is None
    happen(state, decide.decide_release(state, "1.0.0"))
    assert reasons(state, NEWEST)["1.0.0"] == []
    assert decide.decide_release(state, "1.0.0") is None


def dropped(story: str, version: str) -> ModelState:
    state = tell(story)
    happen(state, decide.decide_drop(state, version, "not among the newest 1", {"keep_newest": 1}))
    return state


def test_a_dropped_version_is_asked_about_no_more_and_not_dropped_again():
    state = dropped(FOUR, "1.0.0")
    assert list(reasons(state, NEWEST)) == ["2.0.0", "3.0.0", "4.0.0"]
    assert decide.decide_drop(state, "1.0.0", "why", {}) is None


def test_newest_are_the_newest_that_have_their_bytes():
    assert kept(dropped(FOUR, "4.0.0"), NEWEST) == "3 newest"


def test_a_drop_says_why_when_who_and_by_what_rules():
    state = dropped(FOUR, "1.0.0")
    assert state.versions["1.0.0"].dropped.document() == {
        "reason": "not among the newest 1",
        "at": state.updated_at,
        "by": "ann@example.org",
    }


def test_a_dropped_version_is_not_promoted_held_or_used_until_it_is_back():
    state = dropped(FOUR, "1.0.0")
    with pytest.raises(BlockedError, match="no bytes any more") as blocked:
        decide.decide_promotion(state, "1.0.0", to="production", stages=STAGES)
    with pytest.raises(NotFoundError, match=r"ann@example\.org dropped them on 2026-01-05, not among the newest 1"):
        decide.check_kept(state, state.versions["1.0.0"])
    with pytest.raises(NotFoundError):
        decide.decide_hold(state, "1.0.0", "too late")
    assert blocked.value.stable_code == "bytes-dropped" and "--version 1.0.0" in blocked.value.hint
    happen(state, decide.decide_return(state, "1.0.0"))
    decide.check_kept(state, state.versions["1.0.0"])
    assert decide.decide_return(state, "1.0.0") is None
    assert decide.decide_promotion(state, "1.0.0", to="production", stages=STAGES) is not None


def test_a_rollback_passes_over_what_was_dropped_and_does_not_go_to_it():
    state = dropped(f"{FOUR}; promote 1 production; promote 2 production; promote 3 production", "2.0.0")
    words = {"stages": STAGES, "has_bytes": lambda standing: True}
    draft = decide.decide_rollback(state, "production", **words)
    assert draft.effects["version"] == "1.0.0"
    assert draft.effects["skipped"] == [{"version": "2.0.0", "why": "had its bytes dropped"}]
    with pytest.raises(BlockedError):
        decide.decide_rollback(state, "production", to="2.0.0", **words)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"keep_newset": 5}, "keep_newset"),
        ({"keep_newest": 0}, "keep_newest"),
        ({"keep_newest": True}, "keep_newest"),
        ({"keep_newest": "5"}, "keep_newest"),
        ({"keep_days": -1}, "keep_days"),
        ({"keep_days": 1.5}, "keep_days"),
        ({"keep_tags": "keep"}, "keep_tags"),
        ({"keep_tags": [""]}, "keep_tags"),
        ({"hold": [1]}, "hold"),
        ({"models": ["fraud"]}, "models"),
        ({"models": {"fraud": 5}}, "models"),
        ({"models": {"fraud": {"hold": []}}}, "hold"),
        ({"models": {"fraud": {"keep_newest": 0}}}, "keep_newest"),
    ],
)
def test_a_rule_that_means_nothing_is_an_error_and_not_lost(table, key):
    with pytest.raises(UsageError, match=f"^{key}: retention.{key}"):
        parse_policy(table, complain)


def test_a_stage_that_there_is_not_is_an_error():
    with pytest.raises(UsageError, match="'prodution' is not a stage"):
        reasons(tell(FOUR), {"keep_stages": ["prodution"]})


def test_rules_of_a_model_complete_those_of_all():
    policy = parse_policy({"keep_days": 7, "models": {"a/*": {"keep_newest": 2}}}, complain)
    assert policy.rules("a/b") == Rules(keep_newest=2, keep_days=7)
    assert policy.rules("b") == Rules(keep_days=7)
    assert policy.rules("a/b").document() == {
        "keep_newest": 2,
        "keep_days": 7,
        "keep_stages": [],
        "keep_tags": ["keep", "pinned"],
    }
    assert Policy().rules("a") == Rules()
