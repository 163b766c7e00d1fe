"""References mean what the contract's table says, and nothing else gets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_life import STAGES, rows, tell

from mlreg.domain.constraint import Constraint
from mlreg.domain.refs import (
    ByAlias,
    ByConstraint,
    ByDigest,
    ByLatest,
    ByStage,
    ByVersion,
    Resolved,
    checked_alias,
    parse_ref,
    parse_selector,
    resolve,
    resolve_shown,
    resolve_used,
)
from mlreg.domain.semver import Version
from mlreg.domain.stages import Stages
from mlreg.errors import MlregError, NotFoundError, UsageError

Files = Mapping[str, Sequence[str]]

MODELS = "register 1; register 1.1.0; register 2; register 2.1.0-rc.1; register 3.0.0-rc.1"
HELD = f"{MODELS}; promote 1 production; promote 1.1.0 staging"
# who held production: 1, 2, 1 again after a rollback, 1.1.0
PAST = f"{MODELS}; promote 1 production; promote 2 production; rollback; promote 1.1.0 production"


def find(story: str, selector: str, *, files: Files | None = None, stages: Stages = STAGES) -> Resolved:
    return resolve(
        tell(story),
        parse_selector(selector, stages),
        stages=stages,
        digests=lambda standing: (files or {}).get(str(standing.version), ()),
        best=lambda: tell(story).standings[-1],
        asked=f"fraud@{selector}",
    )


def meant(story: str, selector: str, **more: Files) -> str:
    return str(find(story, selector, **more).standing.version)


def not_found(story: str, selector: str) -> NotFoundError:
    with pytest.raises(NotFoundError) as caught:
        find(story, selector)
    return caught.value


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("3.1.0", ByVersion(Version(3, 1, 0), partial=False)),
        ("v3.1.0", ByVersion(Version(3, 1, 0), partial=False)),
        ("V3.1.0-rc.1+b", ByVersion(Version(3, 1, 0, ("rc", "1"), ("b",)), partial=False)),
        ("v3", ByVersion(Version(3, 0, 0), partial=True)),
        ("3.1", ByVersion(Version(3, 1, 0), partial=True)),
        ("production", ByStage("production")),
        ("PROD", ByStage("production")),
        ("Stage", ByStage("staging")),
        ("dev", ByStage("development")),
        ("production~1", ByStage("production", back=1)),
        ("prod~", ByStage("production", back=1)),
        ("prod~0", ByStage("production", back=0)),
        ("staging~12", ByStage("staging", back=12)),
        ("prod@{2024-01-15}", ByStage("production", moment="2024-01-15T23:59:59.999999Z")),
        ("prod@{2024-02}", ByStage("production", moment="2024-02-29T23:59:59.999999Z")),
        ("prod@{2024-01-15 09:30}", ByStage("production", moment="2024-01-15T09:30:00.000000Z")),
        ("prod@{2024-01-15T09:30:00+02:00}", ByStage("production", moment="2024-01-15T07:30:00.000000Z")),
        ("latest", ByLatest()),
        ("LATEST", ByLatest()),
        ("^3.1", ByConstraint(Constraint.parse("^3.1"), "^3.1")),
        ("~3.1.0", ByConstraint(Constraint.parse("~3.1.0"), "~3.1.0")),
        (">=3.1,<4", ByConstraint(Constraint.parse(">=3.1,<4"), ">=3.1,<4")),
        ("*", ByConstraint(Constraint.parse("*"), "*")),
        ("3.x", ByConstraint(Constraint.parse("3.x"), "3.x")),
        ("sha256:ab12cd", ByDigest("sha256:ab12cd")),
        ("sha256:AB12CD", ByDigest("sha256:ab12cd")),
        ("champion", ByAlias("champion")),
        ("Champion-2", ByAlias("Champion-2")),
    ],
)
def test_every_form_of_the_contract_is_read(text: str, selector: object) -> None:
    read = parse_selector(text, STAGES)
    assert (type(read), read) == (type(selector), selector)


@pytest.mark.parametrize(
    "selector",
    [
        *["", " ", "@", "archived", "ARCHIVED", "archived~1", "archived@{2024-01-15}", "dev~1", "dev@{2024-01-15}"],
        *["production~x", "production~-1", "production~1~1", "production~9999999", "production@{", "production@{}"],
        *["prod@{yesterday}", "prod@{2024-13}", "prod@{2024-02-30}", "prod@{20240115}", "~", "^"],
        *["sha256:", "sha256:ab12c", f"sha256:{'a' * 65}", "sha256:xyz123", "sha256:ab12cd~1", "sha1:abcdef"],
        *[
            "1.2.3.4",
            "01.2.3",
            "1.2.3-",
            "1..2",
            ">=1,,<2",
            "a b",
            "a/b",
            "../x",
            "a\0",
            "a\nb",
            "\x1b[31m",
            "ünï",
            "-x",
        ],
        *[".x", "x.", "con", "x" * 129, "^" * 100_000, "1." * 50_000, "~" * 50_000, "@{" * 50_000, "9" * 100_000],
        *["production~" + "1" * 50_000, "1.2.3-" + "-" * 100_000],
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_what_selects_nothing_is_usage(selector: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_selector(selector, STAGES)
    assert len(caught.value.message) < 300
    assert caught.value.message.isprintable()


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=40), st.text("production~@{}2024-01:^<>=.vx*|, sh", max_size=24)))
def test_any_text_is_a_selector_or_usage(text: str) -> None:
    try:
        find(PAST, text)
    except MlregError as error:
        assert isinstance(error, UsageError | NotFoundError)
        assert error.message.isprintable()


def test_a_moment_without_braces_is_hinted_with_them() -> None:
    with pytest.raises(UsageError) as caught:
        parse_selector("prod@2026-03-31", STAGES)
    assert "`'NAME@prod@{2026-03-31}'`" in str(caught.value.hint)


def test_a_reference_is_a_name_and_perhaps_a_selector() -> None:
    assert parse_ref("risk/fraud@v3", STAGES)[:2] == ("risk/fraud", ByVersion(Version(3, 0, 0), partial=True))
    assert parse_ref("risk/fraud", STAGES)[:2] == ("risk/fraud", None)


@pytest.mark.parametrize("text", ["", "@1.0.0", "fraud@", "../x@1.0.0", "fraud@@1.0.0", "fr aud", "fraud@1.0.0@2.0.0"])
def test_what_is_no_reference_is_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_ref(text, STAGES)


@pytest.mark.parametrize(
    ("story", "selector", "version"),
    rows(f"""
    {MODELS}                                          | 1.1.0             | 1.1.0
    {MODELS}                                          | v2                | 2.0.0
    {MODELS}                                          | 1.1               | 1.1.0
    {MODELS}                                          | 2.1.0-rc.1        | 2.1.0-rc.1
    register 1.0.0+build.7                            | 1.0.0             | 1.0.0+build.7
    register 1.0.0+build.7                            | 1.0.0+build.7     | 1.0.0+build.7
    {HELD}                                            | production        | 1.0.0
    {HELD}                                            | Prod              | 1.0.0
    {HELD}                                            | STAGE             | 1.1.0
    {HELD}                                            | development       | 3.0.0-rc.1
    {HELD}; promote 3.0.0-rc.1 staging                | dev               | 2.1.0-rc.1
    {MODELS}                                          | latest            | 2.0.0
    {MODELS}; deprecate 2                             | latest            | 1.1.0
    {MODELS}; archive 2                               | latest            | 2.0.0
    {MODELS}                                          | ^1.0              | 1.1.0
    {MODELS}                                          | ~1.0.0            | 1.0.0
    {MODELS}                                          | >=1,<2            | 1.1.0
    {MODELS}                                          | *                 | 2.0.0
    {MODELS}                                          | >=2.1.0-rc.0 <2.2 | 2.1.0-rc.1
    {MODELS}                                          | ^3.0.0-rc         | 3.0.0-rc.1
    {MODELS}; deprecate 1.1.0                         | ^1.0              | 1.0.0
    {MODELS}; archive 1.1.0                           | ^1.0              | 1.1.0
    {MODELS}; alias 1 champion                        | champion          | 1.0.0
    {MODELS}; alias 1 champion; alias 2 champion      | champion          | 2.0.0
    {PAST}                                            | production        | 1.1.0
    {PAST}                                            | production~0      | 1.1.0
    {PAST}                                            | production~1      | 1.0.0
    {PAST}                                            | production~       | 1.0.0
    {PAST}                                            | prod~2            | 2.0.0
    {PAST}                                            | prod~3            | 1.0.0
    {PAST}; force-archive 1.1.0                       | production~1      | 1.1.0
    {PAST}; force-archive 1.1.0; promote 2 production | production~1      | 1.1.0
    """),
)
def test_a_reference_means_one_version(story: str, selector: str, version: str) -> None:
    assert meant(story, selector) == version


@pytest.mark.parametrize(
    ("story", "selector", "message"),
    rows(f"""
    {MODELS}                    | 9.9.9         | fraud has no version 9.9.9
    register 1.0.0+a            | 1.0.0+b       | fraud has no version 1.0.0+b
    {MODELS}                    | production    | nothing of fraud is in production
    {PAST}; force-archive 1.1.0 | production    | nothing of fraud is in production
    {PAST}                      | production~4  | fraud has had no holder of production 4 before the present one
    {HELD}                      | staging~1     | fraud has had no holder of staging 1 before the present one
    register 1; archive 1       | dev           | fraud has none at development
    register 1.0.0-rc.1         | latest        | fraud has no release yet
    register 1; deprecate 1     | latest        | fraud has no release yet
    {MODELS}                    | ^4            | fraud has no version ^4
    register 1; deprecate 1     | ^1            | fraud has no version ^1
    {MODELS}                    | sha256:ffffff | fraud has nothing of digest sha256:ffffff
    {MODELS}                    | challenger    | fraud has no alias challenger
    {MODELS}; alias 1 champion  | Champion      | fraud has no alias Champion
    """),
)
def test_what_is_not_there_is_not_found(story: str, selector: str, message: str) -> None:
    assert not_found(story, selector).message == message


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("v3", "`fraud@^3`"),
        ("3.7", "`fraud@^3.7`"),
        ("v10", "`fraud@^10`"),
        ("9.9.9", "the latest are 3.0.0-rc.1, 2.1.0-rc.1, 2.0.0; see `mlreg list fraud`"),
        ("2.1.1", "did you mean"),
        ("producton", "did you mean `production`"),
        ("lates", "did you mean `latest`?"),
        ("zebra", "a version, a stage (development, staging, production) or `latest` can stand behind the `@`"),
        ("production", "`mlreg promote fraud VERSION --to production`"),
    ],
)
def test_what_is_not_found_comes_with_what_to_type(selector: str, hint: str) -> None:
    assert hint in str(not_found(MODELS, selector).hint)


def test_an_alias_that_is_nearly_spelled_is_suggested() -> None:
    assert not_found("register 1; alias 1 champion", "champoin").hint == "did you mean `champion`?"


TIMES = """
register 1                       at 2026-01-01T12:00;
promote 1 production             at 2026-01-10T12:00;
register 2                       at 2026-01-11T12:00;
promote 2 production             at 2026-02-01T00:00;
rollback                         at 2026-02-01T06:00;
register 3                       at 2026-03-05T12:00;
force-archive 1                  at 2026-03-10T12:00
"""


@pytest.mark.parametrize(
    ("moment", "version"),
    rows("""
    2026-01-10                  | 1.0.0
    2026-01-10T12:00:00Z        | 1.0.0
    2026-01-10T11:59:59Z        |
    2026-01-09                  |
    2026-01                     | 1.0.0
    2025-12                     |
    2026-01-31                  | 1.0.0
    2026-02-01T00:00            | 2.0.0
    2026-02-01T01:59+02:00      | 1.0.0
    2026-02-01T02:00+02:00      | 2.0.0
    2026-01-31T22:00-02:00      | 2.0.0
    2026-02-01T05:59:59.999999Z | 2.0.0
    2026-02-01                  | 1.0.0
    2026-02                     | 1.0.0
    2026-03-09                  | 1.0.0
    2026-03-10                  |
    2026-03                     |
    2999-12-31                  |
    """),
)
def test_at_a_moment_the_holder_of_then_is_meant(moment: str, version: str) -> None:
    if version:
        assert meant(TIMES, f"production@{{{moment}}}") == version
    else:
        assert "nothing of fraud was in production at 2" in not_found(TIMES, f"production@{{{moment}}}").message


CLOCKS = """
register 1; register 2; register 3;
promote 1 production  at 2026-01-10;
promote 2 production  at 2026-01-05;
tag 2 slow-clock      at 2026-01-20;
promote 3 production  at 2026-01-15
"""


@pytest.mark.parametrize(
    ("moment", "version"), rows("2026-01-10 | 2.0.0\n 2026-01-19 | 2.0.0\n 2026-01-20 | 3.0.0\n 2026-01-15 | 2.0.0")
)
def test_where_clocks_go_backwards_the_number_of_the_event_counts(moment: str, version: str) -> None:
    assert meant(CLOCKS, f"prod@{{{moment}}}") == version


def test_a_moment_before_the_greatest_time_so_far_shows_nothing_that_came_later_by_number() -> None:
    assert "nothing of fraud was in production" in not_found(CLOCKS, "prod@{2026-01-07}").message


def test_what_was_assumed_of_a_moment_is_said() -> None:
    note = str(find(TIMES, "prod@{2026-01-10}").note)
    assert "production of fraud at 2026-01-10T23:59:59.999999Z was 1.0.0" in note
    assert "promoted at 2026-01-10T12:00:00.000000Z by ann@example.org" in note


@pytest.mark.parametrize(
    ("selector", "by"),
    rows("""
    1.1             | version
    production      | stage
    dev             | stage
    latest          | latest
    ^1              | constraint
    sha256:72312e30 | digest
    """),
)
def test_it_is_said_what_found_it(selector: str, by: str) -> None:
    assert find("register 1; register 1.1.0; promote 1 production", selector).by == by


# the records of `tell` have the digests sha256:72… followed by the hexadecimal digits of the version's text
FILES = {"1.0.0": ["sha256:abcdef01", "sha256:5ca1e000"], "2.0.0": ["sha256:abcdef02", "sha256:5ca1e000"]}


@pytest.mark.parametrize(
    ("prefix", "version"),
    rows("""
    sha256:72312e30 | 1.0.0
    sha256:72322e30 | 2.0.0
    sha256:63322e   | 2.0.0
    sha256:abcdef01 | 1.0.0
    sha256:ABCDEF02 | 2.0.0
    """),
)
def test_a_digest_of_the_record_of_the_list_of_files_or_of_a_file_finds_it(prefix: str, version: str) -> None:
    assert meant("register 1; register 2", prefix, files=FILES) == version


def test_a_digest_that_several_versions_have_names_them() -> None:
    for prefix in ("sha256:abcdef", "sha256:5ca1e0"):
        with pytest.raises(UsageError, match=r"means several versions of fraud: 1\.0\.0, 2\.0\.0"):
            find("register 1; register 2", prefix, files=FILES)


def test_a_digest_that_two_files_of_one_version_share_is_not_ambiguous() -> None:
    assert meant("register 1", "sha256:abcdef", files={"1.0.0": ["sha256:abcdef01", "sha256:abcdef02"]}) == "1.0.0"


@pytest.mark.parametrize(
    ("story", "version", "by"),
    rows(f"""
    {HELD}                      | 1.0.0      | production
    {MODELS}                    | 2.0.0      | latest
    {PAST}; force-archive 1.1.0 | 2.0.0      | latest
    register 1.0.0-rc.1         | 1.0.0-rc.1 | latest
    register 1; deprecate 1     | 1.0.0      | latest
    """),
)
def test_a_bare_name_is_shown_with_the_facts_of_production_else_of_the_latest(
    story: str, version: str, by: str
) -> None:
    shown = resolve_shown(tell(story), stages=STAGES)
    assert (str(shown.standing.version), shown.by) == (version, by)


def test_a_bare_name_uses_production() -> None:
    used = resolve_used(tell(HELD), stages=STAGES)
    assert (str(used.standing.version), used.note) == ("1.0.0", None)


def test_a_bare_name_that_never_had_a_holder_uses_the_latest_release_with_a_note() -> None:
    used = resolve_used(tell(f"{MODELS}; promote 1 staging"), stages=STAGES)
    assert str(used.standing.version) == "2.0.0"
    assert "nothing of fraud was ever in production: taking the latest release, 2.0.0" in str(used.note)


@pytest.mark.parametrize("story", [f"{HELD}; force-archive 1", "register 1.0.0-rc.1", "register 1; deprecate 1"])
def test_a_bare_name_with_nothing_fit_to_use_is_not_found(story: str) -> None:
    with pytest.raises(NotFoundError):
        resolve_used(tell(story), stages=STAGES)


@pytest.mark.parametrize("text", ["champion", "team-a", "x", "a.b", "v", "3-way", "v3-beta", "rc"])
def test_an_alias_is_a_name_of_its_own(text: str) -> None:
    assert checked_alias(text, STAGES) == text


@pytest.mark.parametrize(
    "text",
    [
        *["production", "PROD", "dev", "archived", "Archived", "latest", "Latest", "production~1", "prod@{2024-01-15}"],
        *["3", "v3", "3.1", "3.1.0", "v3.1.0-rc.1", "^3", "3.x", "*", "", "a/b", "a b", "-a", "sha256:abcdef", "nul"],
        "a" * 129,
    ],
)
def test_an_alias_is_nothing_that_means_something_else(text: str) -> None:
    with pytest.raises(UsageError):
        checked_alias(text, STAGES)


def test_with_other_stages_the_usual_names_are_free() -> None:
    stages = Stages(("lab", "live"), {"on": "live"})
    assert parse_selector("ON~2", stages) == ByStage("live", back=2)
    assert checked_alias("production", stages) == "production"
