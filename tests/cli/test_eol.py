"""The end of a version's life is warned about wherever the version shows, from thirty days before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.fixture
def ending(project, mlreg):
    """Sets the end of life of the version in production to so many days from now."""

    def end(days: int) -> None:
        words = ("--reason", "leaked labels", "--end-of-life", day(days))
        assert mlreg("deprecate", "fraud-detector@1.1.0", *words).code == 0

    return end


NOTE = "note: fraud-detector 1.1.0 (production) ends in 12 days: leaked labels\n"


@pytest.mark.parametrize(
    "words",
    [
        "compare fraud-detector 1.0.0 1.1.0",
        "checkout fraud-detector -o out",
        "promote fraud-detector 2.0.0 --to staging",
        "promote fraud-detector 1.1.0 --to production",
    ],
)
def test_commands_note_an_end_that_is_near(ending, mlreg, words):
    ending(12)
    noted = mlreg(*words.split())
    assert (noted.code, noted.err) == (0, NOTE)


@pytest.mark.parametrize("words", ["info fraud-detector", "why fraud-detector"])
def test_screens_tell_an_end_that_is_near(ending, drawn, words):
    ending(12)
    assert "ends in 12 days" in drawn(*words.split(), "--no-color").replace("\n", " ")


@pytest.mark.parametrize("words", ["compare fraud-detector 1.0.0 1.1.0", "promote fraud-detector 2.0.0 --to staging"])
def test_an_end_that_is_far_is_not_noted(ending, mlreg, words):
    ending(31)
    assert mlreg(*words.split()).err == ""


def test_a_holder_that_a_promotion_replaces_is_not_noted_any_more(ending, mlreg):
    ending(12)
    assert mlreg("promote", "fraud-detector", "2.0.0", "--to", "production").err == ""


def test_documents_are_not_disturbed(ending, mlreg):
    ending(12)
    answer = mlreg("compare", "fraud-detector", "1.0.0", "1.1.0", "--json")
    assert (answer.err, answer.document["schema"]) == ("", "mlreg.compare/1")


def test_why_counts_the_days(ending, mlreg):
    ending(-3)
    told = mlreg("why", "fraud-detector", "--json").document
    assert (told["days_left"], told["deprecated"]["end_of_life"]) == (-3, day(-3))


def test_the_doctor_says_when_an_end_has_come(ending, mlreg):
    ending(12)
    assert "end-of-life" in [finding["code"] for finding in mlreg("doctor", "--json").document["advice"]]
    ending(-1)
    answer = mlreg("doctor", "--json")
    assert (answer.code, [finding["code"] for finding in answer.document["problems"]]) == (1, ["end-of-life"])
