"""Owns the one table of all codes, and what every check has found as findings of it.

A check answers in its own words (rows and columns, keys of a repository, offsets); what pipelines and editors show is
the same for all of them: a place, a code, a line. A new check is one function here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlreg.answers.verified import BYTES_MISSING
from mlreg.domain.findings import KINDS, Finding, Kind
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import MlregError, NotFoundError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import intake
    from mlreg.answers.documented import Documented
    from mlreg.answers.locked import Locked
    from mlreg.answers.scanned import Scanned, ScannedFile
    from mlreg.answers.signatures import Held, Validated
    from mlreg.answers.verified import Verified
    from mlreg.scanning import codes
    from mlreg.scanning.report import Finding as Reason
else:
    intake = LazyModule("mlreg.intake")
    codes = LazyModule("mlreg.scanning.codes")

_MENDS: Final = {
    "refused": "do not load it; ask for weights alone, as safetensors or ONNX, from somebody you know",
    "needs-trust": "where you know what it is: `mlreg trust add NAME@VERSION --global PACKAGE.CLASS`",
    "invalid": "fetch it again from where it came, or write it again with its framework",
    "allowed": "nothing: it is only said",
}
_WHYS: Final = {
    "refused": "no honest model needs it: whoever loads the file may run what somebody else wrote",
    "needs-trust": "loading it runs code that mlreg does not know; somebody has to have looked at it",
    "invalid": "what cannot be read to its end cannot be judged",
    "allowed": "loading it runs nothing foreign; it is told because it is unusual",
}
_ROOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "inputs": ("inputs", "features", "input_schema"),
    "outputs": ("outputs", "output_schema"),
}
_CODES: Final = {kind.name: code for code, kind in KINDS.items()}
_DAMAGED, _SCHEMA = "MLR199", "MLR229"


def kinds() -> dict[str, Kind]:
    """Returns all kinds of findings by their code, those of a scan too, sorted."""
    scanned = {
        code: Kind(known.name, known.why, _WHYS[known.verdict], _MENDS[known.verdict])
        for code, known in codes.CODES.items()
    }
    return dict(sorted({**KINDS, **scanned}.items()))


def kinds_of(findings: Iterable[Finding]) -> dict[str, Kind]:
    """Returns the kinds of `findings` by their code; the room of the scan is opened only where one is of a scan."""
    found = {finding.code for finding in findings}
    known = KINDS if found <= KINDS.keys() else kinds()
    return {code: known[code] for code in sorted(found)}


def find_kind(code: str) -> tuple[str, Kind]:
    """Returns the code and the kind that `code`, or the name of one, means.

    Raises:
        NotFoundError: There is none.
    """
    known = kinds()
    names = {kind.name: number for number, kind in known.items()}
    number = names.get(code.lower(), code.upper())
    if number not in known:
        raise NotFoundError(
            f"there is no code {quoted(code)}",
            hint=suggestion(code, names) or "see all with `mlreg explain`",
            facts={"code": code},
            code="no-code",
        )
    return number, known[number]


def of_verified(answer: Verified, directory: str, *, is_whole: bool = True) -> list[Finding]:
    """Returns what `verify` has found in the repository at `directory`.

    Args:
        is_whole: Whether bytes that are not here are an error; a note where they may never have been fetched.
    """
    return [
        Finding(
            code := _CODES.get(problem.code, _DAMAGED),
            os.path.join(directory, problem.object),
            problem.message,
            fix=KINDS[code].mend,
            severity="error" if is_whole or problem.code != BYTES_MISSING else "note",
        )
        for problem in answer.problems
    ]


def of_scanned(answer: Scanned) -> list[Finding]:
    """Returns why files are not allowed; what is only said of allowed ones is a note."""
    return [_reason(file, reason) for file in answer.files for reason in file.report.findings]


def _reason(file: ScannedFile, reason: Reason) -> Finding:
    at = "" if reason.offset is None else f" (at byte {reason.offset})"
    trust = file.trust if reason.subject and file.trust else []
    own = [command for command in trust if command.endswith(f" {reason.subject}")]
    return Finding(
        reason.code,
        file.report.path,
        f"{reason.message}{at}",
        fix=f"to trust it: `{own[0]}`" if own else None if reason.verdict == codes.ALLOWED else _MENDS[reason.verdict],
        severity="note" if reason.verdict == codes.ALLOWED else "error",
    )


def of_validated(answer: Validated) -> list[Finding]:
    """Returns what is wrong with data, with the line where they are in a file of lines."""
    return [
        Finding(
            code := _CODES.get(found.code, _SCHEMA),
            answer.data,
            f"{'' if found.row is None else f'row {found.row}, '}{found.column}: {found.message}",
            line=found.line,
            fix=KINDS[code].mend,
        )
        for found in answer.checked.findings
    ]


def of_held(answer: Held) -> list[Finding]:
    """Returns the changes that break, where they stand in the new signature."""
    return list(broken(answer, Path(answer.new), of=answer.old, fix=KINDS["MLR203"].mend))


def broken(answer: Held, path: Path, *, of: str, fix: str, inside: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yields the changes of `answer` that break who relies on the signature `of`.

    Args:
        path: The file of the new one; it need not be there.
        inside: The keys that lead to it in that file.
    """
    for change in answer.changes:
        if change.breaking:
            root, *rest = change.path.split(".")
            ways = [(*inside, name, *rest) for name in _ROOTS.get(root, (root,))] if path.is_file() else []
            place = next((found for way in ways if (found := intake.find_place(path, way))), None)
            line, column = place or (None, None)
            yield Finding("MLR203", str(path), f"{change.reason}, which breaks {of}", line, column, fix)


def of_documented(answer: Documented) -> list[Finding]:
    """Returns which pages are stale."""
    return [
        Finding("MLR401", file, "what mlreg has written into it is stale", fix=f"`mlreg docs sync {file}`")
        for file in answer.stale
    ]


def of_locked(answer: Locked) -> list[Finding]:
    """Returns why a lock is stale."""
    return [Finding("MLR501", answer.file, what, fix=KINDS["MLR501"].mend) for what in answer.stale]


def of_damage(error: MlregError, path: str) -> Finding:
    """Returns the finding that the file `path` cannot be held against the repository, because of `error` in there."""
    return Finding(_CODES.get(error.stable_code, _DAMAGED), path, error.message, fix=error.hint)


def of_error(error: MlregError, code: str | None = None) -> list[Finding]:
    """Returns the finding that an error is which names a file that somebody wrote; nothing for other errors.

    Args:
        code: What it is, where the error itself does not say that it is a signature.
    """
    file = error.facts.get("file")
    if not isinstance(file, str):
        return []
    known = "MLR202" if error.stable_code == "signature" else code or "MLR201"
    what = error.message.partition(": ")[2] if error.message.startswith("cannot read ") else error.message
    return [Finding(known, file, what, error.facts.get("line"), error.facts.get("column"), error.hint)]
