"""Owns what people say of a version before it is promoted: approve, reject, and which of it counts.

`tally` is what gates ask: the approvals of one version for one stage that count now, and the others with the reasons.
`standing_for` is for those who show a version.
"""

from __future__ import annotations

import os
from itertools import takewhile
from typing import Any, NamedTuple

from mlreg import ruling
from mlreg.answers.approved import ApprovalListing, Approved
from mlreg.bench import Bench
from mlreg.domain import approvals
from mlreg.domain.approvals import Approval, Subject, Tally, Trust
from mlreg.domain.events import Draft
from mlreg.domain.keyring import Key, person
from mlreg.domain.names import checked_words
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.times import timestamp
from mlreg.errors import BlockedError, MlregError, NotAllowedError, UsageError
from mlreg.journal import Journal
from mlreg.resolve import Found, carry_out, find_shown, joined_ref
from mlreg.trusting import PathLike, Signer, SshNotary, signer, trust_of


class _Voice(NamedTuple):
    """Who speaks: a person, with the key that signs for them, or (None) without one."""

    who: str
    signer: Signer | None

    @property
    def key(self) -> Key | None:
        return self.signer.key if self.signer else None


def tally(
    bench: Bench,
    state: ModelState,
    standing: Standing,
    *,
    stage: str | None,
    policy: str | None = None,
    root: str | None = None,
    notary: SshNotary | None = None,
) -> Tally:
    """Tells which approvals of a version for `stage` (None: of any, under whatever policy) count now, and which not.

    Args:
        policy: The digest of the policy under which they have to be given; None: of none.
        root: The root that is pinned, in place of what the user's settings say.

    Raises:
        IntegrityError: An event that has to be read is damaged.
        MissingError: There are signatures, and no `ssh-keygen`.
    """
    checker = notary or SshNotary()
    trust = trust_of(bench, checker, root)
    return _tally(bench, state, _subject(bench, state, standing, stage, policy), trust, checker)


def standing_for(bench: Bench, state: ModelState, standing: Standing) -> tuple[list[Approval], list[str]]:
    """Returns what people say of a version that counts, for the stage where it stands and those above; and notes.

    Where it cannot be found out what counts, the notes say why.
    """
    order = bench.stages.order
    start = order.index(standing.stage) if standing.stage in order else 0
    notary, counting = SshNotary(), list[Approval]()
    try:
        trust = trust_of(bench, notary)
        for stage in order[max(start, 1) :]:
            rules = ruling.policy_digest(bench, state.spelling, stage)
            said = _tally(bench, state, _subject(bench, state, standing, stage, rules), trust, notary)
            counting += [approval for approval in said.in_order if approval.refusal is None]
    except MlregError as error:
        return [], [f"it cannot be told which approvals count: {error.message}"]
    return counting, []


def list_approvals(
    bench: Bench, name: str, version: str | None, *, stage: str | None, policy: str | None, root: str | None
) -> ApprovalListing:
    """Lists all that was said of a version, and why it does not count where it does not."""
    asked = None if stage is None else bench.stages.parse(stage)
    found = find_shown(bench, joined_ref(name, version, bench.stages))
    rules = policy or (None if asked is None else ruling.policy_digest(bench, found.name, asked))
    counted = tally(bench, found.state, found.standing, stage=asked, policy=rules, root=root)
    return ApprovalListing(
        name=found.name,
        version=found.version,
        stage=asked,
        tally=counted,
        notes=[*found.notes, *_notes(counted)],
    )


def say(
    bench: Bench,
    decision: str,
    name: str,
    version: str | None,
    *,
    stage: str,
    comment: str | None,
    who: str | None = None,
    key: PathLike | None = None,
    expires: str | None = None,
    policy: str | None = None,
    dry_run: bool = False,
) -> Approved:
    """Approves or rejects (`decision`) a version for `stage`, signed with a key, and keeps that in its history.

    Args:
        who: The person whose key it has to be, where somebody says so.
        policy: The digest of the policy under which it is given; None: of the one that is in force.

    Raises:
        NotAllowedError: The key is not among those of the repository, or whose it is has registered the version.
        BlockedError: There are no keys, they are in doubt, or the version is not to be used any more.
    """
    to = bench.stages.parse_held(stage)
    ref = joined_ref(name, version, bench.stages)
    if ref.selector is None:
        raise UsageError(
            f"which version of {ref.name}?", hint=f"name it, as in `mlreg {decision} {ref.name}@VERSION --for {to}`"
        )
    words = None if comment is None else checked_words(comment, "the comment")
    until = None if expires is None else approvals.expiry(expires, bench.journal.now())
    notary = SshNotary()
    trust = trust_of(bench, notary)
    voice = _voice(bench, trust, notary, key, who)
    said: dict[str, Any] = {}

    def wish(state: ModelState, found: Found) -> Draft | None:
        _check_open(state, found.standing)
        rules = policy or ruling.policy_digest(bench, state.spelling, to)
        subject = _subject(bench, state, found.standing, to, rules)
        counted = _tally(bench, state, subject, trust, notary)
        _check_may(voice, counted, decision, found)
        said["approval"] = known = _same(counted, decision, voice, words, until)
        if known:
            return None
        statement = approvals.statement(
            subject,
            decision,
            voice.who,
            key=voice.key,
            ring=trust.keyring.newest.after if voice.key else None,
            previous=str(state.head_digest),
            at=timestamp(bench.journal.now()),
            nonce=os.urandom(16).hex(),
            expires=until,
            comment=words,
        )
        said["approval"] = _approval(state, statement, voice)
        return approvals.draft(statement, _signature(statement, voice, notary))

    speaker = Bench(bench.repository, Journal(bench.repository.history, actor=voice.who, now=bench.journal.now))
    found, outcome = carry_out(speaker, ref, wish, dry_run=dry_run)
    return Approved(
        name=ref.name,
        version=found.version,
        approval=said["approval"],
        changed=outcome.draft is not None,
        event=outcome.number,
        anchored=trust.is_anchored,
        notes=[*found.notes, *_trust_notes(is_signed=voice.key is not None, anchored=trust.is_anchored)],
        dry_run=dry_run,
    )


