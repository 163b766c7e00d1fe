"""Approvals cannot be forged: what somebody can try who may write to the repository, and who gives it away.

In each case the history is left well-formed, with numbers and digests that fit. What is refused here is told to whom
nothing but the repository and the fingerprint of its root is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from town import MAKER, MODEL, STAGE, VERSION, Body, Town, settle

from mlreg.domain import approvals
from mlreg.store import layout

Forge = Callable[[Town, str], None]
RING = layout.REPOSITORY
OTHER_POLICY = "sha256:" + "7" * 64
SIGNERS = ("ann", "bo", "cy")  # ed25519, ecdsa, rsa


class Case(NamedTuple):
    """A way to forge: what is done, what is asked then, the code of the refusal, and which events do count."""

    name: str
    forge: Forge
    code: str
    asked: tuple[str, str] = (VERSION, STAGE)
    policy: str | None = None
    counting: tuple[int, ...] = ()
    is_rooted: bool = False


CASES: list[Case] = []


def way(code: str, *, asked=(VERSION, STAGE), policy=None, counting=(), rooted=False) -> Callable[[Forge], Forge]:
    def keep(forge: Forge) -> Forge:
        CASES.append(Case(forge.__name__, forge, code, asked, policy, counting, rooted))
        return forge

    return keep


def approve(town: Town, who: str, **words: object) -> None:
    """Approves as one should: event 3 in a fresh town."""
    town.as_("").approve(MODEL, VERSION, stage=STAGE, key=town.key(who), **words)


def edited(town: Town, number: int = 3, model: str = MODEL, **changes: object) -> None:
    """Changes members of an event; those of its statement are said with `said_NAME`."""

    def change(bodies: list[Body]) -> None:
        body = bodies[number - 1]
        for name, value in changes.items():
            part, _, member = name.partition("_")
            if part == "said":
                body["approval"][member] = value
            elif part == "ring":
                body["keyring"][member] = value
            else:
                body[name] = value

    town.edit(change, model)


# what was signed for one thing is shown for another


@way("edited", asked=("1.0.0", STAGE))
def an_event_is_moved_to_another_version(town, who):
    approve(town, who)
    edited(town, version="1.0.0")


@way("other-record", asked=("1.0.0", STAGE))
def a_statement_is_moved_to_another_version(town, who):
    approve(town, who)
    edited(town, version="1.0.0", said_version="1.0.0")


@way("bad-signature", asked=("1.0.0", STAGE))
def a_statement_is_moved_to_another_version_with_its_record(town, who):
    approve(town, who)
    record = town.repository.history.state(MODEL).versions["1.0.0"].record
    edited(town, version="1.0.0", said_version="1.0.0", said_record=record)


@way("edited")
def a_statement_says_the_version_in_another_spelling(town, who):
    approve(town, who)
    edited(town, said_version="v1.1.0")


@way("bad-signature", asked=(VERSION, "staging"))
def a_statement_is_moved_to_another_stage(town, who):
    approve(town, who)
    edited(town, said_stage="staging")


@way("bad-signature", policy=OTHER_POLICY)
def a_statement_is_moved_to_another_policy(town, who):
    approve(town, who)
    edited(town, said_policy=OTHER_POLICY)


@way("other-policy", policy=OTHER_POLICY)
def an_approval_under_no_policy_is_shown_to_one(town, who):
    approve(town, who)


@way("other-policy")
def an_approval_under_an_older_policy_is_shown_to_a_newer(town, who):
    approve(town, who, policy=OTHER_POLICY)


@way("other-record")
def the_record_is_another_than_was_signed(town, who):
    town.forge(who, record="sha256:" + "0" * 64)


@way("bad-signature")
def the_record_is_put_in_later(town, who):
    town.forge(who, signs={"record": "sha256:" + "0" * 64})


@way("other-repository")
def an_approval_was_given_in_another_repository(town, who):
    town.forge(who, repository="0" * 32)


@way("bad-signature")
def the_repository_is_put_in_later(town, who):
    town.forge(who, signs={"repository": "0" * 32})


@way("other-version")
def an_approval_was_given_for_another_model(town, who):
    town.forge(who, model="other")


@way("bad-signature")
def the_model_is_put_in_later(town, who):
    town.forge(who, signs={"model": "other"})


# what was said is changed


@way("edited")
def the_comment_of_the_event_is_changed(town, who):
    approve(town, who, comment="looked at")
    edited(town, reason="looked at, and good")


@way("edited")
def the_comment_of_the_statement_is_changed(town, who):
    approve(town, who, comment="looked at")
    edited(town, said_comment="looked at, and good")


@way("bad-signature")
def the_comment_is_changed_in_both_places(town, who):
    approve(town, who, comment="looked at")
    edited(town, said_comment="fine", reason="fine")


@way("edited")
def a_rejection_is_called_an_approval(town, who):
    town.as_("").reject(MODEL, VERSION, stage=STAGE, reason="no", key=town.key(who))
    edited(town, kind="approved")


@way("bad-signature")
def a_rejection_is_made_an_approval(town, who):
    town.as_("").reject(MODEL, VERSION, stage=STAGE, reason="no", key=town.key(who))
    edited(town, kind="approved", said_decision="approve")


@way("expired")
def an_approval_has_expired(town, who):
    approve(town, who, expires="1h")
    for _ in range(61):
        town.now()


@way("bad-signature")
def an_expiry_is_put_off(town, who):
    approve(town, who, expires="1h")
    edited(town, said_expires="2030-01-01T00:00:00.000000Z")


@way("bad-signature")
def an_expiry_is_taken_away(town, who):
    approve(town, who, expires="1h")
    edited(town, said_expires=None)


@way("malformed")
def an_expiry_is_no_time(town, who):
    town.forge(who, expires="never")


@way("bad-signature")
def a_moment_is_changed(town, who):
    approve(town, who)
    edited(town, said_at="2026-01-06T00:00:00.000000Z")


@way("misdated")
def an_approval_is_dated_ahead_so_that_it_never_grows_old(town, who):
    town.forge(who, at="2030-01-01T00:00:00.000000Z")


@way("edited")
def an_approval_also_moves_the_version(town, who):
    town.forge(who, event={"to": "production"})


@way("malformed")
def a_statement_says_more_than_it_can(town, who):
    town.forge(who, also="this")


@way("malformed")
def a_statement_lacks_a_member(town, who):
    approve(town, who)

    def change(bodies: list[Body]) -> None:
        del bodies[2]["approval"]["nonce"]

    town.edit(change)


@way("malformed")
def a_statement_is_of_a_format_to_come(town, who):
    town.forge(who, format=2)


@way("malformed")
def a_format_is_a_truth(town, who):
    town.forge(who, format=True)


@way("malformed")
def a_statement_is_no_statement(town, who):
    town.forge(who, event={"approval": [who, "approves"]})


@way("malformed")
def an_event_only_says_that_it_is_an_approval(town, who):
    town.append({"kind": "approved", "version": VERSION})


@way("malformed")
def a_decision_is_spelled_otherwise(town, who):
    town.forge(who, decision="Approve")


# it is counted twice, or somewhere else, or again


@way("replayed", counting=(3,))
def an_approval_is_copied_behind_itself(town, who):
    approve(town, who)
    town.append(town.bodies()[2])


@way("bad-signature", counting=(3,))
def a_copy_gets_a_number_of_its_own(town, who):
    approve(town, who)
    body = town.bodies()[2]
    body["approval"]["nonce"] = "6" * 32
    town.append(body)


@way("said-again", counting=(4,))
def somebody_approves_twice(town, who):
    approve(town, who)
    approve(town, who, comment="again")


@way("said-again", counting=(5,))
def somebody_approves_with_each_of_two_keys(town, who):
    town.as_("").add_key("BO@example.org", town.key("bo2.pub"), key=town.key("ann"))
    town.as_("").tag(MODEL, VERSION, tags=["x"])
    approve(town, "bo")
    approve(town, "bo2")


@way("misplaced")
def an_approval_is_moved_behind_a_later_event(town, who):
    approve(town, who)
    town.as_("").tag(MODEL, VERSION, tags=["x"])
    town.edit(lambda bodies: [*bodies[:2], bodies[3], bodies[2]])


@way("misplaced")
def an_approval_is_moved_before_an_earlier_event(town, who):
    town.as_("").tag(MODEL, VERSION, tags=["x"])
    approve(town, who)
    town.edit(lambda bodies: [*bodies[:2], bodies[3], bodies[2]])


@way("misplaced")
def an_event_before_an_approval_is_dropped(town, who):
    town.as_("").tag(MODEL, VERSION, tags=["x"])
    approve(town, who)
    town.edit(lambda bodies: [*bodies[:2], bodies[3]])


@way("misplaced")
def an_event_is_put_before_an_approval(town, who):
    town.as_("").tag(MODEL, VERSION, tags=["x"])
    approve(town, who)
    town.edit(lambda bodies: [*bodies[:3], bodies[2], bodies[3]])


@way("misplaced")
def it_is_changed_afterwards_who_registered_the_version(town, who):
    approve(town, who)
    edited(town, number=2, actor="somebody@example.org")


@way("bad-signature")
def a_moved_approval_is_made_to_fit_its_place(town, who):
    approve(town, who)
    town.as_("").tag(MODEL, VERSION, tags=["x"])
    body = town.bodies()[2]
    town.edit(lambda bodies: [*bodies[:2], bodies[3]])
    body["approval"]["previous"] = town.bodies()[2]["digest"]
    town.append(body)


@way("misplaced", counting=())
def a_rejection_is_moved_before_the_approval_that_it_takes_back(town, who):
    approve(town, who)
    town.as_("").reject(MODEL, VERSION, stage=STAGE, reason="no", key=town.key(who))
    town.edit(lambda bodies: [*bodies[:2], bodies[3], bodies[2]])


@way("taken-back")
def an_approval_was_taken_back(town, who):
    approve(town, who)
    town.as_("").reject(MODEL, VERSION, stage=STAGE, reason="no", key=town.key(who))


# the version has fallen since


@way("lapsed")
def a_version_was_rolled_back(town, who):
    town.as_("").promote(MODEL, "1.0.0", to=STAGE)
    approve(town, who)
    town.as_("").promote(MODEL, VERSION, to=STAGE)
    town.as_("").rollback(MODEL)


@way("replayed")
def a_version_was_rolled_back_and_the_approval_is_copied_behind_that(town, who):
    a_version_was_rolled_back(town, who)
    town.append(town.bodies()[3])


@way("misplaced")
def a_version_was_rolled_back_and_the_approval_is_moved_behind_that(town, who):
    a_version_was_rolled_back(town, who)
    town.edit(lambda bodies: [*bodies[:3], *bodies[4:], bodies[3]])


@way("lapsed")
def a_version_was_deprecated(town, who):
    approve(town, who)
    town.as_("").deprecate(MODEL, VERSION, reason="leaks")


@way("lapsed")
def a_deprecation_was_lifted(town, who):
    a_version_was_deprecated(town, who)
    town.as_("").lift_deprecation(MODEL, VERSION)


@way("lapsed")
def the_bytes_of_a_version_were_dropped(town, who):
    approve(town, who)
    town.append({"kind": "dropped", "version": VERSION, "dropped": {"reason": "old", "rules": {}}})


# it is somebody else's word


@way("own-version")
def who_registered_the_version_approves_it(town, who):
    town.as_("").add_key(MAKER, town.key("dan.pub"), key=town.key("ann"))
    town.forge("dan")


@way("own-version")
def who_registered_the_version_approves_it_under_another_spelling(town, who):
    town.as_("").add_key(MAKER.upper(), town.key("dan.pub"), key=town.key("ann"))
    town.forge("dan")


@way("other-person")
def an_approval_is_said_to_be_of_somebody_else(town, who):
    approve(town, who)
    edited(town, said_approver="zoe@example.org", actor="zoe@example.org")


@way("edited")
def an_event_is_said_to_be_of_somebody_else(town, who):
    approve(town, who)
    edited(town, actor="zoe@example.org")


@way("bad-signature")
def an_approval_is_said_to_be_of_another_key_and_person(town, who):
    other = "bo" if who == "ann" else "ann"
    approve(town, who)
    name = f"{other}@example.org"
    edited(town, said_key=town.fingerprint(other), said_approver=name, actor=name)


@way("bad-signature")
def eve_signs_in_the_name_of_somebody(town, who):
    town.forge("eve", key=town.fingerprint(who), approver=f"{who}@example.org")


@way("unknown-key")
def eve_signs_with_a_key_that_nobody_has_added(town, who):
    town.forge("eve")


@way("unknown-key")
def eve_signs_as_somebody_with_a_key_that_nobody_has_added(town, who):
    town.forge("eve", approver=f"{who}@example.org")


@way("unknown-keyring")
def eve_names_keys_that_never_were(town, who):
    town.forge("eve", keyring="sha256:" + "5" * 64)


@way("unknown-keyring")
def keys_are_not_named_at_all(town, who):
    town.forge(who, keyring=None)


@way("unknown-key")
def a_key_was_added_after_the_keys_that_an_approval_names(town, who):
    before = town.statement(who)["keyring"]
    town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("ann"))
    town.forge("eve", keyring=before)


@way("removed-key")
def a_key_was_removed(town, who):
    approve(town, "bo")
    town.as_("").remove_key("bo@example.org", key=town.key("ann"))


@way("removed-key")
def a_key_was_removed_and_added_again(town, who):
    a_key_was_removed(town, who)
    town.as_("").add_key("bo@example.org", town.key("bo.pub"), groups=["risk"], key=town.key("ann"))


@way("unknown-key")
def a_removed_key_signs_with_the_keys_of_now(town, who):
    town.as_("").remove_key("bo@example.org", key=town.key("ann"))
    town.forge("bo")


@way("unsigned")
def an_approval_is_not_signed(town, who):
    town.forge(who, key=None, keyring=None, event={"signed": None})


@way("unsigned")
def an_approval_is_not_signed_and_a_setting_says_that_it_need_not(town, who):
    town.repository.backend.replace(layout.CONFIG, [b"[approvals]\nunsigned = true\n"])
    town.forge(who, key=None, keyring=None, event={"signed": None})


@way("unsigned", rooted=True)
def all_keys_are_taken_away_and_a_setting_says_that_none_is_needed(town, who):
    town.repository.backend.replace(layout.CONFIG, [b"[approvals]\nunsigned = true\n"])
    town.edit(lambda bodies: bodies[:1], RING)
    town.forge(who, key=None, keyring=None, event={"signed": None})


# the signature is not one


@way("bad-signature")
def a_signature_was_made_for_git(town, who):
    town.forge(who, namespace="git")


@way("bad-signature")
def a_signature_was_made_for_a_checkpoint(town, who):
    town.forge(who, namespace="mlreg-checkpoint@v1")


@way("bad-signature")
def a_signature_was_made_for_a_change_of_keys(town, who):
    town.forge(who, namespace="mlreg-keys@v1")


@way("bad-signature")
def a_signature_is_cut_off(town, who):
    town.forge(who, signature=lambda text: text[: len(text) // 2])


@way("bad-signature")
def a_signature_is_empty(town, who):
    town.forge(who, signature=lambda text: "")


@way("bad-signature")
def a_signature_is_no_text(town, who):
    town.forge(who, signature=lambda text: [text])


@way("bad-signature")
def a_signature_is_missing(town, who):
    town.forge(who, event={"signed": None})


@way("bad-signature")
def a_signature_has_a_bit_turned(town, who):
    town.forge(who, signature=lambda text: text[:-60] + ("A" if text[-60] != "A" else "B") + text[-59:])


@way("bad-signature")
def a_signature_is_far_too_long(town, who):
    town.forge(who, signature=lambda text: text + "\n" * approvals.SIGNATURE_MAX_CHARACTERS)


@way("bad-signature")
def a_signature_is_of_another_approval(town, who):
    approve(town, who, comment="one")
    other = town.bodies()[2]["signed"]
    town.edit(lambda bodies: bodies[:2])
    town.forge(who, event={"signed": other})


# the keys themselves are forged


@way("keys-in-doubt")
def eve_adds_her_key_by_herself(town, who):
    added = town.bodies(RING)[-1]
    statement = {**added["keyring"], "who": "eve@example.org", "by": town.fingerprint("eve")}
    forged_key(town, statement, "eve", "eve")


@way("keys-in-doubt")
def bo_who_may_not_adds_the_key_of_eve(town, who):
    forged_key(town, {}, "eve", "bo")


@way("keys-in-doubt")
def eve_adds_her_key_in_the_name_of_the_root(town, who):
    forged_key(town, {"by": town.fingerprint("ann")}, "eve", "eve", actor="ann@example.org")


@way("keys-in-doubt")
def the_root_added_a_key_to_another_repository(town, who):
    forged_key(town, {"repository": "0" * 32}, "eve", "ann")


@way("keys-in-doubt")
def a_change_of_keys_is_said_to_be_of_somebody_else(town, who):
    approve(town, who)
    edited(town, number=4, model=RING, actor="zoe@example.org")


@way("keys-in-doubt")
def the_last_change_of_keys_is_edited(town, who):
    approve(town, who)
    edited(town, number=4, model=RING, ring_groups=["admins", "risk"])


@way("keys-in-doubt")
def the_key_of_somebody_is_exchanged(town, who):
    approve(town, who)
    text = town.key("eve.pub").read_text().rsplit(" ", 1)[0]
    edited(town, number=3, model=RING, ring_key=text, ring_fingerprint=town.fingerprint("eve"))


@way("keys-in-doubt")
def the_person_of_a_key_is_exchanged(town, who):
    approve(town, who)
    edited(town, number=3, model=RING, ring_who="zoe@example.org")


@way("keys-in-doubt")
def somebody_is_put_among_the_admins(town, who):
    approve(town, who)
    edited(town, number=3, model=RING, ring_groups=["admins", "risk"])


@way("keys-in-doubt")
def a_change_of_keys_is_left_out(town, who):
    approve(town, who)
    town.edit(lambda bodies: [*bodies[:2], bodies[3]], RING)


@way("keys-in-doubt")
def a_removal_of_a_key_is_left_out_before_another_change(town, who):
    approve(town, "bo")
    town.as_("").remove_key("bo@example.org", key=town.key("ann"))
    town.as_("").add_key("dan@example.org", town.key("dan.pub"), key=town.key("ann"))
    town.edit(lambda bodies: [*bodies[:4], bodies[5]], RING)


@way("keys-in-doubt")
def two_changes_of_keys_change_places(town, who):
    approve(town, who)
    town.edit(lambda bodies: [*bodies[:2], bodies[3], bodies[2]], RING)


@way("keys-in-doubt")
def a_change_of_keys_comes_twice(town, who):
    approve(town, who)
    town.edit(lambda bodies: [*bodies, bodies[3]], RING)


@way("keys-in-doubt")
def a_change_of_keys_is_not_signed(town, who):
    approve(town, who)
    edited(town, number=4, model=RING, signed=None)


@way("keys-in-doubt")
def a_change_of_keys_is_called_another(town, who):
    approve(town, who)
    edited(town, number=4, model=RING, kind="key-removed")


@way("other-repository")
def keys_and_approvals_come_from_another_repository(town, who):
    other = Town(town.keys, moment=town.moment)
    settle(other)
    approve(other, who)
    town.rewrite([town.bodies(RING)[0], *other.bodies(RING)[1:]], RING)
    town.rewrite(other.bodies())


@way("other-root", rooted=True)
def all_keys_are_made_anew(town, who):
    town.edit(lambda bodies: bodies[:1], RING)
    town.as_("").add_key("eve@example.org", town.key("eve.pub"))
    town.forge("eve")


@way("other-root", rooted=True)
def all_keys_are_made_anew_with_the_right_root_second(town, who):
    town.edit(lambda bodies: bodies[:1], RING)
    town.as_("").add_key("eve@example.org", town.key("eve.pub"))
    town.as_("").add_key("ann@example.org", town.key("ann.pub"), key=town.key("eve"))
    town.forge("eve")


@way("keys-in-doubt", rooted=True)
def all_keys_are_made_anew_in_the_name_of_the_root(town, who):
    def change(bodies: list[Body]) -> list[Body]:
        text = town.key("eve.pub").read_text().rsplit(" ", 1)[0]
        root = bodies[1]
        root["keyring"]["key"] = text
        return [bodies[0], root]

    town.edit(change, RING)
    town.forge("eve")


def forged_key(town: Town, statement: Body, key: str, by: str, actor: str | None = None) -> None:
    """Lets `by` add the key `key`, whether they may or not, and signs an approval with that."""
    ring = town.bodies(RING)
    known = ring[-1]["keyring"]
    text = town.key(f"{key}.pub").read_text().rsplit(" ", 1)[0]
    said = {**known, "key": text, "fingerprint": town.fingerprint(key), "who": f"{key}@example.org",
            "after": town.statement("ann")["keyring"], "by": town.fingerprint(by), **statement}  # fmt: skip
    sealed = town.sign(said, by, "mlreg-keys@v1")
    body = {"kind": "key-added", "keyring": said, "signed": {"sshsig": sealed}, "actor": actor or f"{by}@example.org"}
    town.append(body, RING)
    town.forge(key)


@pytest.mark.parametrize(("case", "who"), [(case, SIGNERS[n % 3]) for n, case in enumerate(CASES)],
                         ids=[case.name for case in CASES])  # fmt: skip
def test_what_is_forged_or_replayed_does_not_count(town: Town, case: Case, who: str):
    root = town.fingerprint("ann") if case.is_rooted else None
    case.forge(town, who)
    tally = town.tally(*case.asked, policy=case.policy, root=root)
    assert tuple(approval.event for approval in tally.valid) == case.counting
    assert case.code in {approval.refusal.code for approval in tally.refused if approval.refusal}


def test_at_least_forty_ways_are_tried_and_what_is_honest_counts(town: Town):
    """Without the second half a rule that refuses everything would pass."""
    assert len(CASES) >= 40
    for who in SIGNERS:
        approve(town, who, comment="looked at", expires="30d")
    tally = town.tally()
    assert [approval.approver.partition("@")[0] for approval in tally.valid] == list(SIGNERS)
    assert not tally.refused
