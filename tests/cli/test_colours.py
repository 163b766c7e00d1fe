"""Colours can be read on light and on dark terminals, whatever a theme makes of the first sixteen."""

from __future__ import annotations

import io

import pytest
from rich.color import Color

from mlreg.cli.screen import COLOURS, Screen, badge, styled

BACKGROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0)}
LEAST = 3.9  # WCAG 2.2 asks 4.5 of small text and 3 of large; no colour has more than 4.6 on both


def luminance(colour: tuple[int, ...]) -> float:
    """Returns the relative luminance of a colour, as in WCAG 2.2."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Returns the contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_can_be_read_on_white_and_on_black(name, background):
    colour = Color.parse(COLOURS[name]).get_truecolor()
    assert contrast(tuple(colour), BACKGROUNDS[background]) >= LEAST


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (badge("production"), "1;38;5;28"),
        (badge("staging"), "38;5;130"),
        (styled("worse", "red"), "38;5;196"),
        (styled("x", "dim"), "2"),
    ],
)
def test_what_commands_draw_is_in_these_colours(text, codes, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (80, 24))

    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    Screen(terminal, no_color=False).line(text)
    assert f"\x1b[{codes}m" in terminal.getvalue()
