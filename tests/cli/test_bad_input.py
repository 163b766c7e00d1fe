"""Hostile names, files, texts, streams and surroundings: one clear line, the right code, nothing written elsewhere."""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlreg.registry import Registry

Type = Callable[..., Any]
Tree = Callable[[Path], dict[str, Any]]

ONE_ERROR = re.compile(r"error: [^A-Z\s][^\n]*(?<!\.)\n(hint: [^\n]+\n)?")
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

BAD_SEGMENTS = (
    "", ".", "..", "../x", "/abs", "a//b", "a/", "/", "a/../b", "a/./b", ".hidden", "-x", "_x", "a.", "a/b.", "con",
    "CON",
    "nul.txt", "com1", "a/LPT9.bin", "a b", "a\tb", "a\nb", "a\n", "\na", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\\b",
    "a:b",
    "a@b", "a~1", "a*", "a?", "a'b", 'a"b', "a`b", "a$b", "a;b", "a|b", "a&b", "a%b", "a#b", "a+b", "а", "ｆraud",
    "fráud",
    "①", "x" * 129, "a/" + "x" * 129, "\udcff", "\ud800", "a\u00adb", "a\u200bb", "🦊",
)  # fmt: skip
BAD_VERSIONS = (
    "", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b", "1.2.3-ä",
    "vv1.2.3",
    "1.2.3 ", " 1.2.3", "1.2.3\n", "-1.2.3", "1.-2.3", "1.2.3-" + "x" * 123, "１.２.３", "1e3.0.0", "latest",
    "../1.2.3",
    "1.2.3\x00", "\udcff", "^1.2.3", "1.2.x",
)  # fmt: skip
BAD_LINES = ("", " ", "a\nb", "a\x1b[2Jb", "a\x00", "a\u202eb", "a\x85b", "a\u2028b", "x" * 257, "\udcff")


@pytest.mark.parametrize("name", BAD_SEGMENTS)
def test_a_hostile_name_of_a_model_is_refused_everywhere(name: str, project: Path, mlreg: Type, tree: Tree) -> None:
    before, beside = tree(project), os.listdir(project.parent)
    for words in (["register", "--", name, "v100.pkl"], ["info", "--", name], ["history", "--", name]):
        answer = mlreg(*words)
        allowed = (2, 3) if words[0] == "info" and "@" in name else (2,)  # `a@b` is a reference
        assert answer.code in allowed, (words, answer)
        assert ONE_ERROR.fullmatch(answer.err)
        assert answer.out == ""
    assert (tree(project), os.listdir(project.parent)) == (before, beside)


@pytest.mark.parametrize("name", BAD_SEGMENTS)
def test_a_hostile_tag_is_refused(name: str, project: Path, mlreg: Type, tree: Tree) -> None:
    before = tree(project)
    for words in (["tag", "churn", "0.1.0", "--", name], ["register", "churn", "v100.pkl", f"--tag={name}"]):
        answer = mlreg(*words)
        assert answer.code == 2, (words, answer)
        assert ONE_ERROR.fullmatch(answer.err)
    assert tree(project) == before


@pytest.mark.parametrize(
    "stage", ["", "prodution", "../production", "production ", "prod\n", "latest", "ＰＲＯＤ", "\udcff"]
)
def test_what_is_no_stage_is_usage_everywhere(stage: str, project: Path, mlreg: Type, tree: Tree) -> None:
    before = tree(project)
    for words in (
        ["promote", "churn", "0.1.0", f"--to={stage}"],
        ["promote", "churn", "0.1.0", "--to=prod", f"--from={stage}"],
        ["rollback", "fraud-detector", f"--stage={stage}"],
        ["register", "churn", "v100.pkl", f"--stage={stage}"],
    ):
        answer = mlreg(*words)
        assert answer.code == 2, (words, answer)
        assert ONE_ERROR.fullmatch(answer.err)
    assert tree(project) == before


@pytest.mark.parametrize("version", BAD_VERSIONS)
def test_a_version_that_is_none_is_refused(version: str, project: Path, mlreg: Type, tree: Tree) -> None:
    before = tree(project)
    answer = mlreg("register", "churn", "v100.pkl", f"--version={version}")
    assert answer.code == 2, answer
    assert ONE_ERROR.fullmatch(answer.err)
    assert tree(project) == before


