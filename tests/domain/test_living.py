"""Sections of documents: where they are, and that nothing else of a document ever changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain import living
from mlreg.domain.living import Wanted, places, renewed
from mlreg.domain.metric import Metric
from mlreg.errors import UsageError

BEGIN, END = "<!-- mlreg:begin fraud -->", "<!-- mlreg:end -->"
DOCUMENT = f"# A\n{BEGIN}\nold\n{END}\nb\n"


def said(text: str) -> str:
    return renewed(text, "a.md", lambda wanted: f"{wanted.name} {wanted.part}")


def test_what_stands_between_the_markers_is_written_anew():
    assert said(DOCUMENT) == f"# A\n{BEGIN}\n\nfraud page\n{END}\nb\n"
    assert said(said(DOCUMENT)) == said(DOCUMENT)


def test_line_ends_are_those_of_the_document():
    assert said(DOCUMENT.replace("\n", "\r\n")) == said(DOCUMENT).replace("\n", "\r\n")


def test_a_marker_says_which_model_and_which_part():
    text = DOCUMENT.replace("fraud", "* deployments") + DOCUMENT
    assert [place.wanted for place in places(text, "a.md")] == [
        Wanted("*", "deployments", 2),
        Wanted("fraud", "page", 7),
    ]


def test_the_same_markers_on_two_lines_without_anything_between():
    assert said(f"{BEGIN}\n{END}") == f"{BEGIN}\n\nfraud page\n{END}"


@pytest.mark.parametrize("fence", ["```", "~~~", "````md"])
def test_markers_inside_of_code_are_text(fence):
    text = f"{fence}\n{DOCUMENT}{fence.rstrip('md')}\n"
    assert said(text) == text
    assert said(text + DOCUMENT) == text + said(DOCUMENT)


@pytest.mark.parametrize(
    "text",
    [
        f"a\n{BEGIN}\n",
        f"a\n{BEGIN}\n{BEGIN}\n{END}\n",
        "a\n<!-- mlreg:begin -->\n" + END,
        f"a\n{BEGIN[:-3]}x y -->\n{END}",
    ],
)
def test_a_section_that_has_no_end_or_means_nothing_is_named_with_its_line(text):
    with pytest.raises(UsageError, match="line 2"):
        said(text)


lines = st.lists(st.sampled_from(["", "a", "é", "```", "~~~~", END, f" {END}", "-->", "\r", "|"]), max_size=8)


@given(before=lines, after=lines, newline=st.sampled_from(["\n", "\r\n"]))
def test_outside_of_the_markers_every_byte_stays(before, after, newline):
    """The first section is the one there is; a fence that is never closed makes the rest of a document code."""
    head, tail = newline.join([*before, ""]), newline.join(["", *after])
    text = f"{head}{BEGIN}{newline}x{newline}{END}{tail}"
    new = said(text)
    assert new == text or (new.startswith(f"{head}{BEGIN}{newline}") and new.endswith(f"{END}{tail}"))
    assert said(new) == new


@pytest.mark.parametrize(
    ("name", "stated", "line"),
    [
        ("accuracy", 0.87, "Accuracy: 87%"),
        ("latency_p50", "35ms", "Latency: 35ms (p50)"),
        ("roc_auc", 0.91, "Roc auc: 0.91"),
        ("accuracy", 87, "Accuracy: 87"),
        ("accuracy", float("nan"), "Accuracy: NaN"),
        ("model_size", "12MB", "Model size: 12MB"),
    ],
)
def test_a_metric_reads_as_a_line(name, stated, line):
    assert living.metric_line(name, Metric.parse(name, stated)) == line
