"""Constraints mean what node-semver says: what they spell out, what matches, what is refused."""

from __future__ import annotations

import random
import re
import time
from operator import eq, ge, gt, le, lt

import nodesemver as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.domain.constraint import MAX_CHARACTERS, Comparator, Constraint, is_constraint
from mlreg.domain.semver import Version
from mlreg.errors import UsageError

# what stands left of an arrow, between semicolons, npm's semver 7.8.6 spells out as what stands right of it
MEANINGS = """
1.2.3; =1.2.3; = v1.2.3; 1.2.3+b                        → 1.2.3
>1.2.3; > v1.2.3                                        → >1.2.3
>=1.2.3; >=   1.2.3; >=1.2.3+b.1                        → >=1.2.3
<=1.2.3-rc.1                                            → <=1.2.3-rc.1
*; x; X; x.X.*; =*; >=*; <=x; ~x; ^x; ^x.1; x - x       → *
>=0; >=0.0.0; ||; 1 || *; * || 1.0.0-rc; >x 2 || * || 1 → *
>X; <*; <0; <0.0.0-0                                    → <0.0.0-0
1; v1; 1.X.x; =1; 1.*; ~1; ~> 1; ~1.x.3; ^1; ^ 1.x; ^1.0 → >=1.0.0 <2.0.0-0
* 1; 1 *; 1 >=0                                        → >=1.0.0 <2.0.0-0
1.2; =1.2; 1.2.*; 1.2.x-rc; ~1.2; ~v1.2; ~1.2.x; 1.2+b  → >=1.2.0 <1.3.0-0
0; 0.x; ~0; ^0; ^0.x                                    → <1.0.0-0
0.0; 0.0.x; ~0.0; ^0.0; ^0.0.x                          → <0.1.0-0
>1; >1.x; >=2                                           → >=2.0.0
>1.2; >1.2.x; >=1.3                                     → >=1.3.0
<1; <1.x; <=0                                           → <1.0.0-0
<1.2; <=1.1.x                                           → <1.2.0-0
~1.2.3; ~>1.2.3; ~ 1.2.3                                → >=1.2.3 <1.3.0-0
~0.0.3                                                  → >=0.0.3 <0.1.0-0
~1.2.3-rc.1                                             → >=1.2.3-rc.1 <1.3.0-0
^1.2; ^1.2.x                                            → >=1.2.0 <2.0.0-0
^1.2.3; ^ v1.2.3                                        → >=1.2.3 <2.0.0-0
^0.2; ^0.2.0; ~0.2.0                                    → >=0.2.0 <0.3.0-0
^0.2.3                                                  → >=0.2.3 <0.3.0-0
^0.0.3                                                  → >=0.0.3 <0.0.4-0
^0.0.0                                                  → <0.0.1-0
^0.0.0-0                                                → >=0.0.0-0 <0.0.1-0
^1.2.3-rc.1; ^1.2.3-rc.1+b                              → >=1.2.3-rc.1 <2.0.0-0
^0.2.3-rc                                               → >=0.2.3-rc <0.3.0-0
^0.0.3-rc                                               → >=0.0.3-rc <0.0.4-0
1.2.3 - 2.3.4; v1.2.3  -  v2.3.4; 1.2.3+b - 2.3.4+b     → >=1.2.3 <=2.3.4
1.2.3-a - 2.3.4-b                                       → >=1.2.3-a <=2.3.4-b
1.2 - 2.3                                               → >=1.2.0 <2.4.0-0
1 - 2; 1+b - 2+b                                        → >=1.0.0 <3.0.0-0
* - 2; x.1.2 - 2                                        → <3.0.0-0
1.2 - *                                                 → >=1.2.0
>=3.1 <4; >=3.1 <=3.x                                      → >=3.1.0 <4.0.0-0
>=0.0.0 <1.0.0-rc                                       → <1.0.0-rc
1.x||>=2.5.0 || 5 - 7             → >=1.0.0 <2.0.0-0||>=2.5.0||>=5.0.0 <8.0.0-0
"""

