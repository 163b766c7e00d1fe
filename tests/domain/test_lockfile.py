"""What a service says that it wants, and what was locked for it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.lockfile import Lock, Pin, admits, announced_by, broken, parse_lock, parse_wants
from mlreg.domain.stages import Stages
from mlreg.errors import UsageError

STAGES = Stages()
DIGEST = f"sha256:{'ab' * 32}"


def fail(key: str, what: str) -> UsageError:
    return UsageError(what, facts={"key": key})


def test_what_is_wanted_is_sorted_by_name():
    wants = parse_wants(tomllib.loads('consumer = "shop"\n[models]\nz = "^1"\n"a/b" = "production"'), STAGES, fail)
    assert (wants.consumer, list(wants.models.items())) == ("shop", [("a/b", "production"), ("z", "^1")])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("model = {}", "model"),
        ("models = 3", "models"),
        ("[models]\n'../x' = '1'", "../x"),
        ("[models]\nx = 3", "x"),
        ("[models]\nx = 'archived'", "x"),
        ("[models]\nx = '>=1 <'", "x"),
        ("consumer = 3", "consumer"),
        ("consumer = 'two words'", "consumer"),
    ],
)
def test_what_means_nothing_is_refused_where_it_is_wrong(text, key):
    with pytest.raises(UsageError) as caught:
        parse_wants(tomllib.loads(text), STAGES, fail)
    assert caught.value.facts["key"] == key


TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())


@given(st.builds(Lock, TEXTS, st.lists(st.builds(Pin, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS), max_size=4)))
def test_a_lock_is_read_as_it_was_written(lock):
    assert parse_lock(tomllib.loads(lock.text()), fail) == lock


@pytest.mark.parametrize(
    "text", ["", "format = 2", "format = 1", "format = 1\nrepository = 'x'\nmodels = [{name = 'a'}]"]
)
def test_a_lock_of_another_kind_is_refused(text):
    with pytest.raises(UsageError):
        parse_lock(tomllib.loads(text), fail)


@pytest.mark.parametrize(
    ("wanted", "version", "is_so"),
    [
        (">=3.1,<4", "3.9.0", True),
        (">=3.1,<4", "4.0.0", False),
        ("3.1.0", "3.1.0", True),
        ("3.1.0", "3.1.1", False),
        ("production", "9.9.9", None),
        ("champion", "9.9.9", None),
        ("latest", "9.9.9", None),
        ("best", "9.9.9", None),
    ],
)
def test_what_is_wanted_allows_versions_or_names_none(wanted, version, is_so):
    assert admits(wanted, version, STAGES) is is_so


def test_the_last_word_of_a_consumer_counts_and_nothing_is_a_farewell():
    known = announced_by(
        [
            {"consumer": "shop", "models": {"m": "^1"}},
            {"consumer": "app", "models": {"m": "^1"}},
            {"consumer": "shop", "models": {"m": "^2"}},
            {"consumer": "app", "models": {}},
        ]
    )
    assert known == {"shop": {"m": "^2"}}
    assert broken(known, "m", "3.0.0", STAGES) == ["shop wants m ^2: 3.0.0 is not that"]
    assert broken(known, "m", "2.7.0", STAGES) == broken(known, "other", "3.0.0", STAGES) == []
