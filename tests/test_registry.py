"""The Python API over a repository in memory: registering, moving, and what happens when two are at it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from mlreg.errors import BlockedError, ConflictError, MlregError, NotFoundError, UsageError
from mlreg.journal import Clock
from mlreg.ports import Backend
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.repository import Repository

BO = "bo@example.org"
Put = Callable[..., Any]


@pytest.fixture
def put(registry: Registry, model_file: Callable[[str], Path]) -> Put:
    """Registers `fraud` with a file of the given content."""

    def put(content: str = "weights", *, by: Registry = registry, name: str = "fraud", **facts: Any) -> Any:
        return by.register(name, model_file(content), **facts)

    return put


@pytest.fixture
def bo(repository: Repository, clock: Clock) -> Registry:
    """Somebody else at the same repository."""
    return Registry(repository, actor=BO, now=clock)


def contents(repository: Repository) -> dict[str, bytes]:
    return {key: read(repository.backend, key) for key in repository.backend.list("")}


def read(backend: Backend, key: str) -> bytes:
    with backend.open(key) as stream:
        return stream.read()


def kinds(registry: Registry) -> list[str]:
    return [event.kind for event in registry.history("fraud").events]


def stages(registry: Registry) -> dict[str, str]:
    return {line["version"]: line["stage"] for line in registry.versions("fraud").document()["versions"]}


# registering


def test_the_first_version_is_registered_where_it_can_be_found(registry: Registry, put: Put) -> None:
    answer = put(metrics={"auc": 0.9}, tags=["b", "a"], owner="ann")
    assert (answer.version, answer.stage, answer.created, answer.level) == ("1.0.0", "development", True, "major")
    info = registry.info("fraud").document()
    assert (info["metrics"], info["tags"], info["owner"], info["digest"]) == (
        {"auc": 0.9},
        ["a", "b"],
        "ann",
        answer.digest,
    )


def test_the_same_again_is_the_version_that_is_there(registry: Registry, bo: Registry, put: Put) -> None:
    facts = {"metrics": {"auc": 0.9}, "features": ["a", "b"], "meta": {"x": 1}}
    first, again = put(tags=["b", "a"], **facts), put(by=bo, tags=["a", "b"], **facts)
    assert (again.version, again.digest, again.created) == (first.version, first.digest, False)
    assert kinds(registry) == ["registered"]


def test_the_same_again_is_found_wherever_it_stands_now(registry: Registry, put: Put) -> None:
    put()
    registry.promote("fraud", "1.0.0", to="production")
    registry.set("fraud", "1.0.0", owner="somebody else")
    answer = put(stage="staging")
    assert (answer.created, answer.stage) == (False, "production")
    assert "move it with `mlreg promote fraud 1.0.0 --to staging`" in answer.notes[0]


@pytest.mark.parametrize(
    ("facts", "differing"),
    [
        ({"metrics": {"auc": 0.9}}, "metrics"),
        ({"features": ["a"]}, "features"),
        ({"owner": "bo", "tags": ["x"]}, "owner, tags"),
        ({"requirements": ["numpy>=2"]}, "requirements"),
        ({"data": "s3://x", "description": "new"}, "description, lineage"),
        ({"signature": {"inputs": {}}}, "signature"),
    ],
)
def test_a_stated_version_with_other_facts_conflicts_and_the_difference_is_named(
    put: Put, facts: dict[str, Any], differing: str
) -> None:
    put(version="1.0.0")
    with pytest.raises(ConflictError, match=f"fraud 1.0.0 exists with other content: {differing} differ"):
        put(version="1.0.0", **facts)


def test_a_stated_version_with_other_bytes_conflicts_and_changes_nothing(registry: Registry, put: Put) -> None:
    put(version="1.0.0")
    with pytest.raises(ConflictError, match="files differ"):
        put("other", version="1.0.0")
    assert kinds(registry) == ["registered"]


def test_the_number_follows_from_the_features(put: Put) -> None:
    features = ["a", "ab", "ab", "abc", "ac"]
    answers = [put(str(number), features=list(letters)) for number, letters in enumerate(features)]
    assert [answer.version for answer in answers] == ["1.0.0", "1.1.0", "1.1.1", "1.2.0", "2.0.0"]
    assert answers[-1].reasons == ["feature 'b' was removed"]


def test_the_number_is_raised_as_asked(put: Put) -> None:
    levels = ["auto", "patch", "minor", "major", "patch"]
    answers = [put(str(number), bump=level) for number, level in enumerate(levels)]
    assert [answer.version for answer in answers] == ["1.0.0", "1.0.1", "1.1.0", "2.0.0", "2.0.1"]


def test_a_version_that_says_less_than_what_changed_is_taken_with_a_warning(put: Put) -> None:
    put(features=["a", "b"])
    answer = put("other", features=["a"], version="v1.0.1")
    assert answer.version == "1.0.1"
    assert answer.document()["warnings"] == [
        "1.0.1 says less than what changed since 1.0.0: feature 'b' was removed (major)"
    ]


def test_a_metric_that_is_not_finite_is_taken_with_a_warning(registry: Registry, put: Put) -> None:
    answer = put(metrics={"auc": float("nan"), "loss": float("-inf")})
    assert [note.split(":")[0] for note in answer.notes] == [
        "the metric auc is not finite",
        "the metric loss is not finite",
    ]
    assert registry.info("fraud").document()["metrics"] == {"auc": "NaN", "loss": "-Infinity"}


@pytest.mark.parametrize("other", ["Fraud", "FRAUD", "fRaUd"])
def test_a_name_in_another_case_conflicts_with_the_one_that_is_there(registry: Registry, put: Put, other: str) -> None:
    put()
    with pytest.raises(ConflictError, match=f"the model is called fraud: {other} differs only in case"):
        put("other", name=other)
    with pytest.raises(NotFoundError) as caught:
        registry.info(other)
    assert caught.value.hint == "did you mean `fraud`?"


def test_a_version_that_differs_only_in_build_metadata_conflicts(put: Put) -> None:
    put(version="1.0.0+a")
    with pytest.raises(
        ConflictError, match=r"fraud 1\.0\.0\+a exists and differs from 1\.0\.0\+b in build metadata only"
    ):
        put(version="1.0.0+b")


def test_a_parent_is_written_down_as_the_version_that_it_means(registry: Registry, put: Put) -> None:
    put()
    put("child", parent="fraud@latest")
    assert registry.info("fraud@latest").document()["lineage"] == {"parent": "fraud@1.0.0"}
    with pytest.raises(NotFoundError):
        put("orphan", parent="fraud@9.9.9")


def test_what_the_caller_changes_later_changes_nothing(registry: Registry, put: Put) -> None:
    params, features = {"layers": [1]}, ["a"]
    put(params=params, features=features, metrics={"auc": np.float32(0.5)})
    params["layers"].append(2)
    features.append("b")
    info = registry.info("fraud").document()
    assert (info["params"], info["features"], info["metrics"]) == ({"layers": [1]}, ["a"], {"auc": 0.5})


def test_what_an_answer_holds_is_not_what_the_registry_holds(registry: Registry, put: Put) -> None:
    put(params={"depth": 1})
    registry.info("fraud").document()["params"]["depth"] = 9
    assert registry.info("fraud").document()["params"] == {"depth": 1}


@pytest.mark.parametrize(
    "facts",
    [
        *[
            {"version": "1"},
            {"version": "x"},
            {"name": "../x"},
            {"name": "con"},
            {"stage": "archived"},
            {"stage": "live"},
        ],
        *[
            {"bump": "huge"},
            {"tags": ["a/b"]},
            {"features": ["a", "a"]},
            {"metrics": {"auc": "good"}},
            {"owner": "a\nb"},
        ],
        *[
            {"params": {1: 2}},
            {"params": {"x": ["y" * 1_000_000] * 17}},
            {"requirements": ["a b"]},
            {"parent": "fraud@"},
        ],
    ],
    ids=lambda facts: str(facts)[:30],
)
def test_what_cannot_be_registered_leaves_no_version(registry: Registry, put: Put, facts: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        put(**facts)
    assert registry.list().document()["models"] == []


# moving


def test_a_version_is_named_in_one_word_or_two_but_not_twice(registry: Registry, put: Put) -> None:
    put()
    assert registry.promote("fraud@1.0.0", to="staging").changed
    assert registry.promote("fraud", "v1", to="prod").changed
    with pytest.raises(UsageError, match="said twice"):
        registry.promote("fraud@1.0.0", "1.0.0", to="prod")


def test_a_bare_name_is_promoted_only_from_a_stage(registry: Registry, put: Put) -> None:
    put(stage="staging")
    with pytest.raises(UsageError, match="which version of fraud shall be promoted"):
        registry.promote("fraud", to="production")
    answer = registry.promote("fraud", from_stage="stage", to="PROD", reason="first")
    assert (answer.version, answer.from_stage, answer.to_stage) == ("1.0.0", "staging", "production")
    with pytest.raises(NotFoundError, match="nothing of fraud is in staging"):
        registry.promote("fraud", from_stage="staging", to="production")


def test_promoting_again_is_no_event(registry: Registry, put: Put) -> None:
    put(stage="production")
    answer = registry.promote("fraud", "1.0.0", to="production").document()
    assert (answer["changed"], answer["event"], answer["from"], answer["to"]) == (
        False,
        None,
        "production",
        "production",
    )
    assert kinds(registry) == ["registered"]


def test_a_move_says_who_when_and_why(registry: Registry, put: Put) -> None:
    put()
    answer = registry.promote("fraud", "1.0.0", to="production", reason="better recall")
    event = registry.history("fraud").events[-1]
    assert (event.actor, event.at, event.reason, event.number) == ("ann@example.org", answer.at, "better recall", 2)
    assert registry.info("fraud").promoted_at == answer.at


def test_a_rollback_says_what_it_left_and_what_it_passed_over(registry: Registry, put: Put) -> None:
    for number in range(3):
        put(str(number), stage="production")
    registry.deprecate("fraud@1.0.1", reason="leaks")
    answer = registry.rollback("fraud", reason="false positives").document()
    assert (answer["from"], answer["to"], answer["reason"]) == ("1.0.2", "1.0.0", "false positives")
    assert answer["skipped"] == [{"version": "1.0.1", "why": "is deprecated"}]


def test_a_rollback_passes_over_what_has_lost_its_bytes(registry: Registry, repository: Repository, put: Put) -> None:
    for number in range(3):
        put(str(number), stage="production")
    repository.backend.delete(layout.blob(registry.info("fraud@1.0.1").record.files[0].digest))
    assert registry.rollback("fraud").skipped == [{"version": "1.0.1", "why": "does not have its bytes here"}]


def test_a_rollback_to_a_version_is_undone_by_going_to_the_one_left(registry: Registry, put: Put) -> None:
    for number in range(3):
        put(str(number), stage="production")
    left = registry.rollback("fraud", to="1.0.0").left
    assert registry.rollback("fraud", to=left).version == "1.0.2"
    assert [registry.info(f"fraud@production~{back}").record.version.patch for back in range(4)] == [2, 0, 2, 1]


def test_who_lets_a_rule_choose_a_version_that_was_rolled_back_is_told(registry: Registry, put: Put) -> None:
    for version in ("1.0.0", "1.0.1"):
        put(version=version)
        registry.promote("fraud", version, to="production")
    assert list(registry.info("fraud@^1").notes) == []
    registry.rollback("fraud")
    for reference in ("fraud@^1", "fraud@latest"):
        [note] = registry.info(reference).notes
        assert note.startswith("1.0.1 was rolled back at ") and "`mlreg deprecate fraud@1.0.1 --reason TEXT`" in note
    assert list(registry.info("fraud@1.0.1").notes) == []


def test_promoting_to_the_archive_is_archiving(registry: Registry, put: Put) -> None:
    put()
    registry.promote("fraud", "1.0.0", to="production")
    with pytest.raises(BlockedError):
        registry.promote("fraud", "1.0.0", to="archived")
    moved = registry.promote(
        "fraud", "1.0.0", to="archived", from_stage="production", force=True, reason="switched off"
    )
    assert (moved.from_stage, moved.to_stage, moved.changed) == ("production", "archived", True)
    assert registry.history("fraud").events[-1].kind == "archived"
    assert not registry.promote("fraud", "1.0.0", to="archived", from_stage="production").changed
    assert not registry.archive("fraud", "1.0.0").changed
    with pytest.raises(ConflictError):
        registry.promote("fraud", "1.0.0", to="archived", from_stage="staging")


def test_archiving_the_holder_of_production_takes_force_and_a_reason(registry: Registry, put: Put) -> None:
    put(stage="production")
    with pytest.raises(BlockedError):
        registry.archive("fraud@1.0.0", reason="unsafe")
    with pytest.raises(UsageError, match="to insist takes a reason"):
        registry.archive("fraud@1.0.0", force=True)
    assert registry.archive("fraud@1.0.0", force=True, reason="unsafe").changed
    assert stages(registry) == {"1.0.0": "archived"}


def test_a_wish_that_changes_nothing_asks_nobody_who_they_are(repository: Repository, put: Put) -> None:
    put(stage="production")

    def nobody() -> str:
        raise AssertionError("asked who acts")

    anonymous = Registry(repository, actor=nobody)
    assert anonymous.promote("fraud", "1.0.0", to="production").changed is False
    assert anonymous.rollback("fraud", to="1.0.0").changed is False


# dry runs

VERBS: dict[str, Callable[[Registry, Path, bool], Any]] = {
    "register": lambda it, file, dry: it.register("fraud", file, metrics={"auc": 0.9}, dry_run=dry),
    "register anew": lambda it, file, dry: it.register("churn", file, stage="production", dry_run=dry),
    "register again": lambda it, file, dry: it.register("again", file, dry_run=dry),
    "promote": lambda it, file, dry: it.promote("fraud", "1.1.0", to="production", dry_run=dry),
    "promote again": lambda it, file, dry: it.promote("fraud", "1.0.1", to="production", dry_run=dry),
    "rollback": lambda it, file, dry: it.rollback("fraud", reason="why", dry_run=dry),
    "rollback to": lambda it, file, dry: it.rollback("fraud", to="1.0.0", dry_run=dry),
    "archive": lambda it, file, dry: it.archive("fraud", "1.1.0", dry_run=dry),
    "force": lambda it, file, dry: it.archive("fraud", "1.0.1", force=True, reason="why", dry_run=dry),
    "deprecate": lambda it, file, dry: it.deprecate("fraud", "1.1.0", reason="why", dry_run=dry),
    "lift": lambda it, file, dry: it.lift_deprecation("fraud", "1.1.0", dry_run=dry),
    "tag": lambda it, file, dry: it.tag("fraud", "1.1.0", tags=["a"], dry_run=dry),
    "untag": lambda it, file, dry: it.untag("fraud", "1.1.0", tags=["a"], dry_run=dry),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_dry_run_answers_the_same_and_writes_nothing(
    registry: Registry, repository: Repository, put: Put, model_file: Callable[[str], Path], verb: str
) -> None:
    for number, facts in enumerate([{"stage": "production"}, {"stage": "production"}, {"version": "1.1.0"}]):
        put(str(number), **facts)
    file = model_file("the one to try")
    registry.register("again", file)
    before = contents(repository)
    foreseen = VERBS[verb](registry, file, True).document()
    assert contents(repository) == before
    assert foreseen.pop("dry_run") is True
    done = VERBS[verb](registry, file, False).document()
    assert {**done, "at": None} == {**foreseen, "at": None}


def test_a_dry_run_fails_as_the_real_thing_does(registry: Registry, repository: Repository, put: Put) -> None:
    put(version="1.0.0")
    before = contents(repository)
    with pytest.raises(ConflictError):
        put("other", version="1.0.0", dry_run=True)
    with pytest.raises(NotFoundError):
        registry.rollback("fraud", dry_run=True)
    with pytest.raises(BlockedError):
        registry.rollback("fraud", to="1.0.0", dry_run=True)
    assert contents(repository) == before


# two at once


class Interrupted:
    """A backend in which somebody does something just before each of the next events is added."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.meanwhile: list[Callable[[], Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def create(self, key: str, chunks: Iterable[bytes]) -> bool:
        if self.meanwhile and layout.number_of_event(key):
            self.meanwhile.pop(0)()
        return self.backend.create(key, chunks)


