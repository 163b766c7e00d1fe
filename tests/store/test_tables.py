"""Files of the cache are what was written, or as good as none; in tables is found what is found in plain values."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from mlreg.adapters.caches.memory import MemoryCache
from mlreg.store import tables
from mlreg.store.pages import Pages, PagesWriter, UnusableError

KEY = "4/columns/0"
VALUES = {"fraud": ["straße", 'a "quoted"\ttab', None], "risk+churn": [0.5, [1, "s"]], "zeta": [True]}
WORDS = ("ab", "b", '"', "\\", "n", "ü", "\\n", "u00", "missing")


@pytest.fixture
def table() -> tables.Table:
    return {model: tables.line_of(f"sha256:{model}", values) for model, values in VALUES.items()}


def kept(table: tables.Table) -> bytes:
    cache = MemoryCache()
    tables.write(cache, KEY, table)
    return cache.get(KEY) or b""


def read(data: bytes, key: str = KEY) -> dict[str, tuple[str, list[object]]]:
    cache = MemoryCache()
    cache.put(key, data)
    found = tables.read(cache, key)
    return {model: (line.stamp, tables.values([line])[0]) for model, line in found.items()}


def damaged(data: bytes) -> list[bytes]:
    """Returns `data` with each byte changed, cut at each place, and with something behind it."""
    flipped = [data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :] for at in range(len(data)) for bit in (1, 0x80)]
    return [*flipped, *(data[:at] for at in range(len(data))), data + b"\n", data + data]


def test_a_table_is_what_was_written(table: tables.Table) -> None:
    assert read(kept(table)) == {model: (f"sha256:{model}", values) for model, values in VALUES.items()}
    again = MemoryCache()
    again.put(KEY, kept(table))
    assert kept(tables.read(again, KEY)) == kept(table)


def test_a_table_with_any_byte_changed_is_as_good_as_none(table: tables.Table) -> None:
    assert [data for data in damaged(kept(table)) if read(data)] == []


def test_a_table_under_another_key_is_as_good_as_none(table: tables.Table) -> None:
    assert read(kept(table), "4/columns/1") == {}


def test_a_file_in_pages_with_any_byte_changed_is_not_used() -> None:
    writer = PagesWriter()
    writer.add_rows("names", [number % 9 for number in range(130)])
    writer.add_rows("rows", [["straße", number] for number in range(3)])
    data = writer.data(KEY, {"head": 7})

    def rows(data: bytes) -> object:
        try:
            pages = Pages(data, KEY)
            return [pages.facts, *(pages.rows(name) for name in pages.names)]
        except UnusableError:
            return None

    whole = rows(data)
    assert whole is not None
    # what stands behind the last page is not looked at
    behind = [data + b"\n", data + data]
    assert [one for one in damaged(data) if rows(one) is not None] == behind
    assert [rows(one) for one in behind] == [whole, whole]


@pytest.mark.parametrize("seed", range(40))
def test_what_has_all_words_is_found_as_in_plain_texts(seed: int) -> None:
    chance = random.Random(seed)
    alphabet = chance.choice(["ab ", "abü n", 'ab"\\\n\tü0u\x01'])
    texts = ["".join(chance.choices(alphabet, k=chance.randint(0, 9))) for _ in range(chance.randint(1, 60))]
    words = chance.sample(WORDS, chance.randint(1, 3))
    line = tables.line_of("s", texts)
    cache = MemoryCache()
    tables.write(cache, KEY, {"before": tables.line_of("s", ["ab b ü n"]), "this": line, "z": line})
    line = tables.read(cache, KEY)["this"]
    found = tables.having(line, tables.needles_of(words, [line]))
    meant = [place for place, text in enumerate(texts) if all(word in text for word in words)]
    assert set(meant) <= set(found)
    assert found == meant or tables.has_escapes(line)
    places = sorted(chance.sample(range(len(texts)), chance.randint(0, len(texts))))
    assert [*tables.picked([(line, places), (line, [0])])] == [*(texts[place] for place in places), texts[0]]


@pytest.mark.parametrize("kinds", [["staging", "archived", None], range(1000)], ids=["few kinds", "all differ"])
def test_all_values_are_tested_whether_many_are_alike_or_none(kinds: Sequence[object]) -> None:
    chance = random.Random(1)
    texts = [chance.choices(kinds, k=chance.randint(1, 400)) for _ in range(30)]
    asked: list[object] = []

    def test(value: object) -> bool:
        asked.append(value)
        return value in ("staging", 7)

    lines = [tables.line_of("s", values) for values in texts]
    assert tables.tested(lines, test) == [value in ("staging", 7) for values in texts for value in values]
    assert len(asked) == (3 if len(kinds) == 3 else sum(map(len, texts)))


@pytest.mark.parametrize("seed", range(10))
def test_a_line_that_is_renewed_is_as_one_that_is_made_anew(seed: int) -> None:
    chance = random.Random(seed)
    values = {f"1.{number}.0": [number, "x\ty"] for number in range(20)}
    before = [name for name in values if chance.random() < 0.7]
    changed = {name: chance.choice([None, "new", values[name]]) for name in chance.sample(before, len(before) // 3)}
    added = [name for name in values if name not in before]
    news = changed | {name: values[name] for name in added}
    line = tables.line_of("old", [values[name] for name in before])
    assert tables.length(line) == len(before)
    renewed = tables.renewed(line, "new", [*values], news, added=added)
    assert renewed == tables.line_of("new", [(values | news)[name] for name in values])