@pytest.mark.parametrize("actor", BAD_LINES)
def test_an_actor_that_is_not_a_line_is_refused(
    actor: str, project: Path, mlreg: Type, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(project)
    assert mlreg("tag", "churn", "0.1.0", "a", f"--actor={actor}").code == 2
    if "\x00" not in actor and actor:
        monkeypatch.setenv("MLREG_ACTOR", actor)
        assert mlreg("tag", "churn", "0.1.0", "a").code == 2
    assert tree(project) == before


@pytest.mark.parametrize(
    "option", ["--owner", "--framework", "--type", "--data", "--experiment", "--increment", "--feature"]
)
@pytest.mark.parametrize("line", [line for line in BAD_LINES if line])
def test_a_field_of_one_line_takes_one_line(option: str, line: str, project: Path, mlreg: Type) -> None:
    answer = mlreg("register", "churn", "v100.pkl", f"{option}={line}")
    assert answer.code == 2, answer
    assert ONE_ERROR.fullmatch(answer.err)


@pytest.mark.parametrize(
    "name", ["a", "A1._-x", "x" * 128, "risk/fraud/v2", "0", "conin", "console", "nullable/aux-model"]
)
def test_a_good_name_is_taken(name: str, project: Path, mlreg: Type) -> None:
    assert mlreg("register", name, "v100.pkl").code == 0
    assert mlreg("info", name, "--json").document["name"] == name
    assert mlreg("checkout", name).code == 0
    assert mlreg("verify").code == 0


def test_two_files_of_one_name_are_refused(project: Path, mlreg: Type) -> None:
    (project / "other").mkdir()
    (project / "other" / "v100.pkl").write_text("other")
    answer = mlreg("register", "churn", "v100.pkl", "other/v100.pkl")
    assert answer.code == 2
    assert "two files are called 'v100.pkl'" in answer.err


def inside(project: Path) -> Path:
    """Makes the directory `model` with a file and a file beside it."""
    (project / "model").mkdir()
    (project / "model" / "weights.bin").write_text("weights")
    (project / "outside.bin").write_text("outside")
    return project / "model"


@pytest.mark.parametrize("target", ["../outside.bin", "/etc/passwd", "..", "/", "sub/../../outside.bin", "../missing"])
def test_a_link_that_leads_out_needs_a_word(target: str, project: Path, mlreg: Type, tree: Tree) -> None:
    (inside(project) / "link").symlink_to(target)
    before = tree(project)
    answer = mlreg("register", "linked", "model")
    assert answer.code == 2
    assert "`--follow-links`" in answer.err
    assert "error: the link 'model/link' leads out of the directory\n" in answer.err
    assert tree(project) == before


def test_a_link_that_leads_out_is_followed_where_it_is_asked_for(project: Path, mlreg: Type) -> None:
    (inside(project) / "link").symlink_to("../outside.bin")
    assert mlreg("register", "linked", "model", "--follow-links").code == 0
    mlreg("checkout", "linked", "-o", "out")
    assert (project / "out" / "link").read_text() == "outside"
    assert not (project / "out" / "link").is_symlink()


def test_links_that_stay_inside_and_links_that_are_named_are_followed(project: Path, mlreg: Type) -> None:
    (inside(project) / "link").symlink_to("weights.bin")
    (project / "named").symlink_to("model")
    assert mlreg("register", "linked", "named").code == 0
    assert len(mlreg("info", "linked", "--json").document["files"]) == 2


@pytest.mark.parametrize(("name", "target"), [("loop", "loop"), ("up", "."), ("a", "b")])
def test_links_in_a_circle_are_refused(name: str, target: str, project: Path, mlreg: Type) -> None:
    (inside(project) / name).symlink_to(target)
    if target == "b":
        (project / "model" / "b").symlink_to("a")
    for words in (["model"], ["model", "--follow-links"]):
        answer = mlreg("register", "circle", *words)
        assert answer.code == 2
        assert ONE_ERROR.fullmatch(answer.err)


def test_what_is_neither_file_nor_directory_is_refused(project: Path, mlreg: Type) -> None:
    os.mkfifo(inside(project) / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str((project / "socket").relative_to(os.getcwd())))
        for path in ("model", "model/pipe", "socket", "/dev/null", "/dev/zero"):
            answer = mlreg("register", "odd", path)
            assert answer.code == 2, path
            assert "neither a file nor a directory" in answer.err


def test_a_directory_without_a_file_is_refused(project: Path, mlreg: Type) -> None:
    (project / "empty" / "sub").mkdir(parents=True)
    answer = mlreg("register", "empty", "empty")
    assert (answer.code, answer.out) == (2, "")
    assert ONE_ERROR.fullmatch(answer.err)


def test_a_file_that_is_not_there_is_named_and_a_near_one_asked_for(project: Path, mlreg: Type) -> None:
    assert mlreg("register", "churn", "v10.pkl").err.startswith(
        "error: there is no file 'v10.pkl'\nhint: did you mean `v"
    )


@pytest.mark.parametrize("name", [b"\xff.bin", b"a\nb", b"a\x1b[31m", b"back\\slash", b"\xe2\x80\xae.bin", b"a\x7f"])
def test_a_file_of_a_hostile_name_is_refused_with_a_line_that_prints(
    name: bytes, project: Path, mlreg: Type, tree: Tree
) -> None:
    path = os.fsencode(inside(project)) + b"/" + name
    Path(os.fsdecode(path)).write_text("x")
    before = tree(project / ".mlreg")
    for argument in ("model", "model/" + os.fsdecode(name)):
        answer = mlreg("register", "odd", argument)
        if answer.code == 0:  # a name that is only odd to look at
            assert name == b"\xe2\x80\xae.bin"
            assert not UNSAFE.search(mlreg("info", "odd").out + mlreg("info", "odd", "--json").out)
            continue
        assert answer.code == 2
        assert ONE_ERROR.fullmatch(answer.err)
        assert not UNSAFE.search(answer.err)
        assert tree(project / ".mlreg") == before


def test_words_that_are_not_utf_8_are_one_clear_line(project: Path, spawn: Type) -> None:
    for words in (
        [b"info", b"\xff"],
        [b"\xff"],
        [b"list", b"--\xff"],
        [b"register", b"churn", b"\xff.bin"],
        [b"register", b"churn", b"v100.pkl", b"--description", b"\xff"],
        [b"promote", b"churn", b"0.1.0", b"--to", b"prod", b"--reason", b"\xff"],
        [b"promote", b"churn", b"0.1.0", b"--to", b"\xff"],
    ):
        answer = spawn(*words)
        assert answer.returncode == 2, (words, answer)
        assert ONE_ERROR.fullmatch(answer.stderr.decode("ascii"))


FACTS = {
    "metrics": ("- a\n", "auc: [1, 2]\n", "auc: {unit: ms}\n", "auc: true\n", "auc:\n", '"": 1\n'),
    "params": ("- a\n", "5\n", "just text\n"),
    "features": ("a: b\n", "5\n", "- [a]\n", "- {a: b}\n", "- a\n- a\n", "- true\n"),
    "signature": ("- a\n", "text\n", "inputs: {a: none}\n", "inputs: {a: {typ: int}}\n", "{}\n", "input: [a]\n"),
    "requirements": ("xgboost==1.7.0\nnot a requirement\n", "==1\n", "\x00\n"),
}


@pytest.mark.parametrize(("option", "text"), [(option, text) for option in FACTS for text in FACTS[option]])
def test_a_file_of_facts_that_says_nothing_usable_is_usage(option: str, text: str, project: Path, mlreg: Type) -> None:
    (project / "facts.yaml").write_text(text)
    answer = mlreg("register", "churn", "v100.pkl", f"--{option}", "facts.yaml")
    assert answer.code == 2, answer
    assert ONE_ERROR.fullmatch(answer.err), answer.err


BROKEN = {
    "a: 1\nb: [1,\n": None,
    "a: 1\na: 2\n": 2,
    "a: 1\n\tb: 2\n": 2,
    "a: &x 1\nb: *x\n": 1,
    "a: 1\n---\nb: 2\n": 2,
    "a: !!python/object/apply:os.system ['true']\n": 1,
    "a: 1\nb: \x07\n": 2,
    "a: {b: {c: {" * 40: 1,
    "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n": 1,
    "%YAML 1.1\n---\na: 1\n": 1,
    "<<: {a: 1}\n": 1,
}


@pytest.mark.parametrize("option", ["metrics", "params", "features", "signature"])
@pytest.mark.parametrize(("text", "line"), BROKEN.items())
def test_broken_yaml_is_named_with_its_line(
    option: str, text: str, line: int | None, project: Path, mlreg: Type
) -> None:
    (project / "facts.yaml").write_text(text)
    answer = mlreg("register", "churn", "v100.pkl", f"--{option}", "facts.yaml")
    assert answer.code == 2
    assert ONE_ERROR.fullmatch(answer.err), answer.err
    assert f"cannot read 'facts.yaml', line {line or ''}" in answer.err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1,\n "a": 2}', 2),
        ('{"a": 1,\n}', 2),
        ('{"a": -NaN}', 1),
        ('{"a": 1e999}', 1),
        ("[" * 200, 1),
        ('{"a":' * 100_000, 1),
        ('{"a": "\\ud800"}', 1),
        ("", 1),
        ("{'a': 1}", 1),
        ('{"a": 1} x', 1),
        ('{"a": ' + "9" * 5000 + "}", 1),
    ],
)
def test_broken_json_is_named_with_its_line(text: str, line: int, project: Path, mlreg: Type) -> None:
    (project / "facts.json").write_text(text)
    for option in ("--metrics", "--params", "--features", "--signature"):
        answer = mlreg("register", "churn", "v100.pkl", option, "facts.json")
        assert answer.code == 2
        assert ONE_ERROR.fullmatch(answer.err), answer.err
        assert f"cannot read 'facts.json', line {line}: " in answer.err