@pytest.fixture
def interrupted(repository: Repository) -> Interrupted:
    return Interrupted(repository.backend)


@pytest.fixture
def slow(interrupted: Interrupted, clock: Clock) -> Registry:
    """A registry that loses a race for every one in `interrupted.meanwhile`."""
    return Registry(Repository(interrupted), actor="slow@example.org", now=clock)


@pytest.fixture
def held(put: Put) -> None:
    """Three versions, of which 1.0.0 and then 1.0.1 held production."""
    put("0", stage="production")
    put("1", stage="production")
    put("2")


@pytest.mark.usefixtures("held")
class TestTwoAtOnce:
    def test_an_absolute_wish_reads_again_and_decides_again(
        self, slow: Registry, bo: Registry, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: bo.promote("fraud", "1.0.0", to="production")]
        answer = slow.promote("fraud", "1.0.2", to="production")
        assert (answer.replaced, answer.event) == ("1.0.0", 5)
        assert stages(bo) == {"1.0.2": "production", "1.0.1": "archived", "1.0.0": "archived"}

    def test_it_decides_again_as_often_as_it_has_to(
        self, slow: Registry, bo: Registry, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: bo.tag("fraud@1.0.0", tags=["a"]), lambda: bo.tag("fraud@1.0.0", tags=["b"])]
        assert slow.promote("fraud", "1.0.2", to="production").event == 6
        assert kinds(bo)[3:] == ["tagged", "tagged", "promoted"]

    def test_what_somebody_else_has_done_meanwhile_is_done(
        self, slow: Registry, bo: Registry, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: bo.promote("fraud", "1.0.2", to="production")]
        assert slow.promote("fraud", "1.0.2", to="production").changed is False
        assert kinds(bo)[3:] == ["promoted"]

    @pytest.mark.parametrize(
        ("meanwhile", "kind"),
        [
            (lambda it: it.promote("fraud", "1.0.0", to="production"), ConflictError),
            (lambda it: it.rollback("fraud"), ConflictError),
            (lambda it: it.promote("fraud", "1.0.2", to="staging"), ConflictError),
            (lambda it: it.deprecate("fraud@1.0.2", reason="leaks"), BlockedError),
            (lambda it: it.archive("fraud@1.0.1", force=True, reason="unsafe"), ConflictError),
        ],
        ids=["the holder", "a rollback", "the stage", "a deprecation", "nobody holds"],
    )
    def test_expectations_are_checked_with_the_move(
        self, slow: Registry, bo: Registry, interrupted: Interrupted, meanwhile: Callable[[Registry], Any],
        kind: type[MlregError],
    ) -> None:  # fmt: skip
        interrupted.meanwhile = [lambda: meanwhile(bo)]
        with pytest.raises(kind):
            slow.promote("fraud", "1.0.2", to="production", from_stage="development", expect="1.0.1")
        assert len(kinds(bo)) == 4

    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda it: it.rollback("fraud"),
            lambda it: it.deprecate("fraud@1.0.0", reason="leaks"),
            lambda it: it.promote("fraud", "1.0.2", to="production"),
            lambda it: it.archive("fraud@1.0.1", force=True, reason="unsafe"),
        ],
        ids=["a rollback", "a deprecation", "a promotion", "the archive"],
    )
    def test_a_rollback_that_loses_the_race_is_a_conflict(
        self, slow: Registry, bo: Registry, interrupted: Interrupted, meanwhile: Callable[[Registry], Any]
    ) -> None:
        interrupted.meanwhile = [lambda: meanwhile(bo)]
        with pytest.raises(ConflictError):
            slow.rollback("fraud")
        assert len(kinds(bo)) == 4

    def test_two_rollbacks_at_once_go_back_once(
        self, slow: Registry, bo: Registry, put: Put, interrupted: Interrupted
    ) -> None:
        bo.promote("fraud", "1.0.2", to="production")
        interrupted.meanwhile = [lambda: bo.rollback("fraud")]
        with pytest.raises(ConflictError, match="fraud changed while you were at it") as caught:
            slow.rollback("fraud")
        assert (caught.value.stable_code, caught.value.retryable) == ("moved", True)
        assert stages(bo)["1.0.1"] == "production"

    def test_a_rollback_does_not_mind_what_does_not_matter_to_it(
        self, slow: Registry, bo: Registry, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: bo.tag("fraud@1.0.0", tags=["a"])]
        assert slow.rollback("fraud").version == "1.0.0"

    def test_a_rollback_to_a_version_decides_again(
        self, slow: Registry, bo: Registry, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: bo.promote("fraud", "1.0.2", to="production")]
        answer = slow.rollback("fraud", to="1.0.0")
        assert (answer.version, answer.left) == ("1.0.0", "1.0.2")

    @pytest.mark.parametrize(
        ("reference", "meanwhile"),
        [
            ("latest", lambda it: it.deprecate("fraud@1.0.2", reason="leaks")),
            ("^1.0", lambda it: it.deprecate("fraud@1.0.2", reason="leaks")),
            ("champion", lambda it: it.alias("fraud", "1.0.0", alias="champion")),
            ("champion", lambda it: it.unalias("fraud", "champion")),
            ("development", lambda it: it.archive("fraud@1.0.2")),
            ("production~1", lambda it: it.rollback("fraud")),
            ("production", lambda it: it.archive("fraud@1.0.1", force=True, reason="unsafe")),
        ],
    )
    def test_a_reference_that_means_another_version_meanwhile_or_none_is_a_conflict(
        self, slow: Registry, bo: Registry, interrupted: Interrupted, reference: str,
        meanwhile: Callable[[Registry], Any],
    ) -> None:  # fmt: skip
        bo.alias("fraud", "1.0.2", alias="champion")
        interrupted.meanwhile = [lambda: meanwhile(bo)]
        with pytest.raises(ConflictError, match="fraud changed while you were at it") as caught:
            slow.tag("fraud", reference, tags=["a"])
        assert (caught.value.stable_code, len(kinds(bo))) == ("moved", 5)

    @pytest.mark.parametrize(
        ("move", "meanwhile"),
        [
            (lambda it: it.rollback("fraud", to="production~1"), lambda it: it.rollback("fraud")),
            (
                lambda it: it.promote("fraud", from_stage="staging", to="production"),
                lambda it: it.promote("fraud", from_stage="staging", to="production"),
            ),
            (
                lambda it: it.promote("fraud@staging", to="production"),
                lambda it: it.promote("fraud", "1.0.0", to="staging"),
            ),
        ],
        ids=["the holder before", "the holder of --from", "the holder of a stage"],
    )
    def test_who_moves_what_a_reference_means_and_comes_too_late_is_told(
        self, slow: Registry, bo: Registry, interrupted: Interrupted, move: Callable[[Registry], Any],
        meanwhile: Callable[[Registry], Any],
    ) -> None:  # fmt: skip
        bo.promote("fraud", "1.0.2", to="staging")
        interrupted.meanwhile = [lambda: meanwhile(bo)]
        with pytest.raises(ConflictError, match="fraud changed while you were at it"):
            move(slow)
        assert len(kinds(bo)) == 5

    def test_a_reference_that_means_the_same_still_decides_again(
        self, slow: Registry, bo: Registry, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: bo.promote("fraud", "1.0.0", to="production")]
        answer = slow.promote("fraud@latest", to="production")
        assert (answer.version, answer.replaced) == ("1.0.2", "1.0.0")

    def test_who_registers_at_the_same_time_gets_the_next_number(
        self, slow: Registry, bo: Registry, put: Put, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: put("theirs", by=bo)]
        answer = put("mine", by=slow)
        assert (answer.version, bo.info("fraud@1.0.4").standing.record) == ("1.0.4", answer.digest)
        assert bo.verify().ok

    def test_who_registers_the_same_at_the_same_time_finds_it(
        self, slow: Registry, bo: Registry, put: Put, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: put("same", by=bo)]
        answer = put("same", by=slow)
        assert (answer.version, answer.created) == ("1.0.3", False)
        assert len(kinds(bo)) == 4

    def test_a_stated_version_that_was_taken_meanwhile_conflicts(
        self, slow: Registry, bo: Registry, put: Put, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: put("theirs", by=bo, version="2.0.0")]
        with pytest.raises(ConflictError, match=r"fraud 2\.0\.0 exists with other content: files differ"):
            put("mine", by=slow, version="2.0.0")

    def test_nothing_is_lost_however_many_take_part(
        self, slow: Registry, bo: Registry, put: Put, interrupted: Interrupted
    ) -> None:
        interrupted.meanwhile = [lambda: put("a", by=bo), lambda: bo.promote("fraud", "1.0.3", to="staging")]
        put("b", by=slow)
        assert [event.number for event in bo.history("fraud").events] == [1, 2, 3, 4, 5, 6]
        assert stages(bo)["1.0.3"] == "staging"
        assert bo.verify().ok


