"""The life of a version, rule by rule: a story in words, a wish, and what comes of it. No file is written."""

from __future__ import annotations

import pytest

from mlreg.domain import decide
from mlreg.domain.events import Draft, Event
from mlreg.domain.stages import Stages
from mlreg.domain.state import Deprecation, ModelState, apply
from mlreg.domain.times import moment_of
from mlreg.errors import BlockedError, ConflictError, MlregError, NotFoundError

STAGES = Stages()
OPTIONS = ("from", "expect", "to", "without", "at")


def tell(story: str, *, stages: Stages = STAGES) -> ModelState:
    """Returns where the model `fraud` stands after a story such as `register 1; promote 1 production`.

    In stories 1 is short for 1.0.0. Each event comes a minute after the one before; `at TIME` sets the clock.
    """
    state = ModelState(spelling="fraud")
    for words in filter(None, (part.strip() for part in story.split(";"))):
        draft = wish(state, words, stages=stages)
        assert draft is not None, f"{words!r} changes nothing"
        happen(state, draft, at=options(words).get("at"))
    return state


def happen(state: ModelState, draft: Draft, *, at: str | None = None) -> Event:
    """Adds the event to `state` and returns it."""
    number = state.head + 1
    moment = moment_of(at or f"2026-01-05T{9 + number // 60:02}:{number % 60:02}")
    event = Event(
        number=number,
        id=f"{number:032}",
        model="fraud",
        kind=draft.kind,
        at=moment,
        actor="ann@example.org",
        reason=draft.reason,
        previous=state.head_digest,
        digest=f"sha256:{number:064}",
        effects=draft.effects,
    )
    apply(state, event)
    return event


def wish(state: ModelState, words: str, *, stages: Stages = STAGES) -> Draft | None:
    """Returns what is decided on `words` such as `promote 2 production expect 1`."""
    verb, *things = words.split()
    said = options(words)
    plain = [full(word) for word in things[: next((n for n, word in enumerate(things) if word in OPTIONS), None)]]
    match verb:
        case "register":
            facts = {name: f"sha256:{ord(name[0]):02x}{hash_of(plain[0])}" for name in ("record", "content", "facts")}
            stage = plain[1] if len(plain) > 1 else stages.first
            new = {"version": plain[0], **facts}
            return decide.decide_registration(state, new, tags=["new"], stage=stage, stages=stages)
        case "promote":
            return decide.decide_promotion(
                state, plain[0], to=plain[1], stages=stages, from_=said.get("from"), expect=said.get("expect")
            )
        case "rollback":
            return decide.decide_rollback(
                state,
                plain[0] if plain else stages.top,
                stages=stages,
                has_bytes=lambda standing: str(standing.version) not in said.get("without", ""),
                to=said.get("to"),
                expect=said.get("expect"),
            )
        case "archive" | "force-archive":
            from_, force = said.get("from"), verb != "archive"
            return decide.decide_archiving(state, plain[0], stages=stages, from_=from_, force=force, reason="why")
        case "deprecate":
            end = plain[1] if len(plain) > 1 else None
            return decide.decide_deprecation(state, plain[0], Deprecation("it leaks", end))
        case "lift":
            return decide.decide_lifting(state, plain[0])
        case "tag":
            return decide.decide_tags(state, plain[0], add=plain[1:])
        case "untag":
            return decide.decide_tags(state, plain[0], remove=plain[1:])
        case "alias":
            return Draft("aliased", {"version": plain[0], "aliases": {plain[1]: plain[0]}})
    raise AssertionError(f"no such wish: {words}")


def options(words: str) -> dict[str, str]:
    things = iter(words.split())
    return {word: full(next(things)) for word in things if word in OPTIONS}


def full(word: str) -> str:
    return ",".join(f"{part}.0.0" if part.isdigit() else part for part in word.split(","))


def hash_of(version: str) -> str:
    return version.encode().hex().ljust(62, "0")