REFUSED = [
    *["^", "~", ">", "=", "^^1", "!1", "<>1", "=> 1", "> = 1.2", "<1 >", "^1 ^", "~>>1", "|", "1 | 2", "1|", "**"],
    *["foo", "latest", "x.1", "1.x.3", ">1.x.3", "1.2.x.4", "1.2.3.4", "1..2", ".1", "1.", "^-1", "1.2.3 -2"],
    *["01.2.3", "1.02", "1.2.3-01", "1.2.3rc", "1.2.3-", "1.2.3-rc_1", "1.2-rc", "1.2.3+", ">=1.2.3<2"],
    *["1 - 2 3", "1 - ^2", ">=1 - 2", "1 - ", "- 1", "1 -", "１", "1.2.²", "1\u00a02", "1\x00", "\x1b[1m"],
    # a comma stands between two comparators, nowhere else
    *[",", ">=1,", ",<2", ">=1,,<2", ">=1, ,<2", ">=,1", "1,-,2", "1 - 2,<3", "1,||2"],
    # node-semver takes these by accident
    *["1.2.3*", "*1.2.3", "==1.2", "~=1.2", "^=1.2.3", "> =1.2.3", "vv1.2", "+b", "1 +b", "~> >1"],
]

# what of it a small change of a correct constraint runs into: ^=1 ~>=1 ~ >1 > =1 1=* 1.*0; and a number
# after an x, where PyPI's node-semver 0.9.1 strays: npm's refuses it
STRAYS = re.compile(r"[\^~]>?+ ?[<>=]|[<>]=? =|[0-9]=?\*|\*[0-9]|[xX*]\.[0-9]")

# what the pre-release rule comes to; each row as npm's semver 7.8.6 has it
MATCHES = """
^1.2.3-alpha         1.2.3-beta    yes
^1.2.3-alpha         1.2.4-beta    no
^1.2.3-alpha         1.2.3         yes
^1.2.3               2.0.0-rc      no
>=1.0.0              2.0.0-rc      no
>=1.2.3-rc.2         1.2.3-rc.10   yes
>=1.2.3-rc.2         1.2.3-rc.1    no
<1.2.3               1.2.3-rc      no
<2.0.0-rc            2.0.0-beta    yes
*                    1.0.0-rc      no
1.2.3-rc             1.2.3-rc+b    yes
1.2.3                1.2.3+b       yes
=1.2.3+a             1.2.3+b       yes
1.2.3-a - 2.3.4-b    1.2.3-b       yes
1.2.3-a - 2.3.4-b    2.3.4-a       yes
1.2.3-a - 2.3.4-b    2.3.4-c       no
^1.0.0 || 2.0.0-rc   2.0.0-rc      yes
^1.0.0 || 2.0.0-rc   1.5.0-rc      no
>1.2.3-a <1.2.3-c    1.2.3-b       yes
"""

# the same where PyPI's node-semver 0.9.1 strays from npm's: it lets `*` leave its alternatives, its upper
# bounds are 2.0.0 and not 2.0.0-0, and >=0.0.0 still binds
MATCHES_UNLIKE_PYPI = """\
* || 1.0.0-rc        1.0.0-rc      no
^1.2.3 <2.0.0-rc     2.0.0-beta    no
<2 <=2.0.0-rc        2.0.0-rc      no
>=0.0.0 <0.0.0-rc    0.0.0-beta    yes
"""


def laws(examples: int) -> settings:
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None)


def meanings() -> list[tuple[str, str]]:
    halves = [row.split("→") for row in MEANINGS.strip().splitlines()]
    return [(text.strip(), meaning.strip()) for texts, meaning in halves for text in texts.split(";")]


def matches(table: str) -> list[tuple[str, str, bool]]:
    cells = [row.rsplit(maxsplit=2) for row in table.strip().splitlines()]
    return [(text, version, answer == "yes") for text, version, answer in cells]


def spelled_out(constraint: Constraint) -> str:
    """Returns the comparators as npm writes them: a bare version stands for `=`."""
    return "||".join(" ".join(map(spelled, one)) for one in constraint.sets) or "*"


def spelled(comparator: Comparator) -> str:
    return f"{comparator.symbol if comparator.symbol != '=' else ''}{comparator.version}"


