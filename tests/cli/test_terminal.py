"""What people see on a real terminal, narrow and wide, with and without colour; and what pipes see."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from mlreg.cli import screen
from mlreg.registry import Registry

Type = Callable[..., Any]

LONG = "sentiment/customer-support-tickets-multilingual-v2-distilled"
NAMES = (
    "churn",
    "fraud-detection-model",
    "recommendation/homepage-ranker-two-tower-large",
    LONG,
    "demand-forecaster-eu",
)
METRICS = (
    "accuracy",
    "f1_score",
    "inference_latency_p50",
    "inference_latency_p95",
    "model_size",
    "precision",
    "recall",
    "roc_auc",
)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07")
SCREENS = (
    "list", "list fraud-detection-model", "info fraud-detection-model", f"info {LONG}",
    "compare fraud-detection-model 1.0.0 1.11.0", "compare fraud-detection-model 1.0.0 1.5.0 1.11.0",
    f"compare churn {LONG}@1.0.0", "history fraud-detection-model", "verify", "promote churn 1.0.0 --to prod --dry-run",
    f"promote {LONG} 1.0.0 --to prod --dry-run",
)  # fmt: skip


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with five models of long names; one has twelve versions with eight metrics."""
    directory = tmp_path_factory.mktemp("crowd")
    registry = Registry.init(directory, actor="bo.peterson@payments.example.org")
    model = directory / "model.pkl"
    for name in NAMES:
        model.write_text(name)
        registry.register(name, model, metrics={"rmse": "0.3"}, tags=["prod-eu", "nightly"], stage="production")
    for number in range(1, 12):
        model.write_text(f"weights {number}")
        registry.register(
            "fraud-detection-model", model, version=f"1.{number}.0", stage="production" if number % 5 == 0 else None,
            metrics={metric: f"{100 - number}ms" if "latency" in metric else 0.8 + number / 100 for metric in METRICS},
            features=["amount", "merchant_category", *(["ip_country"] if number > 9 else ["legacy_score"])],
            params={"max_depth": number, "objective": "binary:logistic"}, description="Gradient boosted trees. " * 20,
        )  # fmt: skip
    registry.deprecate("fraud-detection-model", "1.3.0", reason="trained on leaked labels " * 8)
    registry.tag("fraud-detection-model", "1.11.0", tags=["reviewed", "team-risk", "candidate-for-spring"])
    return directory