def stands(state: ModelState) -> str:
    """Returns where all versions stand, as in `1 archived, 2 production`."""
    standings = reversed(state.in_order())
    return ", ".join(f"{standing.version} {standing.stage}".replace(".0.0 ", " ") for standing in standings)


def path(state: ModelState, stage: str = "production") -> str:
    """Returns the path of a stage, as in `1 2`: the holder last."""
    return " ".join(version.removesuffix(".0.0") for version in state.seat(stage).path)


def after(story: str, words: str) -> ModelState:
    return tell(f"{story}; {words}")


def refusal(story: str, words: str) -> MlregError:
    with pytest.raises(MlregError) as caught:
        wish(tell(story), words)
    return caught.value


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


TWO = "register 1; register 2; promote 1 production"
THREE = f"{TWO}; promote 2 production; register 3; promote 3 production"


@pytest.mark.parametrize(
    ("story", "words", "then", "production"),
    rows("""
    register 1                                   | register 2            | 1 development, 2 development |
    register 1                                   | promote 1 staging     | 1 staging                    |
    register 1                                   | promote 1 production  | 1 production                 | 1
    register 1; promote 1 staging                | promote 1 production  | 1 production                 | 1
    register 1; promote 1 staging; register 2    | promote 2 staging     | 1 archived, 2 staging        |
    register 1; promote 1 production; register 2 | promote 2 production  | 1 archived, 2 production     | 1 2
    register 1; promote 1 production             | register 2 production | 1 archived, 2 production     | 1 2
    register 1; archive 1; register 2            | archive 2             | 1 archived, 2 archived       |
    register 1; archive 1                        | promote 1 staging     | 1 staging                    |
    register 1; archive 1                        | promote 1 production  | 1 production                 | 1
    register 1; archive 1                        | promote 1 development | 1 development                |
    register 1; promote 1 staging                | archive 1             | 1 archived                   |
    register 1; promote 1 production             | force-archive 1       | 1 archived                   |
    """),
)
def test_a_version_has_one_stage_and_staging_and_production_have_one_holder(
    story: str, words: str, then: str, production: str
) -> None:
    state = after(story, words)
    assert (stands(state), path(state)) == (then, production)


def test_the_version_that_is_displaced_says_what_replaced_it() -> None:
    state = after(TWO, "promote 2 production")
    assert state.versions["1.0.0"].replaced_by == "2.0.0"
    assert state.versions["2.0.0"].replaced_by is None


def test_what_comes_back_is_no_longer_replaced() -> None:
    state = after(TWO, "promote 2 production; promote 1 staging")
    assert (stands(state), state.versions["1.0.0"].replaced_by) == ("1 staging, 2 production", None)


def test_going_from_staging_to_production_empties_staging() -> None:
    state = after("register 1; promote 1 staging", "promote 1 production")
    assert state.holders() == {"production": "1.0.0"}
    assert path(state, "staging") == ""


def test_going_on_from_staging_does_not_forget_who_was_there_before() -> None:
    story = "register 1; register 2; promote 1 staging; promote 2 staging"
    state = after(story, "promote 2 production; rollback staging")
    assert stands(state) == "1 staging, 2 production"


