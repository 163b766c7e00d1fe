"""Owns where versions come from and what comes of them: what their records state, as a graph.

A version states its data, feature set, experiment, increment and commit, the version that it was made from, the one
that it is in another form, and those that it depends on. Data, feature sets and experiments may be shared by versions
that share nothing else, so every edge says `of` which versions it holds: a way through the graph is real where one
version holds all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

DATA, FEATURES, EXPERIMENT, INCREMENT = "data", "feature-engineering", "experiment", "increment"
CODE, MODEL, DEPLOYMENT = "code", "model", "deployment"
PARENT, VARIANT_OF, DEPENDS_ON, LEADS_TO = "parent", "variant-of", "depends-on", "leads-to"
DEEP = 8
_DIGEST_SHOWN = len("sha256:") + 12
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Origin(NamedTuple):
    """What a version states of where it comes from, and the stages that it holds.

    `dataset` are the facts of its training data as a record has them.
    """

    name: str
    version: str
    parent: str | None = None
    variant_of: str | None = None
    depends_on: Sequence[str] = ()
    data: str | None = None
    feature_set: str | None = None
    experiment: str | None = None
    increment: str | None = None
    commit: str | None = None
    dataset: Mapping[str, Any] = _NOTHING
    stages: Sequence[str] = ()

    @property
    def ref(self) -> str:
        """The version as a reference."""
        return f"{self.name}@{self.version}"

    @property
    def kin(self) -> Sequence[str]:
        """The versions that it comes from or depends on, each once."""
        return list(dict.fromkeys(ref for _, ref in self.ties))

    @property
    def ties(self) -> Sequence[tuple[str, str]]:
        """How it is tied to others: a kind of edge, and the version at its beginning."""
        single = ((PARENT, self.parent), (VARIANT_OF, self.variant_of))
        return [*((kind, ref) for kind, ref in single if ref), *((DEPENDS_ON, ref) for ref in self.depends_on)]


class Registered(NamedTuple):
    """How a version came to be known: the id of the repository, the digest of its record, when and by whom."""

    repository: str
    record: str
    at: str
    by: str


class Node(NamedTuple):
    """A thing in the graph; `label` is what a tree calls it."""

    id: str
    kind: str
    name: str
    version: str | None = None
    label: str = ""
    facts: Mapping[str, Any] = _NOTHING

    def document(self) -> dict[str, Any]:
        """Returns the node as it stands in the document of `lineage`."""
        return {"id": self.id, "kind": self.kind, "name": self.name, "version": self.version, **self.facts}


class Edge(NamedTuple):
    """A way from one thing to another; `of` are the versions that hold it."""

    start: str
    end: str
    kind: str
    of: Sequence[str]

    def document(self) -> dict[str, Any]:
        """Returns the edge as it stands in the document of `lineage`."""
        return {"from": self.start, "to": self.end, "kind": self.kind, "of": list(self.of)}


class Fault(NamedTuple):
    """What is wrong with the lineage of the version `ref`: a code and a sentence."""

    ref: str
    code: str
    message: str


OriginOf = Callable[[str], Origin | None]
Children = Callable[[str], Iterable[str]]


class Lineage:
    """All that one version, the `focus`, comes from, and all that came of it, to any depth.

    Args:
        focus: The version in the middle.
        before: What it comes from, the oldest first.
        after: What came of it, nearer ones first.
    """

    def __init__(self, focus: Origin, before: Sequence[Origin] = (), after: Sequence[Origin] = ()) -> None:
        self.focus, self.before, self.after = focus, before, after

    def graph(self) -> tuple[list[Node], list[Edge]]:
        """Returns the nodes and edges, each once, what comes first in front."""
        nodes: dict[str, Node] = {}
        ties: dict[tuple[str, str, str], list[str]] = {}
        chains = [(one, _chains(one)) for one in (*self.before, self.focus)]
        chains += [(one, _stage_chains(one)) for one in self.after]
        for one, of_one in chains:
            for chain in of_one:
                for node in chain:
                    nodes.setdefault(node.id, node)
                for above, below in pairwise(chain):
                    ties.setdefault((above.id, below.id, LEADS_TO), []).append(one.ref)
        for one, _ in chains:
            for kind, ref in one.ties:
                if model_id(ref) in nodes:
                    ties.setdefault((model_id(ref), model_id(one.ref), kind), []).append(one.ref)
        return list(nodes.values()), [Edge(*tie, of) for tie, of in ties.items()]

    def document(self) -> dict[str, Any]:
        """Returns the graph as it stands in the document of `lineage`."""
        nodes, edges = self.graph()
        return {
            "name": self.focus.name,
            "version": self.focus.version,
            "nodes": [node.document() for node in nodes],
            "edges": [edge.document() for edge in edges],
        }

    def tree(self) -> list[str]:
        """Returns the lines of a tree for each version: what it comes from, itself, and what came of it.

        Every version is drawn out once; where it stands again, it is only named. Below the depth of `DEEP` a version is
        named, and drawn out in a tree of its own.
        """
        return _Tree(self).lines()


def lineage_of(focus: Origin, origin_of: OriginOf, children: Children) -> Lineage:
    """Returns the lineage of `focus`: `origin_of` tells of a version by its reference, `children` what came of it."""
    return Lineage(focus, _before(focus, origin_of), _after(focus, origin_of, children))


def descendants(refs: Iterable[str], children: Children) -> dict[str, str]:
    """Returns all that came of `refs`, nearer ones first, each with the version through which it did."""
    found: dict[str, str] = {}
    queue = list(refs)
    start = set(queue)
    for ref in queue:  # it grows while it is walked
        for child in children(ref):
            if child not in found and child not in start:
                found[child] = ref
                queue.append(child)
    return found


def kin_of(lineage: Mapping[str, Any]) -> list[str]:
    """Returns the versions that a record names: where it comes from, what it is a variant of or depends on."""
    return [*filter(None, map(lineage.get, ("parent", "variant_of"))), *lineage.get("depends_on", ())]


def faults(kin: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    """Yields what is wrong with a lineage: `kin` says of every version from which others it comes.

    Neither can come about by `register`: what a version names has to be there before it.
    """
    for ref, names in kin.items():
        for name in names:
            if name not in kin:
                yield Fault(ref, "lineage-dangling", f"comes from {name}, which is not there")
    rest = {ref: set(names) & kin.keys() for ref, names in kin.items()}
    while True:
        try:
            tuple(TopologicalSorter(rest).static_order())
        except CycleError as error:
            circle = list(reversed(error.args[1]))[:-1]
            yield Fault(circle[0], "lineage-cycle", f"comes from itself: {' from '.join([*circle, circle[0]])}")
            rest[circle[0]] -= set(circle)
        else:
            return


def model_id(ref: str) -> str:
    """Returns the id of the node of a version."""
    return f"{MODEL}:{ref}"


def model_node(origin: Origin) -> Node:
    """Returns the node of a version."""
    return Node(model_id(origin.ref), MODEL, origin.name, origin.version, f"{MODEL}:{origin.name}-v{origin.version}")


def data_node(origin: Origin) -> Node | None:
    """Returns the node of the data that a version was trained on; data of other bytes is other data."""
    version, digest = origin.dataset.get("version"), origin.dataset.get("digest")
    name = origin.data or version or (digest[:_DIGEST_SHOWN] if digest else None)
    if name is None:
        return None
    label = f"{DATA}:{name}" if version in (None, name) else f"{DATA}:{name}@{version}"
    suffix = f"#{digest[len('sha256:') : _DIGEST_SHOWN]}" if digest and name != digest[:_DIGEST_SHOWN] else ""
    facts = {key: value for key, value in origin.dataset.items() if key != "version"}
    return Node(label + suffix, DATA, name, version, label, facts)


def source_nodes(origin: Origin) -> list[Node]:
    """Returns the nodes of what a version was made of, in this order: data, features, experiment."""
    plain = ((FEATURES, origin.feature_set), (EXPERIMENT, origin.experiment))
    data = data_node(origin)
    return [*([data] if data else []), *(_named(kind, name) for kind, name in plain if name)]


def deployment_nodes(origin: Origin) -> list[Node]:
    """Returns the nodes of the stages that a version holds."""
    return [
        Node(f"{DEPLOYMENT}:{origin.name}@{stage}", DEPLOYMENT, stage, origin.version, f"{DEPLOYMENT}:{stage}")
        for stage in origin.stages
    ]


def _named(kind: str, name: str) -> Node:
    return Node(f"{kind}:{name}", kind, name, None, f"{kind}:{name}")


def _chains(origin: Origin) -> Iterator[list[Node]]:
    """Yields what leads to a version, and it to its stages."""
    model, sources = model_node(origin), source_nodes(origin)
    yield [*sources, model]
    if origin.commit:
        yield [_named(CODE, origin.commit), model]
    if origin.increment:
        yield [_named(INCREMENT, origin.increment), next((one for one in sources if one.kind == EXPERIMENT), model)]
    yield from _stage_chains(origin)


def _stage_chains(origin: Origin) -> Iterator[list[Node]]:
    """Yields a version alone, and how it leads to its stages: where else it comes from is its own affair."""
    model = model_node(origin)
    yield [model]
    yield from ([model, deployment] for deployment in deployment_nodes(origin))


def _before(focus: Origin, origin_of: OriginOf) -> list[Origin]:
    """Returns all that `focus` comes from, so that everything stands behind what it comes from itself."""
    found, done = dict[str, Origin](), set[str]()
    stack: list[tuple[str, bool]] = [(ref, False) for ref in reversed(focus.kin)]
    while stack:
        ref, is_left = stack.pop()
        if is_left:
            found[ref] = found.pop(ref)  # behind all that was put there below it
        elif ref not in done:
            done.add(ref)
            origin = origin_of(ref)
            if origin is not None and ref != focus.ref:
                found[ref] = origin
                stack.append((ref, True))
                stack += [(above, False) for above in reversed(origin.kin)]
    return list(found.values())


def _after(focus: Origin, origin_of: OriginOf, children: Children) -> list[Origin]:
    known = (origin_of(ref) for ref in descendants([focus.ref], children))
    return [origin for origin in known if origin is not None]


class _Tree:
    """One drawing of a lineage."""

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._origins = {one.ref: one for one in (*lineage.before, lineage.focus, *lineage.after)}
        self._children: dict[str, list[Origin]] = {}
        for one in self._origins.values():
            for ref in one.kin:
                self._children.setdefault(ref, []).append(one)
        self._drawn: set[str] = set()
        self._later: list[Origin] = []

    def lines(self) -> list[str]:
        found: list[str] = []
        for origin in self._lineage.before:
            children = self._children.get(origin.ref, ())
            found += self._spine(origin, [_relation(origin, child) for child in children if child.ref in self._origins])
        focus = self._lineage.focus
        found += self._spine(focus, ())
        found += self._below(focus, len(source_nodes(focus)) + 1)
        for origin in self._later:  # it grows while it is walked
            found += [model_node(origin).label, *self._below(origin, 1)]
        return found

    def _spine(self, origin: Origin, tails: Sequence[str]) -> list[str]:
        """Returns what leads to a version, one below the other, then it, its stages where it is not the focus."""
        labels = [node.label for node in (*source_nodes(origin), model_node(origin))]
        lines = [_branch(depth, label) for depth, label in enumerate(labels)]
        if origin is not self._lineage.focus:
            stages = [node.label for node in deployment_nodes(origin)]
            lines += [_branch(len(labels), label) for label in (*stages, *tails)]
        return lines

    def _below(self, origin: Origin, depth: int) -> list[str]:
        """Returns what came of a version: its stages, then versions made of it, each drawn out once."""
        lines = [_branch(depth, node.label) for node in deployment_nodes(origin)]
        stack = self._made_of(origin, depth)
        while stack:
            above, one, at = stack.pop()
            lines.append(_branch(at, _relation(above, one)))
            if one.ref in self._drawn:
                continue
            self._drawn.add(one.ref)
            if at - depth >= DEEP and one.ref in self._children:
                self._later.append(one)
            else:
                lines += [_branch(at + 1, node.label) for node in deployment_nodes(one)]
                stack += self._made_of(one, at + 1)
        return lines

    def _made_of(self, origin: Origin, depth: int) -> list[tuple[Origin, Origin, int]]:
        return [(origin, child, depth) for child in reversed(self._children.get(origin.ref, ()))]


def _relation(origin: Origin, child: Origin) -> str:
    """Returns how a tree names a version that came of another."""
    label = model_node(child).label
    if child.variant_of == origin.ref:
        return f"{label} (variant of it)"
    return label if child.parent == origin.ref else f"{label} (depends on it)"


def _branch(depth: int, label: str) -> str:
    return f"{' ' * (6 * depth - 4)}└─> {label}" if depth else label
