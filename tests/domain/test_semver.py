"""Versions are SemVer 2.0.0 to the letter: what it accepts, how it orders, how npm bumps."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest
import semver as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.domain.semver import MAX_CHARACTERS, Level, Version, quoted, same_precedence
from mlreg.errors import UsageError

LEVELS: tuple[Level, ...] = ("major", "minor", "patch")

VALID = """
0.0.4 1.2.3 10.20.30 1.0.0 2.0.0 1.1.7 0.0.0
1.1.2-prerelease+meta 1.1.2+meta 1.1.2+meta-valid 1.0.0-alpha 1.0.0-beta 1.0.0-alpha.beta 1.0.0-alpha.beta.1
1.0.0-alpha.1 1.0.0-alpha0.valid 1.0.0-alpha.0valid 1.0.0-rc.1+build.1 2.0.0-rc.1+build.123 1.2.3-beta
1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay 10.2.3-DEV-SNAPSHOT 1.2.3-SNAPSHOT-123
2.0.0+build.1848 2.0.1-alpha.1227 1.0.0-alpha+beta 1.2.3----RC-SNAPSHOT.12.9.1--.12+788
1.2.3----R-S.12.9.1--.12+meta 1.2.3----RC-SNAPSHOT.12.9.1--.12 1.0.0+0.build.1-rc.10000aaa-kk-0.1
1.0.0-0A.is.legal 99999999999999999999999.999999999999999999.99999999999999999 1.0.0-0 1.0.0+001 1.0.0--
"""

INVALID = """
1 1.2 1.2.3-0123 1.2.3-0123.0123 1.1.2+.123 +invalid -invalid -invalid+invalid -invalid.01 alpha
alpha.beta alpha.beta.1 alpha.1 alpha+beta alpha_beta alpha. alpha.. beta 1.0.0-alpha_beta -alpha.
1.0.0-alpha.. 1.0.0-alpha..1 1.0.0-alpha...1 1.0.0-alpha....1 01.1.1 1.01.1 1.1.01 1.2.3.DEV
1.2-SNAPSHOT 1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788 1.2-RC-SNAPSHOT -1.0.3-gamma+b7718 +justmeta
9.8.7+meta+meta 9.8.7-whatever+meta+meta 1.2.3- 1.2.3+ 1.2.3-+b 1.2.3-a+ 1.2.3-.a 1.2.3-a. vv1.2.3 v V
=1.2.3 1.2.3.4 1..3 .1.2.3 1.2.3. 1,2,3 0x1.0.0 1_0.0.0 +1.2.3 1.-2.3 1e3.0.0 latest ^1.2.3
"""

INVALID_CHARACTERS = [
    "",
    " ",
    " 1.2.3",
    "1.2.3 ",
    "1.2.3\n",
    "v 1.2.3",
    "1.2.3\x00",
    "1.2.3-rc 1",
    "１.2.3",  # full-width digit one
    "1.2.٣",  # Arabic-Indic digit three
    "1.2.3٣",
    "1.2.3-a٣",
    "1.2.3-a+٣",
    "1.2.3-²",
    "1.2.3-é",
    "1.2.3\u202e",
]

# semver.org, 11, and a few more steps between
ASCENDING = """
0.0.0-0 0.0.0 0.0.1 0.1.0 1.0.0-0 1.0.0-2 1.0.0-11 1.0.0-99999999999999999999 1.0.0--1 1.0.0-A 1.0.0-a
1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.1.0 1.0.0-alpha.beta 1.0.0-alpha0 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11
1.0.0-rc.1 1.0.0 1.0.1-rc 1.0.1 1.0.2 1.0.10 1.2.0 1.10.0 2.0.0 2.1.0 2.1.1 10.0.0
99999999999999999999.0.0 100000000000000000000.0.0
"""

BUMPS = """
1.2.3           2.0.0  1.3.0  1.2.4
0.0.0           1.0.0  0.1.0  0.0.1
0.9.9           1.0.0  0.10.0 0.9.10
1.2.3-rc.1      2.0.0  1.3.0  1.2.3
1.2.0-rc.1      2.0.0  1.2.0  1.2.0
2.0.0-rc        2.0.0  2.0.0  2.0.0
0.0.0-0         0.0.0  0.0.0  0.0.0
2.0.1-rc        3.0.0  2.1.0  2.0.1
1.2.3+b.7       2.0.0  1.3.0  1.2.4
2.0.0-rc+b.7    2.0.0  2.0.0  2.0.0
"""


def laws(examples: int) -> settings:
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None)


numbers = st.one_of(st.integers(0, 3), st.integers(0, 10**12))
builds = st.lists(st.text("019aZ-", min_size=1, max_size=3), max_size=3).map(tuple)
prereleases = builds.map(lambda build: tuple(str(int(each)) if each.isdecimal() else each for each in build))
versions = st.builds(Version, numbers, numbers, numbers, prereleases, builds)


@pytest.mark.parametrize("text", VALID.split())
def test_a_valid_version_is_read_and_written_back_unchanged(text: str) -> None:
    assert str(Version.parse(text)) == text


@pytest.mark.parametrize("text", [*INVALID.split(), *INVALID_CHARACTERS])
def test_an_invalid_version_is_refused_in_one_line_that_names_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Version.parse(text)
    assert refused.value.message == f"{text!r} is not a semantic version"
    assert refused.value.hint == "write three numbers, as in `3.1.0` or `3.1.0-rc.1`"


def test_the_parts_are_told_apart() -> None:
    assert Version.parse("1.2.3-rc.1+b.02") == Version(1, 2, 3, ("rc", "1"), ("b", "02"))


@pytest.mark.parametrize("text", ["v3.1.0", "V3.1.0"])
def test_one_leading_v_is_dropped(text: str) -> None:
    assert str(Version.parse(text)) == "3.1.0"


@pytest.mark.parametrize(
    ("text", "whole"),
    [("3", "3.0.0"), ("v3", "3.0.0"), ("V3.1", "3.1.0"), ("0", "0.0.0"), ("3.1.2-rc+b", "3.1.2-rc+b")],
)
def test_loose_reading_fills_a_partial_version_with_zeros(text: str, whole: str) -> None:
    assert str(Version.parse_loose(text)) == whole


@pytest.mark.parametrize("text", ["", "v", "03", "3.01", "3-rc", "3+b", "3.", ".3", "3.x", "x", "3\n", "٣"])
def test_loose_reading_takes_nothing_else(text: str) -> None:
    with pytest.raises(UsageError, match="is not a semantic version"):
        Version.parse_loose(text)


def test_the_stored_text_has_128_characters_at_most() -> None:
    longest = "1.2.3-" + "a" * (MAX_CHARACTERS - 6)
    assert len(str(Version.parse("v" + longest))) == 128
    with pytest.raises(UsageError, match="longer than 128 characters"):
        Version.parse(longest + "a")


def test_a_number_may_be_as_long_as_the_stored_text_allows() -> None:
    assert Version.parse_loose("9" * 124).major == 10**124 - 1


@pytest.mark.parametrize("digits", [125, 128, 129, 5_000])
def test_a_partial_version_counts_as_long_as_it_will_be_stored(digits: int) -> None:
    with pytest.raises(UsageError, match="longer than 128 characters"):
        Version.parse_loose("9" * digits)


def test_a_bump_beyond_128_characters_is_refused() -> None:
    with pytest.raises(UsageError, match="longer than 128 characters"):
        Version.parse_loose("9" * 124).bump("major")


def test_a_message_shows_a_long_or_unprintable_text_shortened_and_escaped() -> None:
    assert quoted("1.2\n\x1b[31m") == r"'1.2\n\x1b[31m'"
    assert quoted("9" * 61) == "'" + "9" * 59 + "…'"
    assert quoted("9" * 60) == "'" + "9" * 60 + "'"


def test_versions_ascend_in_the_order_of_semver_org() -> None:
    for lower, higher in combinations([Version.parse(text) for text in ASCENDING.split()], 2):
        assert lower < higher
        assert higher > lower
        assert not (higher <= lower or lower >= higher)


def test_build_metadata_makes_versions_unequal_but_not_ordered() -> None:
    a, b = Version.parse("1.0.0+a"), Version.parse("1.0.0+b")
    assert a != b and len({a, b}) == 2
    assert same_precedence(a, b) and a <= b and a >= b and not (a < b or a > b)
    assert not same_precedence(a, Version.parse("1.0.0-a"))


def test_a_version_is_not_ordered_against_text() -> None:
    with pytest.raises(TypeError):
        assert Version(1, 0, 0) < "2.0.0"


def test_a_version_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Version(1, 0, 0).major = 2  # type: ignore[misc]


@pytest.mark.parametrize("row", BUMPS.split("\n")[1:-1])
def test_a_bump_gives_the_next_release_as_npm_does(row: str) -> None:
    start, *expected = row.split()
    assert [str(Version.parse(start).bump(level)) for level in LEVELS] == expected


@laws(150)
@given(versions)
def test_law_reading_what_was_written_gives_the_same_version(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert Version.parse_loose("v" + str(version)) == version


@laws(150)
@given(versions, versions)
def test_law_of_two_versions_exactly_one_is_less_or_they_are_level(a: Version, b: Version) -> None:
    assert [a < b, a > b, same_precedence(a, b)].count(True) == 1
    assert (a <= b, a >= b) == (not a > b, not a < b)
    assert (a < b) == (b > a)


@laws(100)
@given(st.lists(versions, max_size=8))
def test_law_the_order_is_transitive(unordered: list[Version]) -> None:
    ordered = sorted(unordered)
    assert all(lower <= higher for lower, higher in combinations(ordered, 2))
    assert all(lower < higher or same_precedence(lower, higher) for lower, higher in pairwise(ordered))


@laws(100)
@given(versions)
def test_law_the_release_is_above_each_of_its_prereleases(version: Version) -> None:
    release = Version(version.major, version.minor, version.patch)
    assert version.is_prerelease == (version < release)


@laws(150)
@given(versions, st.sampled_from(LEVELS))
def test_law_a_bump_is_a_greater_release(version: Version, level: Level) -> None:
    bumped = version.bump(level)
    assert bumped > version
    assert not bumped.is_prerelease and not bumped.build


NEAR_PRERELEASES = "-0 -1 -10 -a -a.1 -a.b -a-b -A -1a -- -a.1.0 -rc.10 -rc.9"


def made_up(count: int) -> list[str]:
    """Returns versions from few numbers and words, so that many of them are close."""
    draw = random.Random(20240115)
    return [
        ".".join(draw.choices(["0", "1", "2", "10"], k=3))
        + draw.choice(["", draw.choice(NEAR_PRERELEASES.split())])
        + draw.choice(["", "", "+b.01"])
        for _ in range(count)
    ]


def test_an_independent_implementation_orders_thousands_of_pairs_alike() -> None:
    texts = made_up(8_000)
    for left, right in zip(texts[::2], texts[1::2], strict=True):
        a, b = Version.parse(left), Version.parse(right)
        assert (a > b) - (a < b) == oracle.Version.parse(left).compare(right), (left, right)


def test_an_independent_implementation_accepts_the_same_of_thousands_of_damaged_texts() -> None:
    draw = random.Random(20240116)
    for text in made_up(4_000):
        at = draw.randrange(len(text) + 1)
        damaged = text[:at] + draw.choice(["", *"01.-+a_ "]) + text[at + draw.randrange(2) :]
        assert is_read(damaged) == oracle.Version.is_valid(damaged), damaged


def is_read(text: str) -> bool:
    try:
        return str(Version.parse(text)) == text
    except UsageError:
        return False
