"""Promotions that a policy guards: what they leave in the history, force, races, the way in, and the past."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlreg import gating, ruling
from mlreg.adapters import load
from mlreg.domain.events import PROMOTED
from mlreg.errors import BlockedError, NotFoundError, UsageError
from mlreg.journal import Journal
from mlreg.registry import Registry
from mlreg.store import codec, layout
from mlreg.store.config import TEMPLATE
from mlreg.store.repository import Repository


@pytest.fixture
def rule(repository):
    """Writes the policy of the repository, and returns a registry that knows it."""

    def write(text: str, *, now, actor: str = "ann@example.org") -> Registry:
        repository.backend.delete(layout.CONFIG)
        repository.backend.create(layout.CONFIG, [f"{TEMPLATE}\n{text}".encode()])
        return Registry(repository, actor=actor, now=now)

    return write


@pytest.fixture
def three(registry, model_file, clock, rule):
    """Three versions of `fraud` with rising metrics; the first one is in production."""
    for version, auc in (("1.0.0", 0.8), ("2.0.0", 0.9), ("3.0.0", 1.0)):
        registry.register("fraud", model_file(version), version=version, metrics={"auc": auc})
    registry.promote("fraud", "1.0.0", to="production")

    def ruled(text: str, actor: str = "ann@example.org") -> Registry:
        return rule(text, now=clock, actor=actor)

    return ruled


def last(registry: Registry):
    return registry.history("fraud").events[-1]


def test_a_shut_gate_refuses_and_leaves_nothing(three, repository):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.95 }")
    before = last(registry).number
    with pytest.raises(BlockedError) as refused:
        registry.promote("fraud", "2.0.0", to="production")
    assert (refused.value.stable_code, refused.value.exit_code) == ("policy", 7)
    assert [(gate["gate"], gate["open"], gate["value"]) for gate in refused.value.facts["gates"]] == [
        ("auc", False, 0.9)
    ]
    assert last(registry).number == before


def test_an_open_policy_is_named_in_the_event_and_kept_as_a_blob(three, repository):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9, min_gain = 0.1 }")
    answer = registry.promote("fraud", "2.0.0", to="production")
    effects = last(registry).effects
    text = b"".join(bytes(part) for part in repository.blobs.read(effects["policy"]))
    rules = {"metrics": {"auc": {"min": 0.9, "min_gain": 0.1}}}
    assert codec.parse_json(text, name="policy") == {"format": 1, "stage": "production", "rules": rules}
    assert [gate["open"] for gate in effects["gates"]] == [True, True]
    assert "forced" not in effects
    assert answer.document()["gates"] == effects["gates"]


def test_gc_keeps_the_text_of_the_policy(three, repository):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }")
    registry.promote("fraud", "2.0.0", to="production")
    registry.gc(prune=True, now=True)
    assert repository.blobs.has(last(registry).effects["policy"])
    assert registry.verify().problems == []


@pytest.mark.parametrize("scope", [None, "fraud"])
def test_verify_names_the_text_of_a_policy_that_is_lost_or_changed(three, repository, scope):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }")
    registry.promote("fraud", "2.0.0", to="production")
    key = layout.blob(last(registry).effects["policy"])
    repository.backend.delete(key)
    assert [(one.code, one.object) for one in registry.verify(scope).problems] == [("blob-missing", key)]
    repository.backend.create(key, [b"{}"])
    assert [(one.code, one.object) for one in registry.verify(scope).problems] == [("blob-damaged", key)]


def test_a_dry_run_judges_and_keeps_nothing(three, repository):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }")
    answer = registry.promote("fraud", "2.0.0", to="production", dry_run=True)
    assert [reading.is_open for reading in answer.verdict.readings] == [True]
    assert not repository.blobs.has(answer.verdict.policy)
    with pytest.raises(BlockedError):
        three("[policy.production]\nmetrics.auc = { min = 0.95 }").promote(
            "fraud", "2.0.0", to="production", dry_run=True
        )


def test_force_is_marked_for_ever_and_only_where_it_is_allowed(three):
    shut = "[policy.production]\nmetrics.auc = { min = 0.95 }\n"
    with pytest.raises(BlockedError) as refused:
        three(shut).promote("fraud", "2.0.0", to="production", force=True, reason="night")
    assert "allow_force" in refused.value.hint
    registry = three(f"{shut}allow_force = true")
    with pytest.raises(UsageError):
        registry.promote("fraud", "2.0.0", to="production", force=True)
    with pytest.raises(BlockedError):
        registry.promote("fraud", "2.0.0", to="production", reason="not forced")
    assert registry.promote("fraud", "2.0.0", to="production", force=True, reason="night").forced
    event = last(registry)
    assert (event.effects["forced"], event.reason) == (True, "night")
    assert [gate["gate"] for gate in event.effects["gates"] if not gate["open"]] == ["auc"]


def test_force_where_all_gates_are_open_is_no_force(three):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }\nallow_force = true")
    assert not registry.promote("fraud", "2.0.0", to="production", force=True, reason="to be sure").forced
    assert "forced" not in last(registry).effects


def test_force_does_not_go_past_the_rules_of_a_life(three):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }\nallow_force = true")
    registry.deprecate("fraud", "2.0.0", reason="bad")
    with pytest.raises(BlockedError, match="is deprecated"):
        registry.promote("fraud", "2.0.0", to="production", force=True, reason="night")


def test_a_guarded_stage_is_not_reached_by_registering(three, model_file):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }")
    with pytest.raises(BlockedError, match="a policy guards production"):
        registry.register("fraud", model_file("w9"), version="9.0.0", stage="production")
    assert registry.register("fraud", model_file("w9"), version="9.0.0", stage="staging").stage == "staging"


def test_a_rollback_asks_no_gate(three):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.9 }")
    registry.promote("fraud", "2.0.0", to="production")
    assert registry.rollback("fraud").version == "1.0.0"


def test_what_stands_there_already_is_not_judged(three):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.95 }")
    assert not registry.promote("fraud", "1.0.0", to="production").changed


def test_who_loses_a_race_is_judged_again_on_what_is_new(three, repository, clock):
    """Between the decision and the event somebody else promotes a better version: the gain is gone."""
    registry = three("[policy.production]\nmetrics.auc = { min_gain = 0.15 }")
    other = Registry(repository, actor="bo@example.org", now=clock)
    race = []

    class Racing(Journal):
        def stamp(self):
            if race:
                race.pop()()
            return super().stamp()

    registry.set("fraud", "2.0.0", metrics={"auc": 0.96})
    registry._bench.journal = Racing(repository.history, actor="ann", now=clock)
    race.append(lambda: other.promote("fraud", "3.0.0", to="production"))
    with pytest.raises(BlockedError, match="may not go to production"):
        registry.promote("fraud", "2.0.0", to="production")
    assert [event.version for event in registry.history("fraud").events if event.kind == PROMOTED] == ["1.0.0", "3.0.0"]


def test_a_metric_that_is_set_late_counts(three):
    registry = three("[policy.production]\nmetrics.auc = { min = 0.95 }\nevidence = ['ab_test']")
    registry.set("fraud", "2.0.0", metrics={"auc": 0.97}, meta={"evidence": {"ab_test": {"passed": True}}})
    assert registry.promote("fraud", "2.0.0", to="production").changed


def test_the_way_back_is_read_and_damage_shuts_the_gate(three, repository):
    registry = three("[policy.production]\nway_back = true")
    digest = registry.info("fraud@1.0.0").document()["files"][0]["digest"]
    assert registry.judge("fraud", "2.0.0").document()["gates"][0]["value"] == "1.0.0"
    repository.backend.delete(layout.blob(digest))
    shut = registry.judge("fraud", "2.0.0").readings[0]
    assert (shut.is_open, shut.value) == (False, None)
    assert "1.0.0 does not have its bytes here" in shut.details
    repository.backend.create(layout.blob(digest), [b"other"])
    damaged = registry.judge("fraud", "2.0.0").readings[0]
    assert (damaged.is_open, damaged.value) == (False, "1.0.0")


def test_the_way_back_has_to_serve_those_who_call_the_holder(three, registry, model_file):
    known = {"inputs": [{"name": "a", "type": "float"}], "outputs": [{"name": "p", "type": "float"}]}
    wider = {**known, "outputs": [*known["outputs"], {"name": "q", "type": "float"}]}
    for version, signature in (("5.0.0", known), ("6.0.0", wider), ("7.0.0", wider)):
        registry.register("fraud", model_file(version), version=version, signature=signature)
        if version != "7.0.0":
            registry.promote("fraud", version, to="production")
    registry.deprecate("fraud", "6.0.0", reason="bad")
    reading = three("[policy.production]\nway_back = true").judge("fraud", "7.0.0").readings[0]
    assert (reading.is_open, reading.value) == (False, "5.0.0")
    assert any("'q'" in detail for detail in reading.details)


def test_the_first_to_hold_a_stage_has_nothing_to_go_back_to(three):
    assert three("[policy.staging]\nway_back = true").promote("fraud", "2.0.0", to="staging").changed


def test_the_scan_reads_the_bytes_and_what_runs_code_shuts_the_gate(three, registry, tmp_path):
    evil = tmp_path / "evil.pkl"
    evil.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    registry.register("fraud", evil, version="4.0.0", metrics={"auc": 0.99})
    ruled = three('[policy.production]\nscan = "allowed"')
    reading = ruled.judge("fraud", "4.0.0").readings[0]
    assert (reading.is_open, reading.value) == (False, "0 of 1 allowed")
    assert reading.details[0].startswith("evil.pkl: refused")
    assert ruled.judge("fraud", "2.0.0").readings[0].is_open


def test_a_scan_of_bytes_that_are_gone_shuts_the_gate(three, repository):
    registry = three('[policy.production]\nscan = "allowed"')
    digest = registry.info("fraud@2.0.0").document()["files"][0]["digest"]
    repository.backend.delete(layout.blob(digest))
    assert not registry.judge("fraud", "2.0.0").readings[0].is_open


def test_consumers_are_named_and_where_a_gate_asks_they_shut_it(three, registry, tmp_path):
    (tmp_path / "mlreg.toml").write_text('consumer = "shop"\n[models]\nfraud = "^1"\n')
    registry.lock(tmp_path, announce=True)
    assert not three("[policy.production]\nconsumers = true").judge("fraud", "2.0.0").readings[0].is_open
    notes = three("").promote("fraud", "2.0.0", to="production").notes
    assert "shop wants fraud ^1: 2.0.0 is not that" in notes


def test_unsigned_approvals_count_where_they_are_allowed_and_under_this_policy_only(three):
    text = "[approvals]\nunsigned = true\n[policy.production]\napprovals = 1\n"
    three(text, actor="bo@example.org").approve("fraud", "2.0.0", stage="production")
    assert three(text).judge("fraud", "2.0.0").readings[0].is_open
    stricter = three(f"{text}metrics.auc = {{ min = 0.9 }}").judge("fraud", "2.0.0")
    assert [reading.is_open for reading in stricter.readings] == [True, False]
    assert any("another policy" in detail for detail in stricter.readings[1].details)


def test_a_policy_is_shown_as_it_is_written_and_as_it_holds(three):
    text = '[policy.production]\nrequire = ["owner"]\n[policy.models."fr*".production]\nmax_age = "1d"\n'
    registry = three(text)
    assert [(row.models, row.gate) for row in registry.policy().rows] == [("*", "owner"), ("fr*", "max_age")]
    known = registry.policy("fraud").rows
    assert [(row.models, row.gate) for row in known] == [("fraud", "owner"), ("fraud", "max_age")]
    assert {row.policy for row in known} == {ruling.policy_digest(registry._bench, "fraud", "production")}
    assert registry.policy("fraud", to="staging").rows == []
    with pytest.raises(NotFoundError):
        registry.policy("nothing")


def test_the_digest_of_a_policy_does_not_change_with_what_is_beside_it(three):
    digests = [
        ruling.policy_digest(three(f"{beside}\n[policy.prod]\nmax_age = '1d'")._bench, "fraud", "production")
        for beside in ("", "# words", "[policy.staging]\nmax_age = '2d'", "[metrics.score]\ndirection = 'up'")
    ]
    assert len({*digests}) == 1
    assert ruling.policy_digest(three("")._bench, "fraud", "production") is None


def test_no_policy_asks_for_nothing_and_says_nothing(three):
    registry = three("")
    answer = registry.promote("fraud", "2.0.0", to="production")
    assert answer.verdict is None
    assert not {"policy", "gates", "forced"} & {*last(registry).effects, *answer.document()}
    assert gating.judge(registry._bench, "fraud", "3.0.0", to=None).document()["open"]


def test_the_past_is_judged_by_what_was_known_then(three, tmp_path):
    """3.0.0 was worse than it said: it was rolled back. Its later metric must not change what the past knew."""
    registry = three("")
    for version in ("2.0.0", "3.0.0"):
        registry.promote("fraud", version, to="production")
    registry.rollback("fraud", reason="worse")
    registry.set("fraud", "2.0.0", metrics={"auc": 0.1})
    other = tmp_path / "stricter.toml"
    other.write_text("[policy.production]\nmetrics.auc = { max = 0.95 }")
    tested = registry.test_policy(other)
    assert [(one.version, one.is_stopped, one.rolled_back) for one in tested.promotions] == [
        ("1.0.0", False, False),
        ("2.0.0", False, False),
        ("3.0.0", True, True),
    ]
    counts = tested.document()
    assert (counts["stopped"], counts["passed"]) == ({"rolled_back": 1, "kept": 0}, {"rolled_back": 0, "kept": 2})


def test_the_past_has_its_own_holder_and_its_own_day(three, clock):
    registry = three("")
    registry.promote("fraud", "3.0.0", to="production")
    registry.promote("fraud", "2.0.0", to="production")
    stopped = three('[policy.production]\nmetrics.auc = { max_loss = 0 }\nmax_age = "1d"').test_policy().promotions
    assert [(one.version, [gate.gate for gate in one.shut]) for one in stopped] == [
        ("1.0.0", []),
        ("3.0.0", []),
        ("2.0.0", ["auc"]),
    ]


def test_a_rollback_of_another_stage_or_of_a_later_stay_is_not_that_of_a_promotion(three):
    registry = three("")
    for version in ("2.0.0", "3.0.0", "2.0.0"):
        registry.promote("fraud", version, to="production")
    registry.rollback("fraud")
    tested = three("[policy.production]\nmetrics.auc = { min = 0 }").test_policy(names=["fraud"])
    assert [(one.version, one.rolled_back) for one in tested.promotions] == [
        ("1.0.0", False),
        ("2.0.0", False),
        ("3.0.0", False),
        ("2.0.0", True),
    ]


def test_to_go_forward_again_is_no_rollback_of_who_was_there(three):
    registry = three("")
    registry.promote("fraud", "2.0.0", to="production")
    registry.rollback("fraud")
    registry.rollback("fraud", to="2.0.0")
    tested = three("[policy.production]\nmetrics.auc = { min = 0 }").test_policy()
    assert [(one.version, one.rolled_back) for one in tested.promotions] == [("1.0.0", False), ("2.0.0", True)]


def test_a_file_that_is_not_there_or_says_nothing_is_told(three, tmp_path):
    registry = three("")
    with pytest.raises(NotFoundError):
        registry.test_policy(tmp_path / "none.toml")
    (tmp_path / "wrong.toml").write_text("[policy.production]\nmin_acu = 1")
    with pytest.raises(UsageError, match=r"line 2: 'min_acu' is not a gate"):
        registry.test_policy(tmp_path / "wrong.toml")
    assert registry.test_policy().notes == ["it has no policy"]


def test_a_policy_on_disk_is_read_with_its_line(tmp_path: Path):
    repository = Repository(load("backends", "local").connect(tmp_path))
    (tmp_path / "config.toml").write_text("# words\n\n[policy.production]\nmin_acu = 1\n")
    with pytest.raises(UsageError, match=r"line 4: 'min_acu' is not a gate"):
        repository.config()
