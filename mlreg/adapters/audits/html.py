"""Owns an audit as one page of HTML: no script, nothing from elsewhere, readable for ever.

All that people have written is escaped, and a policy in the page forbids a browser to run or load anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from mlreg.adapters.audits import _charts
from mlreg.adapters.audits._style import STYLE
from mlreg.domain import telling
from mlreg.domain.audit import Audit, plotted
from mlreg.domain.events import ROLLED_BACK

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_KINDS = {
    "Version": "strong", "Metric": "strong", "Gate": "strong", "Key": "code", "Record": "code", "Policy": "code",
    "Commit": "code", "From": "when", "To": "when", "At": "when", "Registered": "when", "Event": "num",
    "Value": "num", "By": "who", "Approved by": "who", "Owner": "who", "Reason": "words", "Comment": "words",
    "Checkpoint": "words",
}  # fmt: skip
_CHIPPED = {"Answer", "Open", "Valid", "Decision", "How", "What"}
_GOOD, _BAD = {telling.YES, "approve"}, {telling.NO, "reject"}
_SIGNS = {telling.YES: "✓ yes", telling.NO: "✗ no", telling.UNKNOWN: "– nothing to say"}
_MOST_CHARTS = 24


def render(audit: Audit) -> str:
    """Returns the page."""
    name = _safe(audit.name)
    head = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Audit of {name}</title><style>{STYLE}</style></head>"
    )
    body = "\n".join(_parts(audit))
    return f"{head}\n<body><main>\n{body}\n</main></body></html>\n"


def _parts(audit: Audit) -> Iterator[str]:
    scale = _charts.Scale(audit.period.since, audit.period.until)
    checkpoints, *rest = telling.sections(audit)
    yield _header(audit)
    yield _tiles(audit)
    yield _section(checkpoints)
    if audit.deployments:
        yield _timeline(audit, scale)
    if charts := [chart for name in audit.metrics if (chart := _chart(audit, name, scale))]:
        yield _charted(audit, charts)
    for section in rest:
        yield _section(section)
    yield _footer(audit)


def _header(audit: Audit) -> str:
    period = f"{telling.moment(audit.period.since)} – {telling.moment(audit.period.until)} UTC"
    return (
        f'<header><p class="eyebrow">Audit of a model</p><h1>{_safe(audit.name)}</h1>'
        f'<p class="period">{_safe(period)}</p></header>'
    )


def _tiles(audit: Audit) -> str:
    top = audit.at_stage(audit.stages.top)
    last = top[-1] if top and top[-1].span.until is None else None
    known = [check.answer for check in audit.checks if check.answer is not None]
    counting = sum(one.refusal is None for _, one in audit.approvals)
    holder = f"since {telling.moment(last.span.since)[:10]}, by {last.span.event.actor}" if last else ""
    versions = {one.span.version for one in audit.deployments}
    tiles = [
        (f"in {audit.stages.top}", last.span.version if last else "nobody", holder),
        ("checkpoints met", f"{sum(known)} of {len(known)}", "of those that have an answer"),
        ("deployments", str(len(audit.deployments)), f"of {len(versions)} versions"),
        ("valid approvals", f"{counting} of {len(audit.approvals)}", audit.trust),
        ("forced moves", str(len(audit.forced)), ""),
    ]  # fmt: skip
    return '<dl class="tiles">' + "".join(map(_tile, tiles)) + "</dl>"


def _tile(tile: Sequence[str]) -> str:
    name, value, about = tile
    small = f"<small>{_safe(about)}</small>" if about else ""
    return f'<div class="tile"><dt>{_safe(name)}</dt><dd>{_safe(value)}{small}</dd></div>'


def _timeline(audit: Audit, scale: _charts.Scale) -> str:
    legend = ["<li>↶ rolled back to</li>"] * any(one.span.event.kind == ROLLED_BACK for one in audit.deployments)
    legend += ['<li><i class="ring"></i>⚠ forced</li>'] * any(one.move.is_forced for one in audit.deployments)
    return (
        "<section><h2>Timeline</h2>"
        '<p class="about">Who held which stage, and when. Each bar is told of in full in the table of deployments.</p>'
        f'{_charts.timeline(audit, scale)}<ul class="legend">{"".join(legend)}</ul></section>'
    )


def _charted(audit: Audit, charts: Sequence[str]) -> str:
    top = _safe(audit.stages.top)
    more = len(charts) - _MOST_CHARTS
    rest = f'<p class="empty">{more} more metrics are in the table below.</p>' if more > 0 else ""
    return (
        "<section><h2>Metrics over time</h2>"
        f'<p class="about">A dot is a version, where its metric was stated; the line is what {top} served.</p>'
        f'<div class="charts">{"".join(charts[:_MOST_CHARTS])}</div>{rest}'
        f'<ul class="legend"><li><i class="dot"></i>was in {top}</li>'
        '<li><i class="dot hollow"></i>was not</li></ul></section>'
    )


def _chart(audit: Audit, name: str, scale: _charts.Scale) -> str:
    picture = _charts.chart(audit, name, scale)
    return f"<article><h3>{_safe(name)}</h3>{_figure(audit, name)}{picture}</article>" if picture else ""


def _figure(audit: Audit, name: str) -> str:
    """Returns what the last holder of the highest stage has, and how it differs from what the first one had."""
    latest = {point.version: (point, value) for point, value in plotted(audit.metrics[name])[0]}
    held = [latest[one.span.version] for one in audit.at_stage(audit.stages.top) if one.span.version in latest]
    if not held:
        return f'<p class="figure">–<small>never in {_safe(audit.stages.top)}</small></p>'
    (first, before), (last, now) = held[0], held[-1]
    value = _safe(telling.number(last.metric.shown()))
    if first.version == last.version or before == now:
        return f'<p class="figure">{value}<small>{_safe(last.version)}</small></p>'
    change = f"{now - before:+.4g}" if before == 0 else f"{100 * (now - before) / abs(before):+.3g} %"
    direction = audit.directions.get(name)
    kind = "" if direction is None else "better" if (now > before) == (direction == "up") else "worse"
    word = f"{kind} than" if kind else "against"
    return (
        f'<p class="figure">{value}<small><span class="{kind}">{_safe(change)}</span> {word} '
        f"{_safe(first.version)}</small></p>"
    )


def _section(section: telling.Section) -> str:
    title = f'<h2>{_safe(section.title)}</h2><p class="about">{_safe(section.about)}</p>'
    if not section.rows:
        return f'<section>{title}<p class="empty">{_safe(section.empty)}</p></section>'
    head = "".join(f'<th scope="col">{_safe(column)}</th>' for column in section.columns)
    body = "".join(f"<tr>{''.join(map(_cell, section.columns, row))}</tr>" for row in section.rows)
    table = f'<div class="wide-table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    return f"<section>{title}{table}</section>"


def _cell(column: str, text: str) -> str:
    if not text:
        return "<td></td>"
    kind = f' class="{_KINDS[column]}"' if column in _KINDS else ""
    inner = _chip(text) if column in _CHIPPED else _safe(text)
    return f'<td{kind} data-label="{_safe(column)}"><div>{inner}</div></td>'


def _chip(text: str) -> str:
    word, _, why = text.partition(": ")
    kind = "yes" if word in _GOOD else "no" if word in _BAD else "warn" if word.endswith("forced") else ""
    said = f"<span>{_safe(why)}</span>" if why else ""
    return f'<span class="chip {kind}">{_safe(_SIGNS.get(word, word))}</span>{said}'


def _footer(audit: Audit) -> str:
    facts = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(value)}</dd>" for name, value in telling.facts(audit)[-4:])
    return f"<footer><dl>{facts}</dl></footer>"


def _safe(text: str) -> str:
    return escape(telling.line(text), quote=True)
