"""A checkpoint that is kept elsewhere gives away whoever makes history anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from town import MAKER, MODEL, Body, Town

from mlreg.answers.checkpointed import VerifiedAgainst
from mlreg.answers.verified import Verified
from mlreg.errors import ConflictError, IntegrityError, MlregError, NotAllowedError, NotFoundError, UsageError
from mlreg.store import codec, layout

RING = layout.REPOSITORY
NOTHING_CHECKED = Verified(checked={}, problems=[])  # the checkpoint has to find it by itself
MANIPULATIONS = 200


@pytest.fixture(scope="module")
def busy(settled: Town) -> Town:
    """Three models with approvals, promotions and rollbacks."""
    town = settled.copy()
    for number in range(3):
        name = f"model-{number}"
        for content in ("a", "b", "c"):
            (town.keys / "model.bin").write_text(content)
            town.as_(MAKER).register(name, town.keys / "model.bin")
        for version in ("1.0.0", "1.0.1", "1.0.2"):
            town.as_("ann").promote(name, version, to="production", reason="better")
        town.as_("bo").rollback(name, reason="worse")
    for who in ("ann", "bo"):
        town.as_("").approve(MODEL, "1.1.0", stage="production", key=town.key(who))
    town.as_("ann").tag(MODEL, "1.1.0", tags=["good"])
    return town


@pytest.fixture
def town(busy: Town) -> Town:
    return busy.copy()


@pytest.fixture
def seen(town: Town, tmp_path: Path) -> Path:
    """A signed checkpoint of the town as it is."""
    file = tmp_path / "seen.checkpoint"
    town.as_("ann").checkpoint(file, key=town.key("ann"))
    return file


def held(town: Town, file: Path, **words: Any) -> VerifiedAgainst:
    return town.as_("").hold_against(NOTHING_CHECKED, file, **words)


# how a history is made anew; each has to leave another one than there was


def an_event_is_edited(bodies: list[Body], draw: random.Random) -> None:
    body = draw.choice(bodies)
    body[draw.choice(["actor", "reason", "at", "id", "kind"])] = f"other {draw.random()}"


def an_effect_is_edited(bodies: list[Body], draw: random.Random) -> None:
    body = draw.choice([body for body in bodies if "version" in body] or bodies)
    body["version"] = "9.9.9"


def an_effect_is_added(bodies: list[Body], draw: random.Random) -> None:
    draw.choice(bodies)["note"] = "nothing to see"


def an_event_is_dropped(bodies: list[Body], draw: random.Random) -> None:
    del bodies[draw.randrange(len(bodies))]


def the_last_events_are_dropped(bodies: list[Body], draw: random.Random) -> None:
    del bodies[draw.randrange(len(bodies)) :]


def the_last_event_is_made_anew(bodies: list[Body], draw: random.Random) -> None:
    bodies[-1]["actor"] = "somebody@example.org"


def two_events_change_places(bodies: list[Body], draw: random.Random) -> None:
    one, other = draw.sample(range(len(bodies)), 2)
    bodies[one], bodies[other] = bodies[other], bodies[one]


def an_event_is_put_in(bodies: list[Body], draw: random.Random) -> None:
    bodies.insert(draw.randrange(len(bodies)), {**draw.choice(bodies), "id": "e" * 32})


def an_event_is_dropped_and_others_follow(bodies: list[Body], draw: random.Random) -> None:
    del bodies[draw.randrange(len(bodies))]
    bodies += [{**bodies[-1], "id": f"{n}" * 32} for n in range(3)]


def all_is_made_anew_at_another_time(bodies: list[Body], draw: random.Random) -> None:
    for body in bodies:
        body["at"] = "2026-02-01T00:00:00.000000Z"


WAYS: tuple[Callable[[list[Body], random.Random], None], ...] = (
    an_event_is_edited, an_effect_is_edited, an_effect_is_added, an_event_is_dropped, the_last_events_are_dropped,
    the_last_event_is_made_anew, two_events_change_places, an_event_is_put_in, an_event_is_dropped_and_others_follow,
    all_is_made_anew_at_another_time,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_history_that_was_made_anew_is_found(town: Town, seen: Path, way: Callable[..., None]):
    """Numbers and digests fit, of this history and all that it has: but for the checkpoint nothing is wrong."""
    draw = random.Random(way.__name__)
    models = [RING, *town.repository.history.models()]
    assert held(town, seen).ok
    for _ in range(MANIPULATIONS // len(WAYS)):
        model = draw.choice(models)
        before = town.bodies(model)
        town.edit(lambda bodies: way(bodies, draw), model)
        assert town.bodies(model) != before
        answer = held(town, seen)
        assert not answer.ok
        assert {problem.object.split("/")[1] for problem in answer.problems} == {model}
        town.rewrite(before, model)
        assert held(town, seen).ok


def test_a_model_that_is_gone_is_found(town: Town, seen: Path):
    town.edit(lambda bodies: bodies.clear(), "model-1")
    assert [(problem.code, problem.object) for problem in held(town, seen).problems] == [
        ("event-missing", layout.event("model-1", 7))
    ]


def test_two_histories_that_change_names_are_found(town: Town, seen: Path):
    one, other = town.bodies("model-0"), town.bodies("model-1")
    town.rewrite([{**body, "model": "model-0"} for body in other], "model-0")
    town.rewrite([{**body, "model": "model-1"} for body in one], "model-1")
    assert len(held(town, seen).problems) == 2


def test_another_repository_is_not_taken_for_this_one(town: Town, seen: Path, keys: Path):
    problems = held(Town(keys), seen).problems
    assert problems[0].code == "other-repository"


def test_an_event_with_a_turned_bit_is_found_where_it_is(town: Town, seen: Path):
    key = layout.event("model-2", 3)
    data = town.read(key)
    town.repository.backend.replace(key, [data.replace(b"better", b"bettes")])
    town.repository.backend.replace(key, [data.replace(b'"actor":"', b'"actor":"x')])
    assert key in [problem.object for problem in held(town, seen).problems]


def test_what_came_after_is_told_and_is_no_problem(town: Town, seen: Path):
    town.as_("cy").promote("model-0", "1.0.2", to="production")
    (town.keys / "model.bin").write_text("new")
    town.as_("cy").register("newcomer", town.keys / "model.bin")
    answer = held(town, seen)
    assert answer.ok
    told = [(event.history, event.number, event.kind, event.actor) for event in answer.after]
    assert told == [("model-0", 8, "promoted", "cy"), ("newcomer", 1, "registered", "cy")]


def test_what_comes_after_a_history_that_was_made_anew_is_not_vouched_for(town: Town, seen: Path):
    town.as_("cy").promote("model-0", "1.0.2", to="production")
    town.edit(lambda bodies: bodies[0].update(actor="eve"), "model-0")
    assert not held(town, seen).after


@pytest.mark.parametrize("change", ["at", "repository", "digest", "histories", "key", "signature"])
def test_a_checkpoint_that_was_changed_is_refused(town: Town, seen: Path, change: str):
    said = codec.parse_json(seen.read_bytes(), name="")
    others = {"histories": {**said["histories"], "model-0": [1, "sha256:" + "0" * 64]},
              "key": town.key("bo.pub").read_text().rsplit(" ", 1)[0],
              "signature": town.sign({**said, "at": ""}, "ann", "mlreg-checkpoint@v1")}  # fmt: skip
    seen.write_bytes(codec.canonical_json({**said, change: others.get(change, "x")}))
    with pytest.raises(IntegrityError) as error:
        held(town, seen)
    assert error.value.stable_code in ("checkpoint-damaged", "bad-signature")


def test_a_checkpoint_made_anew_by_somebody_else_is_refused_where_a_root_is_pinned(town: Town, tmp_path: Path):
    town.edit(lambda bodies: bodies[0].update(actor="eve"), "model-0")
    town.as_("eve").checkpoint(tmp_path / "eve", key=town.key("eve"))
    town.as_("eve").checkpoint(tmp_path / "nobody", unsigned=True)
    assert held(town, tmp_path / "eve").trust == "unanchored"
    for name, code in (("eve", "unknown-key"), ("nobody", "unsigned")):
        with pytest.raises(NotAllowedError) as error:
            held(town, tmp_path / name, trust_root=town.fingerprint("ann"))
        assert error.value.stable_code == code


def test_a_key_that_the_root_vouches_for_may_sign_a_checkpoint(town: Town, tmp_path: Path):
    town.as_("bo").checkpoint(tmp_path / "bo", key=town.key("bo"))
    assert held(town, tmp_path / "bo", trust_root=town.fingerprint("ann")).trust == "anchored"


def test_ones_own_key_may_be_trusted_in_place_of_the_root(town: Town, tmp_path: Path):
    town.as_("eve").checkpoint(tmp_path / "eve", key=town.key("eve"))
    assert held(town, tmp_path / "eve", trust_root=town.fingerprint("eve")).trust == "anchored"


def test_keys_that_were_made_anew_vouch_for_no_checkpoint(town: Town, tmp_path: Path):
    town.edit(lambda bodies: bodies[:1], RING)
    town.as_("eve").add_key("eve", town.key("eve.pub"))
    town.as_("eve").checkpoint(tmp_path / "eve", key=town.key("eve"))
    with pytest.raises(NotAllowedError):
        held(town, tmp_path / "eve", trust_root=town.fingerprint("ann"))


def test_an_unsigned_checkpoint_says_so(town: Town, tmp_path: Path):
    made = town.as_("").checkpoint(tmp_path / "c", unsigned=True)
    assert (made.key, made.facts()["signed"]) == (None, False)
    answer = held(town, tmp_path / "c")
    assert (answer.ok, answer.trust) == (True, "unsigned")
    assert "unsigned" in answer.notes[-1]


def test_a_checkpoint_is_never_written_over(town: Town, seen: Path):
    with pytest.raises(ConflictError):
        town.as_("").checkpoint(seen, unsigned=True)


def test_no_checkpoint_is_made_of_a_damaged_history(town: Town, tmp_path: Path):
    town.repository.backend.delete(layout.event("model-0", 2))
    with pytest.raises(IntegrityError):
        town.as_("").checkpoint(tmp_path / "c", unsigned=True)
    assert not (tmp_path / "c").exists()


def test_a_checkpoint_needs_a_key_that_is_known_or_named(town: Town, tmp_path: Path):
    with pytest.raises(NotAllowedError):
        town.as_("").checkpoint(tmp_path / "c")


def test_where_nobody_has_a_key_nobody_signs(registry, tmp_path: Path):
    answer = registry.checkpoint(tmp_path / "c")
    assert (answer.key, answer.notes) == (None, ["unsigned: keep it where nobody else can write"])


def test_where_nobody_has_a_key_and_a_root_is_pinned_it_is_said_how_to_do_without(
    registry, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("MLREG_TRUST_ROOT", "SHA256:" + "A" * 43)
    with pytest.raises(NotAllowedError, match="nobody has a key here") as raised:
        registry.checkpoint(tmp_path / "c")
    assert "`--unsigned`" in str(raised.value.hint)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null\n", b"\xff\xfe", b"[" * 100_000, b'{"kind":"mlreg-checkpoint"}' * 2]
)
def test_what_is_no_checkpoint_is_said_to_be_none(town: Town, tmp_path: Path, data: bytes):
    (tmp_path / "c").write_bytes(data)
    with pytest.raises(UsageError):
        held(town, tmp_path / "c")


@pytest.mark.parametrize("name", ["..", "a/../../b", ".", "", "a\x00b"])
def test_a_checkpoint_names_no_file_outside(town: Town, tmp_path: Path, name: str):
    town.as_("").checkpoint(tmp_path / "c", unsigned=True)
    said = codec.parse_json((tmp_path / "c").read_bytes(), name="")
    said["histories"] = {name: [1, "sha256:" + "0" * 64]}
    said["digest"] = codec.digest(
        codec.canonical_json({"repository": said["repository"], "histories": said["histories"]})
    )
    (tmp_path / "c").write_bytes(codec.canonical_json(said))
    with pytest.raises(MlregError):
        held(town, tmp_path / "c")


def test_a_checkpoint_that_is_not_there_is_not_found(town: Town, tmp_path: Path):
    with pytest.raises(NotFoundError):
        held(town, tmp_path / "none")
