"""Gates and policies: what opens a gate, what never does, and which of two words about the same counts."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.approvals import Approval, Refusal, Tally
from mlreg.domain.events import Event
from mlreg.domain.gates.base import ScannedFile, WayBack
from mlreg.domain.metric import Direction, Metric
from mlreg.domain.policies import KINDS, Policies, Verdict, parse_policies, table
from mlreg.domain.record import ModelVersion
from mlreg.domain.semver import Version
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Seat, Standing, Tenure
from mlreg.errors import UsageError

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
STAGES = Stages()
NOT_FINITE = [math.nan, math.inf, -math.inf, "NaN", "inf", "-Infinity"]

NOBODY, SOUND = Tally((), (), (), "ann", True), WayBack("1.0.0")


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event(number: int, moment: datetime = NOW, actor: str = "ann") -> Event:
    return Event(number, "id", "fraud", "registered", at(moment), actor, None, None, "sha256:0", {})


def standing(version: str, registered: datetime = NOW) -> Standing:
    told = event(1, registered)
    return Standing(Version.parse(version), "sha256:r" + version, "sha256:c", "sha256:f", told, "staging", told)


@dataclass
class Known:
    """All that gates may ask, stated: the candidate is 2.0.0, and 1.0.0 holds production where it has metrics."""

    new: ModelVersion
    old: ModelVersion | None = None
    approvals: Tally = NOBODY
    files: Sequence[ScannedFile] = ()
    way: WayBack = SOUND
    lost: Sequence[str] = ()
    registered: datetime = NOW
    directions: Mapping[str, Direction] = field(default_factory=dict)
    stage: str = "production"
    now: datetime = NOW
    stages: Stages = STAGES
    state: ModelState = field(default_factory=lambda: ModelState(spelling="fraud"))

    @property
    def standing(self) -> Standing:
        return standing("2.0.0", self.registered)

    @property
    def holder(self) -> Standing | None:
        return standing("1.0.0") if self.old is not None else None

    def record(self, of: Standing) -> ModelVersion:
        found = self.new if str(of.version) == "2.0.0" else self.old
        assert found is not None
        return found

    def tally(self) -> Tally:
        return self.approvals

    def scan(self) -> Sequence[ScannedFile]:
        return self.files

    def way_back(self) -> WayBack:
        return self.way

    def broken(self) -> Sequence[str]:
        return self.lost


def version(metrics: Mapping[str, Any] | None = None, **facts: Any) -> ModelVersion:
    known = {name: Metric.parse(name, value) for name, value in (metrics or {}).items()}
    return ModelVersion("fraud", Version.parse("2.0.0"), metrics=known, **facts)


def complain(key: str, what: str, hint: str | None) -> UsageError:
    return UsageError(what, hint=hint, facts={"key": key})


def policies(text: str) -> Policies:
    return parse_policies(tomllib.loads(text).get("policy", {}), STAGES, complain)


def readings(text: str, known: Known) -> Verdict:
    rules = policies(f"[policy.production]\n{text}").rules("fraud", "production")
    assert rules is not None
    return Verdict("sha256:p", rules.allows_force, rules.read(known))


def opens(text: str, known: Known) -> bool:
    return not readings(text, known).shut


BOUNDS = [
    "{ min = 0.5 }",
    "{ max = 0.5 }",
    "{ min_gain = 0 }",
    '{ min_gain = "1%" }',
    "{ max_loss = 0.1 }",
    '{ max_loss = "5%" }',
]
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize("bound", BOUNDS)
@given(missing=st.sampled_from([None, *NOT_FINITE]), other=numbers, way=st.sampled_from(["up", "down"]))
def test_no_gate_opens_on_a_metric_that_is_missing_or_not_finite(bound, missing, other, way):
    odd = version({} if missing is None else {"score": missing})
    known = Known(odd, version({"score": other}), directions={"score": way})
    assert not opens(f"metrics.score = {bound}", known)
    alone = Known(odd, None, directions={"score": way})
    assert not opens(f"metrics.score = {bound}", alone)


@pytest.mark.parametrize("bound", BOUNDS[2:])
@given(missing=st.sampled_from([None, *NOT_FINITE]), mine=numbers, way=st.sampled_from(["up", "down"]))
def test_no_gate_opens_against_a_holder_whose_metric_is_missing_or_not_finite(bound, missing, mine, way):
    holder = version({} if missing is None else {"score": missing})
    known = Known(version({"score": mine}), holder, directions={"score": way})
    assert not opens(f"metrics.score = {bound}", known)


@given(number=numbers)
def test_a_bound_that_is_met_exactly_opens_and_the_next_number_beyond_it_does_not(number):
    stated = f"metrics.score = {{ min = {number!r}, max = {number!r} }}"
    assert opens(stated, Known(version({"score": number})))
    for beyond in (math.nextafter(number, math.inf), math.nextafter(number, -math.inf)):
        assert not opens(stated, Known(version({"score": beyond})))


@given(
    old=st.integers(-1000, 1000),
    step=st.integers(-50, 50),
    least=st.integers(0, 50),
    way=st.sampled_from(["up", "down"]),
)
def test_gains_and_losses_are_exact_in_both_directions(old, step, least, way):
    new = old + step if way == "up" else old - step
    thousandths = [version({"score": f"{number}e-3"}) for number in (new, old)]
    known = Known(*thousandths, directions={"score": way})
    assert opens(f'metrics.score = {{ min_gain = "{least}e-3" }}', known) is (step >= least)
    assert opens(f'metrics.score = {{ max_loss = "{least}e-3" }}', known) is (-step <= least)


@pytest.mark.parametrize(
    ("bound", "new", "old", "expected"),
    [
        ('{ min_gain = "1%" }', 0.808, 0.8, True),
        ('{ min_gain = "1%" }', 0.8079, 0.8, False),
        ('{ max_loss = "5%" }', 0.76, 0.8, True),
        ('{ max_loss = "5%" }', 0.7599, 0.8, False),
        ('{ min_gain = "1%" }', -0.5, -1, True),
        ('{ min_gain = "1%" }', 1, 0, False),
        ("{ max_loss = 0 }", 0.8, 0.8, True),
    ],
)
def test_a_share_is_of_the_holders_value(bound, new, old, expected):
    assert opens(f"metrics.auc = {bound}", Known(version({"auc": new}), version({"auc": old}))) is expected


def test_units_are_compared_and_what_does_not_compare_shuts():
    assert opens('metrics.latency = { max = "0.2s" }', Known(version({"latency": "180ms"})))
    assert not opens('metrics.latency = { max = "0.1s" }', Known(version({"latency": "180ms"})))
    for other in ({"latency": 0.1}, {"latency": "1MB"}):
        assert not opens('metrics.latency = { max = "0.2s" }', Known(version(other)))
    assert not opens(
        "metrics.latency = { max_loss = 1 }", Known(version({"latency": "1ms"}), version({"latency": "1MB"}))
    )


def test_a_metric_of_unknown_or_contradicted_direction_is_held_against_nobody():
    gain = "metrics.score = { min_gain = 0 }"
    assert not opens(gain, Known(version({"score": 2}), version({"score": 1})))
    assert opens(gain, Known(version({"score": 2}), version({"score": 1}), directions={"score": "up"}))
    turned = version({"auc": {"value": 0.1, "direction": "down"}})
    assert not opens("metrics.auc = { min_gain = 0 }", Known(turned, version({"auc": 0.9})))


def test_metrics_of_other_data_are_not_compared():
    one, other = ({"auc": {"value": value, "dataset_digest": digest}} for value, digest in ((0.9, "a"), (0.8, "b")))
    assert not opens("metrics.auc = { min_gain = 0 }", Known(version(one), version(other)))


def test_nobody_to_compare_with_opens_what_is_relative():
    assert opens("metrics.auc = { min_gain = 0.1 }", Known(version({"auc": 0.5})))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"owner": "ann", "meta": {"license": "MIT", "card": {"use": "x"}}, "description": "words"}, True),
        ({"owner": "ann", "meta": {"license": "MIT", "card": {}}, "description": "words"}, False),
        ({"owner": " ", "meta": {"licence": "MIT", "card": {"use": "x"}}, "description": "words"}, False),
        ({"owner": "ann", "meta": {"card": {"use": "x"}}, "description": "words"}, False),
        ({}, False),
    ],
)
def test_required_facts_have_to_say_something(facts, expected):
    assert opens('require = ["owner", "licence", "description", "meta.card.use"]', Known(version(**facts))) is expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-03-31", True),
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-01T11:59:59Z", False),
        ("2026-03-01", False),
        ("2026-03", False),
        ("2026-04-01", False),
        ("soon", False),
        ("7d", False),
        ("2026-13-01", False),
        (None, False),
    ],
)
def test_data_are_as_old_as_the_beginning_of_their_date(date, expected):
    meta = {} if date is None else {"data_date": date}
    assert opens('max_data_age = "30d"', Known(version(meta=meta))) is expected


def test_the_version_of_the_data_set_is_its_date_where_it_is_one():
    assert opens('max_data_age = "30d"', Known(version(dataset={"version": "2026-03-30"})))
    assert not opens('max_data_age = "30d"', Known(version(dataset={"version": "v7"})))


def test_a_version_has_an_age():
    assert opens('max_age = "24h"', Known(version(), registered=NOW - timedelta(hours=24)))
    assert not opens('max_age = "24h"', Known(version(), registered=NOW - timedelta(hours=24, seconds=1)))


def signed(*fields: str) -> dict[str, Any]:
    return {"inputs": [{"name": name, "type": "float"} for name in fields], "outputs": [{"name": "p", "type": "float"}]}


@pytest.mark.parametrize(
    ("wanted", "new", "old", "expected"),
    [
        ("declared", None, None, False),
        ("declared", signed("a"), None, True),
        ("compatible", signed("a"), signed("a"), True),
        ("compatible", signed("a", "b"), signed("a"), False),
        ("compatible", None, signed("a"), False),
        ("compatible", {"inputs": 7}, signed("a"), False),
        ("compatible", signed("a"), {"inputs": 7}, False),
    ],
)
def test_a_signature_is_declared_and_breaks_nobody(wanted, new, old, expected):
    known = Known(version(signature=new), version(signature=old))
    assert opens(f'signature = "{wanted}"', known) is expected


def held(*tenures: tuple[str | None, timedelta]) -> ModelState:
    seat = Seat(tenures=[Tenure(holder, at(NOW - ago), event(1)) for holder, ago in tenures])
    return ModelState(spelling="fraud", seats={"staging": seat})


def test_an_earlier_stage_has_to_be_held_and_for_how_long():
    never, day = held(("1.0.0", timedelta(days=9))), timedelta(days=1)
    twice = held(("2.0.0", 9 * day), ("1.0.0", 8 * day), ("2.0.0", 1 * day))
    assert not opens('held = ["staging"]', Known(version(), state=never))
    assert opens('held = ["staging"]', Known(version(), state=twice))
    assert opens('held = { staging = "2d" }', Known(version(), state=twice))
    assert not opens('held = { staging = "49h" }', Known(version(), state=twice))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("passed", True),
        (True, True),
        ({"passed": True, "lift": 0.1}, True),
        ("failed", False),
        (False, False),
        ({"passed": False}, False),
        ({"treatment": 1}, False),
        (1, False),
        (None, False),
    ],
)
def test_evidence_is_attached_and_says_that_it_passed(stated, expected):
    meta = {} if stated is None else {"evidence": {"ab_test": stated}}
    assert opens('evidence = ["ab_test"]', Known(version(meta=meta))) is expected


def approval(who: str, *groups: str, days: int = 0, decision: str = "approve", number: int = 5) -> Approval:
    return Approval(number, decision, who, "production", at(NOW - timedelta(days=days)), None, None, "SHA256:k", groups)


@pytest.mark.parametrize(
    ("stated", "valid", "expected"),
    [
        ("2", ["bo", "cy"], True),
        ("2", ["bo"], False),
        ("2", ["bo", "BO"], False),
        ("1", ["ann"], False),
        ("1", [], False),
        ('{ count = 1, from = ["@risk"] }', ["bo"], False),
        ('{ count = 1, from = ["@risk"] }', ["bo@risk"], True),
        ('{ count = 1, from = ["bo"] }', ["bo"], True),
        ('{ count = 1, from = ["risk"] }', ["bo@risk"], False),
        ('{ each = ["@risk", "@ops"] }', ["bo@risk", "cy@ops"], True),
        ('{ each = ["@risk", "@ops"] }', ["bo@risk", "cy@risk"], False),
        ('{ count = 1, max_age = "2d" }', ["bo-2"], True),
        ('{ count = 1, max_age = "2d" }', ["bo-3"], False),
    ],
)
def test_approvals_are_of_so_many_people_out_of_those(stated, valid, expected):
    found = []
    for word in valid:
        who, _, group = word.partition("@")
        who, _, days = who.partition("-")
        found.append(approval(who, *([group] if group else []), days=int(days or 0)))
    known = Known(version(), approvals=Tally(found, (), (), "ann", True))
    assert opens(f"approvals = {stated}", known) is expected


def test_a_rejection_shuts_and_refused_approvals_are_told_with_the_reason():
    bad = approval("dan", number=9)._replace(refusal=Refusal("expired", "it expired"))
    no = approval("eve", decision="reject", number=7)
    verdict = readings("approvals = 1", Known(version(), approvals=Tally([approval("bo")], [no], [bad], "ann", False)))
    assert [reading.gate for reading in verdict.shut] == ["approvals"]
    details = verdict.readings[0].details
    assert {"eve rejects it: event 7", "event 9 does not count: it expired"} <= {*details}
    assert any(detail.startswith("unanchored") for detail in details)


def test_keys_whose_root_nobody_has_pinned_can_be_refused():
    unanchored = Known(version(), approvals=Tally([approval("bo")], (), (), "ann", False))
    assert opens("approvals = { count = 1 }", unanchored)
    assert not opens("approvals = { count = 1, anchored = true }", unanchored)


def test_the_scan_the_consumers_and_the_way_back_open_on_what_is_whole_only():
    good, bad = ScannedFile("m.pkl", "allowed"), ScannedFile("m.pkl", "refused", "calls os.system")
    assert opens('scan = "allowed"', Known(version(), files=[good]))
    assert not opens('scan = "allowed"', Known(version(), files=[good, bad]))
    assert not opens('scan = "allowed"', Known(version(), files=[]))
    assert opens("consumers = true", Known(version()))
    assert not opens("consumers = true", Known(version(), lost=["shop wants fraud ^1"]))
    assert opens("way_back = true", Known(version(), way=WayBack("1.0.0")))
    assert opens("way_back = true", Known(version(), way=WayBack(None, is_first=True)))
    assert not opens("way_back = true", Known(version(), way=WayBack("1.0.0", ["m.bin is damaged"])))
    assert not opens("way_back = true", Known(version(), way=WayBack(None)))


EVERYTHING = """
metrics.auc = { min = 0.5, min_gain = 0 }
require = ["owner"]
signature = "compatible"
max_data_age = "30d"
max_age = "1h"
held = ["staging"]
evidence = ["evaluation"]
approvals = 1
consumers = true
scan = "allowed"
way_back = true
"""


def test_a_version_of_which_nothing_is_known_opens_no_gate_but_that_nobody_is_broken():
    known = Known(version(), version(), registered=NOW - timedelta(days=1), way=WayBack(None))
    assert {reading.kind for reading in readings(EVERYTHING, known).readings} == {kind.KEY for kind in KINDS}
    assert {reading.kind for reading in readings(EVERYTHING, known).readings if reading.is_open} == {"consumers"}


def test_the_most_specific_word_counts():
    known = policies(
        """
        [policy.production]
        require = ["owner"]
        metrics.auc = { min = 0.8 }
        metrics.f1 = { min = 0.7 }
        [policy.models."risk/*".production]
        metrics.auc = { min = 0.9 }
        [policy.models."risk/fraud".production]
        require = false
        metrics.f1 = false
        [policy.models."*".staging]
        evidence = ["evaluation"]
        """
    )

    def wants(model: str, stage: str) -> set[tuple[str, str]]:
        rules = known.rules(model, stage)
        return {want[::2] for want in rules.wants()} if rules else set()

    owner, f1 = ("owner", "to be stated"), ("f1", "at least 0.7")
    assert wants("other", "production") == {owner, f1, ("auc", "at least 0.8")}
    assert wants("Risk/credit", "production") == {owner, f1, ("auc", "at least 0.9")}
    assert wants("risk/fraud", "production") == {("auc", "at least 0.9")}
    assert wants("other", "staging") == {("evaluation", "to be attached and passed")}


def test_a_more_specific_table_is_asked_whether_force_is_allowed():
    known = policies(
        """
        [policy.production]
        require = ["owner"]
        allow_force = true
        [policy.models."risk/*".production]
        allow_force = false
        """
    )
    assert [known.rules(model, "production").allows_force for model in ("other", "risk/fraud")] == [True, False]


def test_stages_go_by_any_of_their_spellings_and_no_gate_is_no_policy():
    assert policies("[policy.prod]\nrequire = ['owner']").rules("fraud", "production") is not None
    assert policies("[policy.production]\nallow_force = true").rules("fraud", "production") is None
    assert policies("").rules("fraud", "production") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[policy.production]\nmin_acu = 1", "'min_acu' is not a gate"),
        ("[policy.prodution]\nscan = 'allowed'", "is no stage that versions are promoted to"),
        ("[policy.development]\nscan = 'allowed'", "is no stage that versions are promoted to"),
        ("[policy]\nproduction = 1", "policy.production is not a table"),
        ("[policy]\nmodels = 1", "policy.models is not a table of tables"),
        ("[policy.production]\nmetrics = 1", "metrics is not a table"),
        ("[policy.production]\nmetrics.auc = 0.9", "auc is not a table"),
        ("[policy.production]\nmetrics.auc = {}", "states no bound"),
        ("[policy.production]\nmetrics.auc = { mn = 1 }", "'mn' is nothing that auc has"),
        ("[policy.production]\nmetrics.auc = { min = nan }", "is not finite"),
        ("[policy.production]\nmetrics.auc = { min = 'much' }", "is not a number"),
        ("[policy.production]\nmetrics.auc = { min = true }", "is not a number"),
        ("[policy.production]\nmetrics.auc = { min_gain = -1 }", "is less than nothing"),
        ("[policy.production]\nrequire = []", "require is not a list of words"),
        ("[policy.production]\nrequire = ['team']", "'team' is no fact of a version"),
        ("[policy.production]\nsignature = true", "signature is none of"),
        ("[policy.production]\nscan = true", "scan is not 'allowed'"),
        ("[policy.production]\nmax_age = 30", "max_age is not a length of time"),
        ("[policy.production]\nmax_data_age = '0d'", "max_data_age is not a length of time"),
        ("[policy.production]\nheld = ['staging', 'nowhere']", "is not a stage"),
        ("[policy.production]\nheld = ['development']", "no single holder"),
        ("[policy.production]\nevidence = 'ab_test'", "evidence is not a list of words"),
        ("[policy.production]\napprovals = 0", "approvals is not a table"),
        ("[policy.production]\napprovals = { count = 0 }", "is not a whole number"),
        ("[policy.production]\napprovals = { anchored = 1 }", "approvals.anchored is not"),
        ("[policy.production]\nway_back = 1", "way_back is not `true` or `false`"),
        ("[policy.production]\nallow_force = 'yes'", "allow_force is not `true` or `false`"),
    ],
)
def test_a_word_that_means_nothing_is_an_error_and_never_lost(text, says):
    with pytest.raises(UsageError, match=r".") as raised:
        policies(text)
    assert says in raised.value.message


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("owner", ["state it: `mlreg set fraud@2.0.0 --owner TEXT`"]),
        ("licence", ["state it: `mlreg set fraud@2.0.0 --meta licence=TEXT`"]),
        ("meta.team", ["state it: `mlreg set fraud@2.0.0 --meta team=TEXT`"]),
        ("lineage.data", []),  # said by `register` alone
    ],
)
def test_a_fact_that_is_missing_is_told_how_to_state(name, told):
    (reading,) = readings(f"require = ['{name}']", Known(version())).readings
    assert (reading.is_open, list(reading.details)) == (False, told)


def test_a_refusal_shows_the_shut_gates_as_a_table():
    verdict = readings("metrics.auc = { min = 0.88 }\napprovals = 2", Known(version({"auc": 0.871})))
    error = verdict.refusal("fraud", "2.0.0", "production")
    assert error.message == "fraud 2.0.0 may not go to production: 2 of 2 gates are shut"
    assert list(error.details) == [
        "auc        0.871   needs at least 0.88",
        "approvals  0 of 2  needs 2",
        "           to approve it: `mlreg approve fraud@2.0.0 --for production`",
    ]
    assert [gate["open"] for gate in error.facts["gates"]] == [False, False]
    assert table([]) == []
