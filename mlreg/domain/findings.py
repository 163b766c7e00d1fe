"""Owns what a check has found, whichever check it was: a place, a stable code, what is wrong, what mends it.

A number is never used for something else: `MLR1xx` is of `verify`, `MLR2xx` of signatures, specifications and data,
`MLR3xx` of `scan` (`scanning.codes` has these), `MLR4xx` of generated pages, `MLR5xx` of locks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check has found.

    Attributes:
        code: One of the codes that `mlreg explain` lists, such as `MLR203`.
        path: The file, as the caller named it, or the key of one in the repository.
        message: What is wrong, one line, with the thing named.
        line: Counted from 1; None where the whole file is meant, or it has no lines.
        column: Counted from 1, in characters; None where the whole line is meant.
        fix: What to type or write, with commands in backticks; None where it depends.
        severity: Only an `error` makes a check fail.
    """

    code: str
    path: str
    message: str
    line: int | None = None
    column: int | None = None
    fix: str | None = None
    severity: Severity = "error"

    @property
    def place(self) -> str:
        """Where it stands, as `path:line:column`, as far as that is known."""
        numbers = (self.line, self.column if self.line is not None else None)
        return ":".join([self.path, *(str(number) for number in numbers if number is not None)])

    @property
    def text(self) -> str:
        """What is wrong, and what mends it."""
        return self.message if self.fix is None else f"{self.message}; {self.fix}"

    def document(self) -> dict[str, Any]:
        """Returns the finding as JSON shows it."""
        return {
            "code": self.code,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
        }


class Kind(NamedTuple):
    """A kind of finding: its name in one word, what it is, why it matters, and how it is mended."""

    name: str
    what: str
    why: str
    mend: str


def fails(findings: Iterable[Finding]) -> bool:
    """Whether a check that has found these says no."""
    return any(finding.severity == "error" for finding in findings)


_MEND_BYTES: Final = "`mlreg verify --repair --from FILE`, with a file that may be what was lost"
_MEND_HISTORY: Final = "fetch `.mlreg/history` again from a copy of the repository: `git checkout`, or a backup"
_MEND_RECORD: Final = "fetch `.mlreg/catalog` again from a copy of the repository: `git checkout`, or a backup"
_MEND_DATA: Final = "mend the data, or declare what they are with `mlreg signature infer DATA`"

