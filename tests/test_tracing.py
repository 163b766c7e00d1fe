"""Lineage and impact over a repository: what records state, through versions and models, out of tables and without."""

from __future__ import annotations

import shutil
from dataclasses import replace
from hashlib import sha256

import pytest

from mlreg.adapters import load
from mlreg.errors import NotFoundError, UsageError
from mlreg.registry import Registry
from mlreg.store import codec, layout
from mlreg.store.catalog import facts_digest, record_bytes
from mlreg.store.origins import Origins
from mlreg.store.repository import Repository


@pytest.fixture
def family(registry, model_file, tmp_path):
    """A tokenizer, three versions of a model of which two need it, and a model made from the last."""
    data = tmp_path / "train.csv"
    data.write_text("a,b\n1,2\n")
    registry.register("tok", model_file("t"), data="corpus")
    registry.register(
        "fraud", model_file("1"), data="v2023", feature_set="fs1", features=["amount"], depends_on=["tok"]
    )
    registry.register("fraud", model_file("2"), version="1.1.0", parent="fraud", data="v2024", dataset={"file": data},
                      feature_set="fs1", features=["amount", "hour"], experiment="exp-1", increment="0042",
                      stage="production", depends_on=["tok@^1", "tok@1.0.0"])  # fmt: skip
    registry.register("fraud", model_file("3"), version="2.0.0", features=["country"], dataset={"version": "2024-05"})
    registry.register("risk/lite", model_file("4"), parent="fraud@1.1.0", stage="staging")
    return registry


def refs(answer):
    return [one.ref for one in answer.versions]


def test_a_lineage_says_what_the_records_say(family):
    document = family.lineage("fraud").document()
    assert (document["schema"], document["name"], document["version"]) == ("mlreg.lineage/1", "fraud", "1.1.0")
    kinds = {(edge["from"], edge["to"]): edge["kind"] for edge in document["edges"]}
    assert kinds["model:fraud@1.0.0", "model:fraud@1.1.0"] == "parent"
    assert kinds["model:tok@1.0.0", "model:fraud@1.1.0"] == "depends-on"
    assert kinds["model:fraud@1.1.0", "model:risk/lite@1.0.0"] == "parent"
    assert kinds["model:fraud@1.1.0", "deployment:fraud@production"] == "leads-to"
    data = next(node for node in document["nodes"] if node["name"] == "v2024")
    assert data["digest"] == f"sha256:{sha256(b'a,b' + bytes([10]) + b'1,2' + bytes([10])).hexdigest()}"


def test_what_it_depends_on_is_kept_exactly_sorted_and_once(family):
    assert family.info("fraud@1.1.0").record.lineage["depends_on"] == ["tok@1.0.0"]


def test_who_depends_on_nothing_has_the_digests_of_before(registry, model_file):
    plain = registry.register("m", model_file("x"), data="d")
    again = registry.register("m", model_file("x"), data="d", depends_on=[])
    assert (again.created, again.digest) == (False, plain.digest)
    assert "depends_on" not in registry.info("m@1.0.0").record.facts()["lineage"]


@pytest.mark.parametrize("words", [{"parent": "fraud@9.9.9"}, {"depends_on": ["none"]}])
def test_what_is_not_there_is_refused_on_the_way_in(family, model_file, words):
    with pytest.raises(NotFoundError):
        family.register("fraud", model_file("new"), **words)


def test_one_text_is_no_list_of_what_it_depends_on(family, model_file):
    with pytest.raises(UsageError):
        family.register("fraud", model_file("new"), depends_on="tok")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"feature": "amount"}, ["fraud@1.1.0", "fraud@1.0.0", "risk/lite@1.0.0"]),
        ({"feature": "hour"}, ["fraud@1.1.0", "risk/lite@1.0.0"]),
        ({"feature": "country"}, ["fraud@2.0.0"]),
        ({"feature_set": "fs1"}, ["fraud@1.1.0", "fraud@1.0.0", "risk/lite@1.0.0"]),
        ({"data_set": "v2024"}, ["fraud@1.1.0", "risk/lite@1.0.0"]),
        ({"data_set": "2024-05"}, ["fraud@2.0.0"]),
        ({"data_set": "corpus"}, ["tok@1.0.0", "fraud@1.0.0", "fraud@1.1.0", "risk/lite@1.0.0"]),
        ({"data_set": f"sha256:{sha256(b'a,b' + bytes([10]) + b'1,2' + bytes([10])).hexdigest()[:8]}"},
         ["fraud@1.1.0", "risk/lite@1.0.0"]),
        ({"ref": "tok"}, ["tok@1.0.0", "fraud@1.0.0", "fraud@1.1.0", "risk/lite@1.0.0"]),
        ({"ref": "risk/lite@staging"}, ["risk/lite@1.0.0"]),
        ({"feature": "amoun"}, []),
        ({"data_set": "sha256:"}, []),
    ],
)  # fmt: skip
def test_impact_names_who_uses_it_themselves_or_through_others(family, asked, expected):
    """S1-27."""
    assert refs(family.impact(**asked)) == expected


