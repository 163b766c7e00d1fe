"""The documentation is true: what it types is typed here, what it shows is what comes out, and nothing is left out.

Pages show commands in ```console blocks: `$ ` before what is typed, below it what a terminal of 100 columns shows, and
`...` where lines are left out. All blocks of a page are typed into one shell, in an empty directory that is shown as
`/home/ann/code`. Python stands in ```pycon blocks. `MLREG_DOCS=rewrite pytest tests/test_docs.py` puts in what comes
out now.
"""

from __future__ import annotations

import dataclasses
import doctest
import fcntl
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from mlreg import errors
from mlreg.cli import COMMANDS, build, load_command
from mlreg.domain import events, record
from mlreg.store import layout
from mlreg.store.catalog import record_bytes, version_from_record

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS_PAGE, FORMAT_PAGE = ROOT / "docs/commands.md", ROOT / "docs/format.md"
HOME = "/home/ann/code"
COLUMNS = 100
REWRITES = os.environ.get("MLREG_DOCS") == "rewrite"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_BAR = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h\r\x1b\[1A\x1b\[2K", re.DOTALL)  # of progress, which takes itself away
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_VARYING = {
    r"\d{4}-\d\d-\d\dT[\d:.]+Z": "TIME",
    r"sha256:[0-9a-f]{6,64}…?": "DIGEST",
    r"SHA256:[A-Za-z0-9+/]{43}": "FINGERPRINT",
    r"\b[0-9a-f]{32,64}\b": "HEX",
    r"\b[0-9a-f]{8}(?=\.yaml)": "HEX",
    r"\bnow\b|\b\d+ (min|h|d) ago\b": "AGO",
    r"\bpython version +\S+": "PYTHON",
    r"─+": "─",
    r" {2,}": " ",
    r" +$": "",
}
_SCORES = {r"(?<![\d.])[+-]?\d+\.\d+(?![\d.])": "NUMBER"}


@dataclass(frozen=True)
class Step:
    """A command of a page and what the page shows below it."""

    command: str
    shown: list[str]

    @property
    def text(self) -> str:
        """The step as it stands on the page."""
        return "".join(f"{line}\n" for line in (f"$ {self.command}", *self.shown))

    @property
    def fails(self) -> bool:
        """Whether the page shows an error."""
        return any(line.startswith("error: ") or "mlreg.error/1" in line for line in self.shown)


def blocks(page: Path, language: str) -> list[str]:
    return [match[2] for match in _BLOCK.finditer(page.read_text()) if match[1] == language]


def steps(page: Path) -> list[Step]:
    found: list[Step] = []
    for line in "".join(blocks(page, "console")).splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], []))
        else:
            found[-1].shown.append(line)
    return found


def typed(commands: Sequence[str], place: Path) -> Iterator[tuple[str, int]]:
    """Types `commands` into one shell on a terminal and yields what each showed and its exit code."""
    end = "__s=$?; printf '\\036%s\\037' $__s; (exit $__s)"
    script = "\n".join(line for command in commands for line in (command, end))
    screen = terminal_of(["bash", "--norc", "-c", script], place)
    parts = re.findall(r"(.*?)\x1e(\d+)\x1f", screen, re.DOTALL)
    assert len(parts) == len(commands), f"the shell stopped early:\n{screen[-2000:]}"
    return ((text, int(code)) for text, code in parts)


