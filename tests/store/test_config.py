"""`config.toml` is a person's to edit: what is wrong with it is said with file and line."""

from __future__ import annotations

import pytest

from mlreg.domain.stages import Stages
from mlreg.errors import UsageError
from mlreg.store.config import TEMPLATE, Config, parse_config


def parse(text: str) -> Config:
    return parse_config(text.encode())


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment", TEMPLATE, "[stages]", "[metrics]", "\r\n# a\r\n"])
def test_a_file_that_says_nothing_leaves_everything_as_usual(text: str) -> None:
    assert parse(text) == Config()


def test_the_examples_of_the_template_can_be_taken_as_they_are() -> None:
    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines() if "=" in line or line.startswith("# [")]
    config = parse("\n".join(lines))
    assert (config.stages, config.directions) == (Stages(), {"score": "up"})


def test_stages_may_have_other_names() -> None:
    config = parse('[stages]\norder = ["lab", "canary", "live"]\naliases = { on = "live" }')
    assert config.stages == Stages(("lab", "canary", "live"), {"on": "live"})


@pytest.mark.parametrize(
    ("order", "aliases"),
    [
        (["development", "production"], {"dev": "development", "prod": "production"}),
        (["lab", "live"], {}),
        (["dev", "stage", "prod"], {}),
        (["development", "stage", "staging"], {"dev": "development"}),
    ],
)
def test_of_the_usual_aliases_those_stay_that_still_mean_something(order: list[str], aliases: dict[str, str]) -> None:
    assert parse(f"[stages]\norder = {order}").stages == Stages(tuple(order), aliases)


def test_directions_are_by_metric() -> None:
    assert parse('[metrics.score]\ndirection = "up"\n[metrics."x y"]\ndirection = "down"').directions == {
        "score": "up",
        "x y": "down",
    }


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('stagse = 1\n[stages]', 1, "'stagse' means nothing"),
        ("\n\n[metric.auc]", 3, "'metric' means nothing"),
        ('[stages]\n\nordre = ["a", "b"]', 3, "stages.'ordre' means nothing"),
        ('[metrics.auc]\ndirections = "up"', 2, "metrics.auc.'directions' means nothing"),
        ("stages = 1", 1, "'stages' is not a table"),
        ("# c\n[metrics]\nauc = 1", 3, "'auc' is not a table"),
        ('[stages]\naliases = "dev"', 2, "'aliases' is not a table"),
        ('[metrics.auc]\ndirection = "sideways"', 1, "metrics.auc.direction is neither 'up' nor 'down'"),
        ("[metrics.auc]\ndirection = true", 1, "neither 'up' nor 'down'"),
        ("[metrics.auc]", 1, "neither 'up' nor 'down'"),
        *[
            (f"[stages]\n# order\norder = {order}", 3, "stages.order is not a list of two or more lower-case names")
            for order in (
                *('"abc"', "5", "true", "[]", '["a"]', '["a", "a"]', '["a", 1]', '[["a"], ["b"]]', '[{a = 1}, 2]'),
                *('["Dev", "live"]', '["a", "archived"]', '["a", "latest"]', '["a", "b c"]', '["a", "/"]', '["a", ""]'),
                *('["1.0.0", "live"]', '["v3", "live"]', '["3", "live"]', '["a", "con"]', '["a", "^1"]'),
            )
        ],
        *[
            (f"[stages]\naliases = {{ {alias} = {stage} }}", 2, "is not a lower-case name of one of the stages")
            for alias, stage in [
                *[("live", '"live"'), ("on", '"archived"'), ("on", "1"), ("on", '["production"]')],
                *[("production", '"staging"'), ("On", '"production"'), ("archived", '"production"')],
                *[("latest", '"staging"'), ("v1", '"staging"'), ('"a b"', '"staging"'), ('""', '"staging"')],
            ]
        ],
        ("[stages", 1, "expected ']'"),
        ("a = 1\na = 2", 2, "cannot overwrite a value"),
        ("\n\nx = ", 3, "invalid value"),
        ('x = "open', 1, "unterminated string"),
        ("[stages]\n[stages]", 2, "cannot declare"),
        ("\ufeff[stages]", 1, "invalid statement"),
        ("x = 2024-99-99", 1, "expected newline"),
        ("x = \0", 1, "invalid value"),
        ("x = " + "[" * 5000, None, "nested too deeply"),
        ("x = " + "1" * 5000, None, "limit"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_cannot_be_understood_is_named_with_its_line(text: str, line: int | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.facts == {"file": "config.toml", "line": line}
    place = f"cannot read config.toml, line {line}: " if line else "cannot read config.toml: "
    assert caught.value.message.startswith(place)


def test_bytes_that_are_no_text_are_named_with_their_line() -> None:
    with pytest.raises(UsageError, match=r"cannot read config\.toml, line 2: not valid UTF-8"):
        parse_config(b"# fine\n# \xff\n")


def test_what_is_nearly_spelled_is_suggested() -> None:
    with pytest.raises(UsageError) as caught:
        parse('[stages]\nordre = ["a", "b"]')
    assert caught.value.hint == "did you mean `order`?"


def test_the_file_is_called_what_its_reader_calls_it() -> None:
    with pytest.raises(UsageError, match=r"cannot read \.mlreg/config\.toml, line 1"):
        parse_config(b"x = 1", ".mlreg/config.toml")
