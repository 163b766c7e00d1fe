"""Owns what is stated of a version after its registration: late facts, notes, aliases."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlreg.answers.aliased import Aliased, AliasListing
from mlreg.answers.base import Warned
from mlreg.answers.changed import Changed
from mlreg.bench import Bench
from mlreg.domain import decide, late
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_model_name, checked_words
from mlreg.domain.refs import checked_alias, parse_selector
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState
from mlreg.errors import UsageError
from mlreg.resolve import Found, carry_out, joined_ref


def state_late(
    bench: Bench,
    name: str,
    version: str | None,
    *,
    metrics: Mapping[str, Any],
    description: str | None,
    owner: str | None,
    meta: Mapping[str, Any],
    note: str | None,
    dry_run: bool,
) -> Changed:
    """States facts of a version that is there, and adds a note to it."""
    facts = late.late_facts(metrics=metrics, description=description, owner=owner, meta=meta)
    text = None if note is None else checked_words(note, "the note")
    if not facts and text is None:
        raise UsageError("there is nothing to set", hint=f"state something, as in `mlreg set {name} --owner WHO`")
    ref = joined_ref(name, version, bench.stages)
    if ref.selector is None:
        raise UsageError(f"which version of {ref.name}?", hint=f"name it, as in `mlreg set {ref.name}@VERSION`")
    said: dict[str, Any] = {}

    def wish(state: ModelState, found: Found) -> Draft | None:
        known = bench.record(state, found.standing)
        new = late.completed(known, facts)
        said.update(set=new, before=late.covered(known, new), note=text)
        return decide.decide_late_facts(state, found.version, new if late.changes(known, new) else {}, text)

    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    return Changed(
        verb="set",
        name=ref.name,
        version=found.version,
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        now=said,
        notes=[*found.notes, *_warnings(facts)],
        dry_run=dry_run,
    )


def list_aliases(bench: Bench, name: str) -> AliasListing:
    """Lists the aliases of a model and the versions that they point at."""
    state = bench.state(checked_model_name(name))
    return AliasListing(name=state.spelling, aliases=state.aliases)


def alias(bench: Bench, name: str, version: str | None, alias: str, *, dry_run: bool) -> Aliased:
    """Points an alias at a version, wherever it pointed before."""
    checked = _checked_alias(name, version, alias, bench.stages)
    ref = joined_ref(name, version, bench.stages)
    if ref.selector is None:
        raise UsageError(
            f"which version of {ref.name} shall {alias} mean?",
            hint=f"name it, as in `mlreg alias {ref.name} VERSION {alias}`",
        )

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_alias(state, checked, found.version)

    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    return Aliased(
        name=ref.name,
        alias=checked,
        version=found.version,
        before=outcome.before.aliases.get(checked),
        aliases={**outcome.before.aliases, checked: found.version},
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        notes=found.notes,
        dry_run=dry_run,
    )


def unalias(bench: Bench, name: str, alias: str, *, dry_run: bool) -> Aliased:
    """Takes an alias away; one that is not there is no error."""
    model = checked_model_name(name)
    outcome = bench.commit(model, lambda state: decide.decide_unalias(state, alias), dry_run=dry_run)
    return Aliased(
        name=model,
        alias=alias,
        version=None,
        before=outcome.before.aliases.get(alias),
        aliases={known: version for known, version in outcome.before.aliases.items() if known != alias},
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        dry_run=dry_run,
    )


def _checked_alias(name: str, version: str | None, alias: str, stages: Stages) -> str:
    """Returns `alias` where it can be one; where it is the version, and what stands for that the alias, says so."""
    try:
        return checked_alias(alias, stages)
    except UsageError as error:
        said = alias.removeprefix(f"{name}@")
        with suppress(UsageError):
            if version is not None and checked_alias(version, stages) and parse_selector(said, stages):
                error.hint = f"the version comes first: `mlreg alias {name} {said} {version}`"
        raise


def _warnings(facts: Mapping[str, Any]) -> list[str]:
    return [
        Warned(f"the metric {name} is not finite: it wins no comparison and shuts every gate")
        for name in late.not_finite(facts)
    ]