def terminal_of(command: Sequence[str], place: Path) -> str:
    """Runs `command` on a terminal in `place` and returns all that it showed, without colours."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 40, COLUMNS, 0, 0))
    path = f"{tools(place)}:{os.environ['PATH']}"
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm", "PATH": path}
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen(command, cwd=place, env=environment, **streams):
        os.close(terminal)
        shown = b"".join(iter(lambda: read(controller), b""))
    os.close(controller)
    return _STYLE.sub("", _BAR.sub("", shown.decode())).replace("\r\n", "\n").replace(str(place), HOME)


def read(controller: int) -> bytes:
    try:
        return os.read(controller, 1 << 16)
    except OSError:  # the way in which a terminal says that nobody writes to it any more
        return b""


def tools(place: Path) -> Path:
    """Returns a directory with the `mlreg` and the `python` that are being tested."""
    directory = place / ".bin"
    directory.mkdir(exist_ok=True)
    this_python = f"PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)}"
    for name, words in (("mlreg", "-m mlreg"), ("python", "")):
        tool = directory / name
        tool.write_text(f'#!/bin/sh\n{this_python} {words} "$@"\n')
        tool.chmod(0o755)
    return directory


def masked(text: str, varying: dict[str, str] = _VARYING) -> str:
    for pattern, name in varying.items():
        text = re.sub(pattern, name, text, flags=re.MULTILINE)
    return text.strip("\n")


def shows(shown: Sequence[str], real: str, varying: dict[str, str]) -> bool:
    parts = masked("\n".join(shown), varying).split("...")
    return re.fullmatch(".*".join(map(re.escape, parts)), masked(real, varying), re.DOTALL) is not None


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty directory, its path as long as the one that pages show, so that lines break alike."""
    with tempfile.TemporaryDirectory(prefix="d", dir="/tmp") as directory:
        assert len(directory) == len(HOME)
        yield Path(directory)


@pytest.mark.parametrize("page", [page for page in PAGES if steps(page)], ids=lambda page: page.name)
def test_every_command_shows_what_the_page_shows(page, place):
    script = steps(page)
    varying = _VARYING
    if page == README:  # it goes on where its first line ends, with models whose scores may vary in the last digit
        first_use(place)
        varying = _VARYING | _SCORES
    answers = list(typed([step.command for step in script], place))
    if REWRITES:
        page.write_text(rewritten(page, [real for real, _ in answers], varying))
    for step, (real, code) in zip(script, answers, strict=True):
        assert REWRITES or shows(step.shown, real, varying), f"$ {step.command}\n{real}"
        assert REWRITES or (code != 0) == step.fails, f"$ {step.command}: exit {code}"


def rewritten(page: Path, answers: list[str], varying: dict[str, str]) -> str:
    """Returns `page` with `answers` below its commands where it shows something else."""
    pending = iter(zip(steps(page), answers, strict=True))

    def renew(block: re.Match[str]) -> str:
        if block[1] != "console":
            return block[0]
        some = islice(pending, len(re.findall(r"^\$ ", block[2], re.MULTILINE)))
        texts = (step.text if shows(step.shown, real, varying) else f"$ {step.command}\n{real}" for step, real in some)
        return "```console\n" + re.sub(r" +$", "", "".join(texts), flags=re.MULTILINE) + "```"

    return _BLOCK.sub(renew, page.read_text())


def first_use(place: Path) -> str:
    """Does in `place` what the first line of the README ends with, and returns what it shows."""
    program, *words = blocks(README, "sh")[0].rpartition("&&")[2].split()
    return terminal_of([str(tools(place) / program), *words], place)


