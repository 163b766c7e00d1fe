"""What holds in every life of a model: laws over random stories. No file is written."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st
from test_life import STAGES, happen, stands, wish

from mlreg.domain.events import PROMOTED, ROLLED_BACK, Draft, Event
from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.domain.state import ModelState, fold
from mlreg.errors import MlregError
from mlreg.store.codec import canonical_json, parse_json

laws = settings(derandomize=True, deadline=None, max_examples=120)

HELD = STAGES.order[1:]
OTHER_NAMES = Stages(("lab", "canary", "live"), {})

PROMOTIONS = [f"promote {version} {stage}" for version, stage in product("1234", STAGES.order)]
ROLLBACKS = [f"rollback {stage}{to}" for stage, to in product(HELD, ["", " to 1", " to 2", " to 3", " without 2"])]
MARKS = [f"{verb} {version}" for verb, version in product(["archive", "force-archive", "deprecate", "lift"], "123")]
TAGS = ["tag 1 a", "tag 2 a b", "untag 1 a", "untag 2 b new"]
REGISTRATIONS = ["register 4", "register 5 staging", "register 6 production"]
WISHES = [*PROMOTIONS * 2, *ROLLBACKS * 2, *MARKS, *TAGS, *REGISTRATIONS]

wishes = st.sampled_from(WISHES)
absolute_wishes = st.sampled_from([*PROMOTIONS, *MARKS, *TAGS, *(words for words in ROLLBACKS if " to " in words)])
stories = st.lists(wishes, min_size=12, max_size=30)


def live(story: list[str], *, stages: Stages = STAGES, backwards: bool = False) -> list[Event]:
    """Returns the events of a story; wishes that are refused or change nothing leave none."""
    state, events = ModelState(spelling="fraud"), []
    for words in ["register 1", "register 2", "register 3", *story]:
        draft = attempt(state, words, stages=stages)
        if draft:
            events.append(happen(state, draft, at=f"2026-01-05T09:{59 - len(events)}:00Z" if backwards else None))
    return events


def steps(story: list[str]) -> Iterator[tuple[ModelState, Event, ModelState]]:
    """Yields each event of a story with the state before and the state after it."""
    events = live(story)
    for number, event in enumerate(events):
        yield fold(events[:number]), event, fold(events[: number + 1])


def attempt(state: ModelState, words: str, *, stages: Stages = STAGES) -> Draft | None:
    try:
        return wish(state, words, stages=stages)
    except MlregError:
        return None


def seats(state: ModelState) -> dict[str, tuple[str | None, list[str]]]:
    return {stage: (seat.holder, seat.path) for stage, seat in state.seats.items()}


def everything(state: ModelState) -> object:
    marks = {
        text: (standing.tags, standing.deprecated, standing.replaced_by) for text, standing in state.versions.items()
    }
    return stands(state), seats(state), marks


@laws
@given(stories)
def test_every_version_stands_at_one_stage_and_a_held_stage_has_one_holder_at_most(story: list[str]) -> None:
    state = fold(live(story))
    assert {standing.stage for standing in state.versions.values()} <= {*STAGES.order, ARCHIVED}
    for stage in HELD:
        there = [text for text, standing in state.versions.items() if standing.stage == stage]
        assert there == [holder for holder in [state.holder(stage)] if holder]


@laws
@given(stories)
def test_whoever_holds_a_stage_is_on_top_of_its_path(story: list[str]) -> None:
    for _, _, state in steps(story):
        assert all(seat.holder in (None, *seat.path[-1:]) for seat in state.seats.values())


@laws
@given(stories)
def test_an_event_states_effects_that_fit_what_was_before(story: list[str]) -> None:
    for before, event, _ in steps(story):
        effects = event.effects
        if "to" in effects:
            known = before.versions.get(effects["version"])
            assert effects["from"] == (known.stage if known else None)
            assert effects.get("replaced") == (before.holder(effects["to"]) if effects["to"] != ARCHIVED else None)
        assert all(change["keep"] <= len(before.seat(stage).path) for stage, change in effects.get("paths", {}).items())


@laws
@given(stories)
def test_a_rollback_undoes_a_promotion(story: list[str]) -> None:
    for before, event, state in steps(story):
        stage, replaced = event.effects.get("to"), event.effects.get("replaced")
        if event.kind == PROMOTED and replaced and before.versions[replaced].deprecated is None:
            happen(state, wish(state, f"rollback {stage}"))
            assert seats(state)[stage] == seats(before)[stage]


@laws
@given(stories)
def test_going_back_to_the_version_that_was_left_undoes_a_rollback(story: list[str]) -> None:
    for before, event, state in steps(story):
        stage, left = event.effects.get("to"), event.effects.get("replaced")
        if event.kind == ROLLED_BACK and left and before.versions[left].deprecated is None:
            happen(state, wish(state, f"rollback {stage} to {left}"))
            assert state.holder(stage) == left
            # of a version that is on the path twice the lower one is meant
            assert seats(state)[stage] == seats(before)[stage] or before.seat(stage).path.count(left) > 1


@laws
@given(stories)
def test_what_once_held_a_stage_can_hold_it_again(story: list[str]) -> None:
    events = live(story)
    for stage, version in product(HELD, fold(events).versions):
        state = fold(events)
        standing = state.versions[version]
        is_fit = standing.deprecated is None and not STAGES.is_backwards(standing.stage, stage)
        if is_fit and state.seat(stage).has_held(version) and state.holder(stage) != version:
            happen(state, wish(state, f"rollback {stage} to {version}"))
            assert state.holder(stage) == version


@laws
@given(stories)
def test_a_version_that_never_held_a_stage_is_not_rolled_back_to(story: list[str]) -> None:
    state = fold(live(story))
    for stage, version in product(HELD, state.versions):
        if not state.seat(stage).has_held(version):
            assert attempt(state, f"rollback {stage} to {version}") is None


@laws
@given(stories, absolute_wishes)
def test_an_absolute_wish_that_came_true_is_no_event_again(story: list[str], words: str) -> None:
    state = fold(live(story))
    if draft := attempt(state, words):
        happen(state, draft)
        assert wish(state, words) is None


@laws
@given(stories, wishes)
def test_deciding_changes_nothing(story: list[str], words: str) -> None:
    state = fold(live(story))
    before = deepcopy(state)
    attempt(state, words)
    assert state == before


@laws
@given(stories)
def test_events_that_were_written_down_and_read_again_tell_the_same(story: list[str]) -> None:
    events = live(story)
    read = [
        event._replace(effects=parse_json(canonical_json(dict(event.effects)), name="an event")) for event in events
    ]
    assert fold(read) == fold(events)


@laws
@given(stories, stories)
def test_going_on_from_a_state_is_the_same_as_replaying_all(story: list[str], more: list[str]) -> None:
    state = fold(live(story))
    events = live(story)
    for words in more:
        if draft := attempt(state, words):
            events.append(happen(state, draft))
    assert fold(events) == state


@laws
@given(stories)
def test_events_of_unknown_kinds_with_unknown_fields_have_the_same_effects(story: list[str]) -> None:
    events = live(story)
    future = [event._replace(kind="teleported", effects={**event.effects, "colour": "green"}) for event in events]
    assert everything(fold(future)) == everything(fold(events))


@laws
@given(stories)
def test_an_event_without_effects_that_are_known_changes_only_the_head(story: list[str]) -> None:
    events = live(story)
    state = fold(events)
    before = everything(state)
    happen(state, Draft("blessed", {"version": "1.0.0", "by": "the pope"}))
    assert (everything(state), state.head) == (before, len(events) + 1)


@laws
@given(stories)
def test_the_past_reads_no_configuration_so_names_of_stages_are_only_names(story: list[str]) -> None:
    names = dict(zip(STAGES.order, OTHER_NAMES.order, strict=True))
    renamed = [" ".join(names.get(word, word) for word in words.split()) for words in story]
    assert stands(fold(live(renamed, stages=OTHER_NAMES))) == " ".join(
        names.get(word.rstrip(","), word.rstrip(",")) + word[len(word.rstrip(",")) :]
        for word in stands(fold(live(story))).split()
    )


@laws
@given(stories)
def test_the_moments_of_tenures_never_go_backwards_though_clocks_do(story: list[str]) -> None:
    for seat in fold(live(story, backwards=True)).seats.values():
        moments = [tenure.moment for tenure in seat.tenures]
        assert all(one <= next_ for one, next_ in pairwise(moments))


@laws
@given(stories)
def test_the_last_tenure_of_a_stage_is_the_present_one(story: list[str]) -> None:
    for seat in fold(live(story)).seats.values():
        assert seat.tenures[-1].holder == seat.holder