@pytest.mark.parametrize(
    ("story", "words"),
    rows("""
    register 1; promote 1 staging                                      | promote 1 staging
    register 1; promote 1 production                                   | promote 1 production
    register 1                                                         | promote 1 development
    register 1; promote 1 production; deprecate 1                      | promote 1 production
    register 1; promote 1 production                                   | promote 1 production from development
    register 1; promote 1 staging; promote 1 production                | promote 1 production from staging
    register 1; promote 1 production                                   | promote 1 production from production
    register 1; promote 1 production                                   | promote 1 production expect 1
    register 1; promote 1 production                                   | promote 1 production expect none
    register 1; register 2; promote 1 production; promote 2 production | promote 2 production expect 1
    register 1; archive 1; promote 1 production                        | promote 1 production from archived
    register 1; register 2; promote 1 production; promote 2 production; rollback | promote 1 production from archived
    register 1; register 2; promote 1 production; promote 2 production; rollback | promote 1 production expect 2
    register 1; register 2; promote 1 production; promote 2 production; rollback | rollback to 1 expect 2
    register 1; register 2; promote 1 production; promote 2 production; rollback | rollback to 1 expect 1
    register 1; promote 1 production                                   | rollback to 1
    register 1; archive 1                                              | archive 1
    register 1; archive 1                                              | archive 1 from development
    register 1; register 2; promote 1 production; promote 2 production | archive 1 from production
    register 1                                                         | lift 1
    register 1; deprecate 1                                            | deprecate 1
    register 1; deprecate 1 2027-01-01                                 | deprecate 1 2027-01-01
    register 1; tag 1 a                                                | tag 1 a new
    register 1                                                         | untag 1 a
    register 1                                                         | tag 1
    """),
)
def test_a_wish_that_is_fulfilled_is_no_event(story: str, words: str) -> None:
    assert wish(tell(story), words) is None


@pytest.mark.parametrize(
    ("story", "words", "message"),
    rows(f"""
    register 1                       | promote 1 production from staging | 1.0.0 is at development, not at staging
    register 1; archive 1            | promote 1 production from staging | 1.0.0 is at archived, not at staging
    register 1; promote 1 production | promote 1 production from staging | 1.0.0 came to production from development
    register 1; promote 1 production | promote 1 production from archived | 1.0.0 came to production from development
    register 1 staging               | promote 1 staging from archived   | 1.0.0 came to staging when it was registered
    {TWO}; promote 2 production      | archive 1 from development        | 1.0.0 came to archived from production, not
    {TWO}                            | archive 2 from staging            | 2.0.0 is at development, not at staging
    {TWO}                            | promote 2 production expect none  | production is held by 1.0.0, not by none
    {TWO}                            | promote 2 production expect 2     | production is held by 1.0.0, not by 2.0.0
    {TWO}                            | promote 2 staging expect 1        | staging is held by nobody, not by 1.0.0
    {TWO}; promote 2 production      | promote 2 production expect none  | 2.0.0 holds production, not none
    {TWO}; promote 2 production      | rollback expect 1                 | production is held by 2.0.0, not by 1.0.0
    {TWO}; promote 2 production      | rollback to 1 expect 1            | production is held by 2.0.0, not by 1.0.0
    {TWO}; promote 2 production; rollback | rollback to 1 expect none    | 1.0.0 holds production, not none
    {TWO}; promote 2 production; rollback | rollback expect 2            | production is held by 1.0.0, not by 2.0.0
    {TWO}; force-archive 1           | rollback expect 1                 | production is held by nobody, not by 1.0.0
    """),
)
def test_what_was_expected_and_is_not_so_is_a_conflict(story: str, words: str, message: str) -> None:
    error = refusal(story, words)
    assert isinstance(error, ConflictError)
    assert message in error.message
    assert "`mlreg history fraud`" in str(error.hint)


@pytest.mark.parametrize(
    ("story", "words"),
    rows(f"""
    {TWO}                       | promote 2 production expect 1
    {TWO}                       | promote 2 production from development
    {TWO}                       | promote 2 staging expect none
    {TWO}                       | promote 2 production from development expect 1
    {TWO}; archive 2            | promote 2 production from archived
    {TWO}; promote 2 production | rollback expect 2
    {TWO}; promote 2 production | rollback to 1 expect 2
    {TWO}; force-archive 1      | rollback to 1 expect none
    """),
)
def test_what_was_expected_and_is_so_lets_it_happen(story: str, words: str) -> None:
    assert wish(tell(story), words) is not None


