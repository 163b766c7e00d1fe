"""What may be a name: of models, tags and aliases, of people, of files inside a version. All else stays out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.domain.names import (
    LINE_MAX_CHARACTERS,
    MODEL_NAME_MAX,
    PATH_MAX_CHARACTERS,
    TEXT_MAX_CHARACTERS,
    checked_label,
    checked_line,
    checked_model_name,
    checked_path,
    checked_text,
    folded,
    quoted,
    suggestion,
)
from mlreg.errors import UsageError

GOOD_SEGMENTS = [
    *["a", "A", "0", "fraud-detector", "Fraud_Detector.v2", "a.b", "a-", "a_", "2026", "x" * 128],
    # what only looks like a device of Windows
    *["console", "con1", "com", "com0", "com10", "lpt", "nul-model", "a.con", "auxiliary"],
]
BAD_SEGMENTS = [
    *["", " ", ".", "..", "...", "-a", "_a", ".a", "a.", "a..", "a ", " a", "a b", "x" * 129, "é", "ａ", "模型", "а"],
    *["a\u0301", "a\0", "a\n", "\na", "a\r", "a\t", "a\x1b[31m", "a\x7f", "a\u200b", "a\u202eb", "a\ud800", "\ufeffa"],
    *["a\\b", "a:b", "a*b", "a?", 'a"', "a<b", "a|b", "a@b", "a+b", "a~1", "a{b}", "a$b", "a%00", "~a", "a=b", "a,b"],
    *["a;b", "a'b", "a`b", "a(b)", "a#b", "a!", "a&b"],
    *["con", "CON", "Con", "prn", "aux", "nul", "com1", "COM9", "lpt1", "LPT9", "nul.txt", "con.tar.gz", "aux.x-y"],
]  # fmt: skip
BAD_NAMES = ["/", "/a", "a/", "a//b", "../x", "a/../b", "a/..", "./a", "a/.", "/etc/passwd", "C:/a", "a/con", "nul/a"]


@pytest.mark.parametrize("text", GOOD_SEGMENTS)
def test_a_segment_of_plain_characters_is_a_name_and_a_label(text: str) -> None:
    assert checked_model_name(text) == checked_label(text, "a tag") == text


@pytest.mark.parametrize("text", BAD_SEGMENTS, ids=ascii)
def test_what_is_no_segment_is_neither(text: str) -> None:
    for check in (checked_model_name, lambda text: checked_label(text, "a tag")):
        with pytest.raises(UsageError, match="cannot be a"):
            check(text)


@pytest.mark.parametrize("text", ["risk/fraud", "a/b/c/d", "a.b/c-d", f"{'x' * 128}/{'y' * (MODEL_NAME_MAX - 129)}"])
def test_a_name_may_have_several_segments(text: str) -> None:
    assert checked_model_name(text) == text


@pytest.mark.parametrize("text", BAD_NAMES)
def test_a_name_leads_nowhere(text: str) -> None:
    with pytest.raises(UsageError):
        checked_model_name(text)


def test_a_name_longer_than_a_file_system_takes_is_refused_with_the_limit() -> None:
    with pytest.raises(UsageError, match=f"longer than {MODEL_NAME_MAX} characters"):
        checked_model_name("/".join(["x" * 100] * 2))


def test_a_label_is_one_segment() -> None:
    with pytest.raises(UsageError, match="'a/b' cannot be an alias"):
        checked_label("a/b", "an alias")


@pytest.mark.parametrize(("one", "other"), [("Fraud", "fraud"), ("Risk/Fraud", "risk/FRAUD"), ("A.B", "a.b")])
def test_names_that_differ_only_in_case_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a/b", "a-b"), ("a/b", "a_b"), ("a/b", "a.b"), ("a/b", "ab"), ("a/bc", "ab/c")]
)
def test_other_names_are_kept_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@settings(derandomize=True, deadline=None)
@given(st.text(), st.text("aA/.-_0", max_size=9))
def test_what_is_a_name_is_safe_as_the_name_of_a_directory(text: str, likely: str) -> None:
    for name in (text, likely):
        try:
            key = folded(checked_model_name(name))
        except UsageError:
            continue
        assert key.isascii()
        assert "/" not in key
        assert not key.startswith((".", "@"))
        assert not key.endswith(".")
        assert key == key.lower()


@pytest.mark.parametrize("text", ["ann@example.org", "Änne Müller", "a", "x" * LINE_MAX_CHARACTERS, "a\u200bb", "👩‍🔬"])
def test_a_line_may_have_any_characters_that_print(text: str) -> None:
    assert checked_line(text, "an owner") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\t",
        "a\nb",
        "a\r",
        "a\0",
        "a\x1b[0m",
        "a\x7f",
        "a\x85",
        "a\u2028b",
        "a\u202eb",
        "a\u2066",
        "\ud800",
        "x" * 257,
    ],
    ids=ascii,
)
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be an owner"):
        checked_line(text, "an owner")


@pytest.mark.parametrize(
    "text", ["", "a\nb", "\x1b[31mred", "\0", "x" * TEXT_MAX_CHARACTERS], ids=lambda text: ascii(text[:20])
)
def test_a_text_may_have_any_characters_up_to_a_million(text: str) -> None:
    assert checked_text(text, "the reason") == text


@pytest.mark.parametrize(
    "text", ["\ud800", "a\udfff", "x" * (TEXT_MAX_CHARACTERS + 1)], ids=lambda text: ascii(text[:20])
)
def test_what_cannot_be_stored_as_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the reason"):
        checked_text(text, "the reason")


@pytest.mark.parametrize(
    "path",
    [
        "model.bin",
        "a/b/c.bin",
        ".hidden",
        "a b.bin",
        "modèle.bin",
        "con",
        "ab:c",
        "..a",
        "a..",
        "x" * PATH_MAX_CHARACTERS,
    ],
)
def test_a_path_of_a_file_is_relative_and_stays_inside(path: str) -> None:
    assert checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *[
            "",
            "/",
            "/etc/passwd",
            ".",
            "..",
            "../x",
            "a/../b",
            "a/..",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "a\\b",
            "..\\x",
            "C:x",
        ],
        *["C:/x", "c:\\x", "a\0b", "a\nb", "\x1b[31m", "\x7f", "a\udc80", "x" * (PATH_MAX_CHARACTERS + 1)],
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_a_path_that_could_lead_out_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="cannot be the path of a file"):
        checked_path(path)


@pytest.mark.parametrize(
    "text",
    ["a\nb", "\x1b[31m", "\0", "\u202e", "\ud800", "'", "é" * 500, "x" * 1_000_000],
    ids=lambda text: ascii(text[:20]),
)
def test_whatever_is_quoted_prints_on_one_short_line(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    assert len(shown) < 100


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fraud-detectr", "did you mean `Fraud-Detector`?"),
        ("FRAUD-DETECTOR", "did you mean `Fraud-Detector`?"),
        ("churm", "did you mean `churn`?"),
        ("zzz", None),
        ("", None),
        ("x" * 1_000_000, None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_near_is_suggested_as_it_is_spelled(word: str, said: str | None) -> None:
    assert suggestion(word, ["Fraud-Detector", "churn"]) == said
