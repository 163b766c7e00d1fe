"""`mlreg config`: what the environment, a repository, a user and the defaults say, in this order; files stay."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlreg import Registry
from mlreg.adapters.surroundings import preferences
from mlreg.errors import UsageError
from mlreg.store import settings, toml_text
from mlreg.store.config import TEMPLATE, parse_config

Type = Callable[..., Any]
WRITTEN = """\
# ours
[stages]   # from the lab on
order = [ "development",  # first
  "staging", "production" ]  # last
aliases = { dev = "development" , 'qa' = "staging" }

[metrics."top.5"]
direction = "up"  # why

[metrics]
auc.direction = "up"
x = { direction = "down" }

[later]
text = \"\"\"
[metrics.auc]  # not a table
\"\"\"
"""


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that can be written; returns where the settings of the user are."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    return home / ".config/mlreg/config.toml"


@pytest.fixture
def file(mlreg: Type, tmp_path: Path) -> Path:
    """The file of the settings of a repository."""
    mlreg("init")
    return tmp_path / ".mlreg/config.toml"


def origin(mlreg: Type, key: str) -> tuple[Any, str]:
    setting = mlreg("config", "get", key, "--json").document
    return setting["value"], setting["origin"]["place"] or setting["origin"]["kind"]


def test_a_variable_goes_before_the_repository_that_before_the_user_and_the_default(mlreg, file, home, monkeypatch):
    key = "deployments.replicas"
    assert origin(mlreg, key) == (1, "default")
    mlreg("config", "set", key, "2", "--global")
    assert origin(mlreg, key) == (2, str(home))
    mlreg("config", "set", key, "3")
    assert origin(mlreg, key) == (3, str(file))
    monkeypatch.setenv("BRXA_DEFAULT_REPLICAS", "4")
    assert origin(mlreg, key) == (4, "BRXA_DEFAULT_REPLICAS")
    monkeypatch.setenv("MLREG_DEPLOYMENTS_REPLICAS", "5")
    assert origin(mlreg, key) == (5, "MLREG_DEPLOYMENTS_REPLICAS")


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("BRXA_STORAGE_TYPE", "local", "storage.type"),
        ("BRXA_DEFAULT_REPLICAS", 7, "deployments.replicas"),
        ("BRXA_DEFAULT_CPU", "1.5", "deployments.cpu"),
        ("BRXA_DEFAULT_MEMORY", "2Gi", "deployments.memory"),
    ],
)
def test_the_names_of_the_older_system_are_understood(mlreg, file, monkeypatch, variable, value, key):
    monkeypatch.setenv(variable, str(value))
    assert origin(mlreg, key) == (value, variable)


def test_the_user_says_which_way_a_metric_is_better_and_the_repository_says_it_better(mlreg, file, home, tmp_path):
    for content, score in (("a", "1"), ("b", "2")):
        (tmp_path / "m.bin").write_text(content)
        mlreg("register", "m", "m.bin", "--metric", f"score_x={score}")
    assert mlreg("compare", "m", "1.0.0", "1.0.1", "-q").out == "none\n"
    mlreg("config", "set", "metrics.score_x.direction", "down", "--global")
    assert mlreg("compare", "m", "1.0.0", "1.0.1", "-q").out == "keep\n"
    mlreg("config", "set", "metrics.score_x.direction", "up")
    assert mlreg("compare", "m", "1.0.0", "1.0.1", "-q").out == "deploy\n"


def test_the_place_of_the_users_settings_follows_xdg(mlreg, file, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert mlreg("config", "set", "metrics.a.direction", "up", "--global").code == 0
    assert (tmp_path / "xdg/mlreg/config.toml").read_text() == '[metrics.a]\ndirection = "up"\n'


def test_without_a_home_there_are_no_settings_of_a_user_and_nothing_is_written_anywhere(mlreg, file, monkeypatch):
    monkeypatch.delenv("HOME")
    assert mlreg("config", "list").code == 0
    assert mlreg("config", "set", "metrics.a.direction", "up", "--global").code == 3


def test_every_setting_is_listed_with_who_says_so(mlreg, file):
    file.write_text('# c\n[metrics.score]\n\ndirection = "up"\n')
    lines = dict(line.split("\t", 1) for line in mlreg("config", "list", "--show-origin").out.splitlines())
    assert lines["metrics.score.direction"] == f"up\t{file}, line 4"
    assert lines["stages.order"] == '["development", "staging", "production"]\tdefault'
    assert lines["stages.aliases.prod"] == "production\tdefault"
    assert {key.name for key in settings.KEYS if "*" not in key.name} <= lines.keys()


def test_settings_can_be_asked_for_where_there_is_no_repository_but_not_changed(mlreg, home):
    assert mlreg("config", "get", "storage.type").out == "local\n"
    answer = mlreg("config", "set", "metrics.a.direction", "up")
    assert answer.code == 3 and "`--global`" in answer.err
    assert mlreg("config", "list", "-C", "/nowhere").code == 3


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("get", "metric.auc.direction"), 2, "did you mean `metrics.auc.direction`?"),
        (("set", "deployments.replica", "2"), 2, "did you mean `deployments.replicas`?"),
        (("get", "metrics.auc.direction"), 3, "nothing says what metrics.auc.direction is"),
        (("set", "metrics.auc.direction", "sideways"), 2, "it is one of up, down"),
        (("set", "deployments.replicas", "0"), 2, "a whole number from 1 to 1000"),
        (("set", "deployments.replicas", "many"), 2, "a whole number from 1 to 1000"),
        (("set", "deployments.cpu", "0"), 2, "a number of processors"),
        (("set", "deployments.memory", "5Gb"), 2, "a number of bytes"),
        (("set", "storage.type", "s3"), 2, "it is `local`: other places are still to come"),
        (("set", "storage.path", "/srv"), 2, "did you mean `storage.type`?"),
        (("set", "stages.order", "lab"), 2, "stages.order cannot be ['\"]?.*two or more lower-case names"),
        (("set", "stages.aliases.live", "nowhere"), 2, "is not a lower-case name of one of the stages"),
        (("set", "stages.order", "a,b", "--global"), 2, "is the same for all who use a repository"),
        (("get", 'a = 1\n"b"'), 2, "is not a setting"),
        (("get", ""), 2, "is not a setting"),
        (("set", "retention.keep_newest", "many"), 2, "retention.keep_newest cannot be"),
        (("get", "policy.production.approvals"), 3, "nothing says what policy.production.approvals is"),
        (("get", "policy.production"), 2, "is not a setting"),
        (("set", "policy.production.nogate", "3"), 2, "'nogate' is not a gate"),
        (("set", "policy.lab.require", "owner"), 2, "no stage that versions are promoted to"),
        (("set", "policy.production.approvals.count", "two"), 2, "not a whole number from 1 to 100"),
        (("set", "policy.production.metrics.auc.min", "nan"), 2, "policy.production.metrics.auc.min"),
        (("set", "policy.production.approvals.count", "1", "--global"), 2, "the same for all who use a repository"),
        (("lst",), 2, "did you mean `list`"),
        (("set", "storage.type"), 2, "write `mlreg config set KEY VALUE`"),
        (("list", "storage.type"), 2, "config list takes no other word"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(mlreg, file, home, words, code, message):
    before = file.read_bytes()
    answer = mlreg("config", *words)
    assert (answer.code, answer.out) == (code, "")
    assert re.search(message, answer.err), answer.err
    assert file.read_bytes() == before and not home.exists()


def test_a_variable_that_means_nothing_is_named(mlreg, file, monkeypatch):
    monkeypatch.setenv("BRXA_DEFAULT_REPLICAS", "-1")
    answer = mlreg("config", "list")
    assert answer.code == 2 and "BRXA_DEFAULT_REPLICAS cannot be '-1'" in answer.err


def test_comments_order_and_blank_lines_stay(mlreg, file):
    file.write_text(WRITTEN)
    mlreg("config", "set", 'metrics."top.5".direction', "down")
    assert file.read_text() == WRITTEN.replace('direction = "up"  # why', 'direction = "down"  # why')


def test_a_first_setting_stands_below_the_comments_of_a_fresh_file_and_goes_without_a_trace(mlreg, file):
    mlreg("config", "set", "metrics.score.direction", "up")
    assert file.read_text() == TEMPLATE + '\n[metrics.score]\ndirection = "up"\n'
    mlreg("config", "unset", "metrics.score.direction")
    assert file.read_text() == TEMPLATE


def test_setting_it_again_and_a_dry_run_write_nothing(mlreg, file):
    mlreg("config", "set", "metrics.score.direction", "up")
    before = os.stat(file)
    again = mlreg("config", "set", "metrics.score.direction", "up", "--json").document
    dry = mlreg("config", "set", "metrics.score.direction", "down", "--dry-run", "--json").document
    assert (again["changed"], dry["changed"], dry["dry_run"]) == (False, True, True)
    assert (os.stat(file).st_ino, os.stat(file).st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("text", "path", "value", "expected"),
    [
        ("", "deployments.memory", "2Gi", '[deployments]\nmemory = "2Gi"\n'),
        ("[deployments]", "deployments.memory", "2Gi", '[deployments]\nmemory = "2Gi"\n'),
        ("[deployments] # a\n\n# end\n", "deployments.memory", "2Gi", '[deployments] # a\nmemory = "2Gi"\n\n# end\n'),
        ("[deployments]\r\n", "deployments.memory", "2Gi", '[deployments]\r\nmemory = "2Gi"\r\n'),
        ('  [a.b]\n  c = 1\n', "a.b.d", 2, "  [a.b]\n  c = 1\n  d = 2\n"),
        ("a = {}", "a.b.c", 1, "a = { b.c = 1 }"),
        ('a = { b = "}" } # "', "a.c", 1, 'a = { b = "}", c = 1 } # "'),
        ("a = '''\n[b]\n''' # c", "b.c", 1, "a = '''\n[b]\n''' # c\n\n[b]\nc = 1\n"),
        ("a.b = 1979-05-27 07:32:00 # d\n", "a.b", 2, "a.b = 2 # d\n"),
        ("a.b = [\n 1, # ]\n 2 ]\n", "a.b", [3], "a.b = [3]\n"),
        ('a.b = """x\\""""" # d\n', "a.b", 2, "a.b = 2 # d\n"),
        ("[[r]]\na = 1\n", "s.a", 2, "[[r]]\na = 1\n\n[s]\na = 2\n"),
        ('["x y".z]\n', "x y.z", 1, None),
        ("[[deployments]]\n", "deployments.memory", "2Gi", None),
        ("a = 1", "a.b", 2, None),
    ],
)  # fmt: skip
def test_a_value_is_put_where_a_person_would_write_it_or_refused(text, path, value, expected):
    words = tuple(path.split("."))
    if expected is None:
        with pytest.raises(UsageError):
            toml_text.with_value(text, words, value)
    else:
        assert toml_text.with_value(text, words, value) == expected


def made(choice: random.Random) -> str:
    """Returns some file of settings, with all that TOML has."""
    names = choice.sample(["auc", "f1", '"top.5"', "'x y'", '"é"'], 3)
    forms = ['{n}.direction = "up"', "{n} = {{ direction = 'down' }}", '{n} = {{}} # "', "# {n}", "\n"]
    inside = [choice.choice(forms).format(n=name) for name in names[:2]]
    parts = [
        "[metrics]\n" + "\n".join(inside) + choice.choice(["", " # ]"]) + "\n",
        f'[metrics.{names[2]}] # "\n\ndirection = """up"""\n',
        choice.choice(["[deployments]\n# none\n", 'deployments = { memory = "2Gi", cpu = "2" }\n', ""]),
        choice.choice(["[[other]]\na = [[1, 2], ['#']]\n", "[other.x]\na = '''\n[metrics]\n'''\n", "\n\n# end"]),
    ]
    parts.sort(key=lambda part: part.startswith("["))
    return choice.choice(["", "# top\n"]) + "".join(parts).replace("\n", choice.choice(["\n", "\r\n"]))


def test_any_change_says_what_was_meant_and_keeps_every_comment():
    for seed in range(500):
        choice = random.Random(seed)
        text = made(choice)
        name = choice.choice(["auc", "top.5", "x y", "new", "é"])
        path = choice.choice([("metrics", name, "direction"), ("deployments", "memory"), ("deployments", "replicas")])
        new = toml_text.with_value(text, path, "down")
        inner = tomllib.loads(new)
        for word in path:
            inner = inner[word]
        assert inner == "down", text
        assert toml_text.line_of(new, path)
        gone = toml_text.without_value(new, path)
        assert [line.strip() for line in gone.splitlines() if line.strip().startswith("#")] == [
            line.strip() for line in text.splitlines() if line.strip().startswith("#")
        ]
        assert "down" not in gone or "down" in text
        assert ("\r\n" in new) == ("\r\n" in text) or not text


def test_a_file_of_many_values_is_changed_at_once():
    text = "".join(f"[metrics.m{number}]\ndirection = 'up'\n" for number in range(2000))
    assert toml_text.with_value(text, ("metrics", "m1999", "direction"), "down").endswith('direction = "down"\n')


def test_a_setting_survives_that_is_set_by_two_at_once(mlreg, file, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "mlreg", "config", "set"]
    runs = [
        subprocess.Popen([*command, f"metrics.m{number}.direction", "up"], cwd=tmp_path, env=environment, stdout=-3)
        for number in range(4)
    ]
    assert [run.wait(60) for run in runs] == [0] * 4
    assert len(parse_config(file.read_bytes()).directions) == 4
    assert [path.name for path in file.parent.iterdir() if path.name.endswith(".new")] == []


def test_a_link_to_settings_that_are_kept_elsewhere_stays_one(mlreg, file, home, tmp_path):
    real = tmp_path / "dotfiles.toml"
    real.write_text("# mine\n")
    real.chmod(0o600)
    home.parent.mkdir(parents=True)
    home.symlink_to(real)
    mlreg("config", "set", "metrics.a.direction", "up", "--global")
    assert home.is_symlink() and real.read_text() == '# mine\n\n[metrics.a]\ndirection = "up"\n'
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_table_of_a_newer_mlreg_is_warned_about_and_stops_nothing(mlreg, file):
    file.write_text("[carbon]\nbudget = 3\n")
    assert mlreg("list").code == 0
    answer = mlreg("config", "list")
    assert answer.code == 0 and "line 1: [carbon] means nothing to this mlreg" in answer.err
    assert "[carbon]" in json.dumps(mlreg("doctor", "--json").document["advice"])
    assert mlreg("config", "set", "deployments.memory", "2Gi").code == 0


def test_a_table_that_is_misspelled_is_not_passed_over(mlreg, file):
    file.write_text("[polcy.production]\napprovals = 2\n")
    answer = mlreg("promote", "m", "1.0.0", "--to", "production")
    assert answer.code == 2 and "line 1: 'polcy' means nothing" in answer.err
    assert "did you mean `policy`?" in answer.err


def test_settings_of_a_user_that_mean_nothing_are_named_with_their_line(mlreg, file, home):
    home.parent.mkdir(parents=True)
    unknown = "\n[deployments]\nkind = 1\n"
    for text, what in (("\n[stages]\n", "is the same for all"), (unknown, "'kind' means nothing")):
        home.write_text(text)
        answer = mlreg("config", "list")
        assert answer.code == 2 and f"{home}, line" in answer.err and what in answer.err


def test_settings_of_somebody_elses_home_are_not_ours(tmp_path):
    directory = tmp_path / "theirs"
    directory.mkdir()
    (directory / "config.toml").write_text("[stages]\n")
    code = (
        "import os\nfrom pathlib import Path\nfrom mlreg.adapters.surroundings import preferences\n"
        "os.setgroups([]); os.setuid(65534)\n"
        f"assert preferences.read_own(Path({str(directory / 'config.toml')!r})) == b''"
    )
    if os.getuid() == 0:
        directory.chmod(0o700)
        os.chmod(tmp_path, 0o755)
        subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_stages_of_ones_own_keep_the_usual_spellings_that_still_mean_something():
    config = parse_config(b'[stages]\naliases = { live = "production", dev = "staging" }')
    assert config.stages.aliases == {"stage": "staging", "prod": "production", "live": "production", "dev": "staging"}


def test_a_section_that_nothing_reads_yet_is_warned_about():
    config = parse_config(b"[remotes.origin]\nurl = 's3://models'\n")
    assert config.warnings == ("config.toml, line 1: [remotes] means nothing to this mlreg",)


def test_settings_of_every_section_are_listed_with_who_says_so_and_can_be_changed(mlreg, file):
    mlreg("config", "set", "retention.keep_newest", "5")
    mlreg("config", "set", "retention.keep_tags", "release")
    mlreg("config", "set", 'retention.models."risk/*".keep_days', "90")
    mlreg("config", "set", "score.weights.auc", "1")
    mlreg("config", "set", "score.ranges.auc", "[0.5, 1]")
    mlreg("config", "set", "policy.production.approvals.count", "2")
    lines = dict(line.split("\t", 1) for line in mlreg("config", "list", "--show-origin").out.splitlines())
    assert lines["retention.keep_newest"] == f"5\t{file}, line 15"
    assert lines["retention.keep_tags"].startswith('["release"]')
    assert lines['retention.models."risk/*".keep_days'].startswith("90\t")
    assert lines["score.weights.auc"].startswith("1\t")
    assert lines["score.ranges.auc"].startswith("[0.5, 1]\t")
    assert lines["policy.production.approvals.count"].startswith("2\t")


def test_what_could_not_be_read_again_is_not_written_and_says_what_to_do(mlreg, file):
    mlreg("config", "set", "score.weights.auc", "1")
    answer = mlreg("config", "set", "score.weights.f1", "0.5")
    assert (answer.code, "1.5 together, not 1" in answer.err, "write it into the file" in answer.err) == (2, True, True)


def test_variables_of_the_older_system_that_mean_nothing_are_said_to(mlreg, file, monkeypatch):
    monkeypatch.setenv("BRXA_STORAGE_PATH", "/srv/models")
    assert "BRXA_STORAGE_PATH is set, and means nothing to this mlreg" in mlreg("config", "list").err
    assert len(mlreg("config", "list", "--json").document["warnings"]) == 1


def test_no_setting_names_something_to_execute():
    words = ("command", "program", "exec", "hook", "editor", "pager", "shell", "run")
    assert [key.name for key in settings.KEYS if any(word in key.name for word in words)] == []


def test_every_setting_is_documented_and_its_default_is_one_that_it_can_have():
    page = (Path(__file__).parents[2] / "docs/configuration.md").read_text()
    for key in settings.KEYS:
        assert f"`{key.name.replace('**', 'WORD').replace('*', 'NAME')}`" in page
        assert all(f"`{variable}`" in page for variable in key.variables)
        assert key.default is None or key.kind.accepts(key.default)


def test_the_plain_words_of_policies_are_settings(mlreg, file):
    for words in (
        ("policy.production.approvals.count", "2"),
        ("policy.production.approvals.from", "@risk"),
        ("policy.production.metrics.auc.min", "0.9"),
        ("policy.production.require", "owner,licence"),
        ('policy.models."risk/*".staging.allow_force', "true"),
    ):
        assert mlreg("config", "set", *words).code == 0, words
    rules = tomllib.loads(file.read_text())["policy"]
    assert rules == {
        "production": {
            "approvals": {"count": 2, "from": ["@risk"]}, "metrics": {"auc": {"min": 0.9}},
            "require": ["owner", "licence"],
        },
        "models": {"risk/*": {"staging": {"allow_force": True}}},
    }  # fmt: skip
    assert mlreg("config", "get", "policy.production.metrics.auc.min").out == "0.9\n"
    listed = dict(line.split("\t") for line in mlreg("config", "list").out.splitlines())
    assert listed['policy.models."risk/*".staging.allow_force'] == "true"
    assert mlreg("config", "unset", "policy.production.require").code == 0
    assert "require" not in tomllib.loads(file.read_text())["policy"]["production"]


def test_approvals_can_be_required_in_one_call(mlreg, file, tmp_path):
    """S1-44."""
    settings_ = Registry.config(tmp_path)
    assert not settings_.set_approval_required(approvers=["bo"], dry_run=True).before
    settings_.set_approval_required(stage="production", approvers=["bo@example.org", "@risk"])
    assert "2, one of each of bo@example.org, @risk" in mlreg("policy", "show").out
    settings_.set_approval_required("staging")
    assert tomllib.loads(file.read_text())["policy"]["staging"] == {"approvals": {"count": 1}}
    with pytest.raises(UsageError):
        settings_.set_approval_required("nowhere")


def test_the_method_is_the_twin_of_the_command(mlreg, file, tmp_path):
    settings_ = Registry.config(tmp_path)
    assert settings_.set("stages.order", ["development", "live"]).changed
    assert settings_.get("stages.order").setting.value == ["development", "live"]
    assert settings_.unset("stages.order").value is None


@pytest.mark.parametrize("variable", ["MLREG_STORAGE_TYPE", "BRXA_STORAGE_TYPE"])
def test_who_asks_for_bytes_in_another_place_is_told_before_they_are_kept_here(mlreg, project, monkeypatch, variable):
    assert variable in settings.parse_key(preferences.STORAGE_TYPE)[0].variables == preferences.STORAGE_VARIABLES
    for local in ("local", "LOCAL"):  # as `config list` takes it
        monkeypatch.setenv(variable, local)
        assert (mlreg("list").code, mlreg("config", "list").code) == (0, 0)
    monkeypatch.setenv(variable, "s3")
    answer = mlreg("register", "new", "v100.pkl")
    assert (answer.code, answer.out) == (2, "")
    assert f"hint: `unset {variable}`" in answer.err
