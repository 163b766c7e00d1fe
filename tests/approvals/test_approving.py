"""Who says that a version may go to a stage, and when that counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from town import MAKER, MODEL, STAGE, VERSION, Town

from mlreg.domain.approvals import expiry
from mlreg.errors import BlockedError, NotAllowedError, NotFoundError, UsageError
from mlreg.store import layout
from mlreg.store.snapshots import recalled, snapshot_bytes


def valid(town: Town, **words) -> list[str]:
    return [approval.approver.partition("@")[0] for approval in town.tally(**words).valid]


def approve(town: Town, who: str, **words):
    return town.as_("").approve(MODEL, VERSION, stage=STAGE, key=town.key(who), **words)


def unsigned(town: Town, setting: bytes = b"true") -> None:
    town.repository.backend.replace(layout.CONFIG, [b"[approvals]\nunsigned = %s\n" % setting])


def test_an_approval_stays_whatever_comes_after_it(town: Town):
    approve(town, "bo")
    town.as_("").tag(MODEL, VERSION, tags=["good"])
    town.as_("").set(MODEL, VERSION, owner="risk")
    town.as_("").promote(MODEL, VERSION, to="staging")
    town.as_("").promote(MODEL, VERSION, to="production")
    town.as_("").deprecate(MODEL, "1.0.0", reason="old")
    town.as_("").add_key("dan@example.org", town.key("dan.pub"), key=town.key("ann"))
    assert valid(town) == ["bo"]


def test_a_rollback_to_a_version_leaves_its_approvals(town: Town):
    approve(town, "bo")
    for version in (VERSION, "1.0.0"):
        town.as_("").promote(MODEL, version, to=STAGE)
    town.as_("").rollback(MODEL)
    assert valid(town) == ["bo"]


def test_an_approval_can_be_given_again_after_a_rollback(town: Town):
    approve(town, "bo")
    for version in ("1.0.0", VERSION):
        town.as_("").promote(MODEL, version, to=STAGE)
    town.as_("").rollback(MODEL)
    assert valid(town) == []
    assert approve(town, "bo").changed
    assert valid(town) == ["bo"]


def test_who_was_against_it_may_be_for_it_later(town: Town):
    for decision in ("reject", "approve", "reject", "approve"):
        words = {"reason": "no"} if decision == "reject" else {}
        getattr(town.as_(""), decision)(MODEL, VERSION, stage=STAGE, key=town.key("bo"), **words)
    tally = town.tally()
    assert (valid(town), len(tally.rejections), len(tally.refused)) == (["bo"], 0, 3)


def test_a_rejection_counts_under_every_policy(town: Town):
    town.as_("").reject(MODEL, VERSION, stage=STAGE, reason="no", key=town.key("bo"))
    assert len(town.tally(policy="sha256:" + "7" * 64).rejections) == 1


def test_the_same_said_again_changes_nothing(town: Town):
    assert [approve(town, "bo", comment="fine").changed for _ in range(2)] == [True, False]
    assert approve(town, "bo", comment="really").changed
    assert valid(town) == ["bo"]


def test_a_dry_run_writes_nothing(town: Town):
    answer = approve(town, "bo", dry_run=True)
    assert (answer.changed, answer.event) == (True, 3)
    assert len(town.bodies()) == 2


def test_an_approval_is_for_one_stage(town: Town):
    approve(town, "bo")
    assert valid(town, stage="staging") == []
    assert [approval.stage for approval in town.as_("").approvals(MODEL, VERSION).approvals] == [STAGE]


def test_it_is_of_the_groups_that_its_key_was_in_and_still_is(town: Town):
    approve(town, "bo")
    town.as_("").add_key("bo@example.org", town.key("bo.pub"), groups=["legal"], key=town.key("ann"))
    assert town.tally().valid[0].groups == ("risk",)
    town.as_("").remove_key("bo@example.org", groups=["risk"], key=town.key("ann"))
    assert town.tally().valid[0].groups == ()


def test_who_registered_a_version_does_not_approve_it_and_may_reject_it(town: Town):
    town.as_("").add_key(MAKER, town.key("dan.pub"), key=town.key("ann"))
    with pytest.raises(NotAllowedError) as error:
        approve(town, "dan")
    assert error.value.stable_code == "own-version"
    assert town.as_("").reject(MODEL, VERSION, stage=STAGE, reason="a mistake", key=town.key("dan")).changed


def test_who_has_no_key_here_says_nothing(town: Town):
    with pytest.raises(NotAllowedError) as error:
        approve(town, "eve")
    assert error.value.stable_code == "unknown-key"


@pytest.mark.parametrize("how", ["deprecated", "dropped"])
def test_what_is_not_to_be_used_is_not_approved(town: Town, how: str):
    if how == "deprecated":
        town.as_("").deprecate(MODEL, VERSION, reason="old")
    else:
        town.append({"kind": "dropped", "version": VERSION, "dropped": {"reason": "old", "rules": {}}})
    with pytest.raises(BlockedError):
        approve(town, "bo")


def test_it_is_said_which_version_and_for_which_stage(town: Town):
    with pytest.raises(UsageError, match="which version"):
        town.as_("").approve(MODEL, stage=STAGE, key=town.key("bo"))
    for stage in ("development", "archived", "moon"):
        with pytest.raises(UsageError):
            town.as_("").approve(MODEL, VERSION, stage=stage, key=town.key("bo"))
    with pytest.raises(NotFoundError):
        town.as_("").approve(MODEL, "9.9.9", stage=STAGE, key=town.key("bo"))


def test_who_is_named_as_the_approver_has_to_have_the_key(town: Town):
    answer = town.as_("").approve_model(MODEL, VERSION, "bo@example.org", "looked at", key=town.key("bo"))
    assert (answer.approval.stage, answer.approval.comment) == ("production", "looked at")
    with pytest.raises(NotAllowedError) as error:
        town.as_("").approve_model(MODEL, VERSION, "cy@example.org", key=town.key("bo"))
    assert error.value.stable_code == "other-person"


def test_who_loses_a_race_signs_what_they_have_seen_then(town: Town, monkeypatch: pytest.MonkeyPatch):
    history, real = town.repository.history, town.repository.history.append
    late = town.as_("late")

    def interrupted(*words):
        monkeypatch.setattr(history, "append", real)
        late.tag(MODEL, VERSION, tags=["meanwhile"])
        return real(*words)

    monkeypatch.setattr(history, "append", interrupted)
    assert approve(town, "bo").event == 4
    assert valid(town) == ["bo"]


def test_an_edited_event_before_an_approval_is_not_read_over(town: Town):
    """The chain is walked, not only the events that are about the version."""
    approve(town, "bo")
    key = layout.event(MODEL, 3)
    town.repository.backend.replace(key, [town.read(key).replace(b'"comment":null', b'"comment":"x"')])
    with pytest.raises(Exception, match="not what its digest says"):
        town.tally()


@pytest.mark.parametrize(
    ("text", "until"),
    [("24h", "2026-01-06"), ("30d", "2026-02-04"), ("2w", "2026-01-19"), ("2026-06-30", "2026-06-30")],
)
def test_an_expiry_is_a_span_or_a_date(town: Town, text: str, until: str):
    assert expiry(text, town.now())[:10] == until


@pytest.mark.parametrize("text", ["", "0d", "-1d", "2020-01-01", "soon", "99999999w", "1y"])
def test_what_is_no_time_to_come_is_no_expiry(town: Town, text: str):
    with pytest.raises(UsageError):
        expiry(text, town.now())


# a team without keys


def test_nothing_is_approved_without_keys_unless_that_is_wished(keys: Path, settled: Town):
    town = settled.copy()
    town.edit(lambda bodies: bodies[:1], layout.REPOSITORY)
    with pytest.raises(BlockedError) as error:
        town.as_("bo").approve(MODEL, VERSION, stage=STAGE)
    assert error.value.stable_code == "no-keys"
    unsigned(town)
    answer = town.as_("bo").approve(MODEL, VERSION, stage=STAGE)
    assert (answer.approval.is_signed, answer.facts()["signed"]) == (False, False)
    assert "unsigned" in answer.notes[-1]
    listing = town.as_("").approvals(MODEL, VERSION)
    assert [(one.approver, one.is_signed, one.refusal) for one in listing.tally.valid] == [("bo", False, None)]
    assert "unsigned" in listing.notes[-1]
    with pytest.raises(NotAllowedError):
        town.as_(MAKER).approve(MODEL, VERSION, stage=STAGE)


def test_unsigned_approvals_end_with_the_first_key_or_a_pin_or_the_setting(settled: Town):
    town = settled.copy()
    town.edit(lambda bodies: bodies[:1], layout.REPOSITORY)
    unsigned(town)
    town.as_("bo").approve(MODEL, VERSION, stage=STAGE)
    assert valid(town) == ["bo"]
    assert valid(town, root=town.fingerprint("ann")) == []
    unsigned(town, b"false")
    assert valid(town) == []
    unsigned(town)
    town.as_("").add_key("ann@example.org", town.key("ann.pub"))
    assert valid(town) == []


@pytest.mark.parametrize("line", ["unsigned = 1", 'unsigned = "yes"', "unsinged = true"])
def test_a_setting_that_means_nothing_is_refused(town: Town, line: str):
    town.repository.backend.replace(layout.CONFIG, [f"[approvals]\n{line}\n".encode()])
    with pytest.raises(UsageError, match="line 2"):
        town.tally()


# as it is typed


@pytest.fixture
def typed(mlreg, tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch):
    """Types a line in a repository of one version, with keys for ann and bo."""
    (tmp_path / "m.bin").write_bytes(b"weights")
    monkeypatch.setenv("KEYS", str(keys))

    def type_(line: str):
        return mlreg(*line.replace("$", f"{keys}/").split())

    for line in ("init", f"register fraud m.bin --actor {MAKER}", "keys add ann@example.org $ann.pub --group admins",
                 "keys add bo@example.org $bo.pub --group risk --key $ann"):  # fmt: skip
        assert type_(line).code == 0
    return type_


def test_it_is_typed_and_told(typed):
    said = typed("approve fraud@1.0.0 --for prod --comment good --expires 30d --key $bo")
    assert said.out.startswith("bo@example.org approves fraud 1.0.0 for production, until ")
    assert "unanchored" in said.err
    assert typed("approve fraud@1.0.0 --for prod -q --key $ann").out == "1.0.0\n"
    typed("reject fraud@1.0.0 --for prod --reason no --key $ann")
    rows = [row.split("\t")[:5] for row in typed("approve fraud --list").out.splitlines()]
    assert [row[1:] for row in rows] == [
        ["approve", "production", "bo@example.org", "counts"],
        ["approve", "production", "ann@example.org", "taken-back"],
        ["reject", "production", "ann@example.org", "counts"],
    ]
    assert typed("approve fraud --list -q").out == "bo@example.org\n"
    effects = [row.split("\t")[4] for row in typed("history fraud --kind approved --kind rejected").out.splitlines()]
    assert effects == ["for production"] * 3


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("approve fraud@1.0.0", 2),
        ("approve fraud@1.0.0 --list --comment x", 2),
        ("approve fraud@1.0.0 --for prod --trust-root x", 2),
        ("approve fraud@1.0.0 --for prod --key $eve", 4),
        ("approve fraud@1.0.0 --for prod --key $none", 3),
        ("approve fraud@1.0.0 --for prod --key $bo --expires soon", 2),
        ("approve fraud@2.0.0 --for prod --key $bo", 3),
        ("reject fraud@1.0.0 --for prod --key $bo", 2),
        ("keys", 2),
        ("keys lst", 2),
        ("keys add ann@example.org", 2),
        ("keys list extra", 2),
        ("keys list --group x", 2),
        ("keys trust --group x", 2),
        ("keys add zoe@example.org $bo.pub --key $ann", 5),
        ("keys add zoe@example.org $eve.pub --key $bo", 4),
        ("keys remove ann@example.org --key $ann", 7),
        ("keys trust SHA256:AAAA", 2),
        ("checkpoint --key $ann --unsigned", 2),
        ("checkpoint", 4),
        ("verify --against nothing", 3),
        ("verify --against m.bin", 2),
        ("verify --trust-root x", 2),
    ],
)
def test_what_cannot_be_is_refused_with_its_exit_code(typed, line: str, code: int):
    answer = typed(line)
    assert (answer.code, answer.out) == (code, "")
    assert "hint: " in answer.err or line.startswith("reject")


def test_a_checkpoint_is_typed_held_against_and_gives_away_what_was_changed(typed, tmp_path: Path):
    assert typed("checkpoint -o c --key $ann").code == 0
    assert typed("verify --against c").out.endswith("; nothing since\n")
    typed("tag fraud 1.0.0 good")
    answer = typed("verify --against c --json").document
    assert [event["kind"] for event in answer["after"]] == ["tagged"]
    (tmp_path / ".mlreg/history/fraud/00000001.json").unlink()
    answer = typed("verify --against c")
    assert answer.code == 1
    assert "event-missing\thistory/fraud/00000001.json" in answer.out


def test_a_checkpoint_that_is_printed_can_be_kept(typed, tmp_path: Path):
    (tmp_path / "c").write_text(typed("checkpoint --unsigned").out)
    assert json.loads((tmp_path / "c").read_text())["kind"] == "mlreg-checkpoint"
    assert typed("verify --against c").code == 0


def test_where_keys_were_made_anew_a_pinned_root_stops_it(typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys):
    root = typed("keys list --json").document["root"]
    for number in (2, 3):
        (tmp_path / f".mlreg/history/@repository/{number:08}.json").unlink()
    typed("keys add eve@example.org $eve.pub")
    typed("approve fraud@1.0.0 --for prod --key $eve")
    assert [row.split("\t")[4] for row in typed("approve fraud --list").out.splitlines()] == ["counts"]
    listed = typed(f"approve fraud --list --trust-root {root}")
    assert [row.split("\t")[4] for row in listed.out.splitlines()] == ["other-root"]


# under a policy


def test_an_approval_is_given_under_the_policy_that_is_in_force_and_ends_with_it(town: Town):
    def rule(count: int) -> None:
        town.repository.backend.replace(layout.CONFIG, [b"[policy.production]\napprovals = %d\n" % count])

    rule(1)
    with pytest.raises(BlockedError):
        town.as_("").promote(MODEL, VERSION, to=STAGE)
    assert approve(town, "bo").approval.policy is not None
    rule(2)
    with pytest.raises(BlockedError):
        town.as_("").promote(MODEL, VERSION, to=STAGE)
    refused = town.as_("").approvals(MODEL, VERSION, stage=STAGE).tally.refused
    assert [one.refusal.code for one in refused] == ["other-policy"]
    for who in ("bo", "cy"):
        assert approve(town, who).changed
    assert town.as_("").promote(MODEL, VERSION, to=STAGE).changed


@pytest.mark.parametrize("look", ["info", "why"])
def test_whoever_shows_a_version_shows_who_approves_it(town: Town, look):
    def shown() -> list[tuple[str, str, str, bool]]:
        told = getattr(town.as_(""), look)(f"{MODEL}@{VERSION}").document()["approvals"]
        return [(one["approver"], one["decision"], one["stage"], one["signed"]) for one in told]

    assert shown() == []
    approve(town, "bo")
    town.as_("").reject(MODEL, VERSION, stage="staging", reason="no", key=town.key("cy"))
    said = [("cy@example.org", "reject", "staging", True), ("bo@example.org", "approve", STAGE, True)]
    assert shown() == said
    town.as_("").promote(MODEL, VERSION, to=STAGE)
    assert shown() == said[1:]  # it is beyond staging
    assert getattr(town.as_(""), look)(f"{MODEL}@1.0.0").document()["approvals"] == []
    town.as_("").deprecate(MODEL, VERSION, reason="old")
    assert shown() == []


def test_approvals_under_another_policy_are_not_shown_as_standing(town: Town):
    approve(town, "bo")
    town.repository.backend.replace(layout.CONFIG, [b"[policy.production.approvals]\ncount = 1\n"])
    assert town.as_("").info(f"{MODEL}@{VERSION}").approvals == []


def test_a_version_is_shown_where_nobody_can_tell_what_counts(town: Town, monkeypatch):
    approve(town, "bo")
    monkeypatch.setenv("PATH", "/nowhere")
    told = town.as_("").info(f"{MODEL}@{VERSION}")
    assert not told.approvals
    assert any("cannot be told which approvals count" in note for note in told.notes)


def test_a_snapshot_knows_which_versions_were_spoken_of(town: Town):
    approve(town, "bo")
    state = town.repository.history.state(MODEL)
    assert state.said == {VERSION: state.head}
    key = layout.snapshot(MODEL)
    data = snapshot_bytes(state, key)
    history = town.repository.history
    again = recalled(data, key, read=lambda event: event, fold=lambda number: history.state(MODEL))
    assert again is not None
    assert again.said == state.said
