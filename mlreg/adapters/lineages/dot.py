"""Owns a lineage as a graph of Graphviz.

Source: The DOT Language, https://graphviz.org/doc/info/lang.html.
"""

from __future__ import annotations

from mlreg.domain.lineage import DATA, DEPLOYMENT, LEADS_TO, MODEL, Lineage, Node, Registered, model_id

_SHAPES = {DATA: "cylinder", MODEL: "box", DEPLOYMENT: "oval"}


def render(lineage: Lineage, registered: Registered) -> str:
    """Returns the graph as DOT, the version in the middle drawn with a bold border."""
    nodes, edges = lineage.graph()
    middle = model_id(lineage.focus.ref)
    lines = [f"  {_quoted(node.id)} [{_attributes(node, is_middle=node.id == middle)}];" for node in nodes]
    for edge in edges:
        label = "" if edge.kind == LEADS_TO else f" [label={_quoted(edge.kind)}]"
        lines.append(f"  {_quoted(edge.start)} -> {_quoted(edge.end)}{label};")
    return "\n".join(["digraph lineage {", "  rankdir=LR;", *lines, "}"])


def _attributes(node: Node, *, is_middle: bool) -> str:
    bold = " style=bold" if is_middle else ""
    return f"label={_quoted(node.label)} shape={_SHAPES.get(node.kind, 'note')}{bold}"


def _quoted(text: str) -> str:
    # in a label a backslash begins a line break or a name: `\N` would be the name of the node
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
