"""`mlreg register`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from mlreg.answers.registered import Registered
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.domain.names import quoted
from mlreg.errors import UsageError
from mlreg.intake import read_features, read_mapping, read_requirements, read_value

EXAMPLES = """\b
Examples:
  mlreg register fraud-detector model.joblib --metric auc=0.91 --metric latency=35ms
  mlreg register fraud-detector export/ --version 3.1.0 --parent fraud-detector@3.0.0
  mlreg register fraud-detector model.pt --bump minor --stage staging --tag nightly"""

Pairs = list[str]


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model, such as fraud-detector or risk/fraud.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Its files, or one directory.")],
    version: Annotated[str | None, typer.Option("--version", metavar="X", help="The version, SemVer 2.0.0.")] = None,
    bump: Annotated[
        str | None,
        typer.Option("--bump", metavar="LEVEL", help="major, minor, patch or auto: by what changed. Default: auto."),
    ] = None,
    metric: Annotated[Pairs | None, typer.Option("--metric", metavar="K=V", help="auc=0.91, latency=35ms …")] = None,
    metrics: Annotated[Path | None, typer.Option("--metrics", metavar="FILE", help="Metrics in YAML or JSON.")] = None,
    param: Annotated[Pairs | None, typer.Option("--param", metavar="K=V", help="A hyperparameter.")] = None,
    params: Annotated[Path | None, typer.Option("--params", metavar="FILE", help="They in YAML or JSON.")] = None,
    feature: Annotated[Pairs | None, typer.Option("--feature", metavar="NAME", help="A feature, in order.")] = None,
    features: Annotated[Path | None, typer.Option("--features", metavar="FILE", help="YAML, JSON or text.")] = None,
    signature: Annotated[Path | None, typer.Option("--signature", metavar="FILE", help="Inputs and outputs.")] = None,
    requirements: Annotated[
        Path | None, typer.Option("--requirements", metavar="FILE", help="Python requirements, one a line.")
    ] = None,
    framework: Annotated[str | None, typer.Option("--framework", metavar="NAME", help="sklearn, torch …")] = None,
    type: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="classifier, regressor …")] = None,
    parent: Annotated[str | None, typer.Option("--parent", metavar="REF", help="The version it came from.")] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="NAME", help="The training data, such as v2024-01.")
    ] = None,
    feature_set: Annotated[str | None, typer.Option("--feature-set", metavar="NAME", help="The feature set.")] = None,
    experiment: Annotated[str | None, typer.Option("--experiment", metavar="NAME", help="The experiment.")] = None,
    increment: Annotated[str | None, typer.Option("--increment", metavar="ID", help="The project's increment.")] = None,
    tag: Annotated[Pairs | None, typer.Option("--tag", metavar="TAG", help="A tag.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="WHO", help="Who answers for it.")] = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is.")] = None,
    meta: Annotated[Pairs | None, typer.Option("--meta", metavar="K=V", help="Any other fact.")] = None,
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Where it stands at once.")] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links that lead out of the directory.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Register files, or one directory, as a version of a model.

    The same files with the same stated facts are registered once: run it again and the version that is there answers.
    """
    if version is not None and bump is not None:
        raise UsageError("a version is stated or bumped, not both", hint="leave out `--version` or `--bump`")
    session = ctx.obj
    output = session.output()
    answer = session.registry().register(
        name,
        *paths,
        version=version,
        bump=bump or "auto",
        metrics=_joined(metrics, metric, "--metric", str),
        params=_joined(params, param, "--param", read_value),
        features=[*(read_features(features) if features else []), *(feature or [])],
        signature=read_mapping(signature) if signature else None,
        requirements=read_requirements(requirements) if requirements else [],
        framework=framework,
        type=type,
        parent=parent,
        data=data,
        feature_set=feature_set,
        experiment=experiment,
        increment=increment,
        tags=tag or [],
        owner=owner,
        description=description,
        meta=_joined(None, meta, "--meta", read_value),
        stage=stage,
        follow_links=follow_links,
        dry_run=dry_run,
        progress=output.progress(),
    )
    output.show(answer, View(rows=_sentences(answer), ids=[answer.version]))


def _sentences(answer: Registered) -> list[tuple[str]]:
    if not answer.created:
        return [(f"Already registered: {answer.name} v{answer.version} ({answer.stage})",)]
    first = f"Registered model: {answer.name} v{answer.version}"
    return [(first,), (f"{answer.stage}, {size(answer.size_bytes)}, {answer.digest[:19]}{_because(answer)}",)]


def _because(answer: Registered) -> str:
    return f", {answer.level}: {'; '.join(answer.reasons)}" if answer.level else ""


def _joined(file: Path | None, pairs: Pairs | None, option: str, read: Callable[[str], Any]) -> dict[str, Any]:
    values = read_mapping(file) if file else {}
    for pair in pairs or []:
        key, mark, value = pair.partition("=")
        if not mark or not key:
            raise UsageError(f"{quoted(pair)} is not a pair", hint=f"write it as `{option} name=value`")
        values[key] = read(value)
    return values
