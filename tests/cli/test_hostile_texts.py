"""Whatever people have written into a repository, a terminal shows it and obeys none of it; tables fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from mlreg.registry import Registry

Type = Callable[..., Any]

SAID = re.compile("(?:note|warning|error|hint|not valid): ")
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
EVIL = "evil\x1b[31m\x1b]0;title\x07\x1b[2J\x08\x0d\x9b31m\x85\u202e\u2066\u061c\u200f\u2028end"
TEXTS = {
    "one that drives": EVIL,
    "several lines": f"{EVIL}\n\n{EVIL}\t{EVIL}\r\n",
    "one long word": "x" * 700,
    "many words": "because of the weather " * 60,
    "wide signs": "家族写真を数える模型👩‍👩‍👧‍👦🏳️‍🌈🇮🇹" * 12,
    "marks upon marks": "Z" + "\u0301\u0316\u0489" * 90 + " \u0e33\u0b95\u0bcd",
    "right to left": "שלום עולם مرحبا بالعالم " * 12,
}
LOOKS = (
    "list", "list m", "list --search m", "info m", "info m@1.0.0", "history m", "history m --timeline", "audit m",
    "why m", "why m@1.0.0", "compare m 1.0.0 1.1.0 1.2.0", "compare m 1.0.0 1.1.0", "best m", "du", "du m", "gc",
    "impact m@1.0.0", "impact --data-set v1", "trust list", "trust list m", "approve m --list", "policy show m",
    "policy show m@1.0.0 --to production", "signature show m", "validate m rows.csv", "verify", "doctor", "config list",
    "config list --show-origin", "scan m@1.0.0", "outdated", "lock --dry-run", "hold m@1.0.0 --lift", "keys list",
    "promote m 1.0.0 --to production", "rollback m --dry-run", "checkout m --dry-run",
)  # fmt: skip
DOCUMENTS = ("card m", "lineage m", "lineage m --format mermaid", "audit m --format markdown", "audit m --format csv",
             "export m --format deployment", "export m --format cyclonedx", "signature show m --yaml")  # fmt: skip


_QUICK = ("several lines", "wide signs")
_ALL = [pytest.param(name, marks=[] if name in _QUICK else [pytest.mark.long]) for name in TEXTS]


@pytest.fixture(scope="module", params=_ALL)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in which every text that can be of any form is the one."""
    text = TEXTS[request.param]
    line = " ".join(UNSAFE.sub("", text).split())[:200]
    name = line[:60].strip() if line[:60].isprintable() else "家族写真" * 8
    place = tmp_path_factory.mktemp("written")
    registry = Registry.init(place, actor=line)
    for number in range(3):
        (place / "m.bin").write_text(str(number))
        registry.register(
            "m", place / "m.bin", version=f"1.{number}.0", stage="production", metrics={name: 0.5 + number / 10},
            params={text[:100]: text, "depth": number}, features=[name, f"{number}"], description=text,
            owner=line, type=line, framework=line, data="v1", experiment=line,
            meta={text[:100]: text, "list": [text], "nested": {text[:100]: text}, "deployment_config": {"a": text}},
            signature={"inputs": {name: {"type": "str", "enum": [text[:100]]}}},
        )  # fmt: skip
    registry.trust("m@1.0.0", names=["team.Scorer"], reason=text)
    registry.set("m@1.0.0", note=text, owner=line, description=text)
    registry.hold("m@1.0.0", reason=text)
    registry.promote("m@1.0.0", to="production", reason=text)
    registry.rollback("m", reason=text)
    registry.deprecate("m@1.1.0", reason=text)
    (place / ".mlreg" / "config.toml").write_text(
        "[approvals]\nunsigned = true\n[score]\nmissing = 'reweight'\n[policy.production]\nrequire = ['owner']\n"
        f"[metrics.{json.dumps(name)}]\ndirection = 'up'\n"
    )
    opened = Registry.open(place, actor="bo")
    opened.approve("m@1.2.0", stage="production", comment=text)
    (place / "rows.csv").write_text("a\n1\n")
    (place / "mlreg.toml").write_text('consumer = "s"\n[models]\nm = "^1"\n')
    opened.lock(place)
    return place


@pytest.fixture
def there(written: Path, monkeypatch: pytest.MonkeyPatch, drawn: Type) -> Path:
    monkeypatch.chdir(written)
    return written


@pytest.mark.parametrize("line", LOOKS)
def test_a_terminal_shows_it_within_its_width_and_obeys_nothing(there: Path, drawn: Type, line: str) -> None:
    for columns in (40, 80):
        shown = drawn(*line.split(), "--no-color", columns=columns)
        assert "bug in mlreg" not in shown
        assert not UNSAFE.search(shown)
        wide = [one for one in shown.split("\n") if cell_len(one) > columns]
        assert [one for one in wide if "`" not in one and not SAID.match(one)] == []


@pytest.mark.parametrize("line", DOCUMENTS)
def test_a_document_obeys_nothing(there: Path, drawn: Type, mlreg: Type, line: str) -> None:
    assert not UNSAFE.search(drawn(*line.split(), "--no-color"))


@pytest.mark.parametrize("line", [*LOOKS, *DOCUMENTS])
@pytest.mark.parametrize("way", ["", "--json"])
def test_nor_does_a_pipe_that_ends_in_a_terminal(there: Path, mlreg: Type, line: str, way: str) -> None:
    answer = mlreg("-C", str(there), *line.split(), *way.split())
    assert not UNSAFE.search(answer.out + answer.err)