@pytest.mark.parametrize(
    ("story", "words", "hint"),
    rows("""
    register 1; promote 1 production             | promote 1 staging     | `mlreg rollback fraud`
    register 1; promote 1 production             | promote 1 development | `mlreg rollback fraud`
    register 1; promote 1 staging                | promote 1 development | `mlreg rollback fraud --stage staging`
    register 1; promote 1 production             | archive 1             | `mlreg rollback fraud`
    register 1; promote 1 production             | archive 1             | fraud@1.0.0 --force --reason TEXT`
    register 1; deprecate 1                      | promote 1 production  | `mlreg deprecate fraud@1.0.0 --lift`
    register 1; archive 1; deprecate 1           | promote 1 development | `mlreg deprecate fraud@1.0.0 --lift`
    register 1; register 2; promote 1 production | rollback to 2         | `mlreg promote fraud 2.0.0 --to production`
    """),
)
def test_what_a_rule_of_life_forbids_is_blocked_with_the_way_out(story: str, words: str, hint: str) -> None:
    error = refusal(story, words)
    assert isinstance(error, BlockedError)
    assert error.stable_code == "lifecycle"
    assert hint in str(error.hint)


def test_a_deprecated_version_says_why_it_is_blocked() -> None:
    assert refusal("register 1; deprecate 1", "promote 1 production").message == "fraud 1.0.0 is deprecated: it leaks"


def test_what_does_not_hold_is_said_before_what_is_blocked() -> None:
    assert isinstance(refusal("register 1; deprecate 1", "promote 1 production from staging"), ConflictError)


def test_a_deprecation_that_is_lifted_blocks_no_more() -> None:
    assert stands(after("register 1; deprecate 1; lift 1", "promote 1 production")) == "1 production"


def test_deprecating_the_holder_leaves_it_where_it_is() -> None:
    state = after("register 1; promote 1 production", "deprecate 1 2027-01-01")
    assert state.holder("production") == "1.0.0"
    assert state.versions["1.0.0"].deprecated == Deprecation("it leaks", "2027-01-01")


@pytest.mark.parametrize(
    "words",
    ["promote 9 production", "archive 9", "deprecate 9", "lift 9", "tag 9 a", "rollback to 9"],
)
def test_a_version_that_is_not_there_is_not_found_and_the_latest_are_named(words: str) -> None:
    error = refusal(TWO, words)
    assert isinstance(error, NotFoundError)
    assert error.message == "fraud has no version 9.0.0"
    assert error.hint == "the latest are 2.0.0, 1.0.0; see `mlreg list fraud`"


@pytest.mark.parametrize(
    ("story", "words", "then", "production"),
    rows(f"""
    {THREE}                               | rollback             | 1 archived, 2 production, 3 archived | 1 2
    {THREE}                               | rollback to 1        | 1 production, 2 archived, 3 archived | 1
    {THREE}; rollback                     | rollback             | 1 production, 2 archived, 3 archived | 1
    {THREE}; rollback                     | rollback to 3        | 1 archived, 2 archived, 3 production | 1 2 3
    {THREE}; rollback to 1                | rollback to 3        | 1 archived, 2 archived, 3 production | 1 2 3
    {THREE}; rollback to 1                | rollback to 2        | 1 archived, 2 production, 3 archived | 1 2
    {THREE}; rollback to 1; rollback to 2 | rollback to 3        | 1 archived, 2 archived, 3 production | 1 2 3
    {THREE}; deprecate 2                  | rollback             | 1 production, 2 archived, 3 archived | 1
    {THREE}; deprecate 2; rollback        | rollback to 3        | 1 archived, 2 archived, 3 production | 1 2 3
    {THREE}                               | rollback without 2   | 1 production, 2 archived, 3 archived | 1
    {THREE}; promote 2 staging            | rollback             | 1 archived, 2 production, 3 archived | 1 2
    {THREE}; force-archive 3              | rollback             | 1 archived, 2 production, 3 archived | 1 2
    {THREE}; force-archive 3              | rollback to 3        | 1 archived, 2 archived, 3 production | 1 2 3
    {THREE}; force-archive 3              | rollback to 1        | 1 production, 2 archived, 3 archived | 1
    {THREE}; force-archive 3              | promote 1 production | 1 production, 2 archived, 3 archived | 1 2 1
    {TWO}; force-archive 1                | rollback to 1        | 1 production, 2 development          | 1
    """),
)
def test_a_rollback_follows_the_path(story: str, words: str, then: str, production: str) -> None:
    state = after(story, words)
    assert (stands(state), path(state)) == (then, production)