def test_impact_says_through_whom_and_which_stages(family):
    answer = family.impact(feature_set="fs1")
    assert [one.through for one in answer.versions] == [None, None, "fraud@1.1.0"]
    assert [(stage, one.ref) for stage, one in answer.stages] == [
        ("production", "fraud@1.1.0"),
        ("staging", "risk/lite@1.0.0"),
    ]


def test_data_may_be_asked_for_by_name_and_version(registry, model_file):
    registry.register("m", model_file("1"), data="tx", dataset={"version": "1"})
    registry.register("m", model_file("2"), data="tx", dataset={"version": "2"})
    assert refs(registry.impact(data_set="tx@2")) == ["m@1.0.1"]
    assert refs(registry.impact(data_set="tx")) == ["m@1.0.1", "m@1.0.0"]


def test_what_nobody_uses_is_told_with_what_was_perhaps_meant(family):
    assert family.impact(feature="amoun").notes == ["no version states the feature amoun: did you mean `amount`?"]


@pytest.mark.parametrize("asked", [{}, {"ref": "tok", "feature": "amount"}])
def test_one_thing_is_asked_for(family, asked):
    with pytest.raises(UsageError):
        family.impact(**asked)


def test_tables_in_the_cache_tell_the_same_and_follow_what_happens(tmp_path, model_file):
    Registry.init(tmp_path, actor="ann")
    place = tmp_path / ".mlreg"
    cache = load("caches", "local").connect(place / "cache")

    def origins(cache):
        repository = Repository(load("backends", "local").connect(place), cache)
        return Origins(repository.search.fold, cache, repository.summaries(), table_from=1)

    def told(one: Origins) -> list[object]:
        known = [f"m{at % 2}@1.0.{at}" for at in range(6)]
        states = ("data", "feature_set", "experiment", "increment", "commit")
        return [
            *([one.origin(ref), list(one.children(ref))] for ref in known),
            *(sorted(one.known(key)) for key in states),
            *(one.stating("features", "f1", lambda features: "f1" in features) for _ in range(2)),
            one.holders(),
        ]

    registry, parent = Registry.open(tmp_path, actor="ann"), None
    for at in range(6):
        name = f"m{at % 2}"
        registry.register(
            name, model_file(str(at)), version=f"1.0.{at}", parent=parent, data=f"d{at}", features=[f"f{at % 3}"],
            stage="production" if at % 2 else None, depends_on=["m0@1.0.0"] if at > 2 else [],
        )  # fmt: skip
        parent = f"{name}@1.0.{at}"
        assert told(origins(cache)) == told(origins(cache)) == told(origins(None))
    assert any(stored.stat().st_size for stored in (place / "cache").rglob("columns/*"))


