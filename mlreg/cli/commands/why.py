"""`mlreg why`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from mlreg.answers.why import Why
from mlreg.cli import deltas, voices
from mlreg.cli.options import Name, VersionOrNone
from mlreg.cli.output import View
from mlreg.cli.rows import dotted
from mlreg.cli.text import ago
from mlreg.domain.events import REGISTERED, ROLLED_BACK
from mlreg.domain.names import first_line
from mlreg.domain.stages import ARCHIVED
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_BECAUSE = {"replaced": "which it replaced", "parent": "its parent", "below": "the version before"}
_STYLES = {"production": "bold green", "staging": "yellow", "archived": "dim"}
_NOTES_SHOWN = 5
EXAMPLES = """\b
Examples:
  mlreg why fraud-detector
  mlreg why fraud-detector 3.0.0
  mlreg why fraud-detector@production~1 --json"""


def run(ctx: typer.Context, name: Name, version: VersionOrNone = None) -> None:
    """Tell why a version stands where it does, and the way back.

    A bare model means the version in production, else the latest.
    """
    session = ctx.obj
    answer = session.registry().why(name, version)
    reference = f"{answer.record.name}@{answer.standing.version}"
    view = View(rows=dotted(answer.document()), ids=[reference], draw=lambda on: _draw(on, answer))
    session.output().show(answer, view)


def _draw(on: screen.Screen, answer: Why) -> None:
    facts = answer.document()
    on.line(f"{facts['name']} {facts['version']}", "bold")
    on.line(_standing(facts), _STYLES.get(facts["stage"], "cyan"))
    if facts["reason"]:
        on.line(f'"{first_line(facts["reason"], 400)}"')
    if facts["deprecated"]:
        on.line(_deprecated(answer), "bold red")
    on.line()
    on.facts(_word(facts))
    if facts["metric_comparison"]:
        compared = facts["compared_with"]
        on.heading(f"against {compared['version']}, {_BECAUSE[compared['because']]}")
        deltas.draw(on, facts["metric_comparison"], compared["version"], facts["version"])
    if facts["approvals"]:
        on.heading("approvals")
        on.facts(voices.told(facts["approvals"]), indent=2)
    _draw_notes(on, facts)
    _draw_way_back(on, facts)


def _standing(facts: dict[str, Any]) -> str:
    """Returns where the version stands since when, and who did what that it stands there."""
    stage, moved, version = facts["stage"], facts["event"], facts["version"]
    since, by = ago(facts["since"]), facts["by"]
    if moved["version"] != version:
        verb = "rolled back to" if moved["kind"] == ROLLED_BACK else f"{moved['kind'].replace('-', ' ')}"
        return f"{stage} {since}: {by} {verb} {moved['version']} in its place"
    if moved["kind"] == REGISTERED:
        return f"in {stage}: {by} registered it there {since}"
    if stage == ARCHIVED:
        return f"archived {since} by {by}"
    way = "rolled back to it" if moved["kind"] == ROLLED_BACK else "put it there"
    return f"in {stage}: {by} {way} {since}"


def _deprecated(answer: Why) -> str:
    deprecated = answer.deprecated or {}
    who = f" {ago(deprecated['at'])} by {deprecated['by']}" if deprecated.get("at") else ""
    day = deprecated["end_of_life"]
    end = f"; it {answer.ending}, on {day}" if answer.ending else f"; it ends on {day}" if day else ""
    return f"deprecated{who}: {first_line(deprecated['reason'])}{end}"


def _word(facts: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    event = facts["event"]
    yield "event", f"{event['number']}, {event['kind'].replace('-', ' ')} at {event['at']}"
    if not facts["reason"] and event["kind"] != REGISTERED:
        yield "reason", screen.styled("none was given", "dim")
    yield from _verdict(event)
    yield "in place of", facts["replaced"]
    yield "registered", f"{ago(facts['registered_at'])} by {facts['registered_by']}"
    yield "held before", _held_before(facts)
    for key, value in facts["lineage"].items():
        yield key.replace("_", " "), value
    yield "owner", facts["owner"]
    yield "tags", " ".join(facts["tags"])
    yield "aliases", " ".join(facts["aliases"])


def _verdict(event: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields what the gates of a policy said when the version was promoted."""
    shut = [gate["gate"] for gate in event.get("gates", ()) if not gate["open"]]
    if event.get("policy"):
        yield "policy", f"{event['policy'][:19]}: {len(event['gates']) - len(shut)} of {len(event['gates'])} gates open"
    if event.get("forced"):
        yield "forced", screen.styled(f"past {', '.join(shut)}", "bold red")


def _held_before(facts: dict[str, Any]) -> str:
    """Returns how often the version held a stage before, as in `production twice, last 3 d ago`."""
    past = [span for span in facts["held"] if span["until"] is not None]
    stages = dict.fromkeys(span["stage"] for span in past)
    return ", ".join(_times(stage, [span for span in past if span["stage"] == stage]) for stage in stages)


def _times(stage: str, spans: list[dict[str, Any]]) -> str:
    count = {1: "once", 2: "twice"}.get(len(spans), f"{len(spans)} times")
    return f"{stage} {count}, until {ago(spans[-1]['until'])}"


def _draw_notes(on: screen.Screen, facts: dict[str, Any]) -> None:
    notes = facts["notes"]
    if notes:
        on.heading("notes")
        shown = notes[-_NOTES_SHOWN:]
        on.facts([(ago(note["at"]), f"{note['by']}: {note['text'].strip()}") for note in shown], indent=2)
    if len(notes) > _NOTES_SHOWN:
        on.line(f"and {len(notes) - _NOTES_SHOWN} older: see them all with `--json`", "dim", indent=2)


def _draw_way_back(on: screen.Screen, facts: dict[str, Any]) -> None:
    back = facts["way_back"]
    if back["command"] is None:
        on.heading("there is no way back" if facts["holds"] else f"it cannot go to {back['stage']}")
        on.line(back["obstacle"])
        on.line(back["hint"] or "", "dim")
    else:
        goal = f"get back to {back['version']}" if facts["holds"] else f"put it into {back['stage']}"
        on.heading(f"to {goal}")
        on.line(back["command"], indent=2)
