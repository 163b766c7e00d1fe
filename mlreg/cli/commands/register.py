"""`mlreg register`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.registered import Registered
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.cli.pairs import joined, nested
from mlreg.cli.text import size
from mlreg.domain.names import quoted
from mlreg.errors import UsageError
from mlreg.intake import named_file, read_features, read_mapping, read_requirements, read_value
from mlreg.lazy import LazyModule
from mlreg.spec import covered, read_spec

if TYPE_CHECKING:
    from mlreg import declared
else:
    declared = LazyModule("mlreg.declared")

EXAMPLES = """\b
Examples:
  mlreg register fraud-detector model.joblib --metric auc=0.91 --metric latency=35ms
  mlreg register fraud-detector export/ --version 3.1.0 --parent fraud-detector@3.0.0
  mlreg register fraud-detector model.pt --bump minor --stage staging --tag nightly
  mlreg register fraud-detector model.joblib --role scaler=scaler.joblib --data-file train.csv
  mlreg register -f fraud-detector.yaml --metrics metrics.json"""

Pairs = list[str]


def run(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The model, such as fraud-detector or risk/fraud.")
    ] = None,
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH...", help="Its files, or one directory.")] = None,
    file: Annotated[
        str | None,
        typer.Option("-f", "--file", metavar="SPEC", help="All of this in YAML or JSON (- is stdin); words cover it."),
    ] = None,
    role: Annotated[
        Pairs | None,
        typer.Option("--role", metavar="ROLE=PATH", help="A file and what it is: model, scaler, tokenizer, config."),
    ] = None,
    version: Annotated[str | None, typer.Option("--version", metavar="X", help="The version, SemVer 2.0.0.")] = None,
    bump: Annotated[
        str | None,
        typer.Option("--bump", metavar="LEVEL", help="major, minor, patch or auto: by what changed. Default: auto."),
    ] = None,
    metric: Annotated[
        Pairs | None, typer.Option("--metric", metavar="K=V", help="Such as auc=0.91 or latency=35ms.")
    ] = None,
    metrics: Annotated[str | None, typer.Option("--metrics", metavar="FILE", help="A mapping in YAML or JSON.")] = None,
    param: Annotated[Pairs | None, typer.Option("--param", metavar="K=V", help="A hyperparameter.")] = None,
    params: Annotated[str | None, typer.Option("--params", metavar="FILE", help="A mapping in YAML or JSON.")] = None,
    feature: Annotated[Pairs | None, typer.Option("--feature", metavar="NAME", help="A feature, in order.")] = None,
    features: Annotated[
        str | None, typer.Option("--features", metavar="FILE", help="A list in YAML or JSON, or one a line (.txt).")
    ] = None,
    signature: Annotated[
        str | None, typer.Option("--signature", metavar="FILE", help="Inputs and outputs, in YAML or JSON.")
    ] = None,
    requirements: Annotated[
        str | None, typer.Option("--requirements", metavar="FILE", help="Python requirements, one a line.")
    ] = None,
    framework: Annotated[
        str | None, typer.Option("--framework", metavar="NAME", help="Such as sklearn or torch.")
    ] = None,
    type: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Such as classifier or regressor.")] = None,
    parent: Annotated[str | None, typer.Option("--parent", metavar="REF", help="The version it came from.")] = None,
    variant_of: Annotated[
        str | None, typer.Option("--variant-of", metavar="REF", help="It in another form: exported, quantised.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="NAME", help="The training data, such as v2024-01.")
    ] = None,
    data_file: Annotated[
        str | None, typer.Option("--data-file", metavar="FILE", help="The training data: its digest and size are kept.")
    ] = None,
    data_rows: Annotated[
        str | None, typer.Option("--data-rows", metavar="N", help="How many rows it has, such as 120000 or 120k.")
    ] = None,
    data_version: Annotated[
        str | None, typer.Option("--data-version", metavar="V", help="Its version, such as 2024-01.")
    ] = None,
    feature_set: Annotated[str | None, typer.Option("--feature-set", metavar="NAME", help="The feature set.")] = None,
    experiment: Annotated[str | None, typer.Option("--experiment", metavar="NAME", help="The experiment.")] = None,
    increment: Annotated[str | None, typer.Option("--increment", metavar="ID", help="The project's increment.")] = None,
    depends_on: Annotated[
        Pairs | None, typer.Option("--depends-on", metavar="REF", help="A version that it needs, as a tokenizer.")
    ] = None,
    tag: Annotated[Pairs | None, typer.Option("--tag", metavar="TAG", help="A tag.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="WHO", help="Who answers for it.")] = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is.")] = None,
    meta: Annotated[
        Pairs | None, typer.Option("--meta", metavar="K=V", help="Any other fact; team.name=x is nested.")
    ] = None,
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Where it stands at once.")] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Follow links that lead out of the directory.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Keep the files as they are: fast rather than small, until `mlreg gc`.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Register files, or one directory, as a version of a model.

    The same files with the same stated facts are registered once: run it again and the version that is there answers.
    """
    if version is not None and bump is not None:
        raise UsageError("a version is stated or bumped, not both", hint="leave out `--version` or `--bump`")
    _check_standard_input(
        {
            "-f": file,
            "--metrics": metrics,
            "--params": params,
            "--features": features,
            "--signature": signature,
            "--requirements": requirements,
        }
    )
    words = {
        "name": name,
        "paths": paths or [],
        "companions": _roles(role or []),
        "version": version,
        "bump": bump,
        "metrics": _joined(metrics, metric, "--metric", str),
        "params": _joined(params, param, "--param", read_value),
        "features": [*(read_features(named_file(features)) if features else []), *(feature or [])],
        "signature": declared.read_signature(named_file(signature)).facts() if signature else None,
        "requirements": read_requirements(named_file(requirements)) if requirements else [],
        "framework": framework,
        "type": type,
        "parent": parent,
        "variant_of": variant_of,
        "data": data,
        "dataset": _stated(file=data_file, rows=data_rows, version=data_version),
        "feature_set": feature_set,
        "experiment": experiment,
        "increment": increment,
        "depends_on": depends_on or [],
        "tags": tag or [],
        "owner": owner,
        "description": description,
        "meta": nested(joined(meta or [], "--meta", read_value), "--meta"),
        "stage": stage,
        "follow_links": follow_links,
        "raw": raw,
    }
    arguments = covered(_specified(file, name), words)
    model = arguments.pop("name", None)
    if model is None:
        raise UsageError("which model is it?", hint="name it, as in `mlreg register NAME model.pkl`")
    session = ctx.obj
    output = session.output()
    with output.progress() as progress:
        answer = session.registry().register(
            model, *arguments.pop("paths", ()), **arguments, dry_run=dry_run, progress=progress
        )
    output.show(answer, View(rows=_sentences(answer), ids=[answer.version]))