@pytest.mark.parametrize("table_from", [1, 10**9], ids=["written each time", "never written again"])
def test_tables_of_earlier_events_are_caught_up_with(tmp_path, model_file, table_from):
    registry = Registry.init(tmp_path, actor="ann")
    for at in range(12):
        registry.register("m", model_file(str(at)), version=f"1.{at}.0", data="d", features=["f"])
    place = tmp_path / ".mlreg"
    cache = load("caches", "local").connect(place / "cache")
    repository = Repository(load("backends", "local").connect(place), cache)

    def told(cache, table_from):
        one = Origins(repository.search.fold, cache, repository.summaries(), table_from=table_from)
        refs = [f"m@{version}" for version in repository.history.state("m").versions]
        return [
            *([one.origin(ref), one.children(ref)] for ref in refs),
            *(one.stating("features", word, lambda features, word=word: word in features) for word in ("f", "g")),
            *(sorted(one.known(key)) for key in ("data", "increment")),
        ]

    told(cache, 1)
    steps = [
        lambda: registry.tag("m", "1.3.0", tags=["gold"]),
        lambda: registry.register("m", model_file("a"), version="0.9.0", data="e", features=["g"]),
        lambda: registry.promote("m", "0.9.0", to="production"),
        lambda: registry.register("m", model_file("b"), version="1.2.5", parent="m@0.9.0", depends_on=["m@1.1.0"]),
        lambda: registry.register("m", model_file("c"), version="1.2.6", increment="7", data="d", features=["f"]),
        lambda: registry.set("m", "1.2.6", metrics={"auc": 0.5}, note="late"),
    ]
    for step in steps:
        step()
        assert told(cache, table_from) == told(None, 1)


def test_a_version_that_comes_while_tables_are_read_does_not_mix_up_places(tmp_path, model_file):
    registry = Registry.init(tmp_path, actor="ann")
    for at in range(12):
        registry.register("m", model_file(str(at)), version=f"1.{at}.0", data=f"d{at}")
    registry.register("z", model_file("z"))
    repository, come = Repository(load("backends", "local").connect(tmp_path / ".mlreg")), iter("ab")

    def fold_of(*asked):
        letter = next(come, None)
        if letter is not None:
            registry.register("m", model_file(letter), version=f"2.0.0-{letter}")
        return repository.search.fold(*asked)

    origins = Origins(fold_of, None, repository.summaries())
    assert [origins.origin(f"m@1.{at}.0").data for at in range(12)] == [f"d{at}" for at in range(12)]


def test_a_lineage_of_many_generations_is_whole(registry, model_file):
    for at in range(40):
        registry.register("m", model_file(str(at)), version=f"{at + 1}.0.0", parent=f"m@{at}.0.0" if at else None)
    lineage = registry.lineage("m@20.0.0").lineage
    assert (len(lineage.before), len(lineage.after)) == (19, 20)


def test_verify_names_who_comes_from_what_is_not_there(tmp_path, model_file):
    """Trap 36."""
    registry = Registry.init(tmp_path, actor="ann")
    registry.register("tokenizer", model_file("words"))
    registry.register("m", model_file("weights"), depends_on=["tokenizer@1.0.0"])
    registry.register("m", model_file("tuned"), parent="m@1.0.0")
    assert registry.verify().problems == []
    for room in ("history", "catalog", "cache"):
        shutil.rmtree(tmp_path / ".mlreg" / room / ("" if room == "cache" else "tokenizer"), ignore_errors=True)
    problems = Registry.open(tmp_path, actor="ann").verify().problems
    assert [(one.code, one.message) for one in problems if one.code.startswith("lineage")] == [
        ("lineage-dangling", "comes from tokenizer@1.0.0, which is not there")
    ]


def test_verify_names_a_version_that_somebody_made_come_from_itself(registry, repository, model_file):
    """Trap 36: all digests are made to fit, as somebody could who may write to the repository."""
    registry.register("m", model_file("1"), version="1.0.0")
    registry.register("m", model_file("2"), version="1.1.0", parent="m@1.0.0")
    backend, previous = repository.backend, None
    old = repository.catalog.read("m", "1.0.0", registry.history("m").events[0].effects["record"])
    forged = replace(old, lineage={"parent": "m@1.1.0"})
    data = record_bytes(forged)
    backend.create(layout.record("m", "1.0.0", codec.digest(data)), [data])
    for key in list(backend.list(layout.events("m"))):
        with backend.open(key) as stream:
            body = codec.parse_json(stream.read(), name=key)
        if body["version"] == "1.0.0":
            body |= {"record": codec.digest(data), "facts": facts_digest(forged)}
        body = {name: value for name, value in body.items() if name != "digest"} | {"previous": previous}
        previous = codec.digest(codec.canonical_json(body))
        backend.delete(key)
        backend.create(key, [codec.canonical_json({**body, "digest": previous})])
    problems = Registry(Repository(backend), actor="ann").verify().problems
    assert [(one.code, one.message) for one in problems] == [
        ("lineage-cycle", "comes from itself: m@1.0.0 from m@1.1.0 from m@1.0.0")
    ]
