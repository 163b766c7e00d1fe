"""Owns pages that live in documents: sections between two markers, and what a model's page says.

    <!-- mlreg:begin fraud-detector -->
    … what is written anew …
    <!-- mlreg:end -->

All that stands outside of the markers stays as it is, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mlreg.domain.events import ROLLED_BACK
from mlreg.domain.metric import Metric
from mlreg.domain.names import quoted
from mlreg.domain.semver import Version
from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import UsageError

EVERY = "*"
PAGE, DEPLOYMENTS = "page", "deployments"
PARTS = (PAGE, DEPLOYMENTS)
ROWS_MOST = 20
_DATE = len("2026-01-31")
_BEGIN = re.compile(r"^[ \t]*<!--[ \t]*mlreg:begin\b[ \t]*(.*?)[ \t]*-->[ \t]*\r?$", re.MULTILINE)
_END = re.compile(r"^[ \t]*<!--[ \t]*mlreg:end[ \t]*-->[ \t]*\r?$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
_SHORT_STAGES = {"production": "Prod"}
_FIRST = "accuracy"
_METRICS_MOST = 8
_RATIOS = {"accuracy", "precision", "recall"}
_PERCENTILE = re.compile(r"(.+?)_(p[0-9]{1,3}|mean|median)")


class Wanted(NamedTuple):
    """What a marker asks for: a part, of a model or of `EVERY` one; `line` is where it stands, from 1."""

    name: str
    part: str
    line: int


class Place(NamedTuple):
    """A section of a document: what is wanted there, and where its text begins and ends."""

    wanted: Wanted
    start: int
    end: int


class VersionLine(NamedTuple):
    """A version as the table of a page shows it; `deployed` is when it last came to the highest stage, or None."""

    standing: Standing
    metrics: Mapping[str, Metric]
    deployed: str | None


class Page(NamedTuple):
    """What a page says of a model.

    Attributes:
        current: The holder of the highest stage, if there is one.
        versions: Its versions, the greatest first; `total` is how many there are in all.
        way_back: The version that a rollback would return to, or None.
    """

    name: str
    stage: str
    current: VersionLine | None
    versions: Sequence[VersionLine]
    total: int
    way_back: str | None
    next_fix: str | None


def places(text: str, source: str) -> list[Place]:
    """Returns the sections of a document, in order; markers inside of code are text.

    Raises:
        UsageError: A marker means nothing, or has no end; the line is named.
    """
    code = list(_fenced(text))
    found: list[Place] = []
    position = 0
    while begin := _next(_BEGIN, text, position, code):
        line = text.count("\n", 0, begin.start()) + 1
        end = _next(_END, text, begin.end(), code)
        inner = _next(_BEGIN, text, begin.end(), code)
        if end is None or (inner and inner.start() < end.start()):
            raise UsageError(
                f"{source}, line {line}: the section has no end",
                hint="end it with a line `<!-- mlreg:end -->`",
                facts={"file": source, "line": line},
            )
        start = min(begin.end() + 1, end.start())
        found.append(Place(_wanted(begin[1], source, line), start, end.start()))
        position = end.end()
    return found


def renewed(text: str, source: str, say: Callable[[Wanted], str]) -> str:
    """Returns `text` with what `say` returns for each of its sections, in the line ends of the document.

    Raises:
        UsageError: A marker means nothing, or has no end.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    parts: list[str] = []
    position = 0
    for wanted, start, end in places(text, source):
        said = say(wanted).replace("\n", newline)
        parts += [text[position:start], newline, said, newline]
        position = end
    return "".join([*parts, text[position:]])


def lines_of(
    state: ModelState, stages: Stages, metrics: Callable[[Standing], Mapping[str, Metric]]
) -> list[VersionLine]:
    """Returns the versions that a page names: those that hold a stage, and of the others the greatest ones."""
    ordered = state.in_order()
    held = set(state.holders().values())
    shown = [one for number, one in enumerate(ordered) if number < ROWS_MOST or str(one.version) in held]
    deployed = {tenure.holder: tenure.moment for tenure in state.seat(stages.top).tenures if tenure.holder is not None}
    return [VersionLine(one, metrics(one), deployed.get(str(one.version))) for one in shown]


def page_of(state: ModelState, stages: Stages, lines: Sequence[VersionLine], way_back: str | None) -> Page:
    """Returns the page of a model."""
    holder = state.holder(stages.top)
    current = next((line for line in lines if str(line.standing.version) == holder), None)
    return Page(
        name=state.spelling,
        stage=stages.top,
        current=current,
        versions=lines,
        total=len(state.versions),
        way_back=way_back,
        next_fix=_next_patch(state, current.standing.version) if current else None,
    )