@pytest.mark.parametrize(
    ("words", "production"),
    rows("""
    rollback                                 | 1 2
    rollback; rollback                       | 1
    rollback to 2                            | 1 2
    rollback to 2; rollback                  | 1
    rollback; rollback; rollback to 2        | 1 2
    promote 2 production                     | 1 2 1 2
    promote 2 production; rollback to 1      | 1 2 1
    promote 2 production; rollback; rollback | 1 2
    """),
)
def test_a_version_may_be_on_its_path_twice(words: str, production: str) -> None:
    assert path(after(f"{TWO}; promote 2 production; promote 1 production", words)) == production


def test_what_lies_below_comes_before_what_was_popped() -> None:
    story = f"{TWO}; promote 2 production; promote 1 production; rollback"
    assert path(tell(story)) == "1 2"
    assert path(after(story, "rollback to 1")) == "1"


def test_a_promotion_in_between_ends_the_way_forward_but_what_held_can_come_back() -> None:
    state = after(f"{TWO}; promote 2 production; rollback; register 3; promote 3 production", "rollback to 2")
    assert (stands(state), path(state)) == ("1 archived, 2 production, 3 archived", "1 3 2")


@pytest.mark.parametrize(
    ("words", "production"),
    rows("""
    rollback; rollback; rollback to 4                            | 1 2 3 4
    rollback to 1; rollback to 2; rollback to 4                  | 1 2 3 4
    rollback to 1; promote 2 production; rollback to 4           | 1 2 3 4
    rollback to 1; promote 3 production; rollback to 4           | 1 3 4
    rollback to 1; promote 5 production; rollback to 4           | 1 5 4
    rollback to 1; promote 5 production; rollback; rollback to 5 | 1 5
    force-archive 4; rollback to 1; rollback to 4                | 1 2 3 4
    """),
)
def test_the_way_forward_is_kept_until_another_way_is_taken(words: str, production: str) -> None:
    story = f"{THREE}; register 4; register 5; promote 4 production"
    assert path(after(story, words)) == production


def test_the_version_that_is_left_says_so() -> None:
    state = after(TWO, "promote 2 production; rollback")
    left = state.versions["2.0.0"]
    assert (left.stage, left.moved.kind, left.replaced_by) == ("archived", "rolled-back", "1.0.0")


@pytest.mark.parametrize(
    ("story", "words", "skipped"),
    [
        (f"{THREE}; deprecate 2", "rollback", {"2.0.0": "is deprecated"}),
        (THREE, "rollback without 2", {"2.0.0": "does not have its bytes here"}),
        (f"{THREE}; register 4; promote 4 production; deprecate 3", "rollback without 2",
         {"3.0.0": "is deprecated", "2.0.0": "does not have its bytes here"}),
        ("register 1; register 2; register 3; promote 1 staging; promote 2 staging; promote 3 staging;"
         "promote 2 production", "rollback staging", {"2.0.0": "holds production"}),
        (THREE, "rollback", {}),
    ],
)  # fmt: skip
def test_those_that_are_passed_over_are_named(story: str, words: str, skipped: dict[str, str]) -> None:
    draft = wish(tell(story), words)
    assert draft is not None
    assert {entry["version"]: entry["why"] for entry in draft.effects["skipped"]} == skipped


@pytest.mark.parametrize(
    ("story", "words", "message"),
    rows(f"""
    register 1                             | rollback                | nothing to roll back to at production
    register 1; promote 1 production       | rollback                | nothing to roll back to at production
    register 1; promote 1 production; force-archive 1 | rollback                | nothing to roll back to at production
    register 1; promote 1 staging          | rollback staging        | nothing to roll back to at staging
    {TWO}; promote 2 production; deprecate 1 | rollback                | at production; 1.0.0 is deprecated
    {TWO}; promote 2 production            | rollback without 1      | at production; 1.0.0 does not have its bytes here
    {TWO}; promote 2 production            | rollback to 1 without 1 | the bytes of fraud 1.0.0 are not here
    """),
)
def test_nothing_to_go_back_to_is_not_found(story: str, words: str, message: str) -> None:
    error = refusal(story, words)
    assert isinstance(error, NotFoundError)
    assert message in error.message


