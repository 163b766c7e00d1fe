"""What shells offer at TAB, in the shells themselves, and that no name can make them run anything."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shlex
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mlreg.cli.shells import script
from mlreg.cli.shells.commandline import ARGUMENTS, SHELLS, VALUES, tree

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = {"bash": "mlreg.bash", "zsh": "_mlreg", "fish": "mlreg.fish"}
REWRITES = os.environ.get("MLREG_DOCS") == "rewrite"
PATIENCE_S = 60
ECHO = "mlreg() { printf GOT; printf '<%s>' \"$@\"; echo END; }"
SET_UP = {
    "bash": f"""
        PS1='> '
        source {ROOT}/completions/mlreg.bash
        {ECHO}
        bind '"\\C-o": insert-completions'
        bind 'set bell-style none'
        bind 'set page-completions off'
        echo READY""",
    "zsh": f"""
        PS1='> '
        fpath=({ROOT}/completions $fpath)
        autoload -Uz compinit && compinit -u -D
        zle -C all-matches complete-word _generic
        bindkey '^O' all-matches
        zstyle ':completion:all-matches::::' completer _all_matches _complete
        zstyle ':completion:all-matches:*' insert yes
        unsetopt beep
        {ECHO}
        echo READY""",
}
ALL_SELECTORS = "1.0.0 1.0.1 1.1.0 2.0.0 2.1.0-rc.1 champion development latest production staging"
OFFERS = {
    "mlreg pro": "promote",
    "mlreg --json roll": "rollback",
    "mlreg info ": "Team/Risk churn fraud-detector",
    "mlreg info ch": "churn",
    "mlreg history Te": "Team/Risk",
    "mlreg info fraud-detector ": ALL_SELECTORS,
    "mlreg info fraud-detector pro": "production",
    "mlreg info churn 0": "0.1.0",
    "mlreg info churn v0": "v0.1.0",
    "mlreg info fraud-detector@2.1": "fraud-detector@2.1.0-rc.1",
    "mlreg checkout fraud-detector@cham": "fraud-detector@champion",
    "mlreg promote fraud-detector 1.": "1.0.0 1.0.1 1.1.0",
    "mlreg promote fraud-detector 2.0.0 --to ": "development production staging",
    "mlreg promote fraud-detector 2.0.0 --to=pro": "--to=production",
    "mlreg promote --to production fraud-d": "fraud-detector",
    "mlreg promote fraud-detector --from ": "archived development production staging",
    "mlreg promote fraud-detector --expect no": "none",
    "mlreg promote --dr": "--dry-run",
    "mlreg rollback fraud-detector --stage ": "production staging",
    "mlreg rollback fraud-detector --to 2.1": "2.1.0-rc.1",
    "mlreg register churn x --bump ": "auto major minor patch",
    "mlreg register churn churn.o": "churn.onnx",
    "mlreg register churn v100.pkl churn.o": "churn.onnx",
    "mlreg register churn --metrics churn.o": "churn.onnx",
    "mlreg register churn x --parent fraud-detector@prod": "fraud-detector@production",
    "mlreg checkout churn -o pla": "place",
    "mlreg tag fraud-detector 1.1.0 ": "reviewed",
    "mlreg tag fraud-detector@1.1.0 ": "reviewed",
    "mlreg compare fraud-detector 1.0.0 2.1": "2.1.0-rc.1",
    "mlreg compare fraud-detector@1.0.0 churn@0": "churn@0.1.0",
    "mlreg alias fraud-detector champ": "champion",
    "mlreg -C place info ": "elsewhere",
    "mlreg info --repo=place else": "elsewhere",
    "mlreg info -C 'place' else": "elsewhere",
    "mlreg help exit": "exit-codes",
    "mlreg help json er": "error",
    "mlreg completion z": "zsh",
    "mlreg info nothing-like-it": "",
}
HOSTILE = (
    "$(touch PWN)", "`touch PWN`", '"; touch PWN; x=(', 'f\\"); touch PWN; x=(\\"', "';touch PWN;'", "a;touch PWN",
    "x\ntouch PWN", "(touch PWN)", "fraud$(touch PWN)", "fraud`touch PWN`", "{touch,PWN}", "-rf", "~root", "*",
    "fraud]:(touch PWN)", "fraud\x1b[31m", "${(e):-$(touch PWN)}", "fraud detector", "a:b", "=(touch PWN)",
)  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_that_is_kept_is_the_one_that_is_made(shell: str) -> None:
    """`MLREG_DOCS=rewrite pytest tests/cli/test_shells.py -k kept` makes them anew."""
    kept = ROOT / "completions" / SCRIPTS[shell]
    if REWRITES:
        kept.write_text(script(shell))
    assert kept.read_text() == script(shell)


def test_the_command_prints_the_script(mlreg: Callable[..., object]) -> None:
    assert mlreg("completion", "bash").out == script("bash")
    assert mlreg("completion", "fish", "--json").document["script"] == script("fish")


def test_it_is_known_what_every_value_and_argument_is() -> None:
    """Where this fails there is a new metavar: say what it is in mlreg/cli/shells/commandline.py."""
    verbs = tree().verbs
    values = {option.metavar for verb in verbs for option in verb.options if not option.is_flag}
    assert {name for name in values - set(VALUES) if "|" not in name} == set()
    assert {metavar for verb in verbs for metavar in verb.metavars} - set(ARGUMENTS) == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_has_nothing_that_evaluates(shell: str) -> None:
    assert re.findall(r"\beval\b|compgen|\$\(\$|\bsource\b", script(shell)) == []


class Shell:
    """A shell on a terminal; Ctrl-O puts all that it offers on the line."""

    def __init__(self, name: str, place: Path, environment: dict[str, str]) -> None:
        settings = place / "settings"
        settings.mkdir(exist_ok=True)
        (settings / ".zshrc").write_text(SET_UP["zsh"])
        (settings / "bashrc").write_text(SET_UP["bash"])
        command = {"bash": ["bash", "--noprofile", "--rcfile", str(settings / "bashrc"), "-i"], "zsh": ["zsh", "-i"]}
        self._screen, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 50, 2000, 0, 0))
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
        environment = {**environment, "ZDOTDIR": str(settings), "TERM": "dumb"}
        self._process = subprocess.Popen(command[name], cwd=place, env=environment, start_new_session=True, **streams)
        os.close(terminal)
        self._until("READY")

    def offer(self, line: str) -> list[str]:
        """Returns what `line`, all before the cursor, can become: the last words."""
        self.type(f"{line}\x0f\n")
        found = self._until(r"GOT.*?END")
        *before, last = shlex.split(line.replace("'", '"') + "''")
        words = re.findall("<(.*?)>", found)[len(before) - 1 :]
        return sorted(word.rstrip("/") for word in words if word not in (last, ""))

    def type(self, keys: str) -> None:
        """Presses `keys`."""
        os.write(self._screen, keys.encode())

    def answer(self, keys: str) -> str:
        """Presses `keys` and returns what the screen shows in the end."""
        self.type(f"{keys}\x15echo DO''NE\n")  # Ctrl-U: nothing of it is run
        return self._until("DONE")

    def _until(self, pattern: str) -> str:
        shown, end = "", time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, shown, re.DOTALL)):
            assert time.monotonic() < end, f"{pattern} did not come:\n{shown}"
            if select.select([self._screen], [], [], 1)[0]:
                shown += os.read(self._screen, 1 << 16).decode(errors="replace")
        return found[0] if pattern.startswith("GOT") else shown

    def close(self) -> None:
        """Ends the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._screen)