def on_terminal(
    *words: str, cwd: Path, columns: int = 80, after: Callable[[int], None] | None = None, **environment: str
) -> tuple[str, int]:
    """Types `mlreg WORDS…` on a real terminal; returns what it shows, escape sequences and all, and the exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlreg", *words], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**kept, "TERM": "xterm-256color", **environment}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    if after is not None:
        after(process.pid)
    shown = b""
    with open(ours, "rb", buffering=0) as terminal:
        while select.select([terminal], [], [], 30)[0]:
            try:
                shown += terminal.read(65536)
            except OSError:  # the other side is closed
                break
    return shown.decode().replace("\r\n", "\n"), process.wait(30)


def lines_of(shown: str) -> list[str]:
    """Returns the lines without colours."""
    return ESCAPE.sub("", shown).rstrip("\n").split("\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("line", SCREENS)
def test_no_line_is_longer_than_the_terminal(line: str, columns: int, crowd: Path, drawn: Type) -> None:
    for shown in lines_of(drawn("-C", str(crowd), *line.split(), columns=columns)):
        is_one_word = len(shown.split()) <= 1
        assert cell_len(shown) <= columns or is_one_word or "`" in shown or shown.startswith(("note: ", "warning: ")), (
            shown
        )


@pytest.mark.parametrize("columns", [80, 200])
def test_a_real_terminal_shows_a_table_that_fits(columns: int, crowd: Path) -> None:
    shown, code = on_terminal("list", "fraud-detection-model", cwd=crowd, columns=columns)
    lines = lines_of(shown)
    assert code == 0
    assert max(map(len, lines)) <= columns
    assert re.match(r"version +stage +accuracy +f1_score ", lines[0] + " ")
    assert "\x1b[" in shown
    assert "\t" not in shown


@pytest.mark.parametrize("line", SCREENS)
def test_without_colour_there_is_no_escape_sequence(
    line: str, crowd: Path, drawn: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["-C", str(crowd), *line.split()]
    drawn(*words)  # what is read once may be cached
    coloured = drawn(*words)
    plain = drawn(*words, "--no-color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert drawn(*words) == plain
    assert "\x1b" not in plain
    assert ESCAPE.sub("", coloured) == plain


def test_colour_is_there_where_it_is_not_switched_off(crowd: Path) -> None:
    assert "\x1b[" in on_terminal("list", cwd=crowd)[0]
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal("list", cwd=crowd, **environment)[0]
    assert "\x1b" not in on_terminal("list", "--no-color", cwd=crowd)[0]
    assert "\x1b[" in on_terminal("list", cwd=crowd, NO_COLOR="")[0]


@pytest.mark.parametrize("line", [line for line in SCREENS if "promote" not in line])
def test_a_pipe_gets_cells_apart_by_tabs_and_all_of_them(
    line: str, crowd: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = mlreg("-C", str(crowd), *line.split()).out
    assert not re.search(r"[\x1b\u2500-\u257f…]", out)
    if line == "verify":
        assert out.startswith("ok: ")
    else:
        assert len({row.count("\t") for row in out.splitlines()} - {0}) >= 1
        assert "\t" in out.splitlines()[0]


def test_a_pipe_gets_whole_names_and_no_header(crowd: Path, mlreg: Type) -> None:
    rows = [row.split("\t") for row in mlreg("-C", str(crowd), "list").out.splitlines()]
    assert sorted(row[0] for row in rows) == sorted(NAMES)
    assert {len(row) for row in rows} == {6}


def test_numbers_stand_below_each_other(crowd: Path, drawn: Type) -> None:
    header, _, *rows = lines_of(drawn("-C", str(crowd), "list", "fraud-detection-model", columns=250))
    end = header.index("accuracy") + len("accuracy")
    assert all(re.search(r"[\d ]$", row[:end]) and row[end : end + 1] in ("", " ") for row in rows[:11])
    assert rows[0][:end].endswith("0.91")


def test_what_does_not_fit_is_said(crowd: Path, drawn: Type) -> None:
    shown = " ".join(lines_of(drawn("-C", str(crowd), "list", "fraud-detection-model", columns=80)))
    assert "left out for want of room: " in shown
    assert "`mlreg list fraud-detection-model --json`" in re.sub(r"\s+", " ", shown)
    assert "no room" not in drawn("-C", str(crowd), "list", "fraud-detection-model", columns=250)


def test_a_list_says_how_long_ago_and_what_is_deprecated(crowd: Path, drawn: Type) -> None:
    shown = ESCAPE.sub("", drawn("-C", str(crowd), "list", "fraud-detection-model", columns=250))
    assert re.search(r"^1\.3\.0 +development, deprecated ", shown, re.MULTILINE)
    assert re.search(r"^1\.10\.0 +production .* (now|\d+ min ago)", shown, re.MULTILINE)


def test_a_comparison_shows_old_and_new_percent_words_features_and_what_follows(tmp_path: Path, drawn: Type) -> None:
    registry = Registry.init(tmp_path, actor="ann")
    model = tmp_path / "model.pkl"
    model.write_bytes(b"x" * 15_000_000)
    facts = {"accuracy": 0.85, "latency_p50": "40ms", "model_size": "15MB", "odd": 1}
    registry.register("fraud", model, version="3.0.0", metrics=facts, features=["amount", "legacy"])
    model.write_bytes(b"x" * 12_000_000)
    facts = {"accuracy": 0.87, "latency_p50": "35ms", "model_size": "12MB", "auc": 0.9, "odd": 2}
    registry.register(
        "fraud", model, version="3.1.0", metrics=facts, features=["amount", "country"], params={"depth": 6}
    )
    shown = re.sub(" +", " ", ESCAPE.sub("", drawn("compare", "fraud", "3.0.0", "3.1.0")))
    for line in (
        "fraud: 3.0.0 → 3.1.0",
        "accuracy 0.85 → 0.87 +2.4 % better",
        "latency_p50 40ms → 35ms -12.5 % better (lower is better)",
        "model_size 15MB → 12MB -20.0 % better (lower is better)",
        "auc n/a → 0.9 not in 3.0.0",
        "odd 1 → 2 +100.0 % which way is better is not known",
        "features added country",
        "features removed legacy",
        "parameter depth unset → 6",
        "files changed model.pkl",
        "size 15.0 MB → 12.0 MB",
        "3.1.0: 3 improved, 1 unknown, 1 missing",
        "Recommend deploying newer version (70%+ metrics improved)",
    ):
        assert line in shown.split("\n"), shown
    back = re.sub(" +", " ", ESCAPE.sub("", drawn("compare", "fraud", "3.1.0", "3.0.0")))
    assert "accuracy 0.87 → 0.85 -2.3 % worse" in back
    assert "latency_p50 35ms → 40ms +14.3 % worse (lower is better)" in back
    assert "Keep current version (metrics declined)" in back


def test_an_improvement_in_all_metrics_is_said_so(tmp_path: Path, drawn: Type) -> None:
    registry = Registry.init(tmp_path, actor="ann")
    for accuracy in (0.8, 0.9):
        (tmp_path / "model.pkl").write_text(str(accuracy))
        registry.register("churn", tmp_path / "model.pkl", metrics={"accuracy": accuracy})
    assert "1.0.1 is better (improvement in all metrics)" in drawn("compare", "churn", "1.0.0", "1.0.1")


def test_what_is_so_or_not_is_said_as_documents_say_it(tmp_path: Path, drawn: Type) -> None:
    (tmp_path / "model.bin").write_text("weights")
    drawn("init")
    drawn("register", "fraud", "model.bin", "--param", "bootstrap=true", "--meta", "audited=false")
    shown = drawn("info", "fraud", "--no-color")
    assert "bootstrap  true" in shown and "audited  false" in shown


def test_where_there_is_nothing_it_is_said_what_to_type(tmp_path: Path, drawn: Type) -> None:
    drawn("init")
    assert "`mlreg register NAME FILE`" in drawn("list")


def test_a_bare_model_says_whose_facts_are_shown(crowd: Path, drawn: Type) -> None:
    assert "fraud-detection-model 1.10.0, the one in production" in drawn(
        "-C", str(crowd), "info", "fraud-detection-model"
    )


def test_an_output_that_is_not_utf_8_gets_plain_signs(crowd: Path) -> None:
    shown, code = on_terminal(
        "compare", "fraud-detection-model", "1.1.0", "1.2.0", cwd=crowd, PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    assert code == 0
    assert shown.isascii()
    assert "fraud-detection-model: 1.1.0 -> 1.2.0" in shown
    assert "\\u" not in shown


def test_long_work_shows_a_bar_and_takes_it_away(tmp_path: Path) -> None:
    Registry.init(tmp_path, actor="ann")
    with open(tmp_path / "huge.bin", "wb") as huge:
        huge.truncate(40 << 30)

    def interrupt(process: int) -> None:
        time.sleep(1.8)
        os.kill(process, signal.SIGINT)

    shown, code = on_terminal("register", "huge", "huge.bin", cwd=tmp_path, after=interrupt)
    assert code == 130
    assert "/42.9 GB" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "Traceback" not in shown


def test_short_work_shows_no_bar(crowd: Path) -> None:
    shown, code = on_terminal("verify", cwd=crowd)
    assert code == 0
    assert re.fullmatch(r"ok: \d+ events, .* hashed", ESCAPE.sub("", shown).strip())


def test_no_text_of_a_repository_drives_a_real_terminal(tmp_path: Path) -> None:
    registry = Registry.init(tmp_path, actor="ann")
    (tmp_path / "model.pkl").write_text("weights")
    evil = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202eb"
    registry.register("evil", tmp_path / "model.pkl", description=evil, params={evil: evil}, meta={evil: evil})
    registry.promote("evil", "1.0.0", to="production", reason=evil)
    for line in ("info evil", "history evil", "compare evil 1.0.0 1.0.0", "audit evil", "why evil"):
        for columns in (40, 80):
            shown, _ = on_terminal(*line.split(), "--no-color", cwd=tmp_path, columns=columns)
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
            assert max(map(cell_len, lines_of(shown))) <= columns


@pytest.mark.parametrize(
    "line", ["register large large.bin --raw", "register large large.bin", "verify", "checkout large -o out"]
)
def test_long_work_shows_how_much_of_it_is_done(drawn: Type, tmp_path: Path, monkeypatch, line: str) -> None:
    monkeypatch.setattr(screen, "_PATIENCE_S", -1)
    (tmp_path / "large.bin").write_bytes(random.Random(1).randbytes(2_000_000))
    drawn("init")
    if not line.startswith("register"):
        drawn("register", "large", "large.bin", "--raw")
    assert re.search(r"[12]\.0/2\.0 MB", drawn(*line.split()))