@pytest.mark.parametrize(("text", "comparators"), meanings())
def test_a_constraint_spells_out_as_in_npm(text: str, comparators: str) -> None:
    assert spelled_out(Constraint.parse(text)) == comparators


def test_a_version_in_a_constraint_may_bear_a_large_v_as_elsewhere() -> None:
    assert Constraint.parse("^V1.2").sets == Constraint.parse("^1.2").sets


def test_the_empty_text_is_any_release() -> None:
    assert Constraint.parse("").matches(Version(0, 0, 0))
    assert not Constraint.parse("").matches(Version.parse("1.0.0-rc"))


@pytest.mark.parametrize(("text", "version", "expected"), matches(MATCHES + MATCHES_UNLIKE_PYPI))
def test_a_prerelease_needs_its_release_to_be_named(text: str, version: str, expected: bool) -> None:
    assert Constraint.parse(text).matches(Version.parse(version)) == expected


@pytest.mark.parametrize("text", [">=3.1,<4", ">=3.1, <4", ">=3.1 , <4", " >= 3.1 ,< 4 ", ">=3.1\t<4"])
def test_a_comma_between_comparators_is_a_space(text: str) -> None:
    assert Constraint.parse(text).sets == Constraint.parse(">=3.1 <4").sets


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_constraint_is_refused_in_one_line_that_names_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Constraint.parse(text)
    assert refused.value.message == f"{text!r} is not a constraint"
    assert refused.value.hint == "write it as in `^3.1`, `~3.1.0` or `'>=3.1,<4'`"


def test_a_constraint_has_256_characters_at_most() -> None:
    assert Constraint.parse("1 " * (MAX_CHARACTERS // 2)).matches(Version(1, 0, 0))
    with pytest.raises(UsageError, match="longer than 256 characters"):
        Constraint.parse("1" * (MAX_CHARACTERS + 1))


@pytest.mark.parametrize("repeated", ["1", "1.", "-", "1-", "= ", " ", "x.", "|", "||", ",", "~>", "+a", "a"])
def test_no_text_takes_long_to_read(repeated: str) -> None:
    began_at = time.process_time()
    for start in ("", "1.2.3-", "1.2.3+", ">=1.2.3-"):
        assert is_read((start + repeated * MAX_CHARACTERS)[: MAX_CHARACTERS - 1] + "_") is False
    assert time.process_time() - began_at < 0.1


def test_numbers_beyond_those_of_javascript_are_exact() -> None:
    assert not Constraint.parse(">9007199254740992.0").matches(Version(9007199254740992, 0, 5))
    assert Constraint.parse("^" + "9" * 255).matches(Version(10**255 - 1, 4, 0))


def test_the_greatest_match_is_by_precedence_and_not_by_text() -> None:
    versions = [Version.parse(text) for text in ("3.9.0", "3.10.0", "3.11.0-rc", "4.0.0", "3.2.0")]
    assert Constraint.parse("^3.1").greatest(versions) == Version(3, 10, 0)
    assert Constraint.parse("^5").greatest(versions) is None


def test_of_versions_that_differ_only_in_build_metadata_the_first_is_the_greatest() -> None:
    first, second = Version.parse("1.0.0+b"), Version.parse("1.0.0+a")
    assert Constraint.parse("1").greatest(iter([first, second])) == first


MEANT = "^3.1 ~3.1.0 ~>3 >=3.1,<4 >=3 <4 =3.1.0 * 1||2 3.x 3.1.x v3.X 3.x.x 3.* ~1~ > 3.x.1"
NOT_MEANT = """
3.1.0 v3.1.0 3.1 3 v3 3.1.0-rc.1 3.1.0-x 3.1.0+b.x production champion-x x X x.x v stable latest 2024.x-best
a.x sha256:ab12cd production~1 staging~12 production@{2024-01-15}
"""


@pytest.mark.parametrize("text", [*MEANT.split(), "1 - 2", "1, 2", ">= 3"])
def test_this_is_meant_as_a_constraint(text: str) -> None:
    assert is_constraint(text)


@pytest.mark.parametrize("text", [*NOT_MEANT.split(), "", "production@{2024-01-15 10:00}"])
def test_this_is_not_meant_as_a_constraint(text: str) -> None:
    assert not is_constraint(text)


near = st.integers(0, 3)
releases = st.builds(Version, near, near, near)
versions = st.builds(Version, near, near, near, st.sampled_from([(), (), ("rc",), ("rc", "1")]))


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">=", "=", ""])
@laws(60)
@given(versions, releases)
def test_law_an_operator_compares_by_precedence(symbol: str, bound: Version, version: Version) -> None:
    compares = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "": eq}[symbol]
    constraint = Constraint.parse(f"{symbol}{bound}")
    assert constraint.matches(version) == compares(version, bound)
    assert constraint.matches(bound) == compares(bound, bound)


