"""`mlreg signature`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.adapters.surroundings import files, location
from mlreg.answers.signatures import Held, Shown, SignatureSet
from mlreg.cli import verbatim
from mlreg.cli.options import DryRun, OutputFormat
from mlreg.cli.output import View
from mlreg.cli.rows import dotted
from mlreg.domain.names import quoted, suggestion
from mlreg.domain.refs import joined, says_version
from mlreg.domain.signatures.model import SIDES, Field, Schema, Signature
from mlreg.errors import NotFoundError, TakenError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import findings, inferring, linting, signatures
    from mlreg.answers.linted import Linted
    from mlreg.cli import screen
    from mlreg.cli.context import Session
    from mlreg.store import strict_yaml
else:
    findings = LazyModule("mlreg.findings")
    inferring = LazyModule("mlreg.inferring")
    linting = LazyModule("mlreg.linting")
    signatures = LazyModule("mlreg.signatures")
    screen = LazyModule("mlreg.cli.screen")
    strict_yaml = LazyModule("mlreg.store.strict_yaml")

EXAMPLES = """\b
Examples:
  mlreg signature infer train.csv --target fraud -o signature.yaml
  mlreg signature check fraud-detector@production signature.yaml
  mlreg signature lint models/fraud.yaml models/signature.yaml
  mlreg signature show fraud-detector
  mlreg signature set fraud-detector@3.1.0 signature.yaml"""
_WORDS = {"show": ("REF",), "infer": ("PATH",), "check": ("OLD", "NEW"), "lint": ("FILE",), "set": ("REF", "FILE")}
_MOST = {"show": 2, "check": 4, "set": 3}  # `NAME VERSION` is two words, `NAME@VERSION` one
_CHECKS = ("check", "lint")
_OWN = {
    **dict.fromkeys(("target", "outputs", "format", "output"), ("infer",)),
    "dry_run": ("set", "infer"),
    "yaml": ("show",),
}


def run(
    ctx: typer.Context,
    verb: Annotated[str, typer.Argument(metavar="show|infer|check|lint|set", help="What to do.")],
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORD...", help="REF; PATH...; OLD NEW (files or references); FILE...; REF FILE."),
    ],
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="COLUMN", help="infer: a column that is an output.")
    ] = None,
    outputs: Annotated[
        list[str] | None, typer.Option("--outputs", metavar="FILE", help="infer: data of the outputs alone.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="infer: write it there, if nothing is there.")
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", metavar="csv|json|npz|parquet", help="infer: what the data are.")
    ] = None,
    yaml: Annotated[bool, typer.Option("--yaml", help="show: as a file says it.")] = False,
    dry_run: DryRun = False,
    output_format: OutputFormat = None,
) -> None:
    """Show, infer, check or declare what a model takes and gives.

    A change that breaks callers exits with 1, and says why. lint takes the files of signatures and specifications that
    are to be committed, and holds them against what is in production.
    """
    session = ctx.obj
    _check_words(verb, words)
    given = {"target": target, "outputs": outputs, "output": output, "format": format, "yaml": yaml, "dry_run": dry_run}
    _check_options(verb, given)
    if output_format and verb not in _CHECKS:
        raise UsageError("`--output-format` is for what checks", hint="it is for `mlreg signature check` and `lint`")
    if verb == "infer":
        _infer(session, words, target or [], outputs or [], output, format, dry_run=dry_run)
    elif verb == "check":
        _check(session, words)
    elif verb == "lint":
        _lint(session, words)
    elif verb == "set":
        name, *version, file = words
        answer = session.registry().set_signature(
            name, *version, signature=inferring.signature_in(Path(file)).written(), dry_run=dry_run
        )
        session.output().show(answer, View(rows=[(_set_sentence(answer),)], ids=[answer.version]))
    else:
        shown = session.registry().signature(words[0], words[1] if len(words) > 1 else None)
        session.output().show(shown, _shown_as_yaml(shown) if yaml else _shown(shown))


def _check_words(verb: str, words: Sequence[str]) -> None:
    if verb not in _WORDS:
        near = suggestion(verb, _WORDS)
        raise UsageError(f"{quoted(verb)} is nothing that signature does", hint=near or "see `mlreg signature --help`")
    least = len(_WORDS[verb])
    most = len(words) if verb in ("infer", "lint") else _MOST[verb]
    if not least <= len(words) <= most:
        form = " ".join(["mlreg signature", verb, *_WORDS[verb]])
        raise UsageError(f"signature {verb} takes {' and '.join(_WORDS[verb])}", hint=f"write `{form}`")


def _check_options(verb: str, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if value and verb not in _OWN[name]:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"`{option}` is not for signature {verb}", hint=f"it is for `mlreg signature {_OWN[name][0]}`"
            )


def _infer(
    session: Session,
    words: Sequence[str],
    targets: Sequence[str],
    outputs: Sequence[str],
    output: str | None,
    format: str | None,
    *,
    dry_run: bool,
) -> None:
    found = inferring.infer_files([*map(Path, words)], targets=targets, outputs=[*map(Path, outputs)], format=format)
    text = strict_yaml.dump(found.signature.written())
    if output is not None:
        _write(Path(output), text, dry_run=dry_run)
    found = replace(found, path=output, dry_run=dry_run)
    wrote = View(rows=[(f"wrote the signature to {output}",)], ids=[str(output)])
    session.output().show(found, wrote if output else verbatim.view_of(text.decode()))


def _write(path: Path, text: bytes, *, dry_run: bool) -> None:
    write = files.check_add if dry_run else files.add
    try:
        write(path, text)
    except FileExistsError:
        raise TakenError(
            f"{quoted(str(path), 200)} is there with another content",
            hint=f"see what changed with `mlreg signature check {path} DATA`, or write elsewhere with `-o`",
            code="file-exists",
        ) from None


def _check(session: Session, words: Sequence[str]) -> None:
    answer = signatures.hold(lambda ref: session.registry().signature(ref), *_two(words))
    rows = [(_mark(change.breaking), change.path, change.change, change.reason) for change in answer.changes]
    view = View(
        rows=[*rows, ("bump", answer.bump)],
        ids=[answer.bump],
        draw=lambda on: _draw_changes(on, answer),
        findings=lambda: findings.of_held(answer),
    )
    session.output().show(answer, view)
    if not answer.compatible:
        raise typer.Exit(1)


def _two(words: Sequence[str]) -> tuple[str, str]:
    """Returns the two files or references that `words` are; two bare words are two models."""
    meant = joined(words, lambda word: says_version(word) or signatures.is_file(word))
    if len(words) == 2 and len(meant) == 1:
        return words[0], words[1]
    if len(meant) != 2:
        raise UsageError("two signatures are checked", hint="write `mlreg signature check OLD NEW`")
    return meant[0], meant[1]


def _lint(session: Session, words: Sequence[str]) -> None:
    answer = linting.lint(map(Path, words), _promised(session))
    view = View(
        rows=[(found.place, found.code, found.severity, found.message, found.fix) for found in answer.findings]
        or [(_lint_summary(answer),)],
        ids=list(dict.fromkeys(found.path for found in answer.findings)),
        draw=lambda on: _draw_findings(on, answer),
        findings=lambda: answer.findings,
    )
    session.output().show(answer, view)
    if not answer.ok:
        raise typer.Exit(1)


def _promised(session: Session) -> linting.Promised:
    """Returns what looks into the repository, where there is one: files are valid or not without any."""
    try:
        return session.registry().promises()
    except NotFoundError:
        if location.is_named(session.repo):
            raise
        return lambda name: None


def _lint_summary(answer: Linted) -> str:
    count, held = len(answer.files), len(answer.held)
    against = f", {held} held against production" if held else ""
    return f"ok: {count} file{'' if count == 1 else 's'}{against}"


def _draw_findings(on: screen.Screen, answer: Linted) -> None:
    for found in answer.findings:
        style = "bold red" if found.severity == "error" else "yellow"
        on.line(f"{found.place}: {found.code} {found.message}", style)
        if found.fix:
            on.line(found.fix, indent=2)
    if answer.ok:
        on.line(_lint_summary(answer), "green")
    elif answer.findings:
        on.line(f"see why with `mlreg explain {answer.findings[0].code}`", "dim")


def _mark(breaking: bool) -> str:
    return "breaking" if breaking else "compatible"


def _draw_changes(on: screen.Screen, answer: Held) -> None:
    if not answer.changes:
        on.line(f"the signature is the same: {answer.bump}", "green")
        return
    columns = (screen.Column("change"), screen.Column("where", least=12), screen.Column("why", least=24))
    on.table(
        columns,
        [
            (
                screen.styled(_mark(change.breaking), "bold red" if change.breaking else "green"),
                change.path,
                change.reason,
            )
            for change in answer.changes
        ],
    )
    on.line(f"this is a {answer.bump} change", "bold")


def _shown(answer: Shown) -> View:
    rows = [(f"{answer.name} {answer.version} declares no signature",)] if answer.signature is None else None
    return View(
        rows=rows or list(dotted(answer.signature.written() if answer.signature else {})),
        ids=[f"{answer.name}@{answer.version}"],
        draw=None if answer.signature is None else lambda on: _draw(on, answer, answer.signature),  # type: ignore[arg-type]
    )


def _shown_as_yaml(answer: Shown) -> View:
    text = strict_yaml.dump(answer.signature.written()) if answer.signature else b""
    return verbatim.view_of(text.decode())


def _draw(on: screen.Screen, answer: Shown, signature: Signature) -> None:
    on.line(f"{answer.name} {answer.version}", "bold")
    for name in SIDES:
        side = signature.side(name)
        if side is None:
            continue
        on.heading(name)
        if isinstance(side, Schema):
            verbatim.draw(on, strict_yaml.dump(dict(side.schema)).decode().splitlines())
        else:
            columns = (screen.Column("name"), screen.Column("type"), screen.Column("may be", least=12))
            on.table(columns, [_row(at, field) for at, field in enumerate(side)])


def _row(at: int, field: Field) -> Sequence[Any]:
    shape = "" if field.shape is None else f" [{', '.join('any' if size == -1 else str(size) for size in field.shape)}]"
    return screen.styled(str(at) if field.name is None else field.name, "bold"), field.type + shape, _allowed(field)


def _allowed(field: Field) -> str:
    said = [f"one of {', '.join(map(str, field.enum))}"] if field.enum is not None else []
    said += [f"from {field.min}"] if field.min is not None else []
    said += [f"up to {field.max}"] if field.max is not None else []
    said += ["nothing"] if field.nullable else []
    said += ["left out"] if field.optional else []
    return ", ".join(said)


def _set_sentence(answer: SignatureSet) -> str:
    reference = f"{answer.name} {answer.version}"
    if not answer.changed:
        return f"{reference} declares this signature already"
    return f"{reference} {'would declare' if answer.dry_run else 'declares now'}: {', '.join(_sides(answer.signature))}"


def _sides(signature: Signature) -> list[str]:
    found = []
    for name in SIDES:
        side = signature.side(name)
        if side is not None:
            counted = name.removesuffix("s") if isinstance(side, tuple) and len(side) == 1 else name
            found.append(f"{name} by a schema" if isinstance(side, Schema) else f"{len(side)} {counted}")
    return found