KINDS: Final[Mapping[str, Kind]] = {
    "MLR101": Kind("blob-missing", "the bytes of a version are not here",
        "it cannot be checked out, loaded or rolled back to from here; a clone may not have fetched them yet",
        _MEND_BYTES),
    "MLR102": Kind("blob-damaged", "the bytes of a version are not what their name says",
        "the name is the SHA-256 of what was registered: these bytes are another model", _MEND_BYTES),
    "MLR103": Kind("event-missing", "an event of a history is missing",
        "where every version stands follows from all events: without one of them nothing after it can be relied on",
        _MEND_HISTORY),
    "MLR104": Kind("event-damaged", "an event is not as it was written",
        "who did what and when is told by events, and each carries a digest of itself", _MEND_HISTORY),
    "MLR105": Kind("chain-broken", "an event does not follow the one before it",
        "each event names the digest of the one before: one of them was replaced", _MEND_HISTORY),
    "MLR106": Kind("record-missing", "the record of a version is missing",
        "what the version is, its files, metrics and signature, stands there only", _MEND_RECORD),
    "MLR107": Kind("record-damaged", "the record of a version is not what its name says",
        "a record is written once: somebody or something has changed it", _MEND_RECORD),
    "MLR108": Kind("record-mismatch", "a record says something else than the event that registered it",
        "one of the two is not what was registered", _MEND_RECORD),
    "MLR109": Kind("file-missing", "a file of the repository itself is missing",
        "without it other tools, or an older mlreg, may misread the directory", "`mlreg init` completes a repository"),
    "MLR110": Kind("file-damaged", "a file of the repository itself is not what it was",
        "it was written once, when the repository was made", "fetch it again: `git checkout`, or a backup"),
    "MLR111": Kind("unreadable", "a file of the repository cannot be read",
        "what cannot be read cannot be checked", "see who may read it with `ls -l`"),
    "MLR112": Kind("stray-file", "a file in the repository is none of its own",
        "nobody will check, copy or clean it up; it may be what is left of a tool, or hidden there", "take it away"),
    "MLR113": Kind("other-repository", "a checkpoint is of another repository",
        "it says nothing of this one", "name a checkpoint that was made here: `mlreg checkpoint`"),
    "MLR114": Kind("newer-format", "a file is of a newer format than this mlreg reads",
        "what it says would be misunderstood", "`pip install --upgrade mlreg`"),
    "MLR115": Kind("lineage-dangling", "a version comes from one that is not there",
        "what it was made of cannot be told any more; `register` lets no such version in", _MEND_RECORD),
    "MLR116": Kind("lineage-cycle", "a version comes from itself",
        "a version can only come from earlier ones: records were made by somebody else than mlreg", _MEND_RECORD),
    "MLR199": Kind("damaged", "something in the repository is not as it was written",
        "every byte of a repository is written once and checked", "see the message; `mlreg verify` tells more"),
    "MLR201": Kind("unreadable-file", "a signature, a specification or data cannot be read",
        "it is not there, or breaks the rules of YAML, JSON or CSV", "mend the line that is named"),
    "MLR202": Kind("signature-invalid", "a file declares no signature that can be understood",
        "what a model takes and gives would not be checked by anybody",
        "mend the line that is named; docs/signatures.md has the language"),
    "MLR203": Kind("breaking-change", "the signature would break who calls the version in production",
        "callers rely on what they may send and on what comes back: inputs may only widen, outputs only narrow",
        "take the change back, or state a new major number: `version: 4.0.0` or `bump: major` in the specification"),
    "MLR204": Kind("promise-dropped", "the version in production declares a signature and this specification none",
        "what callers were promised would not be checked any more", "declare it: `mlreg signature show NAME --yaml`"),
    "MLR205": Kind("spec-invalid", "a specification cannot be understood",
        "`mlreg register -f` would refuse it, or take something else than was meant", "mend the line that is named"),
    "MLR206": Kind("unclaimed-signature", "nothing says which model a signature is for",
        "it is valid, but was held against no version: a change that breaks would pass",
        "name it in a specification beside it: `name: MODEL` and `signature: FILE`"),
    "MLR211": Kind("missing-column", "a column that the model requires is not there",
        "the model cannot be called with these data", _MEND_DATA),
    "MLR212": Kind("unknown-column", "a column is none of the signature",
        "it would be ignored, or is one of another name, written wrongly",
        "take it out, or pass over it with `--extra`"),
    "MLR213": Kind("missing-value", "a value is missing where the signature requires one",
        "the model was promised a value there", "fill it in, or declare the input `nullable: true`"),
    "MLR214": Kind("wrong-type", "a value is not of the type of the signature",
        "the model would fail on it, or take it for something else", _MEND_DATA),
    "MLR215": Kind("wrong-shape", "an array has another shape than the signature says",
        "the model would fail on it, or take one axis for another", _MEND_DATA),
    "MLR216": Kind("not-in-enum", "a value is none of those that the signature lists",
        "the model never saw such a value", _MEND_DATA),
    "MLR217": Kind("out-of-range", "a value does not fit its type",
        "it would be cut or wrap round without a word", _MEND_DATA),
    "MLR218": Kind("too-small", "a value is below the least that the signature allows",
        "the model never saw such a value", _MEND_DATA),
    "MLR219": Kind("too-great", "a value is above the greatest that the signature allows",
        "the model never saw such a value", _MEND_DATA),
    "MLR220": Kind("wrong-cells", "a row has more or fewer cells than there are columns",
        "its values stand below the wrong names", "look for a separator that is missing or not quoted"),
    "MLR221": Kind("no-record", "a row is not a mapping of names to values",
        "the inputs of the signature have names", "write each row as `{\"age\": 42}`"),
    "MLR229": Kind("schema", "a value breaks the JSON Schema of the signature",
        "the schema is what callers were promised", "see what the schema says at the place that is named"),
    "MLR401": Kind("stale-page", "a generated page is not what would be generated now",
        "readers are told of a version that is not in production any more", "`mlreg docs sync FILE`"),
    "MLR501": Kind("stale-lock", "`mlreg.lock` is not what `mlreg.toml` wants",
        "the service would run with versions that nobody asked for", "`mlreg lock`"),
}  # fmt: skip
"""All kinds of findings but those of a scan, by their code."""