def _sentences(answer: Registered) -> list[tuple[str]]:
    if not answer.created:
        return [(f"Already registered: {answer.name} v{answer.version} ({answer.stage})",)]
    first = f"Registered model: {answer.name} v{answer.version}"
    return [(first,), (f"{answer.stage}, {size(answer.size_bytes)}, {answer.digest[:19]}{_because(answer)}",)]


def _because(answer: Registered) -> str:
    return f", {answer.level}: {'; '.join(answer.reasons)}" if answer.level else ""


def _specified(file: str | None, name: str | None) -> dict[str, Any]:
    """Returns what the specification `file` says; `name` is the first word, which may have been meant as a path."""
    if file is None:
        return {}
    spec = read_spec(named_file(file))
    if name not in (None, spec.name) and spec.name is not None and Path(str(name)).exists():
        raise UsageError(
            f"{quoted(str(name))} is a file, and stands where the model is named",
            hint=f"name the model before it: `mlreg register {spec.name} {name} -f {file}`",
        )
    return spec.arguments()


def _check_standard_input(words: Mapping[str, str | None]) -> None:
    """Checks that standard input, which can be read once, is named by one of the options."""
    both = [option for option, word in words.items() if word == "-"]
    if len(both) > 1:
        raise UsageError(
            f"standard input is asked for twice: {' and '.join(f'`{option} -`' for option in both)}",
            hint="name a file for all but one of them",
        )


def _roles(pairs: Pairs) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for pair in pairs:
        for role, path in joined([pair], "--role").items():
            roles.setdefault(role, []).append(path)
    return roles


def _stated(**facts: str | None) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value is not None}


def _joined(file: str | None, pairs: Pairs | None, option: str, read: Callable[[str], Any]) -> dict[str, Any]:
    return {**(read_mapping(named_file(file)) if file else {}), **joined(pairs or [], option, read)}