@laws(150)
@given(versions, versions)
def test_law_a_caret_never_goes_back_nor_past_the_next_breaking_release(a: Version, b: Version) -> None:
    if Constraint.parse(f"^{a}").matches(b):
        assert b >= a
        assert b.major == a.major and (a.major or b.minor == a.minor)


@laws(150)
@given(versions, versions, versions)
def test_law_a_comma_narrows_and_a_bar_widens(a: Version, b: Version, version: Version) -> None:
    from_a, to_b = Constraint.parse(f">={a}").matches(version), Constraint.parse(f"<={b}").matches(version)
    either, both = Constraint.parse(f">={a} || <={b}"), Constraint.parse(f">={a},<={b}")
    if not version.is_prerelease:
        assert (both.matches(version), either.matches(version)) == (from_a and to_b, from_a or to_b)


def made_up_version(draw: random.Random) -> str:
    end = draw.choice(["", "", "", "-0", "-alpha", "-alpha.1", "-beta", "-rc.10", "+b.1"])
    return f"{draw.randrange(4)}.{draw.randrange(4)}.{draw.choice('01235')}{end}"


def made_up_partial(draw: random.Random, least: int) -> str:
    places = [str(draw.randrange(least, 4)), draw.choice("0123"), draw.choice("01235")][: draw.randint(1, 3)]
    if len(places) > least and draw.random() < 0.2:
        places[-1] = draw.choice("xX*")
    # a pre-release only of x.y.5, where no upper bound ends: there the oracle strays
    end = draw.choice(["", "-alpha", "-alpha.1", "-rc.9+b"]) if places[2:] == ["5"] else ""
    return draw.choice(["", "", "v"]) + ".".join(places) + end


def made_up_set(draw: random.Random, least: int) -> str:
    """Returns one alternative, with major numbers from `least` on; with 0 it may also be `*`."""
    if draw.random() < 0.15:
        return f"{made_up_partial(draw, least)} - {made_up_partial(draw, least)}"
    symbols = ["", "=", "^", "~", "~>", ">", ">=", "<", "<=", ">= ", "^ "]
    comparators = [draw.choice(symbols) + made_up_partial(draw, least) for _ in range(draw.randint(1, 3))]
    return " ".join(comparators)


def made_up_constraint(draw: random.Random) -> str:
    # two alternatives only where neither can be `*`: there the oracle strays
    return draw.choice([made_up_set(draw, 0), f"{made_up_set(draw, 1)} || {made_up_set(draw, 1)}"])


def test_an_independent_implementation_matches_the_same_of_thousands_of_constraints() -> None:
    draw = random.Random(20240117)
    answers = set()
    for _ in range(2_000):
        text = made_up_constraint(draw)
        constraint, expected = Constraint.parse(text), oracle.make_range(text, loose=False)
        for version in [made_up_version(draw) for _ in range(6)]:
            assert constraint.matches(Version.parse(version)) == expected.test(version), (text, version)
            answers.add(expected.test(version))
    assert answers == {True, False}


def test_an_independent_implementation_refuses_the_same_of_thousands_of_damaged_constraints() -> None:
    draw = random.Random(20240118)
    for _ in range(2_000):
        text = made_up_constraint(draw)
        at = draw.randrange(len(text))
        damaged = text[:at] + draw.choice(["", *"0.-~^<>_a"]) + text[at + 1 :]
        if not STRAYS.search(damaged):
            assert is_read(damaged) == (oracle.valid_range(damaged, loose=False) is not None), damaged


def is_read(text: str) -> bool:
    try:
        Constraint.parse(text)
    except UsageError:
        return False
    return True
