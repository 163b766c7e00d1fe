"""Owns a lineage as a flowchart of Mermaid, as GitHub and GitLab draw it in Markdown.

Source: Mermaid, "Flowcharts - Basic Syntax", https://mermaid.js.org/syntax/flowchart.html.
"""

from __future__ import annotations

import re

from mlreg.domain.lineage import DATA, DEPLOYMENT, LEADS_TO, MODEL, Lineage, Registered, model_id

_SHAPES = {DATA: ('[("', '")]'), MODEL: ('["', '"]'), DEPLOYMENT: ('(["', '"])')}
_OTHER = ('("', '")')


def render(lineage: Lineage, registered: Registered) -> str:
    """Returns the flowchart, the version in the middle drawn with a thick border."""
    nodes, edges = lineage.graph()
    names = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    lines = ["flowchart LR"]
    for node in nodes:
        begin, end = _SHAPES.get(node.kind, _OTHER)
        lines.append(f"  {names[node.id]}{begin}{_escaped(node.label)}{end}")
    for edge in edges:
        label = "" if edge.kind == LEADS_TO else f"|{edge.kind}|"
        lines.append(f"  {names[edge.start]} -->{label} {names[edge.end]}")
    lines.append(f"  style {names[model_id(lineage.focus.ref)]} stroke-width:3px")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Returns `text` with all that Mermaid or HTML could read otherwise as the number of the character."""
    return re.sub(r"[^\w ./@:+,=-]", lambda match: f"#{ord(match[0])};", text)
