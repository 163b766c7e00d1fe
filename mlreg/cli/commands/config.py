"""`mlreg config`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.configured import Changed, Setting, Settings, Told
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule
from mlreg.registry import Registry
from mlreg.store.settings import literal

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg config list --show-origin
  mlreg config set metrics.score.direction up
  mlreg config get stages.order
  mlreg config unset metrics.score.direction

A flag goes before MLREG_*, that before .mlreg/config.toml, ~/.config/mlreg/config.toml and the defaults."""
_WORDS = {"list": (), "get": ("KEY",), "set": ("KEY", "VALUE"), "unset": ("KEY",)}


def run(
    ctx: typer.Context,
    verb: Annotated[str, typer.Argument(metavar="list|get|set|unset", help="What to do.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY] [VALUE]", help="Such as metrics.score.direction, and up.")
    ] = None,
    is_global: Annotated[
        bool, typer.Option("--global", help="Of your own settings, which hold in every repository.")
    ] = False,
    show_origin: Annotated[bool, typer.Option("--show-origin", help="Say who says so: file and line.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Look at settings, and change them."""
    session = ctx.obj
    given = _checked(verb, words or [])
    settings = Registry.config(session.repo, own=is_global)
    if verb == "list":
        listing = settings.list()
        session.output().show(listing, _listed(listing, show_origin=show_origin))
    elif verb == "get":
        told = settings.get(*given)
        session.output().show(told, _told(told, show_origin=show_origin))
    else:
        change: Callable[..., Changed] = settings.set if verb == "set" else settings.unset
        answer = change(*given, is_global=is_global, dry_run=dry_run)
        session.output().show(answer, View(rows=[(_sentence(answer),)], ids=[answer.key]))


def _checked(verb: str, given: Sequence[str]) -> Sequence[str]:
    if verb not in _WORDS:
        near = suggestion(verb, _WORDS)
        raise UsageError(f"{quoted(verb)} is nothing that config does", hint=near or "see `mlreg config --help`")
    if len(given) != len(_WORDS[verb]):
        form = " ".join(["mlreg config", verb, *_WORDS[verb]])
        raise UsageError(f"config {verb} takes {_count(len(_WORDS[verb]))}, not {len(given)}", hint=f"write `{form}`")
    return given


def _count(number: int) -> str:
    return {0: "no other word", 1: "one word more", 2: "two words more"}[number]


def _listed(answer: Settings, *, show_origin: bool) -> View:
    rows = [_row(setting, show_origin=show_origin) for setting in answer.settings]
    return View(
        rows=rows,
        ids=[setting.key for setting in answer.settings if setting.value is not None],
        draw=lambda on: _draw(on, answer, show_origin=show_origin),
    )


def _row(setting: Setting, *, show_origin: bool) -> list[str]:
    row = [setting.key, _spelled(setting.value)]
    return [*row, str(setting.origin)] if show_origin else row


def _draw(on: screen.Screen, answer: Settings, *, show_origin: bool) -> None:
    columns = [screen.Column("setting"), screen.Column("value", least=12)]
    last = screen.Column("said by", least=16) if show_origin else screen.Column("what it is", least=24, rank=1)
    rows: list[list[Any]] = []
    for setting in answer.settings:
        value = screen.styled("-", "dim") if setting.value is None else _spelled(setting.value)
        rows.append([setting.key, value, str(setting.origin) if show_origin else setting.says])
    on.table([*columns, last], rows)


def _told(answer: Told, *, show_origin: bool) -> View:
    value = _spelled(answer.setting.value)
    return View(rows=[(value, str(answer.setting.origin)) if show_origin else (value,)], ids=[value])


def _sentence(answer: Changed) -> str:
    would = "would " if answer.dry_run else ""
    if answer.value is None:
        if not answer.changed:
            return f"{answer.key} is not in {answer.file}"
        return f"{answer.file} {'would say' if would else 'says'} nothing of {answer.key} any more"
    if not answer.changed:
        return f"{answer.key} is {_spelled(answer.value)} already in {answer.file}"
    before = "" if answer.before is None else f"; it was {_spelled(answer.before)}"
    return f"{answer.key} {'would be' if would else 'is now'} {_spelled(answer.value)} in {answer.file}{before}"


def _spelled(value: Any) -> str:
    return "-" if value is None else value if isinstance(value, str) else literal(value)
