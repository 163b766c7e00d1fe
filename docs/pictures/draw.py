"""Draws the terminal of README.md: the commands of a model's life as one SVG that needs no fonts from elsewhere.

    python docs/pictures/draw.py            writes docs/pictures/life.svg

The models are those of `mlreg demo`, so scikit-learn has to be installed.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 96
COMMANDS = (
    "mlreg list digits",
    "mlreg compare digits 1.0.0 1.0.1",
    "mlreg history digits --timeline",
)
COLOURS = [(240, 113, 120), (140, 200, 120), (229, 192, 123), (97, 175, 239), (198, 140, 230), (86, 190, 200)]
THEME = TerminalTheme(
    (24, 27, 33), (214, 219, 227), [(40, 44, 52), *COLOURS, (171, 178, 191)], [(92, 99, 112), *COLOURS, (255, 255, 255)]
)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        at = {**os.environ, "COLUMNS": str(WIDTH), "TERM": "xterm", "MLREG_ACTOR": "ann@example.org"}
        subprocess.run([*mlreg(), "demo", "--keep", "digits"], cwd=place, env=at, check=True, capture_output=True)
        console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
        for number, command in enumerate(COMMANDS):
            console.print(Text("\n" * bool(number) + f"$ {command}", style="bold"))
            console.print(Text.from_ansi(on_a_terminal([*mlreg(), *command.split()[1:]], Path(place) / "digits", at)))
    picture = console.export_svg(title="mlreg", theme=THEME)
    alone = re.sub(r"@font-face \{.*?\}|<!--.*?-->", "", picture, flags=re.DOTALL)
    named = alone.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono")
    Path(__file__).with_name("life.svg").write_text(named)


def on_a_terminal(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> str:
    """Returns what `command` shows on a terminal of `WIDTH` columns."""
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