@pytest.mark.parametrize(
    ("story", "words", "message"),
    rows(f"""
    {TWO}                                               | rollback to 2         | fraud 2.0.0 never held production
    {TWO}; promote 2 staging                            | rollback staging to 1 | fraud 1.0.0 never held staging
    {TWO}; promote 2 production; deprecate 1            | rollback to 1         | fraud 1.0.0 is deprecated: it leaks
    register 1; promote 1 staging; promote 1 production | rollback staging to 1 | fraud 1.0.0 holds production
    """),
)
def test_a_rollback_to_what_cannot_hold_the_stage_is_blocked(story: str, words: str, message: str) -> None:
    error = refusal(story, words)
    assert isinstance(error, BlockedError)
    assert message in error.message


def test_a_rollback_may_take_the_holder_of_staging_and_leaves_staging_empty() -> None:
    state = after(TWO, "promote 2 production; promote 1 staging; rollback")
    assert (stands(state), state.holders()) == ("1 production, 2 archived", {"production": "1.0.0"})
    assert path(state, "staging") == ""


def test_staging_has_a_path_of_its_own() -> None:
    state = after("register 1; register 2; promote 1 staging; promote 2 staging", "rollback staging")
    assert (stands(state), path(state, "staging"), path(state)) == ("1 staging, 2 archived", "1", "")


def test_skipping_does_not_take_the_holder_for_the_one_before_it() -> None:
    story = f"{TWO}; promote 2 production; promote 1 production; deprecate 2"
    assert isinstance(refusal(story, "rollback"), NotFoundError)


def test_tags_are_added_and_taken_off() -> None:
    state = after("register 1; tag 1 b a", "untag 1 b new")
    assert state.versions["1.0.0"].tags == ("a",)


def test_a_deprecation_with_another_date_is_an_event() -> None:
    state = after("register 1; deprecate 1", "deprecate 1 2027-01-01")
    assert state.versions["1.0.0"].deprecated == Deprecation("it leaks", "2027-01-01")


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ("1.0.0", "1.0.0"),
        ("1.0.0+a", "1.0.0+b"),
        ("1.0.0+a", "1.0.0"),
        ("1.0.0", "1.0.0+b"),
        ("1.0.0-rc.1+a", "1.0.0-rc.1"),
        ("1.0.0+a-b", "1.0.0+a.b"),
    ],
)
def test_two_versions_that_differ_only_in_build_metadata_conflict(known: str, new: str) -> None:
    error = refusal(f"register {known}", f"register {new}")
    assert isinstance(error, ConflictError)
    assert f"fraud {known} exists" in error.message


@pytest.mark.parametrize(("known", "new"), [("1.0.0-rc.1", "1.0.0"), ("1.0.0-rc.1", "1.0.0-rc.2"), ("1", "1.0.1")])
def test_versions_of_different_precedence_stand_side_by_side(known: str, new: str) -> None:
    assert len(after(f"register {known}", f"register {new}").versions) == 2


def test_other_stages_mean_other_holders() -> None:
    stages = Stages(("lab", "canary", "live"), {})
    state = tell(
        "register 1; promote 1 canary; promote 1 live; register 2 canary; promote 2 live; rollback", stages=stages
    )
    assert (stands(state), state.holders()) == ("1 live, 2 archived", {"live": "1.0.0"})


def test_a_stage_that_was_renamed_away_can_be_left() -> None:
    state = tell("register 1; promote 1 canary", stages=Stages(("lab", "canary", "live"), {}))
    happen(state, wish(state, "promote 1 production") or Draft("", {}))
    assert state.holders() == {"production": "1.0.0"}
