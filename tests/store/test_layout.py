"""Every file has one key; no key of one thing reads as another's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.domain.names import checked_model_name
from mlreg.errors import UsageError
from mlreg.store import layout

DIGEST = "sha256:" + "5891b5b522d5df086d0ff0b110fbd9d2" * 2
NAMES = st.text("aB1.-_/", min_size=1, max_size=12)


def test_keys_are_those_of_the_design() -> None:
    assert layout.blob(DIGEST) == f"blobs/sha256/58/{DIGEST[7:]}"
    assert layout.record("Risk/Fraud", "1.4.2+b", DIGEST) == "catalog/risk+fraud/1.4.2+b-5891b5b5.yaml"
    assert layout.event("Risk/Fraud", 42) == "history/risk+fraud/00000042.json"
    assert layout.event(layout.REPOSITORY, 7) == "history/@repository/00000007.json"


def test_a_key_says_what_it_is_of() -> None:
    assert layout.digest_of_blob(layout.blob(DIGEST)) == DIGEST
    assert layout.digest_of_blob(layout.blob(DIGEST) + layout.CODED) == DIGEST
    assert layout.model_of_record(layout.record("Risk/Fraud", "1.0.0-rc.1", DIGEST)) == "risk+fraud"
    assert layout.model_of_event(layout.event("Risk/Fraud", 42)) == "risk+fraud"
    assert layout.number_of_event(layout.event("Risk/Fraud", 42)) == 42


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256:",
        DIGEST[7:],
        DIGEST[:-1],
        DIGEST + "0",
        DIGEST.upper(),
        DIGEST[:-1] + "g",
        "md5:" + "0" * 32,
        DIGEST + "\n",
    ],
)
def test_what_is_no_digest_has_no_key(digest: str) -> None:
    with pytest.raises(ValueError, match="is not a digest"):
        layout.blob(digest)


@pytest.mark.parametrize(
    "key",
    [
        *["", "blobs", f"blobs/{DIGEST[7:]}", f"blobs/sha256/59/{DIGEST[7:]}", f"blobs/sha256/58/{DIGEST[7:]}.mlx"],
        *[
            f"blobs/sha256/58/{DIGEST[7:]}\n",
            f"x/blobs/sha256/58/{DIGEST[7:]}",
            f"blobs/sha256/58/{DIGEST[7:].upper()}",
        ],
        *["catalog/fraud/1.0.0.yaml", "catalog/fraud/1.0.0-5891B5B5.yaml", "catalog/fraud/x/1.0.0-5891b5b5.yaml"],
        *["catalog/1.0.0-5891b5b5.yaml", "catalog/fraud/-5891b5b5.yaml", "catalog/fraud/1.0.0-5891b5b5.yml"],
        *[
            "history/fraud/0000001.json",
            "history/fraud/000000001.json",
            "history/fraud/x.json",
            "history/00000001.json",
        ],
        *["history/fraud/x/00000001.json", "history/fraud/00000001.json~", "history/fraud/٠٠٠٠٠٠٠١.json"],
    ],
)
def test_what_is_near_a_key_is_none(key: str) -> None:
    readers = (layout.digest_of_blob, layout.model_of_record, layout.model_of_event, layout.number_of_event)
    assert [reader(key) for reader in readers] == [None] * 4


def test_events_count_from_one() -> None:
    assert layout.number_of_event("history/fraud/00000000.json") is None


@settings(derandomize=True, deadline=None)
@given(NAMES, NAMES)
def test_two_models_share_a_directory_only_where_they_differ_in_case(one: str, other: str) -> None:
    try:
        checked_model_name(one), checked_model_name(other)
    except UsageError:
        return
    assert (layout.events(one) == layout.events(other)) == (one.lower() == other.lower())
    assert layout.events(one) != layout.events(layout.REPOSITORY)


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 10**8 - 1), st.integers(1, 10**8 - 1))
def test_events_sort_by_their_numbers(one: int, other: int) -> None:
    assert (layout.event("m", one) < layout.event("m", other)) == (one < other)