def test_the_first_line_of_the_readme_shows_what_the_readme_says(place):
    real = first_use(place)
    shown = blocks(README, "text")[0]
    is_true = shows(shown.splitlines(), real, _VARYING | _SCORES)
    if REWRITES and not is_true:
        README.write_text(README.read_text().replace(shown, real, 1))
    assert REWRITES or is_true, real


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "pycon")], ids=lambda page: page.name)
def test_every_snippet_of_python_answers_what_the_page_shows(page, place, monkeypatch):
    monkeypatch.chdir(place)
    if page == README:
        first_use(place)
    source = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0)
    said: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.DocTestRunner(optionflags=flags).run(test, out=said.append)
    assert result.attempted and not result.failed, "".join(said)


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def section(command: str) -> str:
    """Returns what docs/commands.md says of `command`."""
    parts = COMMANDS_PAGE.read_text().split("\n## ")
    return next((part for part in parts if part.startswith(f"{command}\n")), "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_documented(command):
    everywhere = {option for param in build().params for option in param.opts}
    own = [param for param in load_command(command).params if everywhere.isdisjoint(param.opts)]
    words = [option for param in own if param.opts[0].startswith("-") for option in param.opts]
    assert [word for word in words if f"`{word}" not in section(command)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_with_an_example_and_its_document(command):
    assert f"$ mlreg {command}" in section(command)
    assert re.search(rf'"schema": "mlreg\.{command}(-[a-z]+)?/1"', section(command))
    assert f"[{command}](#{command})" in COMMANDS_PAGE.read_text().split("\n## ")[0]


def test_every_option_that_all_commands_take_is_documented():
    options = {option for param in build().params for option in param.opts}
    assert [option for option in sorted(options) if f"`{option}" not in COMMANDS_PAGE.read_text()] == []


def test_no_page_names_a_command_or_an_option_that_is_not_there():
    known = {option for command in COMMANDS for param in load_command(command).params for option in param.opts}
    known |= {option for param in build().params for option in param.opts} | {"--help"}
    for page in PAGES:
        for line in re.findall(r"(?:^\$ |`)mlreg ([^`\n]+)", page.read_text(), re.MULTILINE):
            words = shlex.split(re.split(r"\||&&|;|…| -- ", line)[0], comments=True)
            options = {word.split("=")[0] for word in words if word.startswith("--")}
            assert words[0] in COMMANDS or words[0].startswith("-") or words[0].isupper(), f"{page.name}: {line}"
            assert options <= known, f"{page.name}: {line}"


def kinds(base: type[errors.MlregError]) -> Iterator[type[errors.MlregError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("page", [README, COMMANDS_PAGE], ids=lambda page: page.name)
def test_every_exit_code_is_documented(page):
    codes = {0, 1, 70, 130, 141, 143} | {kind.exit_code for kind in kinds(errors.MlregError)}
    rows = set(map(int, re.findall(r"[|,] *(\d+)(?= *[|,])", page.read_text())))
    assert codes <= rows


def test_every_kind_of_event_and_every_field_of_a_record_is_in_the_description_of_the_format():
    names = [*events.KINDS, events.INITIALISED, *record.LINEAGE_KEYS, *record.DATASET_KEYS]
    fields = {field.name for field in dataclasses.fields(record.ModelVersion)} - {"name", "unknown"}
    assert [word for word in (*names, *sorted(fields)) if f"`{word}`" not in FORMAT_PAGE.read_text()] == []


def test_every_effect_of_an_event_is_in_the_description_of_the_format(registry, model_file):
    for weights in ("old", "new"):
        registry.register("fraud", model_file(weights), stage="production")
    registry.rollback("fraud")
    registry.tag("fraud", "1.0.0", tags=["good"])
    registry.set("fraud", "1.0.0", owner="ann", note="looked at")
    registry.alias("fraud", "1.0.0", alias="champion")
    registry.deprecate("fraud", "1.0.1", reason="old")
    effects = {name for event in registry.history("fraud").events for name in event.effects}
    assert [name for name in sorted(effects) if f"`{name}`" not in FORMAT_PAGE.read_text()] == []


def test_every_file_of_a_repository_is_in_the_description_of_the_format():
    names = {value for name, value in vars(layout).items() if name.isupper() and name[0] != "_"}
    assert [name for name in sorted(names) if name not in FORMAT_PAGE.read_text()] == []


def test_the_events_that_the_format_shows_are_like_real_ones(spawn, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    for words in ("init", "register fraud model.bin", "promote fraud 1.0.0 --to production"):
        spawn(*words.split(), env={**os.environ, "PYTHONPATH": str(ROOT)}).check_returncode()
    real = sorted((tmp_path / ".mlreg/history/fraud").iterdir())
    shown = [json.loads(block) for block in blocks(FORMAT_PAGE, "json")]
    assert [set(event) for event in shown] == [set(json.loads(event.read_bytes())) for event in real]


def test_the_record_that_the_format_shows_is_one(place):
    shown = blocks(FORMAT_PAGE, "yaml")[0].encode()
    assert record_bytes(version_from_record(shown, "docs/format.md")) == shown


def test_continuous_integration_runs_the_lines_of_the_readme():
    lines = [line for line in README.read_text().splitlines() if line.startswith("python3 -m venv .venv")]
    assert len(lines) == 2
    assert "grep '^python3 -m venv .venv' README.md" in (ROOT / ".ci/run").read_text()
