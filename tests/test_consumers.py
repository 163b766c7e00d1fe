"""Consumers: locks that are exact, stay until upgraded and are the same bytes; and who told that they are there."""

from __future__ import annotations

import tomllib

import pytest

from mlreg import consumers
from mlreg.errors import NotFoundError, UsageError
from mlreg.store import layout


@pytest.fixture
def service(registry, model_file, tmp_path):
    """A directory of a service that wants `fraud`, and a repository with three versions of it."""
    for version in ("3.1.0", "3.2.0", "4.0.0"):
        registry.register("fraud", model_file(version), version=version, stage="production")
    directory = tmp_path / "service"
    directory.mkdir()

    def wants(text: str):
        (directory / "mlreg.toml").write_text(text)
        return directory

    wants('consumer = "shop"\n\n[models]\nfraud = ">=3.1,<4"\n')
    directory_of = wants
    return directory, directory_of


def locked(directory):
    return {pin["name"]: pin for pin in tomllib.loads((directory / "mlreg.lock").read_text())["models"]}


def test_a_lock_has_exact_versions_and_digests(registry, service):
    answer = registry.lock(service[0])
    known = registry.info("fraud@3.2.0").document()
    assert locked(service[0])["fraud"] == {
        "name": "fraud",
        "wanted": ">=3.1,<4",
        "version": "3.2.0",
        "digest": known["digest"],
        "content_digest": known["content_digest"],
    }
    assert (answer.changed, list(answer.stale)) == (True, ["fraud: not locked"])


def test_the_same_lock_is_the_same_bytes(registry, service):
    registry.lock(service[0])
    before = (service[0] / "mlreg.lock").read_bytes()
    assert registry.lock(service[0]).changed is False
    (service[0] / "mlreg.lock").unlink()
    registry.lock(service[0])
    assert (service[0] / "mlreg.lock").read_bytes() == before


def test_what_is_locked_stays_until_it_is_upgraded(registry, service, model_file):
    registry.lock(service[0])
    registry.register("fraud", model_file("new"), version="3.3.0")
    assert registry.check_lock(service[0]).stale == []
    assert registry.lock(service[0]).changed is False
    newer = registry.outdated(service[0]).models[0]
    assert (newer.locked, newer.newest, newer.latest, newer.status) == ("3.2.0", "3.3.0", "4.0.0", "outdated")
    assert registry.lock(service[0], upgrade=True).changed
    assert locked(service[0])["fraud"]["version"] == "3.3.0"
    assert registry.outdated(service[0]).models[0].status == "behind"


def test_a_stage_that_moves_on_does_not_move_a_lock(registry, service):
    service[1]('[models]\nfraud = "production"')
    registry.lock(service[0])
    registry.rollback("fraud")
    assert registry.check_lock(service[0]).stale == []
    assert registry.outdated(service[0]).models[0].newest == "3.2.0"


@pytest.mark.parametrize(
    ("text", "stale", "version"),
    [
        ('[models]\nfraud = "^4"', ["fraud: ^4 is wanted, 3.2.0 is locked"], "4.0.0"),
        ('[models]\nfraud = "^3"', ["fraud: ^3 is wanted, not >=3.1,<4"], "3.2.0"),
        ('[models]\nfraud = "latest"', ["fraud: latest is wanted, 3.2.0 is locked"], "4.0.0"),
        ("[models]", ["fraud: not wanted"], None),
    ],
)
def test_a_lock_is_stale_where_something_else_is_wanted(registry, service, text, stale, version):
    registry.lock(service[0])
    service[1](text)
    assert registry.check_lock(service[0]).stale == stale
    assert "fraud" in locked(service[0])  # a check writes nothing
    registry.lock(service[0])
    assert registry.check_lock(service[0]).stale == []
    assert version is None or locked(service[0])["fraud"]["version"] == version


def test_a_lock_that_somebody_edited_is_stale(registry, service):
    registry.lock(service[0])
    path = service[0] / "mlreg.lock"
    path.write_text(path.read_text() + "# mine\n")
    assert registry.check_lock(service[0]).stale == ["it is not as `mlreg lock` writes it"]
    path.write_text(path.read_text().replace(registry.info("fraud@3.2.0").document()["digest"], f"sha256:{'0' * 64}"))
    assert registry.check_lock(service[0]).stale == [
        "fraud: 3.2.0 is another version than was locked: its digest differs"
    ]


def test_without_a_lock_everything_is_stale(registry, service):
    assert registry.check_lock(service[0]).stale == ["fraud: not locked"]
    with pytest.raises(NotFoundError):
        registry.outdated(service[0])


def test_a_dry_run_writes_nothing(registry, service):
    answer = registry.lock(service[0], announce=True, dry_run=True)
    assert (answer.changed, answer.event) == (True, 2)
    assert not (service[0] / "mlreg.lock").exists()
    assert registry.lock(service[0], announce=True).event == 2


def test_a_deprecated_version_stays_locked_and_is_told(registry, service):
    registry.lock(service[0])
    registry.deprecate("fraud@3.2.0", reason="leaks")
    assert registry.check_lock(service[0]).stale == []
    newer = registry.outdated(service[0]).models[0]
    assert (newer.deprecated, newer.newest) == (True, "3.1.0")


@pytest.mark.parametrize("text", ["[model]", "[models]\nfraud = 3", "no toml", '[models]\nfraud = "archived"'])
def test_a_file_that_means_nothing_is_told_with_its_name(registry, service, text):
    service[1](text)
    with pytest.raises(UsageError) as caught:
        registry.lock(service[0])
    assert "mlreg.toml" in caught.value.message


def test_what_is_not_there_is_not_found(registry, service, tmp_path):
    with pytest.raises(NotFoundError) as caught:
        registry.lock(tmp_path / "elsewhere")
    assert caught.value.stable_code == "no-wants"
    service[1]('[models]\nnone = "^1"')
    with pytest.raises(NotFoundError):
        registry.lock(service[0])


def test_who_announces_is_known_and_named_where_a_version_would_break_them(registry, service):
    bench = registry._bench
    assert registry.lock(service[0], announce=True).event == 2
    assert registry.lock(service[0], announce=True).event is None
    assert consumers.announced(bench) == {"shop": {"fraud": ">=3.1,<4"}}
    assert consumers.broken_notes(bench, "fraud", "4.0.0") == ["shop wants fraud >=3.1,<4: 4.0.0 is not that"]
    assert consumers.broken_notes(bench, "fraud", "3.9.0") == []
    service[1]('consumer = "shop"')
    registry.lock(service[0], announce=True)
    assert consumers.announced(bench) == {}
    assert registry.verify().problems == []


def test_two_that_announce_at_once_both_are_known(registry, service, repository):
    journal = registry._bench.journal
    state = repository.history.state(layout.REPOSITORY)
    registry.lock(service[0], announce=True)
    draft = consumers.Draft(consumers.ANNOUNCED, {"consumer": "app", "models": {"fraud": "^4"}})
    assert journal.commit(state, layout.REPOSITORY, lambda _: draft).number == 3
    assert sorted(consumers.announced(registry._bench)) == ["app", "shop"]


def test_who_has_no_name_cannot_announce(registry, service):
    service[1]('[models]\nfraud = "^4"')
    with pytest.raises(UsageError):
        registry.lock(service[0], announce=True)
    assert not (service[0] / "mlreg.lock").exists()
