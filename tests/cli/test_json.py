"""What `--json` prints: exactly one document, its keys and types, at home in any script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

Type = Callable[..., Any]
Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
DIGEST: Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
VERSION: Schema = {"type": "string", "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"}
STAGE: Schema = {"enum": ["development", "staging", "production", "archived"]}
METRICS: Schema = {"type": "object", "additionalProperties": {"type": ["number", "string"]}}
ANY_MAPPING: Schema = {"type": "object"}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}


def an_object(**properties: Schema) -> Schema:
    """Returns the schema of an object that has these keys and no other."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def at_least(**properties: Schema) -> Schema:
    """Returns the schema of an object that has these keys and may get more."""
    return {"type": "object", "properties": properties, "required": [*properties]}


def a_list(items: Schema) -> Schema:
    """Returns the schema of a list."""
    return {"type": "array", "items": items}


def maybe(schema: Schema) -> Schema:
    """Returns the schema of something that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def the(command: str) -> Schema:
    """Returns the schema of `schema`."""
    return {"const": f"mlreg.{command}/1"}


TEXTS = a_list(TEXT)
HOLDERS: Schema = {"type": "object", "additionalProperties": VERSION}
FILES = a_list(at_least(path=TEXT, size_bytes=WHOLE, digest=DIGEST, executable=FLAG))
DEPRECATED = maybe(an_object(reason=TEXT, end_of_life=maybe(TEXT)))
EVENT = {"event": maybe(WHOLE), "at": maybe(MOMENT)}

INIT = an_object(schema=the("init"), path=TEXT, id={"type": "string", "pattern": "^[0-9a-f]{32}$"}, created=FLAG)
REGISTER = an_object(
    schema=the("register"),
    name=TEXT,
    version=VERSION,
    stage=STAGE,
    digest=DIGEST,
    content_digest=DIGEST,
    created=FLAG,
    bump=maybe(an_object(level={"enum": ["major", "minor", "patch"]}, reasons=TEXTS)),
    size_bytes=WHOLE,
    warnings=TEXTS,
)
LIST = an_object(
    schema=the("list"),
    models=a_list(
        an_object(
            name=TEXT,
            latest=maybe(VERSION),
            versions=WHOLE,
            stages=HOLDERS,
            aliases=HOLDERS,
            tags=TEXTS,
            updated_at=MOMENT,
        )
    ),
)
LIST_NAME = an_object(
    schema=the("list"),
    name=TEXT,
    versions=a_list(
        an_object(
            version=VERSION,
            stage=STAGE,
            metrics=METRICS,
            registered_at=MOMENT,
            registered_by=TEXT,
            digest=DIGEST,
            tags=TEXTS,
            deprecated=DEPRECATED,
            dropped=maybe(an_object(reason=TEXT, at=MOMENT, by=TEXT)),
        )
    ),
)
INFO = at_least(
    schema=the("info"),
    name=TEXT,
    version=VERSION,
    resolved_by=TEXT,
    stage=STAGE,
    digest=DIGEST,
    content_digest=DIGEST,
    framework=maybe(TEXT),
    type=maybe(TEXT),
    metrics=METRICS,
    params=ANY_MAPPING,
    features=TEXTS,
    signature=maybe(ANY_MAPPING),
    environment=ANY_MAPPING,
    files=FILES,
    lineage={"type": "object", "additionalProperties": TEXT},
    tags=TEXTS,
    owner=maybe(TEXT),
    description=maybe(TEXT),
    meta=ANY_MAPPING,
    registered_at=MOMENT,
    registered_by=TEXT,
    promoted_at=maybe(MOMENT),
    deprecated=DEPRECATED,
    model=an_object(latest=maybe(VERSION), stages=HOLDERS, aliases=HOLDERS, versions=WHOLE),
    requirements=TEXTS,
    size_bytes=WHOLE,
    updated_at=MOMENT,
    promoted_by=maybe(TEXT),
    replaced_by=maybe(VERSION),
    unknown=ANY_MAPPING,
)
PROMOTE = an_object(
    schema=the("promote"),
    name=TEXT,
    version=VERSION,
    **{"from": STAGE, "to": STAGE},
    replaced=maybe(VERSION),
    changed=FLAG,
    **EVENT,
)
ROLLBACK = an_object(
    schema=the("rollback"),
    name=TEXT,
    stage=STAGE,
    **{"from": maybe(VERSION), "to": VERSION},
    version=VERSION,
    replaced=maybe(VERSION),
    reason=maybe(TEXT),
    **EVENT,
    changed=FLAG,
    skipped=a_list(an_object(version=VERSION, why=TEXT)),
)
HISTORY = an_object(
    schema=the("history"),
    name=TEXT,
    events=a_list(
        {
            "type": "object",
            "properties": {
                "number": WHOLE,
                "kind": TEXT,
                "version": maybe(VERSION),
                "at": MOMENT,
                "actor": TEXT,
                "reason": maybe(TEXT),
                "digest": DIGEST,
                "previous": maybe(DIGEST),
            },
            "required": ["number", "kind", "version", "at", "actor", "reason", "digest", "previous"],
        }
    ),
)
VERIFY = an_object(
    schema=the("verify"),
    ok=FLAG,
    checked={"type": "object", "additionalProperties": WHOLE},
    problems=a_list(an_object(code=TEXT, object=TEXT, message=TEXT)),
)
CHECKOUT = an_object(schema=the("checkout"), name=TEXT, version=VERSION, path=TEXT, files=FILES)
DEPRECATE = an_object(schema=the("deprecate"), name=TEXT, version=VERSION, deprecated=DEPRECATED, changed=FLAG, **EVENT)
ARCHIVE = an_object(schema=the("archive"), name=TEXT, version=VERSION, stage=STAGE, changed=FLAG, **EVENT)
TAG = an_object(schema=the("tag"), name=TEXT, version=VERSION, tags=TEXTS, changed=FLAG, **EVENT)
ERROR = an_object(
    schema=the("error"),
    code={"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"},
    message={"type": "string", "pattern": r"^[^A-Z\n][^\n]*[^.\n]$"},
    hint=maybe(TEXT),
    facts=ANY_MAPPING,
    exit_code=WHOLE,
    retryable=FLAG,
)


def compare_schema(old: str, new: str) -> Schema:
    """Returns the schema of the comparison of two versions that are shown under these labels."""
    values = {old: {"type": ["number", "string", "null"]}, new: {"type": ["number", "string", "null"]}}
    metric = {
        "type": "object",
        "properties": {
            **values,
            "difference": NUMBER_OR_NULL,
            "difference_pct": NUMBER_OR_NULL,
            "direction": {"enum": ["up", "down", None]},
            "better": {"enum": [old, new, None]},
        },
        "required": [old, new, "difference", "difference_pct", "direction", "better"],
    }
    verdict = {"enum": ["deploy", "keep", "ab_test", "none"]}
    counts = dict.fromkeys(("improved", "declined", "tied", "unknown", "missing"), WHOLE)
    change = {"type": "object", "properties": {"path": TEXT}, "required": ["path", "change"]}
    return an_object(
        schema=the("compare"),
        name=TEXT,
        versions_compared={"const": [old, new]},
        metric_comparison={"type": "object", "additionalProperties": metric},
        features=an_object(added=TEXTS, removed=TEXTS, modified=TEXTS, reordered=FLAG),
        params=ANY_MAPPING,
        signature=an_object(compatible=maybe(FLAG), changes=a_list(change)),
        files=an_object(added=TEXTS, removed=TEXTS, changed=TEXTS, size_bytes=ANY_MAPPING),
        recommendation=an_object(verdict=verdict, text=TEXT, **counts),
        candidate=TEXT,
    )


LOOKS = {
    "list": LIST,
    "list fraud-detector": LIST_NAME,
    "info fraud-detector": INFO,
    "info fraud-detector@1.0.1": INFO,
    "info churn": INFO,
    "compare fraud-detector 1.0.0 1.1.0": compare_schema("1.0.0", "1.1.0"),
    "compare fraud-detector production staging": compare_schema("1.1.0", "2.0.0"),
    "compare fraud-detector churn@0.1.0": compare_schema("fraud-detector@1.1.0", "churn@0.1.0"),
    "history fraud-detector": HISTORY,
    "verify": VERIFY,
    "verify churn --quick": VERIFY,
}
WRITES = {
    "init": INIT,
    "init other": INIT,
    "register fraud-detector v100.pkl --metric f1=0.5": REGISTER,
    "register new/model v100.pkl --version 0.0.1 --stage prod": REGISTER,
    "promote fraud-detector 2.0.0 --to production --reason why": PROMOTE,
    "promote fraud-detector 1.1.0 --to production": PROMOTE,
    "rollback fraud-detector": ROLLBACK,
    "rollback fraud-detector --to 1.0.0 --reason why": ROLLBACK,
    "checkout fraud-detector": CHECKOUT,
    "checkout fraud-detector 1.0.0 -o there": CHECKOUT,
    "deprecate churn@0.1.0 --reason old": DEPRECATE,
    "deprecate fraud-detector@1.0.1 --lift": DEPRECATE,
    "archive churn@0.1.0": ARCHIVE,
    "tag churn 0.1.0 a b": TAG,
    "tag fraud-detector@production reviewed --remove": TAG,
}
WRONG = (
    "",
    "nonsense",
    "list nope",
    "info",
    "info fraud-detector@9.9.9",
    "info fraud-detector@archived",
    "promote fraud-detector 2.0.0 --to prodution",
    "promote fraud-detector 2.0.0 --to production --expect 9.9.9",
    "promote fraud-detector 1.0.1 --to production",
    "register fraud-detector nope.pkl",
    "rollback churn",
    "compare fraud-detector 1.0.0",
    "checkout fraud-detector@1.2.3",
    "list --nonsense",
    "list -C /nowhere",
)


@pytest.mark.parametrize("line", [*LOOKS, *WRITES])
def test_a_command_prints_one_document_of_its_schema_and_nothing_else(line: str, project: Path, mlreg: Type) -> None:
    answer = mlreg(*line.split(), "--json")
    assert (answer.code, answer.err) == (0, "")
    jsonschema.validate(answer.document, {**LOOKS, **WRITES}[line], jsonschema.Draft202012Validator)
    assert next(iter(answer.document)) == "schema"


@pytest.mark.parametrize("line", WRONG)
def test_an_error_is_one_object_on_stderr_and_stdout_is_empty(line: str, project: Path, mlreg: Type) -> None:
    answer = mlreg(*line.split(), "--json")
    assert answer.out == ""
    error = json.loads(answer.err)
    jsonschema.validate(error, ERROR)
    assert [*error] == ["schema", "code", "message", "hint", "facts", "exit_code", "retryable"]
    assert error["exit_code"] == answer.code != 0
    assert error["retryable"] == (answer.code in (5, 8) and error["code"] not in ("version-exists", "name-taken"))


@pytest.mark.parametrize("line", LOOKS)
def test_global_options_stand_before_or_after_the_verb(line: str, project: Path, mlreg: Type) -> None:
    after = mlreg(*line.split(), "--json", "-C", str(project), "--no-color", "--actor", "bo").document
    assert mlreg("--json", "-C", str(project), "--no-color", "--actor", "bo", *line.split()).document == after
    assert mlreg("--json", *line.split(), "-C", str(project / ".mlreg")).document == after


@pytest.mark.parametrize(
    "command",
    ["info {}", "checkout {} --dry-run", "promote {} --to prod", "archive {}", "deprecate {} --reason old", "tag {} a"],
)
@pytest.mark.parametrize("version", ["2.0.0", "v2.0.0", "v2", "staging", "STAGE", "latest", "^2", "~2.0", ">=2,<3"])
def test_name_version_and_name_at_version_are_the_same(command: str, version: str, project: Path, mlreg: Type) -> None:
    verb, _, options = command.partition(" {}")
    answers = [
        mlreg(verb, *words, *options.split(), "--json", *(["--dry-run"] * (verb not in ("info", "checkout"))))
        for words in (["fraud-detector", version], [f"fraud-detector@{version}"])
    ]
    assert answers[0].code == 0
    assert answers[0].document["version"] == "2.0.0"
    one, other = ({**answer.document, "at": "now"} for answer in answers)
    assert one == other


@pytest.mark.parametrize("words", ["NAME A B", "NAME@A NAME@B", "NAME@A B", "NAME A NAME@B"])
def test_compare_takes_versions_and_references(words: str, project: Path, mlreg: Type) -> None:
    spelled = words.replace("NAME", "fraud-detector").replace("A", "1.0.0").replace("B", "1.1.0")
    answer = mlreg("compare", *spelled.split(), "--json")
    assert answer.document["versions_compared"] == ["1.0.0", "1.1.0"]


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """Returns `document` without some of its keys."""
    return {name: value for name, value in document.items() if name not in names}


@pytest.mark.parametrize("line", WRITES)
def test_a_dry_run_says_what_the_run_says_and_writes_nothing(
    line: str, project: Path, mlreg: Type, tree: Callable[[Path], Any]
) -> None:
    before = tree(project)
    dry = mlreg(*line.split(), "--dry-run", "--json")
    assert tree(project) == before
    real = mlreg(*line.split(), "--json")
    assert dry.document["dry_run"] is True
    assert (dry.code, without(dry.document, "dry_run", "event", "at", "id")) == (
        real.code,
        without(real.document, "event", "at", "id"),
    )


@pytest.mark.parametrize("line", WRITES)
def test_a_dry_run_prints_the_same_lines_and_says_that_it_is_one(line: str, project: Path, mlreg: Type) -> None:
    dry = mlreg(*line.split(), "--dry-run")
    assert "dry run: nothing was written" in dry.err
    assert dry.out == mlreg(*line.split()).out


REFUSED = (
    "init v100.pkl",
    "register Fraud-Detector v100.pkl",
    "register fraud-detector v100.pkl --version 1.1.0",
    "register fraud-detector v100.pkl --version 1.1",
    "register fraud-detector nope.pkl",
    "register fraud-detector v100.pkl --parent nope@1.0.0",
    "promote fraud-detector 1.0.1 --to staging",
    "promote fraud-detector 2.0.0 --to prod --expect none",
    "promote fraud-detector production --to staging",
    "rollback churn",
    "rollback fraud-detector --to 2.0.0",
    "checkout fraud-detector -o v100.pkl",
    "checkout fraud-detector -o taken",
    "archive fraud-detector@production",
    "deprecate fraud-detector@9.9.9 --reason old",
    "tag fraud-detector 1.0.0 a/b",
)


@pytest.mark.parametrize("line", REFUSED)
def test_a_dry_run_is_refused_as_the_run_is(line: str, project: Path, mlreg: Type, tree: Callable[[Path], Any]) -> None:
    (project / "taken").mkdir()
    (project / "taken" / "v110.pkl").write_text("something else")
    before = tree(project)
    dry = mlreg(*line.split(), "--dry-run", "--json")
    real = mlreg(*line.split(), "--json")
    assert (dry.code, dry.err) == (real.code, real.err)
    assert real.code != 0
    assert _but_the_cache(tree(project)) == _but_the_cache(before)


def _but_the_cache(files: dict[str, Any]) -> dict[str, Any]:
    """Returns all but what looking may keep, which deleting loses nothing of."""
    return {name: what for name, what in files.items() if not name.startswith(".mlreg/cache/")}


def test_what_is_not_finite_is_a_text(project: Path, mlreg: Type) -> None:
    mlreg(
        "register",
        "odd",
        "v100.pkl",
        "--metric",
        "a=nan",
        "--metric",
        "b=inf",
        "--metric",
        "c=-inf",
        "--param",
        "d=.nan",
    )
    info = mlreg("info", "odd", "--json").document
    assert info["metrics"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity"}
    assert mlreg("list", "odd", "--json").document["versions"][0]["metrics"] == info["metrics"]
    assert mlreg("compare", "odd", "1.0.0", "1.0.0", "--json").code == 0


def test_a_metric_that_is_not_finite_is_accepted_with_a_warning(project: Path, mlreg: Type) -> None:
    answer = mlreg("register", "odd", "v100.pkl", "--metric", "loss=nan")
    assert answer.code == 0
    assert "loss is not finite" in answer.err
    assert mlreg("register", "odd", "v110.pkl", "--metric", "loss=nan", "--json").document["warnings"]


def test_a_dry_run_of_a_register_knows_the_digest(project: Path, mlreg: Type) -> None:
    dry = mlreg("register", "new", "v100.pkl", "--dry-run", "--json").document
    assert mlreg("register", "new", "v100.pkl", "--json").document["digest"] == dry["digest"]


def test_registering_again_answers_with_the_version_that_is_there(project: Path, mlreg: Type) -> None:
    first = mlreg("register", "new", "v100.pkl", "--json").document
    again = mlreg("register", "new", "v100.pkl", "--json").document
    assert (first["created"], again["created"]) == (True, False)
    assert without(again, "created", "bump") == without(first, "created", "bump")


def test_versions_are_listed_the_greatest_first(project: Path, mlreg: Type) -> None:
    versions = mlreg("list", "fraud-detector", "--json").document["versions"]
    assert [line["version"] for line in versions] == ["2.1.0-rc.1", "2.0.0", "1.1.0", "1.0.1", "1.0.0"]


def test_events_are_told_the_oldest_first_and_chained(project: Path, mlreg: Type) -> None:
    events = mlreg("history", "fraud-detector", "--json").document["events"]
    assert [event["number"] for event in events] == [*range(1, len(events) + 1)]
    assert [event["previous"] for event in events] == [None, *(event["digest"] for event in events[:-1])]


def test_a_document_is_written_for_people_too(project: Path, mlreg: Type) -> None:
    out = mlreg("list", "--json").out
    assert out == json.dumps(json.loads(out), indent=2, ensure_ascii=False) + "\n"


def test_no_number_in_a_document_is_nan(project: Path, mlreg: Type) -> None:
    mlreg("register", "odd", "v100.pkl", "--metric", "a=nan", "--param", "b=nan", "--meta", "c=.inf")
    out = mlreg("info", "odd", "--json").out
    assert json.loads(out, parse_constant=lambda word: pytest.fail(word))


def test_the_moments_of_a_document_are_in_order(project: Path, mlreg: Type) -> None:
    moments = [event["at"] for event in mlreg("history", "fraud-detector", "--json").document["events"]]
    assert moments == sorted(moments)
    assert all(re.fullmatch(MOMENT["pattern"], moment) for moment in moments)


def test_what_people_are_told_on_stderr_is_in_the_document_too(mlreg: Type, project: Path) -> None:
    assert mlreg("register", "fresh", "v100.pkl").code == 0
    told = mlreg("checkout", "fresh", "-o", "there").err
    answer = mlreg("checkout", "fresh", "-o", "here", "--json")
    assert answer.err == ""
    assert told.splitlines() == [f"note: {warning}" for warning in answer.document["warnings"]] != []
    assert "warnings" not in mlreg("list", "--json").document