def title(name: str) -> str:
    """Returns a name as a heading: `Fraud Detection Model` of `fraud-detection-model`."""
    words = re.split(r"[-_/]+", name)
    return " ".join(word[:1].upper() + word[1:] for word in words if word)


def note(line: VersionLine, page: Page) -> str:
    """Returns what there is to say of a version: it is the current one, was replaced, goes, or waits."""
    standing = line.standing
    replacer = standing.replaced_by
    if standing.deprecated is not None:
        end = standing.deprecated.end_of_life
        return f"Deprecated: {standing.deprecated.reason}" + (f", until {end}" if end else "")
    if page.current is not None and standing is page.current.standing:
        return "Current ✅"
    if standing.stage != ARCHIVED:
        return "Candidate" if standing.stage != "development" else ""
    if standing.moved.kind == ROLLED_BACK:
        return f"Rolled back: {standing.moved.reason}" if standing.moved.reason else "Rolled back"
    current = str(page.current.standing.version) if page.current else None
    return f"Replaced by v{replacer}" if replacer is not None and replacer == current else "Retired"


def stage_word(stage: str) -> str:
    """Returns a stage as a table shows it."""
    return _SHORT_STAGES.get(stage, stage[:1].upper() + stage[1:])


def day(moment: str | None) -> str:
    """Returns the UTC day of a timestamp, `-` where there is none."""
    return moment[:_DATE] if moment else "-"


def metric_line(name: str, metric: Metric) -> str:
    """Returns a metric as a sentence of a page: `Accuracy: 87%`, `Latency: 35ms (p50)`."""
    found = _PERCENTILE.fullmatch(name)
    base, suffix = (found[1], f" ({found[2]})") if found else (name, "")
    is_share = base in _RATIOS and metric.unit is None and 0 <= metric.value <= 1
    value = f"{100 * metric.value:.4g}%" if is_share else metric_value(metric)
    return f"{words(base)}: {value}{suffix}"


def headline(metrics: Mapping[str, Metric]) -> list[tuple[str, Metric]]:
    """Returns the metrics that stand at the head of a page: accuracy first, then by name, a few of many."""
    names = sorted(metrics, key=lambda name: (name != _FIRST, name))
    return [(name, metrics[name]) for name in names[:_METRICS_MOST]]


def words(name: str) -> str:
    """Returns the name of a metric as words: `Roc auc` of `roc_auc`."""
    spaced = " ".join(name.split("_"))
    return spaced[:1].upper() + spaced[1:]


def metric_value(metric: Metric | None) -> str:
    """Returns the value of a metric in six digits at most, `-` where there is none."""
    if metric is None:
        return "-"
    shown = metric.shown()
    return f"{shown:.6g}" if isinstance(shown, float) else str(shown)


def main_metric(lines: Sequence[VersionLine]) -> str | None:
    """Returns the metric that the table shows: accuracy where one of the versions has it, else the first by name."""
    names = sorted({name for line in lines for name in line.metrics})
    return _FIRST if _FIRST in names else next(iter(names), None)


def _next_patch(state: ModelState, version: Version) -> str:
    patch = version.patch + 1
    while state.versions.same_precedence(f"{version.major}.{version.minor}.{patch}"):
        patch += 1
    return f"{version.major}.{version.minor}.{patch}"


def _wanted(words: str, source: str, line: int) -> Wanted:
    name, *rest = words.split() or [""]
    part = rest[0] if rest else PAGE
    if not name or len(rest) > 1 or part not in PARTS:
        raise UsageError(
            f"{source}, line {line}: {quoted(words)} is no section",
            hint="write `<!-- mlreg:begin NAME -->`, or `NAME deployments`; `*` is every model",
            facts={"file": source, "line": line},
        )
    return Wanted(name, part, line)


def _next(pattern: re.Pattern[str], text: str, position: int, code: Sequence[tuple[int, int]]) -> re.Match[str] | None:
    found = (match for match in pattern.finditer(text, position))
    return next((one for one in found if not any(start <= one.start() < end for start, end in code)), None)


def _fenced(text: str) -> Iterator[tuple[int, int]]:
    """Yields where fenced code begins and ends."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]):
            yield opened.start(), fence.end()
            opened = None
    if opened is not None:
        yield opened.start(), len(text)
