"""Lineages as graphs and trees: what comes from what, to any depth, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.lineage import (
    DEEP,
    DEPENDS_ON,
    LEADS_TO,
    PARENT,
    Lineage,
    Origin,
    descendants,
    faults,
    lineage_of,
)

WHOLE = Origin(
    "fraud-detection",
    "3.1.0",
    data="v2024-01",
    feature_set="v1",
    experiment="exp-003-xgboost",
    stages=["production"],
)
TREE = """\
data:v2024-01
  └─> feature-engineering:v1
        └─> experiment:exp-003-xgboost
              └─> model:fraud-detection-v3.1.0
                    └─> deployment:production
"""


def traced(focus: str, origins: Iterable[Origin]) -> Lineage:
    """Returns the lineage of `focus` among `origins`."""
    known = {origin.ref: origin for origin in origins}
    children: dict[str, list[str]] = {}
    for one in known.values():
        for ref in one.kin:
            children.setdefault(ref, []).append(one.ref)
    return lineage_of(known[focus], known.get, lambda ref: children.get(ref, ()))


def chain(length: int) -> list[Origin]:
    """Returns versions of which each was made from the one before."""
    return [Origin("m", f"{at}.0.0", parent=f"m@{at - 1}.0.0" if at else None) for at in range(length)]


def test_the_tree_of_a_version_goes_from_its_data_to_its_deployment():
    """S1-26."""
    assert "\n".join(Lineage(WHOLE).tree()) + "\n" == TREE


@pytest.mark.parametrize(
    ("left_out", "lines"),
    [
        ({"data": None}, ["feature-engineering:v1", "  └─> experiment:exp-003-xgboost"]),
        ({"feature_set": None}, ["data:v2024-01", "  └─> experiment:exp-003-xgboost"]),
        ({"data": None, "feature_set": None, "experiment": None}, ["model:fraud-detection-v3.1.0"]),
        ({"dataset": {"version": "7"}}, ["data:v2024-01@7"]),
        ({"data": None, "dataset": {"version": "7"}}, ["data:7"]),
        ({"data": None, "dataset": {"digest": f"sha256:{'ab' * 32}"}}, ["data:sha256:abababababab"]),
    ],
)
def test_what_was_not_stated_is_left_out_of_the_tree(left_out, lines):
    assert Lineage(WHOLE._replace(**left_out)).tree()[: len(lines)] == lines


def test_the_edges_of_a_version_follow_the_tree():
    nodes, edges = Lineage(WHOLE._replace(increment="0042", commit="abc")).graph()
    assert [(edge.start, edge.end) for edge in edges] == [
        ("data:v2024-01", "feature-engineering:v1"),
        ("feature-engineering:v1", "experiment:exp-003-xgboost"),
        ("experiment:exp-003-xgboost", "model:fraud-detection@3.1.0"),
        ("code:abc", "model:fraud-detection@3.1.0"),
        ("increment:0042", "experiment:exp-003-xgboost"),
        ("model:fraud-detection@3.1.0", "deployment:fraud-detection@production"),
    ]
    assert {edge.kind for edge in edges} == {LEADS_TO}
    assert {edge.start for edge in edges} | {edge.end for edge in edges} == {node.id for node in nodes}


def test_versions_that_share_a_feature_set_do_not_share_their_data():
    old = WHOLE._replace(version="3.0.0", data="v2023-12", stages=())
    new = WHOLE._replace(parent="fraud-detection@3.0.0")
    lineage = traced(new.ref, [old, new])
    _, edges = lineage.graph()
    to_features = {edge.start: edge.of for edge in edges if edge.end == "feature-engineering:v1"}
    assert to_features == {"data:v2023-12": [old.ref], "data:v2024-01": [new.ref]}
    assert "\n".join(lineage.tree()).endswith(TREE.strip())


def test_data_of_one_name_and_other_bytes_is_other_data():
    digests = [f"sha256:{character * 64}" for character in "ab"]
    old, new = (WHOLE._replace(version=f"{at}.0.0", dataset={"digest": one}) for at, one in enumerate(digests))
    lineage = traced(new.ref, [old, new._replace(parent=old.ref)])
    nodes, _ = lineage.graph()
    assert [node.id for node in nodes if node.kind == "data"] == [
        "data:v2024-01#aaaaaaaaaaaa",
        "data:v2024-01#bbbbbbbbbbbb",
    ]


def test_parents_and_what_a_version_depends_on_are_told_apart():
    tokenizer, base = Origin("tok", "1.0.0", data="corpus"), Origin("m", "1.0.0", depends_on=["tok@1.0.0"])
    tuned = Origin("m", "2.0.0", parent="m@1.0.0", depends_on=["tok@1.0.0"])
    lineage = traced("m@2.0.0", [tuned, base, tokenizer])
    _, edges = lineage.graph()
    kinds = {(edge.start, edge.end): edge.kind for edge in edges}
    assert kinds["model:m@1.0.0", "model:m@2.0.0"] == PARENT
    assert kinds["model:tok@1.0.0", "model:m@2.0.0"] == DEPENDS_ON
    assert lineage.tree() == [
        "data:corpus",
        "  └─> model:tok-v1.0.0",
        "        └─> model:m-v1.0.0 (depends on it)",
        "        └─> model:m-v2.0.0 (depends on it)",
        "model:m-v1.0.0",
        "  └─> model:m-v2.0.0",
        "model:m-v2.0.0",
    ]


def test_ancestors_and_descendants_are_found_to_any_depth():
    lineage = traced("m@2000.0.0", chain(4000))
    assert [one.ref for one in lineage.before] == [f"m@{at}.0.0" for at in range(2000)]
    assert [one.ref for one in lineage.after] == [f"m@{at}.0.0" for at in range(2001, 4000)]


def test_a_deep_tree_is_cut_into_trees_that_fit():
    lines = traced("m@0.0.0", chain(5 * DEEP)).tree()
    assert max(line.index("model") for line in lines) <= 6 * (DEEP + 1)
    assert {f"model:m-v{at}.0.0" for at in range(5 * DEEP)} == {line.split("> ")[-1] for line in lines}


def test_what_comes_on_two_ways_is_drawn_out_once():
    top, left, right = Origin("m", "1.0.0"), Origin("l", "1.0.0", parent="m@1.0.0"), Origin("r", "1.0.0", "m@1.0.0")
    both = Origin("b", "1.0.0", parent="l@1.0.0", depends_on=["r@1.0.0"], stages=["staging"])
    lines = traced("m@1.0.0", [top, left, right, both]).tree()
    assert sum("deployment:staging" in line for line in lines) == 1
    assert sum("model:b-v1.0.0" in line for line in lines) == 2


@st.composite
def families(draw: st.DrawFn) -> list[Origin]:
    """Versions of which each comes from some of those before it."""
    count = draw(st.integers(1, 12))
    made: list[Origin] = []
    for at in range(count):
        kin = draw(st.lists(st.sampled_from(made), max_size=3, unique_by=lambda one: one.ref)) if made else []
        refs = [one.ref for one in kin]
        parent = refs.pop() if refs and draw(st.booleans()) else None
        data = draw(st.sampled_from([None, "d1", "d2"]))
        made.append(Origin("m", f"1.0.{at}", parent=parent, depends_on=refs, data=data, feature_set="f"))
    return made


@given(families(), st.data())
def test_a_lineage_has_all_that_leads_to_a_version_and_from_it_and_nothing_else(family, data):
    focus = data.draw(st.sampled_from(family))
    lineage = traced(focus.ref, family)
    known = {one.ref: one for one in family}

    def above(ref: str) -> set[str]:
        return {up for one in known[ref].kin for up in {one, *above(one)}}

    assert {one.ref for one in lineage.before} == above(focus.ref)
    assert {one.ref for one in lineage.after} == {ref for ref in known if focus.ref in above(ref)}
    order = [one.ref for one in lineage.before]
    assert all(order.index(up) < order.index(ref) for ref in order for up in known[ref].kin)
    drawn = "\n".join(lineage.tree())
    assert all(f"model:m-v{one.version}" in drawn for one in (*lineage.before, focus, *lineage.after))


@given(families())
def test_what_was_registered_in_turn_has_no_faults(family):
    assert list(faults({one.ref: one.kin for one in family})) == []


def test_a_parent_that_is_not_there_is_a_fault():
    found = list(faults({"m@2.0.0": ["m@1.0.0"], "m@3.0.0": ["m@2.0.0"]}))
    assert [(fault.ref, fault.code) for fault in found] == [("m@2.0.0", "lineage-dangling")]
    assert found[0].message == "comes from m@1.0.0, which is not there"


@pytest.mark.parametrize("length", [1, 2, 5, 3000])
def test_a_circle_is_a_fault_and_named_once(length):
    circle = {f"m@{at}": [f"m@{(at + 1) % length}"] for at in range(length)}
    found = list(faults({**circle, "other@1": ["m@0"], "good@1": []}))
    assert [fault.code for fault in found] == ["lineage-cycle"]
    assert found[0].message.count(" from m@") == length


def test_two_circles_are_two_faults():
    found = list(faults({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c", "a"]}))
    assert [fault.code for fault in found] == ["lineage-cycle"] * 2


def test_a_damaged_lineage_that_runs_in_a_circle_is_told_nevertheless():
    lineage = traced("a@1", [Origin("a", "1", parent="b@1"), Origin("b", "1", parent="a@1")])
    assert [one.ref for one in lineage.before] == ["b@1"]
    assert lineage.tree()


def test_descendants_know_through_whom():
    children = {"a": ["b", "c"], "b": ["d"], "c": ["d"]}
    assert descendants(["a"], lambda ref: children.get(ref, ())) == {"b": "a", "c": "a", "d": "b"}
