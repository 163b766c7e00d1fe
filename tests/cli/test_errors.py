"""What wrong calls answer: the exit code of the contract, one line of what is wrong, one thing to type next."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]

USAGE = (
    "lst",
    "promot fraud-detector 1.0.0 --to production",
    "list --jsn",
    "list --nonsense",
    "list a b",
    "info",
    "info fraud-detector 1.0.0 2.0.0",
    "info fraud-detector@1.0.0 2.0.0",
    "info fraud-detector@archived",
    "info fraud-detector@",
    "info @1.0.0",
    "info fraud-detector@sha256:12345",
    "info fraud-detector@sha256:xyzxyz",
    "info fraud-detector@>=one",
    "info fraud-detector@1.0.0.0",
    "info fraud-detector@01.0.0",
    "info fraud-detector@production@{yesterday}",
    "info fraud-detector@production@{2024-02-30}",
    "info fraud-detector@development~1",
    "promote fraud-detector",
    "promote fraud-detector 1.0.0",
    "promote fraud-detector 1.0.0 --to",
    "promote fraud-detector 1.0.0 --to prodution",
    "promote fraud-detector 1.0.0 --to archived --expect none",
    "promote fraud-detector --to production",
    "promote fraud-detector --from development@x --to production",
    "promote fraud-detector 2.0.0 --to production --expect nobody",
    "rollback",
    "rollback fraud-detector --stage development",
    "rollback fraud-detector --stage nonsense",
    "compare",
    "compare fraud-detector",
    "compare fraud-detector 1.0.0",
    "register",
    "register new",
    "register new nope.pkl",
    "register new v100.pkl --version 1.2",
    "register new v100.pkl --version latest",
    "register new v100.pkl --bump huge",
    "register new v100.pkl --bump major --version 1.0.0",
    "register new v100.pkl --metric auc",
    "register new v100.pkl --metric =1",
    "register new v100.pkl --metric auc=high",
    "register new v100.pkl --param x",
    "register new v100.pkl --meta =x",
    "register new v100.pkl --stage archived",
    "register new v100.pkl --stage nonsense",
    "register new v100.pkl --tag a/b",
    "register new v100.pkl --feature a --feature a",
    "register new v100.pkl v100.pkl",
    "register new v100.pkl there",
    "deprecate fraud-detector@1.0.0",
    "deprecate fraud-detector --reason old",
    "deprecate fraud-detector@1.0.0 --reason old --end-of-life soon",
    "deprecate fraud-detector@1.0.0 --reason old --end-of-life 2027-02-30",
    "archive fraud-detector",
    "archive fraud-detector@production --force",
    "tag fraud-detector",
    "tag fraud-detector 1.0.0",
    "tag fraud-detector@1.0.0 a/b",
    "list --json=x",
    "list -C",
    "list --dry-run",
)
NOT_FOUND = (
    "list nope",
    "list fraud-detecter",
    "info nope",
    "info Fraud-Detector",
    "info fraud-detector@9.9.9",
    "info fraud-detector@v3",
    "info fraud-detector@champion",
    "info fraud-detector@^9",
    "info fraud-detector@sha256:000000",
    "info fraud-detector@production~2",
    "info fraud-detector@production@{2001-01-01}",
    "info churn@production",
    "info churn@staging",
    "promote nope 1.0.0 --to production",
    "promote fraud-detector 9.9.9 --to production",
    "promote churn --from staging --to production",
    "rollback nope",
    "rollback churn",
    "rollback fraud-detector --stage staging",
    "rollback fraud-detector --to 9.9.9",
    "compare fraud-detector 1.0.0 9.9.9",
    "compare nope 1.0.0 2.0.0",
    "history nope",
    "checkout nope",
    "checkout fraud-detector@9.9.9",
    "verify nope",
    "deprecate fraud-detector@9.9.9 --reason old",
    "archive fraud-detector@9.9.9",
    "tag fraud-detector@9.9.9 a",
    "tag fraud-detector 9.9.9 a",
    "register new v100.pkl --parent nope@1.0.0",
    "register new v100.pkl --parent fraud-detector@9.9.9",
    "list -C nowhere",
)
CONFLICT = (
    "register fraud-detector v100.pkl --version 1.1.0",
    "register fraud-detector v100.pkl --version 1.1.0+build.7",
    "register FRAUD-detector v100.pkl",
    "promote fraud-detector 2.0.0 --from development --to production",
    "promote fraud-detector 2.0.0 --to production --expect 1.0.0",
    "promote fraud-detector 2.0.0 --to production --expect none",
    "rollback fraud-detector --expect 1.0.0",
    "checkout fraud-detector -o v100.pkl",
    "init v100.pkl",
)
BLOCKED = (
    "promote fraud-detector 1.0.1 --to production",
    "promote fraud-detector production --to staging",
    "promote fraud-detector production --to development",
    "promote fraud-detector staging --to development",
    "rollback fraud-detector --to 2.0.0",
    "rollback fraud-detector --to 1.0.1",
    "archive fraud-detector@production",
)
CODES = {
    **dict.fromkeys(USAGE, 2),
    **dict.fromkeys(NOT_FOUND, 3),
    **dict.fromkeys(CONFLICT, 5),
    **dict.fromkeys(BLOCKED, 7),
}
WORDS_NOT_COMMANDS = (  # what helps is to know which words there are
    "info fraud-detector@development~1",
    "rollback fraud-detector --stage development",
    "rollback fraud-detector --stage nonsense",
    "register new v100.pkl --stage archived",
    "register new v100.pkl --stage nonsense",
    "register new v100.pkl --feature a --feature a",
)
ERROR = re.compile(r"error: [^A-Z\s][^\n]*(?<!\.)\n(hint: [^\n]+\n)?")
MESSAGE = re.compile(r"error: [^A-Z\s][^\n]*(?<!\.)\nhint: [^A-Z\s][^\n]*`[^`\n]+`[^\n]*(?<!\.)\n")


@pytest.mark.parametrize(("line", "code"), CODES.items())
def test_a_wrong_call_says_what_is_wrong_and_what_to_type(line: str, code: int, project: Path, mlreg: Type) -> None:
    (project / "there").mkdir()
    answer = mlreg(*line.split())
    assert (answer.code, answer.out) == (code, "")
    pattern = ERROR if line in WORDS_NOT_COMMANDS else MESSAGE
    assert pattern.fullmatch(answer.err), answer.err


@pytest.mark.parametrize("line", CODES)
def test_a_wrong_call_writes_nothing(
    line: str, project: Path, mlreg: Type, tree: Callable[[Path], dict[str, Any]]
) -> None:
    before = tree(project)
    mlreg(*line.split())
    assert {name for name in tree(project) if "cache" not in name and "tmp" not in name} <= before.keys()


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("lst", "list"),
        ("promot fraud-detector 1.0.0 --to production", "promote"),
        ("roll-back fraud-detector", "rollback"),
        ("list --jsn", "--json"),
        ("promote fraud-detector 1.0.0 --too production", "--to"),
        ("promote fraud-detector 1.0.0 --to prodution", "production"),
        ("info fraud-detecter", "fraud-detector"),
        ("info Fraud-Detector", "fraud-detector"),
        ("info fraud_detector", "fraud-detector"),
        ("info fraud-detector@prodction", "production"),
        ("info fraud-detector@lates", "latest"),
    ],
)
def test_a_near_miss_is_asked_back(line: str, meant: str, project: Path, mlreg: Type) -> None:
    assert f"hint: did you mean `{meant}`" in mlreg(*line.split()).err


def test_what_was_missed_by_a_version_is_told_with_the_latest(project: Path, mlreg: Type) -> None:
    assert mlreg("info", "churn@9.9.9").err == (
        "error: churn has no version 9.9.9\nhint: the latest are 0.1.0; see `mlreg list churn`\n"
    )


def test_a_partial_version_that_is_not_there_names_the_constraint(project: Path, mlreg: Type) -> None:
    assert "`fraud-detector@^3`" in mlreg("info", "fraud-detector@v3").err


def test_without_a_word_the_help_is_said_to_stderr(mlreg: Type) -> None:
    answer = mlreg()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Usage: mlreg")


def test_a_usage_error_names_the_help_of_its_own_command(mlreg: Type) -> None:
    for line in ("promote churn 1.0.0 --to", "promote churn --nonsense", "promote", "--json promote a b c d --to x"):
        assert "`mlreg promote --help`" in mlreg(*line.split()).err


def test_where_there_is_no_repository_it_is_told_how_to_make_one(tmp_path: Path, mlreg: Type) -> None:
    answer = mlreg("list")
    assert answer.code == 3
    assert "`mlreg init`" in answer.err
    assert not (tmp_path / ".mlreg").exists()


def test_a_repository_that_init_did_not_finish_is_none(tmp_path: Path, mlreg: Type) -> None:
    (tmp_path / ".mlreg").mkdir()
    answer = mlreg("list")
    assert answer.code == 3
    assert MESSAGE.fullmatch(answer.err)


def test_a_newer_format_asks_for_a_newer_mlreg(project: Path, mlreg: Type) -> None:
    format_file = project / ".mlreg" / "format"
    text = format_file.read_text()
    format_file.unlink()
    format_file.write_text(text.replace("mlreg 1", "mlreg 2"))
    for line in ("list", "info churn", "promote fraud-detector 2.0.0 --to prod", "verify"):
        answer = mlreg(*line.split())
        assert (answer.code, answer.out) == (9, "")
        assert ERROR.fullmatch(answer.err)


def damage(project: Path, name: str) -> None:
    """Changes a byte of the blob that keeps `name`."""
    content = (project / name).read_bytes()
    for blob in (project / ".mlreg" / "blobs").rglob("*"):
        if blob.is_file() and blob.read_bytes() == content:
            blob.chmod(0o644)
            blob.write_bytes(content.replace(b"weights", b"weighty"))


@pytest.mark.parametrize("words", [["list"], ["list", "--where", "version>=0"], ["list", "--no-deprecated"]])
def test_a_model_that_is_damaged_hides_no_other_from_a_listing(
    project: Path, mlreg: Type, spoil: Callable[[str], None], words: list[str]
) -> None:
    whole = mlreg(*words, "-q").out.splitlines()
    spoil("fraud-detector")
    answer, document = mlreg(*words, "-q"), mlreg(*words, "--json")
    assert (answer.code, document.code) == (6, 6)
    assert answer.out.splitlines() == [line for line in whole if not line.startswith("fraud-detector")] != []
    assert answer.err.startswith("error: history/fraud-detector/000000")
    assert "\n  left out: fraud-detector\n" in answer.err
    assert document.document["schema"] == "mlreg.list/1" and "fraud-detector" not in document.out
    assert json.loads(document.err)["facts"]["left_out"] == ["fraud-detector"]


@pytest.mark.parametrize("words", [["gc", "--prune"], ["gc"], ["docs", "sync", "model_catalog.yaml"], ["du"]])
def test_what_needs_all_models_refuses_where_one_is_damaged(
    project: Path, mlreg: Type, spoil: Callable[[str], None], words: list[str]
) -> None:
    spoil("fraud-detector")
    answer = mlreg(*words)
    assert (answer.code, answer.out) == (6, "")
    assert not (project / "model_catalog.yaml").exists()


@pytest.fixture
def spoil(project: Path) -> Callable[[str], None]:
    """Damages the newest event of a model."""

    def damage(model: str) -> None:
        event = max((project / ".mlreg" / "history" / model).iterdir())
        event.chmod(0o644)
        event.write_bytes(event.read_bytes().replace(b"actor", b"acter"))

    return damage


def test_damaged_bytes_are_not_checked_out(project: Path, mlreg: Type, tree: Callable[[Path], dict[str, Any]]) -> None:
    damage(project, "v110.pkl")
    before = tree(project)
    for words in (["checkout", "fraud-detector"], ["checkout", "fraud-detector", "-o", "a/b"]):
        answer = mlreg(*words)
        assert (answer.code, answer.out) == (6, "")
        assert MESSAGE.fullmatch(answer.err)
        assert mlreg(*words, "--dry-run").code == 6
    assert tree(project) == before


def test_damage_found_by_verify_is_an_answer_and_not_an_error(project: Path, mlreg: Type) -> None:
    damage(project, "v110.pkl")
    answer = mlreg("verify")
    assert (answer.code, answer.err) == (1, "")
    assert "damaged" in answer.out
    assert mlreg("verify", "churn").code == 0


def test_bytes_that_are_gone_are_told_from_damaged_ones(project: Path, mlreg: Type) -> None:
    content = (project / "v110.pkl").read_bytes()
    [blob] = [b for b in (project / ".mlreg" / "blobs").rglob("*") if b.is_file() and b.read_bytes() == content]
    blob.unlink()
    assert mlreg("checkout", "fraud-detector").code == 3
    [problem] = mlreg("verify", "--json").document["problems"]
    assert "missing" in problem["code"]


def test_an_event_that_was_changed_is_named(project: Path, mlreg: Type) -> None:
    event = project / ".mlreg" / "history" / "churn" / "00000001.json"
    text = event.read_text()
    event.unlink()
    event.write_text(text.replace("ann@", "bob@"))
    answer = mlreg("info", "churn")
    assert (answer.code, answer.out) == (6, "")
    assert "history/churn/00000001.json" in answer.err
    assert MESSAGE.fullmatch(answer.err)


def test_a_configuration_that_means_nothing_is_named_with_its_line(project: Path, mlreg: Type) -> None:
    for text, line in (("[stages]\nordr = []\n", 2), ("[stages\n", 1), ("\n\nstages = 3\n", 3), ("a = '\udcff'", 1)):
        (project / ".mlreg" / "config.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
        answer = mlreg("info", "churn")
        assert (answer.code, answer.out) == (2, "")
        assert f"config.toml, line {line}" in answer.err


def test_a_full_disk_at_stdout_is_11(project: Path) -> None:
    for line in ("list", "info churn", "--help", "history churn -q", "promote churn 0.1.0 --to prod"):
        with open("/dev/full", "wb") as full:
            command = [sys.executable, "-m", "mlreg", *line.split()]
            answer = subprocess.run(command, cwd=project, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        assert answer.returncode == 11, line
        assert answer.stderr.startswith(b"error: ")
        assert answer.stderr.count(b"\n") == 2


def has_namespaces() -> bool:
    """Whether this machine lets us mount something."""
    try:
        return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


mounting = pytest.mark.skipif(not has_namespaces(), reason="mounting is not allowed here")


@mounting
def test_a_full_disk_is_11_and_leaves_nothing_half_done(project: Path, spawn: Type) -> None:
    script = """
    mount -t tmpfs -o size=300k tmpfs there && cp -r .mlreg churn.onnx there && cd there &&
    head -c 1000000 /dev/zero > fill; rm -f out
    "$0" -m mlreg register churn churn.onnx --metric f1=0.3; echo $?
    "$0" -m mlreg checkout fraud-detector -o out; echo $?; ls -d out
    rm fill
    "$0" -m mlreg register churn churn.onnx --metric f1=0.3; echo $?
    "$0" -m mlreg verify
    """
    (project / "there").mkdir()
    command = ["unshare", "-rm", "sh", "-c", script, sys.executable]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert re.fullmatch(r"11\n11\nRegistered model: churn v0\.1\.1\n.*\n0\nok: .*\n", answer.stdout), answer
    assert answer.stderr.count("error: ") == 2


@mounting
def test_a_read_only_disk_is_11_and_all_that_looks_works(project: Path) -> None:
    script = """
    mount --bind .mlreg .mlreg && mount -o remount,ro,bind .mlreg
    for line in "promote fraud-detector 2.0.0 --to production" "register new v100.pkl" "rollback fraud-detector" \\
        "tag churn 0.1.0 a" "archive churn@0.1.0" "deprecate churn@0.1.0 --reason old"
    do "$0" -m mlreg $line; echo $?; done
    for line in list "list churn" "info churn" "compare fraud-detector 1.0.0 1.1.0" "history churn" verify \\
        "checkout churn" init "promote fraud-detector 2.0.0 --to production --dry-run" "register new v100.pkl --dry-run"
    do "$0" -m mlreg $line > answer; echo $?; done
    """
    command = ["unshare", "-rm", "sh", "-c", script, sys.executable]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.split() == ["11"] * 6 + ["0"] * 10, answer
    assert answer.stderr.count("error: ") == 6


def test_a_bug_is_70_with_its_traceback_in_a_file(project: Path, spawn: Type) -> None:
    break_it = "import sys, mlreg.cli as cli; cli.load_command = lambda name: 1 / 0; cli.main(['list'])"
    run = [sys.executable, "-c", break_it]
    answer = subprocess.run(run, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (70, "")
    [file] = re.findall(r"/\S+\.txt", answer.stderr)
    assert "ZeroDivisionError" in Path(file).read_text()
    assert "Traceback" not in answer.stderr
    Path(file).unlink()


def test_verbose_says_on_stderr_which_repository_it_is(project: Path, mlreg: Type) -> None:
    assert mlreg("list", "-v").err == f"repository: {project / '.mlreg'}\n"
    assert mlreg("list", "-v", "--json").err == ""


@pytest.mark.parametrize(
    "line", ["promote fraud-detector 1.0.0 --to staging", "tag fraud-detector 1.0.0 x", "register new v100.pkl"]
)
def test_who_cannot_act_is_refused_in_a_dry_run_too(mlreg: Type, project: Path, line: str) -> None:
    for words in (line.split(), [*line.split(), "--dry-run"]):
        assert mlreg(*words, "--actor", "a\nb").code == 2
