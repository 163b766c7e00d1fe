"""Draws the terminal of README.md: what a model's life looks like, as one SVG that needs no fonts from elsewhere.

    python docs/pictures/draw.py            writes docs/pictures/life.svg

The models are those of `mlreg demo`, so scikit-learn has to be installed; their life is spread over ten weeks.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from mlreg import Registry
from mlreg.adapters import load
from mlreg.demo import prepare
from mlreg.store.repository import Repository

WIDTH, MARGIN = 80, 2
ANN, BO = "ann@example.org", "bo@example.org"
COMMANDS = ("mlreg history digits --timeline", "mlreg why digits")
COLOURS = [(240, 113, 120), (140, 200, 120), (229, 192, 123), (97, 175, 239), (198, 140, 230), (86, 190, 200)]
THEME = TerminalTheme(
    (24, 27, 33), (214, 219, 227), [(40, 44, 52), *COLOURS, (171, 178, 191)], [(92, 99, 112), *COLOURS, (255, 255, 255)]
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        prepare(place)
        live(place)
        console = Console(record=True, width=WIDTH + MARGIN, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
        for number, command in enumerate(COMMANDS):
            console.print(Text("\n" * bool(number) + f"$ {command}", style="bold"))
            console.print(Text.from_ansi(on_a_terminal([*mlreg(), *command.split()[1:]], place)))
    picture = console.export_svg(title="mlreg", theme=THEME)
    alone = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", picture, flags=re.DOTALL)
    named = alone.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono")
    Path(__file__).with_name("life.svg").write_text(named)


def live(place: Path) -> None:
    """Lets the models below `place` live for ten weeks in a repository there."""
    Registry.init(place)

    def days_ago(days: float, who: str) -> Registry:
        repository = Repository(load("backends", "local").connect(str(place / ".mlreg")))
        return Registry(repository, actor=who, now=lambda: datetime.now(UTC) - timedelta(days=days))

    def register(days: float, who: str, model: str) -> None:
        left = place / model  # by the training
        metrics = json.loads((left / "metrics.json").read_text())
        features = (left / "features.txt").read_text().split()
        days_ago(days, who).register("digits", left / "model.joblib", metrics=metrics, features=features)

    register(70, ANN, "linear")
    days_ago(69, ANN).promote("digits", "1.0.0", to="production", reason="good enough to start")
    register(43, BO, "svm")
    days_ago(40, ANN).promote("digits", "1.0.1", to="production", reason="a fifth of the errors")
    register(12.5, BO, "broken")
    days_ago(12, BO).promote("digits", "1.0.2", to="production")
    days_ago(9, ANN).rollback("digits", reason="it guesses")
    register(2, BO, "forest")
    days_ago(1.5, BO).promote("digits", "1.1.0", to="staging")


def on_a_terminal(command: Sequence[str], directory: Path) -> str:
    """Returns what `command` shows on a terminal of `WIDTH` columns."""
    environment = {**os.environ, "COLUMNS": str(WIDTH), "TERM": "xterm"}
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    with subprocess.Popen(command, cwd=directory, env=environment, stdin=writer, stdout=writer, stderr=writer):
        os.close(writer)
        shown = b""
        while True:
            try:
                shown += os.read(reader, 1 << 16)
            except OSError:  # the command has ended
                os.close(reader)
                return shown.decode().replace("\r\n", "\n").rstrip()


def mlreg() -> list[str]:
    """Returns the words that start mlreg."""
    return [sys.executable, "-m", "mlreg"]


if __name__ == "__main__":
    main()
