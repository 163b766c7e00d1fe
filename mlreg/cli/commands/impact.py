"""`mlreg impact`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.affected import Affected, Impact
from mlreg.cli.options import VersionOrNone
from mlreg.cli.output import View
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg impact --feature amount
  mlreg impact --feature-set transactions:v1
  mlreg impact --data-set v2024-01 --json
  mlreg impact tokenizer@1.0.0"""


def run(
    ctx: typer.Context,
    ref: Annotated[str | None, typer.Argument(metavar="[REF]", help="A version: what was made of it.")] = None,
    version: VersionOrNone = None,
    feature: Annotated[str | None, typer.Option("--feature", metavar="NAME", help="An input of models.")] = None,
    feature_set: Annotated[
        str | None, typer.Option("--feature-set", metavar="NAME", help="As versions were registered with.")
    ] = None,
    data_set: Annotated[
        str | None, typer.Option("--data-set", metavar="NAME", help="Training data: its name, version or digest.")
    ] = None,
) -> None:
    """Show what uses a feature, data or another version.

    Themselves, or through a version that they were made from or depend on.
    """
    session = ctx.obj
    answer = session.registry().impact(ref, version, feature=feature, feature_set=feature_set, data_set=data_set)
    view = View(
        rows=map(_row, answer.versions),
        ids=[one.ref for one in answer.versions],
        draw=lambda on: _draw(on, answer),
    )
    session.output().show(answer, view)


def _row(one: Affected) -> Sequence[Any]:
    return one.name, one.version, ",".join(one.stages), one.through


def _draw(on: screen.Screen, answer: Impact) -> None:
    kind = answer.kind.replace("-", " ")
    on.line(f"{kind} {answer.what}" if answer.kind != "model" else answer.what, "bold")
    if not answer.versions:
        on.line("no version uses it")
        return
    if answer.stages:
        on.line()
        columns = (screen.Column("stage"), screen.Column("version", least=24), screen.Column("through", least=24))
        on.table(columns, [(screen.badge(stage), one.ref, one.through or "itself") for stage, one in answer.stages])
    else:
        on.line("nothing that uses it holds a stage")
    on.line()
    on.table(
        (
            screen.Column("model", least=24),
            screen.Column("versions", is_number=True),
            screen.Column("of them through others", is_number=True),
            screen.Column("named"),
        ),
        _counts(answer.versions),
    )


def _counts(versions: Sequence[Affected]) -> list[Sequence[Any]]:
    by_model: dict[str, list[Affected]] = {}
    for one in versions:
        by_model.setdefault(one.name, []).append(one)
    return [
        (
            screen.styled(name, "bold"),
            len(those),
            sum(one.through is not None for one in those),
            " ".join(one.version for one in those[:_NAMED]) + (" …" if len(those) > _NAMED else ""),
        )
        for name, those in by_model.items()
    ]


_NAMED = 3