def test_the_first_spelling_of_a_name_wins_the_race(
    slow: Registry, bo: Registry, put: Put, interrupted: Interrupted
) -> None:
    interrupted.meanwhile = [lambda: put("theirs", by=bo, name="Fraud")]
    with pytest.raises(ConflictError, match="the model is called Fraud: fraud differs only in case"):
        put("mine", by=slow, name="fraud")
    assert [model["name"] for model in bo.list().document()["models"]] == ["Fraud"]


class Lossy:
    """A backend that adds an event and then says that it did not, or fails before or after adding it."""

    def __init__(self, backend: Backend, how: str) -> None:
        self.backend = backend
        self.how = how

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def create(self, key: str, chunks: Iterable[bytes]) -> bool:
        if layout.number_of_event(key) and self.how == "before":
            raise OSError(28, "No space left on device")
        created = self.backend.create(key, chunks)
        if layout.number_of_event(key) and self.how == "after":
            raise OSError(5, "Input/output error")
        return created and not (layout.number_of_event(key) and self.how == "silent")


def test_ones_own_event_is_known_again_after_a_lost_answer(repository: Repository, clock: Clock, put: Put) -> None:
    unsure = Registry(Repository(Lossy(repository.backend, "silent")), actor=BO, now=clock)
    assert put(by=unsure).created
    assert unsure.promote("fraud", "1.0.0", to="production").event == 2
    assert kinds(unsure) == ["registered", "promoted"]


