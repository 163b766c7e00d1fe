"""`mlreg __complete`: what it answers, that it answers at once, and that it never says a word too much."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlreg import Registry, complete
from mlreg.adapters.surroundings import location
from mlreg.domain import names, refs, stages
from mlreg.domain.semver import Version
from mlreg.errors import NotFoundError
from mlreg.store import layout
from mlreg.store.config import parse_config

from .test_shells import HOSTILE, plant

ROOT = Path(__file__).parent.parent.parent
NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._+/-")
STARTS = "import __future__, gc, importlib, warnings"
MAY_LOAD = {"mlreg", "mlreg.__main__", "mlreg.complete", "mlreg.lazy"}
MODULES = "import sys; print(*sys.modules, file=sys.stderr)"
REPORT = f"""
import sys
from mlreg.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit:
    {MODULES}
"""


@pytest.fixture(scope="module")
def prepared(past: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a repository of models, versions, aliases and tags."""
    directory = tmp_path_factory.mktemp("prepared")
    shutil.copytree(past, directory, dirs_exist_ok=True)
    registry = Registry.open(directory, actor="ann@example.org")
    registry.register("Team/Risk", directory / "v100.pkl", version="0.9.0")
    registry.alias("fraud-detector", "1.0.0", alias="champion")
    registry.alias("fraud-detector", "1.0.0", alias="old")
    registry.unalias("fraud-detector", "old")
    registry.tag("fraud-detector", "1.0.0", tags=["gone", "kept"])
    registry.untag("fraud-detector", "1.0.0", tags=["gone"])
    registry.tag("churn", "0.1.0", tags=["nightly"])
    return directory


