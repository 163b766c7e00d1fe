"""`mlreg history`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.happened import EventListing, Timeline
from mlreg.cli.output import View
from mlreg.cli.text import ago
from mlreg.domain.events import Event
from mlreg.domain.names import first_line
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
    from mlreg.cli import timeline as pictures
else:
    pictures = LazyModule("mlreg.cli.timeline")
    screen = LazyModule("mlreg.cli.screen")

_STYLES = {"promoted": "green", "rolled-back": "yellow", "deprecated": "red"}
_WIDEST = 60
EXAMPLES = """\b
Examples:
  mlreg history fraud-detector
  mlreg history fraud-detector --since 7d --kind promoted --kind rolled-back
  mlreg history fraud-detector --limit 10 --json
  mlreg history fraud-detector --timeline"""


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="From then on: 7d, 24h, 2026-03-31, or a time.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="So many at most, the newest.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Only such events: promoted, rolled-back …")
    ] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Who held production, and when.")] = False,
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="STAGE", help="With --timeline: of this stage.")
    ] = None,
) -> None:
    """Tell what happened to a model, when, by whom and why."""
    session = ctx.obj
    if timeline:
        if kind:
            raise UsageError("a timeline has no kinds of events", hint="leave out `--kind` or `--timeline`")
        held = session.registry().timeline(name, stage=stage, since=since, limit=limit)
        session.output().show(held, _held(held))
        return
    if stage:
        raise UsageError(
            "the stage is that of a timeline", hint=f"write `mlreg history {name} --timeline --stage {stage}`"
        )
    answer = session.registry().history(name, since=since, kinds=kind or (), limit=limit)
    view = View(
        rows=[_row(event) for event in answer.events],
        ids=[str(event.number) for event in answer.events],
        draw=lambda on: _draw(on, answer),
    )
    session.output().show(answer, view)


def _held(answer: Timeline) -> View:
    return View(
        rows=[tuple(span.document().values()) for span in answer.tenures],
        ids=[span.version for span in answer.tenures],
        draw=lambda on: _draw_timeline(on, answer),
    )


def _draw_timeline(on: screen.Screen, answer: Timeline) -> None:
    if not answer.tenures:
        on.line(f"nothing of {answer.name} was in {answer.stage}")
        return
    on.line(f"{answer.name}: who held {answer.stage}", "bold")
    on.line()
    pictures.draw(on, answer.tenures, since=answer.since, now=answer.now)


def _row(event: Event) -> Sequence[Any]:
    return event.number, event.at, event.kind, event.version, _effect(event), event.actor, event.reason, event.digest


def _effect(event: Event) -> str:
    effects = event.effects
    if "to" in effects:
        replaced = f", in place of {effects['replaced']}" if effects.get("replaced") else ""
        forced = ", by force" if effects.get("forced") else ""
        return f"{effects.get('from') or 'new'} -> {effects['to']}{replaced}{forced}"
    return "; ".join(_marks(effects))


def _marks(effects: Mapping[str, Any]) -> Iterator[str]:
    """Yields what an event changed that moved nothing."""
    if "tags" in effects:
        yield "tags: " + " ".join(effects["tags"])
    if (effects.get("deprecated") or {}).get("end_of_life"):
        yield f"gone after {effects['deprecated']['end_of_life']}"
    for alias, version in effects.get("aliases", {}).items():
        yield alias if version else f"{alias} is no alias any more"
    if "signature" in effects.get("set", {}):
        yield "signature declared"
    for name, value in effects.get("set", {}).items():
        if name == "signature":
            continue
        yield from (
            (f"{key}={_short(item)}" for key, item in value.items())
            if isinstance(value, dict)
            else [f"{name}: {_short(value)}"]
        )
    if "approval" in effects:
        yield f"for {effects['approval'].get('stage')}"
    for name in effects.get("trust", {}).get("globals", {}):
        yield name
    if "note" in effects:
        yield f'"{first_line(effects["note"], _WIDEST)}"'


def _short(value: Any) -> str:
    stated = value["value"] if isinstance(value, dict) and "value" in value else value
    return first_line(str(stated), _WIDEST)


def _draw(on: screen.Screen, answer: EventListing) -> None:
    columns = (
        screen.Column("#", is_number=True),
        screen.Column("when"),
        screen.Column("by", least=18),
        screen.Column("what", least=32),
    )
    on.table(columns, [(event.number, ago(event.at), event.actor, _told(on, event)) for event in answer.events])


def _told(on: screen.Screen, event: Event) -> list[Any]:
    """Returns what happened as a sentence, and why as another."""
    effect = _effect(event)
    place = f": {effect}" if effect else ""
    if effect.startswith("new -> "):
        place = f" at {effect.removeprefix('new -> ')}"
    elif "approval" in event.effects:
        place = f" {effect}"
    sentence = f"{event.kind.replace('-', ' ')} {event.version or ''}".rstrip() + place.replace("->", on.arrow)
    why = [screen.styled(f'"{event.reason}"', "dim")] if event.reason else []
    return [screen.styled(sentence, _STYLES.get(event.kind, "")), *why]