class Fish:
    """A fish that is asked what it would offer."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self._place, self._environment = place, environment

    def offer(self, line: str) -> list[str]:
        """Returns what the last word of `line` can become."""
        lines = self.answer(line).splitlines()
        return sorted(word.partition("\t")[0].rstrip("/") for word in lines)

    def answer(self, keys: str) -> str:
        """Returns what fish shows for `keys`."""
        code = f"source {ROOT}/completions/mlreg.fish; complete -C (cat)"
        done = subprocess.run(
            ["fish", "--no-config", "-c", code],
            input=keys.rstrip("\t"), cwd=self._place, env=self._environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    def close(self) -> None:
        """Nothing is left running."""


@contextmanager
def opened(name: str, place: Path, program: str) -> Iterator[Shell | Fish]:
    """Opens a shell in `place` that finds `program` as `mlreg`."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    tools, home = place / "tools", place / "home"
    tools.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    (tools / "mlreg").write_text(f"#!/bin/sh\n{program}\n")
    (tools / "mlreg").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
    }
    with closing(Fish(place, environment) if name == "fish" else Shell(name, place, environment)) as shell:
        yield shell


REAL = f'PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m mlreg "$@"'


@pytest.fixture(scope="module")
def stocked(past: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a repository and another one in `place`."""
    directory = tmp_path_factory.mktemp("stocked")
    shutil.copytree(past, directory, dirs_exist_ok=True)
    (directory / "place").mkdir()
    lines = (
        "register Team/Risk v100.pkl --stage staging",
        "alias fraud-detector 1.0.0 champion",
        "-C place init",
        "-C place register elsewhere v100.pkl",
    )
    for line in lines:
        command = [sys.executable, "-m", "mlreg", *line.split()]
        subprocess.run(
            command, cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True
        )
    return directory


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, stocked: Path) -> Iterator[Shell | Fish]:
    """Each of the shells in turn."""
    with opened(request.param, stocked, REAL) as shell:
        yield shell


@pytest.mark.parametrize("line", OFFERS)
def test_a_shell_offers_what_can_stand_there(shell: Shell | Fish, line: str) -> None:
    assert shell.offer(line) == sorted(OFFERS[line].split())


LINES = (
    "mlreg ", "mlreg info ", "mlreg info fraud", "mlreg info f", "mlreg info fraud-detector@", "mlreg tag churn 1.0.0 ",
    "mlreg info fraud-detector ", "mlreg promote fraud-detector --to ", "mlreg promote fraud-detector --to=",
    "mlreg rollback fraud-detector --to ", "mlreg info \"fraud", "mlreg info \"$", "mlreg info \\$", "mlreg list ",
    "mlreg compare fraud-detector 1.0.0 ", "mlreg register fraud-detector x --parent ", "mlreg -C . info ",
)  # fmt: skip


def plant(place: Path) -> None:
    """Puts names into the repository of `place` that a shell could take for commands."""
    repository = place / ".mlreg"
    for name in HOSTILE:
        shutil.copytree(repository / "history/fraud-detector", repository / "history" / name)
        shutil.copytree(repository / "catalog/fraud-detector", repository / "catalog" / name)
        (repository / "catalog/fraud-detector" / f"{name}-01234567.yaml").touch()
        (repository / "catalog/fraud-detector" / f"1.1.{name}-01234567.yaml").touch()
        (repository / "catalog/fraud-detector" / f"1.9.0-{name}-01234567.yaml").touch()
    head = len([*(repository / "history/fraud-detector").iterdir()])
    for number, name in enumerate(HOSTILE, head + 1):
        event = {"aliases": {name: "1.0.0"}, "model": name, "tags": [name], "version": name}
        text = json.dumps(event, separators=(",", ":"))
        (repository / f"history/fraud-detector/{number:08}.json").write_text(text)
    order = ", ".join(json.dumps(name) for name in ("first", *HOSTILE))
    (repository / "config.toml").write_text(f"[stages]\norder = [{order}]\n")


def is_hit(place: Path) -> bool:
    """Whether something that was planted has been executed."""
    return any(path.name == "PWN" for path in place.rglob("*"))


@pytest.mark.parametrize("name", SHELLS)
def test_what_is_planted_in_a_repository_is_neither_executed_nor_offered(name: str, past: Path, tmp_path: Path) -> None:
    shutil.copytree(past, tmp_path, dirs_exist_ok=True)
    plant(tmp_path)
    with opened(name, tmp_path, REAL) as shell:
        for line in LINES:
            shell.answer(f"{line}\t\t\t")
        assert not is_hit(tmp_path)
        assert shell.offer("mlreg info ") == ["churn", "fraud-detector"]
        assert shell.offer("mlreg info fraud-detector@1.1") == ["fraud-detector@1.1.0"]
        assert shell.offer("mlreg promote fraud-detector --to f") == ["first"]


TELLS_ANYTHING = """
count=$(($(cat count 2>/dev/null || echo 0) + 1)) && echo $count >count
echo fraud-detector && echo fraud-detector@1.0.0
sed -n "$((count % $(wc -l <said) + 1))p" said  # one at a time: where all are evaluated at once, one spoils the others
"""


@pytest.mark.parametrize("name", SHELLS)
def test_even_an_mlreg_that_tells_anything_cannot_make_a_shell_execute_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "said").write_text("\n".join(HOSTILE) + "\n")
    with opened(name, tmp_path, TELLS_ANYTHING) as shell:
        for _ in range(10):  # a shell in haste passes over some of the keys
            for line in LINES * 2:
                shell.answer(f"{line}\t\t\t")
            if int((tmp_path / "count").read_text()) > len(HOSTILE):
                break
        assert not is_hit(tmp_path)
        assert int((tmp_path / "count").read_text()) > len(HOSTILE)
        assert shell.offer("mlreg info fraud-detector@") == ["fraud-detector@1.0.0"]


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_tab_puts_the_one_candidate_on_the_line(name: str, stocked: Path) -> None:
    with opened(name, stocked, REAL) as shell:
        shown = shell.answer("mlreg info fraud-detector@2.0\t--js\t\n")
    assert "<info><fraud-detector@2.0.0><--json>" in shown
