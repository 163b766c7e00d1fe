"""Owns trust in a version's own classes: who says of which that they may be built, and which ones nobody can trust."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile

from mlreg.answers.trusted import AllTrusted, TrustChange, TrustListing
from mlreg.bench import Bench
from mlreg.domain import vouching
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_words, quoted
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.vouching import Trusted
from mlreg.errors import NotAllowedError, UsageError
from mlreg.resolve import Found, carry_out, find_used, joined_ref
from mlreg.scanning import names as known
from mlreg.scanning.codes import PROGRAMS
from mlreg.scanning.names import Standing as Known

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NAME_MAX_CHARACTERS = 300
_Decide = Callable[[Standing, Mapping[str, Trusted], Iterable[str], str | None], Draft | None]


def trusted_of(bench: Bench, state: ModelState, standing: Standing) -> dict[str, Trusted]:
    """Returns what is trusted of a version, by name."""
    number = standing.registered.number
    since = takewhile(lambda event: event.number >= number, bench.repository.history.backwards(state))
    return vouching.trusted([*since][::-1], standing)


def list_trust(bench: Bench, name: str, version: str | None) -> TrustListing:
    """Lists what is trusted of a version."""
    found = find_used(bench, joined_ref(name, version, bench.stages))
    return TrustListing(
        name=found.name,
        version=found.version,
        content_digest=found.standing.content,
        trusted=list(trusted_of(bench, found.state, found.standing).values()),
        notes=found.notes,
    )


def list_all_trust(bench: Bench) -> AllTrusted:
    """Lists what is trusted of all versions of all models, by model and version."""
    return AllTrusted(versions=[one for model in bench.repository.summaries() for one in _of_model(bench, model.name)])


def _of_model(bench: Bench, name: str) -> Iterator[TrustListing]:
    state, events = bench.state(name), [*bench.repository.history.events(name)]
    vouched = {event.version for event in events if "trust" in event.effects}
    for standing in state.in_order() if vouched else ():
        since = events[standing.registered.number - 1 :]
        if str(standing.version) in vouched and (found := vouching.trusted(since, standing)):
            yield TrustListing(
                name=name,
                version=str(standing.version),
                content_digest=standing.content,
                trusted=list(found.values()),
            )


def trust(
    bench: Bench, name: str, version: str | None, *, names: Iterable[str], reason: str | None, dry_run: bool
) -> TrustChange:
    """Says that the classes `names` of a version may be built.

    Raises:
        NotAllowedError: One of them is a part of Python or of a known package, which nobody can trust.
        UsageError: One is no name, or needs no trust.
    """
    stated = [_checked(name) for name in names]
    for one in stated:
        _check_foreign(one)
    return _change(bench, name, version, "add", stated, reason, dry_run=dry_run)


def distrust(
    bench: Bench, name: str, version: str | None, *, names: Iterable[str], reason: str | None, dry_run: bool
) -> TrustChange:
    """Takes the trust in the classes `names` of a version back."""
    return _change(bench, name, version, "remove", [_checked(name) for name in names], reason, dry_run=dry_run)


def _change(
    bench: Bench, name: str, version: str | None, change: str, names: list[str], reason: str | None, *, dry_run: bool
) -> TrustChange:
    decide: _Decide = vouching.decide_trust if change == "add" else vouching.decide_distrust
    why = None if reason is None else checked_words(reason, "the reason")
    ref = joined_ref(name, version, bench.stages)
    form = f"mlreg trust {change} {ref.name}@VERSION --global CLASS"
    if ref.selector is None:
        raise UsageError(f"which version of {ref.name}?", hint=f"name it, as in `{form}`")
    if not names:
        raise UsageError("which class?", hint=f"name it, as in `{form}`; `mlreg scan {name}` says which there are")
    kept: list[Standing] = []

    def wish(state: ModelState, found: Found) -> Draft | None:
        kept[:] = [found.standing]
        return decide(found.standing, trusted_of(bench, state, found.standing), dict.fromkeys(names), why)

    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    return TrustChange(
        name=ref.name,
        version=found.version,
        content_digest=kept[0].content,
        change=change,
        globals=list(dict.fromkeys(names)),
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        notes=found.notes,
        dry_run=dry_run,
    )


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > _NAME_MAX_CHARACTERS:
        raise UsageError(f"{quoted(name)} is no name of a class", hint="write it as `package.module.Class`")
    return name


def _check_foreign(name: str) -> None:
    module, _, own = name.rpartition(".")
    standing = known.standing(module, own) if module else Known.FOREIGN
    if standing is Known.FOREIGN or name in PROGRAMS:
        return
    if standing is Known.UNKNOWN:
        raise NotAllowedError(
            f"{name} is a part of Python or of a package that no model needs: nobody can trust it",
            hint="`mlreg checkout` takes the files and runs nothing",
            facts={"global": name},
            code="never-trusted",
        )
    raise UsageError(f"{name} needs no trust: mlreg knows it", hint="see what does with `mlreg scan NAME@VERSION`")