@pytest.fixture
def stocked(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, the working directory."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


ANSWERS = {
    "models": "churn fraud-detector Team/Risk",
    "models -- mlreg info te": "Team/Risk",
    "models -- mlreg info none-such": "churn fraud-detector Team/Risk",
    "versions fraud-detector": "2.1.0-rc.1 2.0.0 1.1.0 1.0.1 1.0.0",
    "versions fraud-detector -- mlreg rollback fraud-detector --to 1.0": "1.0.1 1.0.0",
    "versions FRAUD-Detector@production": "2.1.0-rc.1 2.0.0 1.1.0 1.0.1 1.0.0",
    "versions none-such": "",
    "expected churn": "0.1.0 none",
    "selectors churn": "0.1.0 production staging development latest",
    "selectors churn@0.1.0": "",
    "selectors none-such": "",
    "references -- mlreg info churn@": "churn@0.1.0 churn@production churn@staging churn@development churn@latest",
    "references -- mlreg info ch": "churn",
    "references -- mlreg info fraud-detector@v2": "fraud-detector@v2.1.0-rc.1 fraud-detector@v2.0.0",
    "references -- mlreg info fraud-detector@champ": "fraud-detector@champion",
    "compared churn -- mlreg compare churn 0.1.0 0": "0.1.0",
    "compared churn@0.1.0 -- mlreg compare churn@0.1.0 churn@0": "churn@0.1.0",
    "labels churn -- mlreg tag churn 0": "0.1.0",
    "labels churn@latest -- mlreg tag churn@latest n": "nightly",
    "aliases fraud-detector": "champion",
    "tags fraud-detector": "kept reviewed",
    "tags churn@0.1.0": "nightly",
    "tags": "kept nightly reviewed",
    "stages": "production staging development",
    "all-stages": "production staging development archived",
    "held-stages": "production staging",
    "nonsense": "",
    "": "",
}


@pytest.mark.parametrize("words", ANSWERS)
def test_it_answers_with_what_can_stand_there(stocked: Path, capfd: pytest.CaptureFixture[str], words: str) -> None:
    with pytest.raises(SystemExit) as end:
        complete.main(["__complete", *words.split()])
    assert (end.value.code, capfd.readouterr()) == (0, ("".join(f"{word}\n" for word in ANSWERS[words].split()), ""))


@pytest.mark.parametrize(
    "config",
    [
        '[stages]\norder = ["lab", "shadow", "live"]\n',
        '[metrics.a]\ndirection = "up"\n[stages]\n order=["lab","shadow","live"]\naliases = {}\n',
        '[stages]\norder = [\n  "lab",\n  "shadow",\n  "live",\n]\n',
        "stages.order = ['lab', 'shadow', 'live']\n",
    ],
)
def test_stages_of_a_repository_of_its_own(stocked: Path, config: str) -> None:
    (stocked / ".mlreg/config.toml").write_text(config)
    assert parse_config(config.encode()).stages.order == ("lab", "shadow", "live")
    assert complete.candidates("stages", []) == ["live", "shadow", "lab"]


@pytest.mark.parametrize("newest", [1, 2, 3, 4, 7, 8, 9, 100])
def test_the_newest_events_are_found_however_many_there_are(tmp_path: Path, newest: int) -> None:
    (tmp_path / "history/a").mkdir(parents=True)
    for number in range(1, newest + 1):
        event = json.dumps({"aliases": {f"at-{number}": "1.0.0"}}, separators=(",", ":"))
        (tmp_path / f"history/a/{number:08}.json").write_text(event)
    assert set(complete.Shelf(str(tmp_path)).aliases("a")) == {f"at-{number}" for number in range(1, newest + 1)}


def test_aliases_of_a_long_history_are_those_of_its_newest_events(tmp_path: Path) -> None:
    (tmp_path / "history/a").mkdir(parents=True)
    for number in range(1, complete.EVENTS_MAX + 2):
        (tmp_path / f"history/a/{number:08}.json").write_text("{}")
    for number, alias in ((1, "oldest"), (2, "newer")):
        (tmp_path / f"history/a/{number:08}.json").write_text(f'{{"aliases":{{"{alias}":"1.0.0"}}}}')
    assert complete.Shelf(str(tmp_path)).aliases("a") == ["newer"]


def test_many_versions_are_all_offered(tmp_path: Path) -> None:
    (tmp_path / "catalog/a").mkdir(parents=True)
    known = {f"1.0.{number}" for number in range(complete.SORTED_MAX + 1)}
    for version in (*known, "1.0.$(touch PWN)"):
        (tmp_path / f"catalog/a/{version}-01234567.yaml").touch()
    assert set(complete.Shelf(str(tmp_path)).versions("a")) == known


def test_many_models_are_all_offered(tmp_path: Path) -> None:
    known = {f"team/m{number}" for number in range(complete.SPELLINGS_MAX + 1)}
    for model in known:
        (tmp_path / "history" / model.replace("/", "+")).mkdir(parents=True)
    assert set(complete.Shelf(str(tmp_path)).models()) == known


def test_versions_are_sorted_as_semantic_versioning_says() -> None:
    order = [
        "1.0.0-1", "1.0.0-2", "1.0.0-11", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-rc", "1.0.0",
        "1.2.0", "1.10.0", "10.0.0",
    ]  # fmt: skip
    mixed = random.Random(7).sample(order, len(order))
    assert (
        sorted(mixed, key=complete.precedence)
        == sorted(mixed, key=lambda text: Version.parse(text).precedence)
        == order
    )


def test_what_is_spelled_twice_for_the_sake_of_speed_is_spelled_alike() -> None:
    ours = (
        complete.FORMAT,
        complete.HISTORY,
        complete.CATALOG,
        complete.CONFIG,
        "/".join(complete.event_path("a+b", 7)),
    )
    assert ours == (layout.FORMAT, layout.HISTORY, layout.CATALOG, layout.CONFIG, layout.event("a/b", 7))
    assert (complete.DIRECTORY, complete.VARIABLE) == (location.DIRECTORY, location.VARIABLE)
    assert [*complete.STAGES, complete.ARCHIVED] == [*stages.Stages().order, stages.ARCHIVED]
    assert complete.LATEST == refs.LATEST
    assert complete.folded("Team/Risk") == names.folded("Team/Risk")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, one within, one without a directory around it, in a home."""
    for place in (".mlreg", "inner/.mlreg", "inner/deep/er", "bare/history", "it's here/.mlreg"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "bare/format").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "variable", "here"),
    [
        (given, variable, here)
        for given in (None, "inner", "inner/.mlreg", "bare", "nowhere", "inner/deep", "", "it's here", "/")
        for variable in ("", "bare", "nowhere")
        for here in (".", "inner/deep/er", "bare")
    ],
)
def test_the_repository_is_the_one_that_commands_take(
    places: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, variable: str, here: str
) -> None:
    monkeypatch.chdir(places / here)
    monkeypatch.setenv("MLREG_DIR", variable and str(places / variable))
    path = str(places / given) if given else given
    words = [] if path is None else ["-C", path.replace("'", "\\'")]
    try:
        expected = str(location.find(path))
    except NotFoundError:
        expected = None
    assert complete.Line(["--", "mlreg", "info", *words, ""]).repository() == expected


@pytest.mark.parametrize(
    "line",
    [
        "mlreg -C inner info",
        "mlreg -Cinner info",
        "mlreg info --repo inner",
        "mlreg info --repo=inner",
        'mlreg info --repo "inner"',
        "mlreg -C 'inner' info",
        "mlreg -C \\i\\nner info",
        "mlreg -C ~/inner info",
        "mlreg -C $HOME/inner info",
        "mlreg -C ${HOME}/inner info",
        'mlreg -C "$HOME/inner" info',
        "mlreg -C nowhere -C inner info",
        "MLREG_DIR=inner mlreg info",
        "OTHER=x MLREG_DIR=~/inner mlreg info",
    ],
)
def test_the_line_says_where_the_repository_is_as_a_shell_understands_it(places: Path, line: str) -> None:
    assert complete.Line(["--", *line.split(" "), ""]).repository() == str(places / "inner/.mlreg")


@pytest.mark.parametrize(
    "line", ["mlreg -C '$HOME/inner' info", 'mlreg -C "~/inner" info', "mlreg -C $(echo inner) info"]
)
def test_what_a_shell_would_not_expand_or_would_have_to_run_is_taken_as_it_stands(places: Path, line: str) -> None:
    assert complete.Line(["--", *line.split(" "), ""]).repository() != str(places / "inner/.mlreg")


def test_assignments_behind_the_command_are_no_variables(places: Path) -> None:
    line = "mlreg register a --meta MLREG_DIR=inner"
    assert complete.Line(["--", *line.split(" "), ""]).repository() == str(places / ".mlreg")


@pytest.mark.parametrize("kind", complete.KINDS)
def test_only_the_characters_of_names_get_out(stocked: Path, kind: str) -> None:
    plant(stocked)
    for model in ("", "fraud-detector", "fraud-detector@1.0.0", "../catalog", *HOSTILE):
        for word in ("", "fraud", "fraud-detector@", f"{model}@"):
            words = complete.candidates(kind, [model, "--", "mlreg", "info", word])
            assert [word for word in words if not NAME_CHARACTERS.issuperset(word) or not word[:1].isalnum()] == []


def asked(*words: str, place: Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Asks as a process of its own."""
    settings = {"cwd": place, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "stderr": subprocess.PIPE, "timeout": 60}
    command = [sys.executable, "-m", "mlreg", "__complete", *words]
    return subprocess.run(command, check=False, **{"stdout": subprocess.PIPE, **settings, **options})  # type: ignore[call-overload, no-any-return]


def test_nothing_is_said_where_there_is_no_repository(tmp_path: Path) -> None:
    done = asked("models", place=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_nothing_is_said_where_nobody_listens(stocked: Path) -> None:
    for options in ({"preexec_fn": lambda: os.close(1)}, {"stdout": (full := open("/dev/full", "wb"))}):  # noqa: SIM115
        done = asked("models", place=stocked, **options)
        assert (done.returncode, done.stderr) == (0, b"")
    full.close()


def break_event(path: Path) -> None:
    path.chmod(0o644)
    path.write_text('{"actor":"a","aliases":{"oth')


def put_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_a_link(path: Path) -> None:
    elsewhere = path.with_suffix(".elsewhere")
    elsewhere.write_text('{"aliases":{"cunning":"1.0.0"}}')
    path.unlink()
    path.symlink_to(elsewhere)


def put_a_list(path: Path) -> None:
    path.chmod(0o644)
    path.write_text('["\\"aliases\\":{", {"aliases":{}}]')


@pytest.mark.parametrize("spoil", [break_event, put_a_pipe, put_a_link, put_a_list])
def test_what_is_damaged_is_passed_over(stocked: Path, spoil: Callable[[Path], None]) -> None:
    for number in (1, 2):
        spoil(stocked / f".mlreg/history/fraud-detector/{number:08}.json")
    done = asked("references", "--", "mlreg", "info", "fraud-detector@c", place=stocked)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"fraud-detector@champion\n", b"")
    assert asked("models", place=stocked).stdout.split() == [b"churn", b"fraud-detector", b"Team/Risk"]


@pytest.mark.parametrize("config", [b"\xff stages", b"[stages", b"[stages]\norder = 7", b'stages = "x"'])
def test_a_configuration_that_cannot_be_read_leaves_the_line_alone(stocked: Path, config: bytes) -> None:
    (stocked / ".mlreg/config.toml").write_bytes(config)
    done = asked("stages", place=stocked)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def loaded(code: str, *words: str, place: Path) -> set[str]:
    """Returns the modules that a process running `code` has loaded in the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=60, check=True)
    return set(done.stderr.decode().split())


@pytest.mark.parametrize("words", ["models", "versions fraud-detector", "stages", "references -- mlreg info churn@1"])
def test_it_loads_next_to_nothing(project: Path, words: str) -> None:
    bare = loaded(f"{STARTS}; {MODULES}", place=project)
    assert loaded(REPORT, "__complete", *words.split(), place=project) - bare == MAY_LOAD


@pytest.mark.parametrize("words", ["aliases fraud-detector", "tags fraud-detector", "selectors fraud-detector"])
def test_who_asks_for_aliases_or_tags_that_are_there_loads_json_too(stocked: Path, words: str) -> None:
    bare = loaded(f"{STARTS}, json; {MODULES}", place=stocked)
    assert loaded(REPORT, "__complete", *words.split(), place=stocked) - bare == MAY_LOAD