def test_a_disk_that_fails_before_the_event_leaves_no_version(
    registry: Registry, repository: Repository, clock: Clock, put: Put
) -> None:
    with pytest.raises(OSError, match="No space left"):
        put(by=Registry(Repository(Lossy(repository.backend, "before")), actor=BO, now=clock))
    assert registry.list().document()["models"] == []
    assert registry.verify().ok
    assert put().version == "1.0.0"


def test_a_disk_that_fails_after_the_event_has_registered_it_once(
    registry: Registry, repository: Repository, clock: Clock, put: Put
) -> None:
    with pytest.raises(OSError, match="Input/output"):
        put(by=Registry(Repository(Lossy(repository.backend, "after")), actor=BO, now=clock))
    answer = put()
    assert (answer.version, answer.created) == ("1.0.0", False)


def test_a_file_that_is_read_while_it_changes_is_not_registered(
    registry: Registry, repository: Repository, clock: Clock, model_file: Callable[[str], Path]
) -> None:
    file = model_file("before" * 10_000)

    class Changing:
        def __getattr__(self, name: str) -> Any:
            return getattr(repository.backend, name)

        def create(self, key: str | Callable[[], str], chunks: Iterable[bytes]) -> bool:
            if callable(key) or layout.digest_of_blob(key):
                file.write_text("after!")
            return repository.backend.create(key, chunks)

        def open(self, key: str) -> BinaryIO:
            return repository.backend.open(key)

    with pytest.raises(ConflictError, match=r"model\.bin changed while it was being registered"):
        Registry(Repository(Changing()), actor=BO, now=clock).register("fraud", file)
    assert registry.list().document()["models"] == []