@pytest.mark.parametrize("option", ["metrics", "params", "features", "signature", "requirements"])
def test_a_file_of_facts_that_is_no_text_too_long_or_not_there_is_usage(
    option: str, project: Path, mlreg: Type
) -> None:
    (project / "binary").write_bytes(b"a: 1\nb: \xff\xfe\n")
    (project / "long").write_bytes(b"# " + b"x" * 20_000_000)
    (project / "long.json").write_bytes(b'["' + b"x" * 20_000_000 + b'"]')
    for name in ("binary", "long", "long.json", "nope", "model", "/dev/zero"):
        (project / "model").mkdir(exist_ok=True)
        started = time.monotonic()
        answer = mlreg("register", "churn", "v100.pkl", f"--{option}", name)
        assert answer.code == 2, (name, answer)
        assert ONE_ERROR.fullmatch(answer.err), answer.err
        assert time.monotonic() - started < 5
    assert "'binary', line 2" in mlreg("register", "churn", "v100.pkl", f"--{option}", "binary").err


def test_a_requirement_that_is_none_is_named_with_its_line(project: Path, mlreg: Type) -> None:
    (project / "requirements.txt").write_text("# pinned\nxgboost==1.7.0\n\nnumpy>=\n")
    assert (
        "'requirements.txt', line 4" in mlreg("register", "churn", "v100.pkl", "--requirements", "requirements.txt").err
    )