def _tally(bench: Bench, state: ModelState, subject: Subject, trust: Trust, notary: SshNotary) -> Tally:
    number = state.versions[subject.version].registered.number
    since = takewhile(lambda event: event.number >= number, bench.repository.history.backwards(state))
    return approvals.standing([*since][::-1], subject, trust, notary, timestamp(bench.journal.now()))


def _subject(bench: Bench, state: ModelState, standing: Standing, stage: str | None, policy: str | None) -> Subject:
    version, repository = str(standing.version), bench.repository.id()
    return Subject(repository, state.spelling, version, standing.record, stage, policy)


def _voice(bench: Bench, trust: Trust, notary: SshNotary, key: PathLike | None, who: str | None) -> _Voice:
    if trust.obstacle:
        code, why = trust.obstacle
        raise BlockedError(why, hint="see the keys with `mlreg keys list`", code=code)
    if trust.keyring.newest.root is not None:
        by = signer(trust.keyring.newest, notary, key)
        voice = _Voice(by.key.who, by)
    elif trust.takes_unsigned:
        voice = _Voice(bench.journal.stamp().actor, None)
    else:
        raise BlockedError(
            "nobody has a key here to sign with",
            hint="make one, `mlreg keys add YOU FILE.pub`, or do without: `mlreg config set approvals.unsigned true`",
            code="no-keys",
        )
    if who is not None and person(who) != person(voice.who):
        raise NotAllowedError(
            f"the key is of {voice.who}, not of {who}",
            hint="name the key of who approves with `--key FILE`",
            code="other-person",
        )
    return voice


def _check_open(state: ModelState, standing: Standing) -> None:
    name = f"{state.spelling} {standing.version}"
    if standing.deprecated is not None:
        raise BlockedError(
            f"{name} is deprecated", hint=f"see why with `mlreg why {name.replace(' ', '@')}`", code="lifecycle"
        )
    if standing.dropped is not None:
        raise BlockedError(
            f"the bytes of {name} were dropped", hint=f"see `mlreg why {name.replace(' ', '@')}`", code="lifecycle"
        )


def _check_may(voice: _Voice, counted: Tally, decision: str, found: Found) -> None:
    if decision == "approve" and person(voice.who) == person(counted.registrant):
        raise NotAllowedError(
            f"{voice.who} registered {found.name} {found.version}, and does not approve it",
            hint=f"ask somebody else to type `mlreg approve {found.name}@{found.version} --for STAGE`",
            facts={"registrant": counted.registrant},
            code="own-version",
        )


def _same(counted: Tally, decision: str, voice: _Voice, comment: str | None, expires: str | None) -> Approval | None:
    """Returns what counts already and says the same, or None."""
    mine = [one for one in (*counted.valid, *counted.rejections) if person(one.approver) == person(voice.who)]
    wanted = (decision, comment, expires, voice.key.fingerprint if voice.key else None)
    return next((one for one in mine if (one.decision, one.comment, one.expires, one.key) == wanted), None)


def _signature(statement: dict[str, Any], voice: _Voice, notary: SshNotary) -> str | None:
    if voice.signer is None:
        return None
    return notary.sign(statement, voice.signer.path, voice.signer.key, approvals.NAMESPACE)


def _approval(state: ModelState, statement: dict[str, Any], voice: _Voice) -> Approval:
    return Approval(
        event=state.head + 1,
        decision=statement["decision"],
        approver=voice.who,
        stage=statement["stage"],
        at=statement["at"],
        expires=statement["expires"],
        comment=statement["comment"],
        key=statement["key"],
        groups=voice.key.groups if voice.key else (),
        policy=statement["policy"],
    )


def _notes(counted: Tally) -> list[str]:
    counting = [*counted.valid, *counted.rejections]
    signed = any(one.is_signed for one in counting)
    unsigned = any(not one.is_signed for one in counting)
    return [
        *(_trust_notes(is_signed=True, anchored=counted.anchored) if signed else []),
        *(_trust_notes(is_signed=False, anchored=False) if unsigned else []),
    ]


def _trust_notes(*, is_signed: bool, anchored: bool) -> list[str]:
    if not is_signed:
        return ["unsigned: anybody who can write here could have said so"]
    return [] if anchored else ["unanchored: the root of the keys is not pinned; see `mlreg keys trust`"]
