"""Owns the rules of a version's life: (state, wish) → a draft of an event, None where nothing is to do, or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlreg.domain import events
from mlreg.domain.events import Draft
from mlreg.domain.names import first_line, suggestion
from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.domain.state import Deprecation, Drop, ModelState, Seat, Standing
from mlreg.errors import BlockedError, ConflictError, NotFoundError, TakenError

HasBytes = Callable[[Standing], bool]


def find_standing(state: ModelState, version: str) -> Standing:
    """Returns where `version` stands.

    Raises:
        NotFoundError: The model has no such version.
    """
    standing = state.versions.get(version)
    if standing is None:
        raise NotFoundError(
            f"{state.spelling} has no version {version}",
            hint=_known_versions(state, version),
            facts={"model": state.spelling, "version": version},
        )
    return standing


def decide_registration(
    state: ModelState, new: Mapping[str, str], *, tags: Iterable[str], stage: str, stages: Stages
) -> Draft:
    """Returns the event that adds a version.

    Args:
        new: `version`, and the digests `record`, `content`, `facts`.
        stage: Where it shall stand at once; the usual is the first stage.

    Raises:
        ConflictError: A version of the same precedence is there.
    """
    check_free(state, new["version"])
    entrance = _entrance(state, new["version"], stage, stages)
    return Draft(events.REGISTERED, {**new, "tags": sorted(set(tags)), "from": None, **entrance})


def check_free(state: ModelState, version: str) -> None:
    """Checks that no version of the same precedence is there: two that differ only in build metadata conflict.

    Raises:
        ConflictError: One is.
    """
    same = state.versions.same_precedence(version)
    if same is not None:
        known = state.versions[same]
        is_same = str(known.version) == version
        how = "with other content" if is_same else f"and differs from {version} in build metadata only"
        raise TakenError(
            f"{state.spelling} {known.version} exists {how}",
            hint=f"state another version, or see `mlreg info {state.spelling}@{known.version}`",
            facts={"model": state.spelling, "version": str(known.version), "digest": known.record},
            code="version-exists",
        )


def decide_promotion(
    state: ModelState,
    version: str,
    *,
    to: str,
    stages: Stages,
    from_: str | None = None,
    expect: str | None = None,
    reason: str | None = None,
    judged: Callable[[Standing], Mapping[str, Any]] | None = None,
) -> Draft | None:
    """Returns the event that moves `version` to stage `to`, or None where it stands there already.

    Args:
        from_: The stage at which the version must be.
        expect: The version that must hold `to`; `"none"` for nobody. A wish that is fulfilled by the very move that
            it asks for counts as checked: the same command again succeeds.
        judged: Asks the policy, where there is one, once all else is right: returns what the event says of that, or
            raises what refuses it.

    Raises:
        NotFoundError: There is no such version.
        ConflictError: `from_` or `expect` is not so.
        BlockedError: The version is deprecated, or the move goes backwards, or `judged` says so.
    """
    standing = find_standing(state, version)
    if standing.stage == to:
        _check_fulfilled(state, standing, from_=from_, expect=expect)
        return None
    _check_preconditions(state, standing, to=to, from_=from_, expect=expect)
    _check_usable(state, standing)
    if stages.is_backwards(standing.stage, to):
        raise BlockedError(
            f"{state.spelling} {version} is at {standing.stage}: a promotion does not go backwards to {to}",
            hint=_way_down(state, standing, stages),
            code="lifecycle",
            facts={"version": version, "from": standing.stage, "to": to},
        )
    effects = {"version": version, **_transfer(state, standing, to, stages)}
    return Draft(events.PROMOTED, {**effects, **(judged(standing) if judged else {})}, reason)


def decide_rollback(
    state: ModelState,
    stage: str,
    *,
    stages: Stages,
    has_bytes: HasBytes,
    to: str | None = None,
    expect: str | None = None,
    reason: str | None = None,
) -> Draft | None:
    """Returns the event that takes `stage` back along its path, or None where `to` holds it already.

    Without `to`: to the nearest version below that is not deprecated, has its bytes and is not further up; those
    passed over are named in `skipped`. With `to`: cuts back to it, or goes forward again to one that was popped.

    Raises:
        NotFoundError: There is nothing to go back to, or no version `to`, or its bytes are not here.
        ConflictError: `expect` does not hold the stage, nor did it before `to` came there.
        BlockedError: `to` never held the stage, is deprecated, or holds a higher stage.
    """
    seat = state.seat(stage)
    if to is not None and to == seat.holder:
        _check_fulfilled(state, find_standing(state, to), expect=expect)
        return None
    _check_holder(state, stage, expect)
    skipped: list[dict[str, str]] = []
    if to is None:
        keep, push, skipped = _step_back(state, stage, seat, stages, has_bytes)
    else:
        keep, push = _way_to(state, stage, seat, to, stages, has_bytes)
    version = push[-1] if push else seat.path[keep - 1]
    standing = find_standing(state, version)
    effects: dict[str, Any] = {
        "version": version,
        "from": standing.stage,
        "to": stage,
        "replaced": seat.holder,
        "replaced_to": ARCHIVED if seat.holder else None,
        "paths": {
            **_vacated(state, standing),
            stage: {"keep": keep, "push": push, "holder": version},
        },
        "skipped": skipped,
    }
    return Draft(events.ROLLED_BACK, effects, reason)


def foresee_rollback(
    state: ModelState, stage: str, version: str, *, stages: Stages, has_bytes: HasBytes
) -> tuple[str | None, list[dict[str, str]]]:
    """Returns where a rollback of `stage` would lead if `version` were promoted to it, None for nowhere.

    And the versions that it would pass over, as in `decide_rollback`.
    """
    skipped: list[dict[str, str]] = []
    for below in reversed(state.seat(stage).path):
        if below == version:
            continue
        why = _unfit(state, stage, state.versions[below], stages, has_bytes)
        if why is None:
            return below, skipped
        skipped.append({"version": below, "why": why})
    return None, skipped


def decide_archiving(
    state: ModelState,
    version: str,
    *,
    stages: Stages,
    from_: str | None = None,
    force: bool = False,
    reason: str | None = None,
) -> Draft | None:
    """Returns the event that puts `version` into the archive, or None where it is there.

    Raises:
        NotFoundError: There is no such version.
        ConflictError: It is not at the stage `from_`.
        BlockedError: It holds the highest stage and `force` is not given.
    """
    standing = find_standing(state, version)
    if standing.stage == ARCHIVED:
        _check_fulfilled(state, standing, from_=from_, expect=None)
        return None
    _check_preconditions(state, standing, to=ARCHIVED, from_=from_, expect=None)
    if standing.stage == stages.top and not force:
        raise BlockedError(
            f"{state.spelling} {version} holds {stages.top}: archiving it leaves nobody there",
            hint=_way_down(state, standing, stages),
            code="lifecycle",
            facts={"version": version, "stage": standing.stage},
        )
    effects = {"version": version, "from": standing.stage, "to": ARCHIVED, "paths": _vacated(state, standing)}
    return Draft(events.ARCHIVED, effects, reason)


def decide_deprecation(state: ModelState, version: str, deprecation: Deprecation) -> Draft | None:
    """Returns the event that marks `version` as not to be used, or None where it says the same already."""
    if find_standing(state, version).deprecated == deprecation:
        return None
    return Draft(events.DEPRECATED, {"version": version, "deprecated": deprecation.document()}, deprecation.reason)


def decide_lifting(state: ModelState, version: str, reason: str | None = None) -> Draft | None:
    """Returns the event that lifts the deprecation of `version`, or None where there is none."""
    if find_standing(state, version).deprecated is None:
        return None
    return Draft(events.DEPRECATION_LIFTED, {"version": version, "deprecated": None}, reason)


def decide_hold(state: ModelState, version: str, reason: str) -> Draft | None:
    """Returns the event after which the bytes of `version` are never dropped, or None where `reason` says so already.

    Raises:
        NotFoundError: There is no such version, or its bytes were dropped before.
    """
    standing = find_standing(state, version)
    check_kept(state, standing)
    if standing.held == reason:
        return None
    return Draft(events.HELD, {"version": version, "hold": {"reason": reason}}, reason)


def decide_release(state: ModelState, version: str, reason: str | None = None) -> Draft | None:
    """Returns the event that lifts the hold on `version`, or None where there is none."""
    if find_standing(state, version).held is None:
        return None
    return Draft(events.RELEASED, {"version": version, "hold": None}, reason)


def decide_drop(state: ModelState, version: str, reason: str, rules: Mapping[str, Any]) -> Draft | None:
    """Returns the event after which the bytes of `version` need not be here, or None where one said so.

    Args:
        reason: Why nothing keeps it.
        rules: What is kept, as it is configured now.
    """
    if find_standing(state, version).dropped:
        return None
    return Draft(events.DROPPED, {"version": version, "dropped": {"reason": reason, "rules": dict(rules)}}, reason)


def decide_return(state: ModelState, version: str) -> Draft | None:
    """Returns the event after which the bytes of `version`, dropped before, are here again; None where they are."""
    if find_standing(state, version).dropped is None:
        return None
    return Draft(events.RESTORED, {"version": version, "dropped": None})


def check_kept(state: ModelState, standing: Standing) -> None:
    """Checks that the bytes of a version were not dropped.

    Raises:
        NotFoundError: They were.
    """
    if standing.dropped is not None:
        raise NotFoundError(**_dropped(state, standing, standing.dropped))


def decide_tags(
    state: ModelState, version: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Draft | None:
    """Returns the event that gives `version` its new tags, or None where it has them already."""
    standing = find_standing(state, version)
    tags = tuple(sorted((set(standing.tags) | set(add)) - set(remove)))
    if tags == tuple(sorted(standing.tags)):
        return None
    return Draft(events.TAGGED, {"version": version, "tags": list(tags)})


def decide_late_facts(
    state: ModelState, version: str, facts: Mapping[str, Any], note: str | None = None
) -> Draft | None:
    """Returns the event that states `facts` of `version` after its registration and adds `note` to its notes.

    None where the facts were stated so and a note of that text is there.

    Args:
        facts: Some of `description`, `owner`, `metrics` and `meta`, as they stand in a record.
    """
    standing = find_standing(state, version)
    effects: dict[str, Any] = {}
    if not all(_covers(standing.late.get(name), value) for name, value in facts.items()):
        effects["set"] = dict(facts)
    if note is not None and all(event.effects["note"] != note for event in standing.notes):
        effects["note"] = note
    if not effects:
        return None
    return Draft(events.SET if "set" in effects else events.NOTED, {"version": version, **effects})


def decide_signature(state: ModelState, version: str, signature: Mapping[str, Any]) -> Draft | None:
    """Returns the event that declares the signature of `version` late, or None where that is the one declared late.

    Args:
        signature: `inputs` and `outputs`, as they stand in a record; None for one that is not declared.

    Raises:
        BlockedError: The version was promoted before: callers rely on what it was promoted with.
    """
    standing = find_standing(state, version)
    if standing.late.get("signature") == signature:
        return None
    if any(seat.has_held(version) for seat in state.seats.values()):
        raise BlockedError(
            f"{state.spelling} {version} was promoted before: its signature is what callers rely on",
            hint="register a version with another one: `mlreg register NAME PATH... --signature FILE`",
            code="lifecycle",
            facts={"version": version, "stage": standing.stage},
        )
    return Draft(events.SIGNATURE_SET, {"version": version, "set": {"signature": dict(signature)}})


def decide_alias(state: ModelState, alias: str, version: str) -> Draft | None:
    """Returns the event that points `alias` at `version`, or None where it points there.

    Raises:
        NotFoundError: There is no such version, or its bytes were dropped.
    """
    check_kept(state, find_standing(state, version))
    if state.aliases.get(alias) == version:
        return None
    return Draft(events.ALIASED, {"version": version, "aliases": {alias: version}})


def decide_unalias(state: ModelState, alias: str) -> Draft | None:
    """Returns the event that takes `alias` away, or None where there is none of that name."""
    if alias not in state.aliases:
        return None
    return Draft(events.UNALIASED, {"version": state.aliases[alias], "aliases": {alias: None}})


def _covers(late: Any, value: Any) -> bool:
    if isinstance(value, Mapping):
        return isinstance(late, Mapping) and all(name in late and late[name] == item for name, item in value.items())
    return bool(late == value)


def _entrance(state: ModelState, version: str, stage: str, stages: Stages) -> dict[str, Any]:
    """Returns the effects of `version` taking `stage`: `to`, `replaced`, `replaced_to`, `paths`."""
    if not stages.has_holder(stage):
        return {"to": stage, "replaced": None, "replaced_to": None, "paths": {}}
    seat = state.seat(stage)
    return {
        "to": stage,
        "replaced": seat.holder,
        "replaced_to": ARCHIVED if seat.holder else None,
        "paths": {stage: {"keep": len(seat.path), "push": [version], "holder": version}},
    }


def _transfer(state: ModelState, standing: Standing, to: str, stages: Stages) -> dict[str, Any]:
    entrance = _entrance(state, str(standing.version), to, stages)
    return {"from": standing.stage, **entrance, "paths": {**_vacated(state, standing), **entrance["paths"]}}


def _vacated(state: ModelState, standing: Standing) -> dict[str, Any]:
    """Returns the change of the path that `standing` leaves by going elsewhere; empty where it holds no stage."""
    if state.holder(standing.stage) != str(standing.version):
        return {}
    return {standing.stage: {"keep": len(state.seat(standing.stage).path) - 1, "push": [], "holder": None}}


def _check_fulfilled(state: ModelState, standing: Standing, *, from_: str | None = None, expect: str | None) -> None:
    """Checks that what was asked for is so, or was when `standing` came to where it shall be: see decision 0002."""
    move = standing.moved.effects
    # who was displaced came from the stage that the other one took
    origin = move.get("from") if move["version"] == str(standing.version) else move["to"]
    if from_ not in (None, standing.stage, origin):
        way = f"from {origin}" if origin else "when it was registered"
        raise _moved(state, f"{standing.version} came to {standing.stage} {way}, not from {from_}")
    if expect not in (None, str(standing.version), move.get("replaced") or "none"):
        raise _moved(state, f"{standing.version} holds {standing.stage}, not {expect}")


def _check_preconditions(
    state: ModelState, standing: Standing, *, to: str, from_: str | None, expect: str | None
) -> None:
    if from_ not in (None, standing.stage):
        raise _moved(state, f"{standing.version} is at {standing.stage}, not at {from_}")
    _check_holder(state, to, expect)


def _check_holder(state: ModelState, stage: str, expect: str | None) -> None:
    holder = state.holder(stage)
    if expect == "none" and holder is not None:
        raise _moved(state, f"{stage} is held by {holder}, not by none")
    if expect not in (None, holder or "none"):
        raise _moved(state, f"{stage} is held by {holder or 'nobody'}, not by {expect}")


def _check_usable(state: ModelState, standing: Standing) -> None:
    if standing.deprecated is not None:
        raise BlockedError(
            f"{state.spelling} {standing.version} is deprecated: {first_line(standing.deprecated.reason)}",
            hint=f"lift it with `mlreg deprecate {state.spelling}@{standing.version} --lift`",
            code="lifecycle",
            facts={"version": str(standing.version), "deprecated": standing.deprecated.document()},
        )
    if standing.dropped is not None:
        raise BlockedError(**_dropped(state, standing, standing.dropped))


def _dropped(state: ModelState, standing: Standing, drop: Drop) -> dict[str, Any]:
    """Returns the words of an error that the bytes of a version were dropped."""
    return {
        "message": f"{state.spelling} {standing.version} has no bytes any more: {drop.by} dropped them on "
        f"{drop.at[:10]}, {first_line(drop.reason)}",
        "hint": f"to bring them back, register its files and facts again: `mlreg register {state.spelling} PATH... "
        f"--version {standing.version}`",
        "facts": {"model": state.spelling, "version": str(standing.version), "dropped": drop.document()},
        "code": "bytes-dropped",
    }


def _moved(state: ModelState, message: str) -> ConflictError:
    return ConflictError(
        f"{state.spelling} {message}" if message[0].isdigit() else f"{state.spelling}: {message}",
        hint=f"look at `mlreg history {state.spelling}`, then decide again",
        facts={"model": state.spelling, "stages": state.holders()},
    )


def _way_down(state: ModelState, standing: Standing, stages: Stages) -> str:
    """Returns what to type instead of a move backwards, or of leaving the highest stage to nobody."""
    is_top = standing.stage == stages.top
    back = f"mlreg rollback {state.spelling}" + ("" if is_top else f" --stage {standing.stage}")
    aside = f"mlreg archive {state.spelling}@{standing.version}" + (" --force --reason TEXT" if is_top else "")
    if len(state.seat(standing.stage).path) > 1:
        return f"go back with `{back}`, or put it aside with `{aside}`"
    return f"put it aside with `{aside}`: nothing is below it for `{back}`"


def _step_back(
    state: ModelState, stage: str, seat: Seat, stages: Stages, has_bytes: HasBytes
) -> tuple[int, list[str], list[dict[str, str]]]:
    skipped: list[dict[str, str]] = []
    top = len(seat.path) - (1 if seat.holder is not None else 0)
    for keep in range(top, 0, -1):
        version = seat.path[keep - 1]
        if version == seat.holder:
            continue
        if why := _unfit(state, stage, state.versions[version], stages, has_bytes):
            skipped.append({"version": version, "why": why})
        else:
            return keep, [], skipped
    passed = "".join(f"; {entry['version']} {entry['why']}" for entry in skipped)
    raise NotFoundError(
        f"{state.spelling} has nothing to roll back to at {stage}{passed}",
        hint=f"see who held it with `mlreg history {state.spelling}`",
        facts={"stage": stage, "holder": seat.holder, "skipped": skipped},
        code="nothing-to-roll-back-to",
    )


def _unfit(state: ModelState, stage: str, standing: Standing, stages: Stages, has_bytes: HasBytes) -> str | None:
    if standing.deprecated is not None:
        return "is deprecated"
    if standing.dropped is not None:
        return "had its bytes dropped"
    if _is_further_up(standing, stage, stages):
        return f"holds {standing.stage}"
    return None if has_bytes(standing) else "does not have its bytes here"


def _is_further_up(standing: Standing, stage: str, stages: Stages) -> bool:
    return stages.is_backwards(standing.stage, stage)


def _way_to(
    state: ModelState, stage: str, seat: Seat, to: str, stages: Stages, has_bytes: HasBytes
) -> tuple[int, list[str]]:
    """Returns how many versions of the path stay and which come on top, so that `to` holds the stage."""
    standing = find_standing(state, to)
    if not seat.has_held(to):
        raise BlockedError(
            f"{state.spelling} {to} never held {stage}",
            hint=f"promote it with `mlreg promote {state.spelling} {to} --to {stage}`",
            code="lifecycle",
            facts={"version": to, "stage": stage, "path": list(seat.path)},
        )
    _check_usable(state, standing)
    if _is_further_up(standing, stage, stages):
        raise BlockedError(
            f"{state.spelling} {to} holds {standing.stage}",
            hint=_way_down(state, standing, stages),
            code="lifecycle",
        )
    if not has_bytes(standing):
        raise NotFoundError(
            f"the bytes of {state.spelling} {to} are not here",
            hint=f"see which with `mlreg verify {state.spelling}`",
            code="bytes-missing",
        )
    if to in seat.path:
        return len(seat.path) - seat.path[::-1].index(to), []
    if to in seat.forward:
        return len(seat.path), seat.forward[: seat.forward.index(to) + 1]
    return len(seat.path), [to]


def _known_versions(state: ModelState, version: str) -> str:
    near = suggestion(version, state.versions)
    latest = ", ".join(str(standing.version) for standing in state.in_order()[:3])
    return near if near and len(state.versions) > 3 else f"the latest are {latest}; see `mlreg list {state.spelling}`"