def test_the_requirements_that_pip_writes_are_read(project: Path, mlreg: Type) -> None:
    (project / "requirements.txt").write_text(
        "\ufeff--index-url https://example.org\n-r other.txt\nxgboost==1.7.0 \\\n    --hash=sha256:abc \\\n"
        "    --hash=sha256:def\n    # via fraud\nnumpy>=1.26 ; python_version >= '3.11'  # comment\n"
    )
    assert mlreg("register", "new", "v100.pkl", "--requirements", "requirements.txt").code == 0
    assert mlreg("info", "new", "--json").document["requirements"] == [
        "xgboost==1.7.0", 'numpy>=1.26; python_version >= "3.11"'
    ]  # fmt: skip


def test_long_texts_are_taken_up_to_a_million_characters(project: Path, mlreg: Type, spawn: Type) -> None:
    registry = Registry.open(project, actor="ann")
    registry.register("long", project / "v100.pkl", description="é" * 1_000_000)
    assert len(mlreg("info", "long", "--json").document["description"]) == 1_000_000
    assert mlreg("info", "long").code == 0
    answer = spawn("register", "long", "v110.pkl", "--description", "x" * 120_000, "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["version"] == "1.0.1"
    assert mlreg("promote", "long", "1.0.1", "--to", "prod", "--reason", "y" * 100_000).code == 0
    assert mlreg("verify").code == 0


def test_a_text_of_more_than_a_million_characters_is_refused(project: Path, mlreg: Type, tree: Tree) -> None:
    before = tree(project)
    for words in (["register", "long", "v100.pkl", "--description"], ["archive", "churn@0.1.0", "--reason"]):
        answer = mlreg(*words, "x" * 1_000_001)
        assert answer.code == 2
        assert len(answer.err) < 400
    assert tree(project) == before


HOSTILE = "evil\x1b[31m\x1b]0;title\x07\x00\x08\x0d\x7f\x9b31m\x85\u202e\u2066\u061c\u200f end".replace("\x00", "")


@pytest.fixture
def hostile(project: Path, mlreg: Type) -> Iterator[Path]:
    """The project with a model whose every free text tries to drive the terminal."""
    facts = {"in" + HOSTILE: {"type": "str", "enum": [HOSTILE], "description": HOSTILE}}
    (project / "signature.json").write_text(json.dumps({"inputs": facts}))
    words = [
        "register",
        "hostile",
        "v100.pkl",
        "--description",
        f"{HOSTILE}\nsecond\t{HOSTILE}",
        f"--meta=a{HOSTILE}={HOSTILE}",
    ]
    words += [f"--param=b{HOSTILE}={HOSTILE}", "--signature=signature.json", "--metric=auc=0.5"]
    assert mlreg(*words).code == 0
    assert mlreg("register", "hostile", "v110.pkl", *words[-2:-1], f"--param=b={HOSTILE}", "--metric=auc=0.6").code == 0
    for version in ("1.0.0", "1.0.1"):
        assert mlreg("promote", "hostile", version, "--to=prod", f"--reason={HOSTILE}\n{HOSTILE}").code == 0
    assert mlreg("deprecate", "hostile@1.0.0", f"--reason={HOSTILE}").code == 0
    yield project


LOOKS = (
    "list", "list hostile", "info hostile", "info hostile@1.0.0", "compare hostile 1.0.0 1.0.1", "history hostile",
    "verify",
    "checkout hostile@1.0.0 --dry-run", "promote hostile 1.0.0 --to prod", "rollback hostile", "tag hostile@1.0.0 a",
    "archive hostile@1.0.1", "register hostile v100.pkl --version 1.0.1",
)  # fmt: skip


@pytest.mark.parametrize("line", LOOKS)
@pytest.mark.parametrize("way", ["", "--json", "-q"])
def test_no_text_of_a_repository_drives_a_terminal(
    line: str, way: str, hostile: Path, mlreg: Type, drawn: Type
) -> None:
    answer = mlreg(*line.split(), *way.split())
    seen = drawn(*line.split(), *way.split(), "--no-color")
    assert not UNSAFE.search(answer.out + answer.err + seen)
    assert re.fullmatch(r"[^\x00-\x08\x0b-\x1f]*", answer.out)


def test_what_is_escaped_for_eyes_is_whole_for_scripts(hostile: Path, mlreg: Type) -> None:
    info = mlreg("info", "hostile@1.0.0", "--json").document
    assert info["description"] == f"{HOSTILE}\nsecond\t{HOSTILE}"
    assert info["deprecated"]["reason"] == HOSTILE


@pytest.mark.parametrize("word", ["\x1b[31m", "\u202e", "\x9b", "a\nb", "\x07"])
def test_what_is_typed_does_not_come_back_raw_in_an_error(word: str, project: Path, mlreg: Type) -> None:
    for words in (
        [word], ["info", word], ["info", f"churn@{word}"], ["list", f"--{word}"], ["list", "-C", word],
        ["register", "churn", word], ["promote", "churn", word, "--to", word], ["promote", "churn", "0.1.0", "--to",
        word],
        ["register", "churn", "v100.pkl", "--metric", word], ["register", "churn", "v100.pkl", f"--metric={word}=1"],
        ["register", "churn", "v100.pkl", f"--metric=a={word}"], ["register", "churn", "v100.pkl", "--bump", word],
        ["register", "churn", "v100.pkl", "--metrics", word], ["register", "churn", "v100.pkl", "--version", word],
        ["deprecate", "churn@0.1.0", "--reason=x", "--end-of-life", word], ["tag", "churn", "0.1.0", word],
        ["checkout", word], ["list", "churn", word], ["rollback", "churn", "--expect", word],
    ):  # fmt: skip
        answer = mlreg(*words)
        assert answer.code in (2, 3), (words, answer)
        assert not UNSAFE.search(answer.err)
        assert ONE_ERROR.fullmatch(answer.err), answer.err


def in_shell(project: Path, script: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs `script` in a shell where `$M` is mlreg."""
    environment = {**os.environ, "M": f"{sys.executable} -m mlreg", **options.pop("env", {})}
    return subprocess.run(
        ["bash", "-c", script], cwd=project, env=environment, capture_output=True, timeout=60, check=False, **options
    )


def test_closed_streams_are_no_reason_to_stumble(project: Path) -> None:
    answer = in_shell(
        project,
        """
        $M list <&-; echo $?
        $M list 2>&-; echo $?
        $M info nope 2>&-; echo $?
        $M list >&-; echo $?
        $M promote churn 0.1.0 --to production >&-; echo $?
        $M list >&- 2>&-; echo $?
        $M list <&- >&- 2>&-; echo $?
        $M history churn -q
        """,
    )
    codes = [line for line in answer.stdout.decode().split("\n") if line.isdigit()]
    assert codes == ["0", "0", "3", "11", "11", "11", "11", "1"]
    assert answer.stderr.decode() == (
        "error: standard output is closed\nhint: send it somewhere, as with `> /dev/null`\n" * 2
    )


def test_a_reader_that_has_gone_is_141_in_silence(project: Path) -> None:
    script = "".join(
        f"( $M {line}; echo $? >&2 ) | true\n( sleep 0.5; $M {line}; echo $? >&2 ) | true\n"
        for line in ("list --json", "--help")
    )
    answer = in_shell(project, script + "$M list | head -1 | wc -l; $M nope 2>&1 | true; exit ${PIPESTATUS[0]}")
    assert set(answer.stderr.decode().split()) <= {"0", "141"}
    assert "141" in answer.stderr.decode().split()
    assert answer.stdout.split() == [b"1"]
    assert answer.returncode == 2


def test_surroundings_without_a_home_or_a_locale_do(project: Path) -> None:
    script = """
    unset MLREG_ACTOR
    env -u HOME $M list; HOME=/proc $M list; HOME=/nonexistent $M list; LC_ALL=C $M list; PYTHONUTF8=0 LC_ALL=C $M list
    TERM=dumb $M list; env -u PATH -u TERM {python} -m mlreg list
    env -i PYTHONPATH="$PYTHONPATH" {python} -m mlreg list
    env -i PYTHONPATH="$PYTHONPATH" {python} -m mlreg tag churn 0.1.0 a >&2
    """.replace("{python}", sys.executable)
    answer = in_shell(project, script)
    lines = answer.stdout.split(b"\n")[:-1]
    assert len(lines) == 16
    assert len(set(lines)) == 2
    assert answer.stderr == b"churn 0.1.0 has the tags: a\n"


@pytest.mark.parametrize("line", ["history", "list", "verify", "du", "gc", "best", "audit", "rollback"])
def test_a_version_where_a_model_is_asked_for_is_told_to_be_one(line: str, project: Path, mlreg: Type) -> None:
    answer = mlreg(line, "fraud-detector@1.0.0")
    assert answer.code == 2
    assert answer.err.splitlines() == [
        "error: 'fraud-detector@1.0.0' cannot be a model's name: it names a version",
        "hint: name the model alone: `fraud-detector`",
    ]


def test_what_a_stream_cannot_encode_is_escaped(project: Path, mlreg: Type) -> None:
    mlreg("register", "ünï".replace("ü", "u").replace("ï", "i"), "v100.pkl", "--description", "größer → 🦊")
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for line in ("info uni", "info uni --json", "info nöpe", "--help", "info --help"):
        answer = in_shell(project, f"$M {line}", env=ascii_only)
        assert answer.returncode in (0, 2)
        assert (answer.stdout + answer.stderr).isascii()
    assert json.loads(in_shell(project, "$M info uni --json", env=ascii_only).stdout)["description"] == "größer → 🦊"


def test_a_working_directory_that_was_deleted(project: Path) -> None:
    answer = in_shell(
        project,
        """
        repo=$PWD; mkdir gone && cd gone && rmdir ../gone
        $M list; echo $?; $M init; echo $?; $M checkout -C $repo churn; echo $?
        $M register -C $repo new v100.pkl; echo $?
        $M register -C $repo new $repo/v100.pkl; echo $?; $M list -C $repo -q; echo $?
        """,
    )
    out = answer.stdout.decode().split("\n")
    assert out[0:4] == ["3", "3", "3", "2"]
    assert out[-2] == "0"
    assert answer.stderr.count(b"error: ") == 4
    assert b"Traceback" not in answer.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_within_a_second_and_leaves_nothing_half_done(
    number: int, code: int, project: Path, mlreg: Type, tree: Tree
) -> None:
    with open(project / "huge.bin", "wb") as huge:
        huge.truncate(40 << 30)
    before = {name: value for name, value in tree(project / ".mlreg").items() if not name.startswith("tmp")}
    command = [sys.executable, "-m", "mlreg", "register", "huge", "huge.bin"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(0.7)
        started = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 1
    assert (process.returncode, out, err) == (code, b"", b"")
    (project / "huge.bin").unlink()
    after = {name: value for name, value in tree(project / ".mlreg").items() if not name.startswith("tmp")}
    assert after == before
    assert mlreg("verify").code == 0


def without_root_powers() -> None:
    """Takes from a child of root the right to read and write whatever it wants: it is as others are."""
    drop_from_bounding_set, override, read_search = 24, 1, 2
    libc = ctypes.CDLL(None)
    for capability in (override, read_search):
        libc.prctl(drop_from_bounding_set, capability, 0, 0, 0)


def test_files_that_may_not_be_read_or_written_are_4(project: Path, spawn: Type) -> None:
    inside(project)
    (project / "model" / "weights.bin").chmod(0)
    (project / "closed").mkdir(mode=0o555)
    for line in (
        "register new model", "register new model/weights.bin", "register new v100.pkl --metrics model/weights.bin",
        "init closed", "checkout churn -o closed/out",
    ):  # fmt: skip
        answer = spawn(*line.split(), preexec_fn=without_root_powers)
        assert answer.returncode == 4, (line, answer)
        assert ONE_ERROR.fullmatch(answer.stderr.decode())
    for directory in [project / ".mlreg", *(project / ".mlreg").rglob("*/")]:
        directory.chmod(0o555)
    assert spawn("tag", "churn", "0.1.0", "a", preexec_fn=without_root_powers).returncode == 4
    assert spawn("list", preexec_fn=without_root_powers).returncode == 0
    assert spawn("info", "churn", preexec_fn=without_root_powers).returncode == 0
    for directory in [project / ".mlreg", *(project / ".mlreg").rglob("*/")]:
        directory.chmod(0o755)


def test_nothing_is_written_but_the_repository_and_the_target(
    tmp_path: Path, past: Path, mlreg: Type, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(home))
    (tmp_path / "model.bin").write_text("weights")
    mlreg("init", "project")
    for line in (
        "register risk/fraud model.bin --stage prod", "register risk/fraud model.bin --metric f1=0.1 --stage prod",
        "rollback risk/fraud", "tag risk/fraud@prod a", "archive risk/fraud 1.0.1",
        "deprecate risk/fraud 1.0.1 --reason x",
        "list", "info risk/fraud", "compare risk/fraud 1.0.0 1.0.1", "history risk/fraud", "verify",
        "checkout risk/fraud -o project/out",
    ):  # fmt: skip
        assert mlreg("-C", "project", *line.split()).code == 0, line
    outside = {name for name in tree(tmp_path) if not name.startswith(("project/.mlreg/", "project/out/"))}
    assert outside == {"home", "model.bin", "project", "project/.mlreg", "project/out"}


def test_a_checkout_writes_nothing_through_links_that_are_there(project: Path, mlreg: Type, tree: Tree) -> None:
    (inside(project) / "sub").mkdir()
    (project / "model" / "sub" / "config.json").write_text("{}")
    mlreg("register", "deep", "model")
    (project / "elsewhere").mkdir()
    (project / "out").mkdir()
    (project / "out" / "sub").symlink_to("../elsewhere")
    before = tree(project)
    answer = mlreg("checkout", "deep", "-o", "out")
    assert answer.code == 5
    (project / "out" / "sub").unlink()
    (project / "out" / "sub").write_text("a file is in the way")
    assert mlreg("checkout", "deep", "-o", "out").code == 5
    assert sorted(path.name for path in (project / "out").iterdir()) == ["sub"]
    assert before["elsewhere"] == tree(project)["elsewhere"]
    assert not list((project / "elsewhere").iterdir())


def test_a_text_that_says_nothing_is_refused(project: Path, mlreg: Type) -> None:
    for words in (
        ["register", "new", "v100.pkl", "--description", " "], ["set", "churn@0.1.0", "--description", " "],
        ["promote", "churn", "0.1.0", "--to=prod", "--reason", "\n"], ["deprecate", "churn@0.1.0", "--reason", " "],
        ["hold", "churn@0.1.0", "--reason", " "], ["set", "churn@0.1.0", "--note", " "],
        ["archive", "churn", "0.1.0", "--force", "--reason", "\t"], ["rollback", "churn", "--reason", " "],
    ):  # fmt: skip
        answer = mlreg(*words)
        assert answer.code == 2 and "says nothing" in answer.err, words


def test_a_value_and_a_word_of_another_command_may_be_empty(project: Path, mlreg: Type) -> None:
    assert mlreg("register", "new", "v100.pkl", "--meta", "team=", "--param", "suffix=").code == 0
    assert mlreg("run", "--", "test", "-z", "").code == 0


def test_a_variable_that_is_empty_counts_as_unset(project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREG_ACTOR", "")
    assert mlreg("tag", "churn", "0.1.0", "seen").code == 0


def test_the_empty_text_that_an_unset_variable_leaves_is_refused(project: Path, mlreg: Type) -> None:
    for words in (
        ["checkout", "churn", "-o", ""], ["register", "new", ""], ["register", "new", "v100.pkl", "--metrics="],
        ["rollback", "fraud-detector", "--stage", ""], ["rollback", "fraud-detector", "--to="], ["info", "churn", ""],
        ["promote", "churn", "", "--to", "prod"], ["promote", "churn", "0.1.0", "--to", ""], ["list", ""], ["init", ""],
        ["register", "new", "v100.pkl", "--version", ""], ["register", "new", "v100.pkl", "--stage="], ["verify", ""],
        ["compare", "churn", "", ""], ["tag", "churn", "", "a"], ["promote", "churn", "0.1.0", "--to=prod",
        "--expect="], ["register", "new", "v100.pkl", "--owner="], ["register", "new", "v100.pkl", "--description="],
        ["register", "new", "v100.pkl", "--tag="], ["register", "new", "v100.pkl", "--bump="], ["list", "--search="],
        ["register", "new", "v100.pkl", "--type="], ["set", "churn@0.1.0", "--description="], ["list", "--tag", ""],
        ["set", "churn@0.1.0", "--owner="], ["promote", "churn", "0.1.0", "--to=prod", "--reason="],
        ["register", "new", "v100.pkl", "--actor="], ["tag", "churn", "0.1.0", ""],
    ):  # fmt: skip
        answer = mlreg(*words)
        assert answer.code == 2, words
        assert ONE_ERROR.fullmatch(answer.err)
