"""Owns what a metric is: a number, its unit and direction as stated, and the base unit it compares in."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from numbers import Integral, Real
from typing import Any, Final, Literal

from mlreg.domain.names import quoted
from mlreg.domain.values import WHOLE_MAX
from mlreg.errors import UsageError

Direction = Literal["up", "down"]
Number = float | int

# a double has 17 digits and no whole number more than 31, so that products with a factor are exact
EXACT: Final = Context(prec=100)
MAX_NAME_CHARACTERS: Final = 128
MAX_TEXT_CHARACTERS: Final = 100
MAX_UNIT_CHARACTERS: Final = 32
MAX_WHOLE: Final = 10**30
_MAX_DEPTH: Final = 8

_HINT: Final = "use `--meta NAME=VALUE` for facts that are no numbers"
_NOT_FINITE: Final = re.compile(r"([+-]?)(?:(nan)|inf(?:inity)?)", re.IGNORECASE)
_SYMBOLS: Final = "%‰°$€£¥"
_WORD: Final = rf"(?:[^\W\d_]|[{_SYMBOLS}])(?:[^\W\d_]|[{_SYMBOLS}/·*^])*"
_NUMBER: Final = rf"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*({_WORD}(?: {_WORD}){{0,2}})?"
_COUNTED: Final = r"([kKMG])(?: (.+))?"

# MB is 1000² bytes, MiB 1024²; a lone `m` is neither minutes nor milli
_DIMENSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "s": {
        "1E-9": "ns nanosecond nanoseconds",
        "1E-6": "us µs μs microsecond microseconds",
        "1E-3": "ms msec millisecond milliseconds",
        "1": "s sec secs second seconds",
        "60": "min mins minute minutes",
        "3600": "h hr hrs hour hours",
        "86400": "d day days",
    },
    "B": {
        "1": "B byte bytes Byte Bytes",
        **{f"1E{3 * power}": units for power, units in enumerate(["kB KB", "MB", "GB", "TB", "PB"], start=1)},
        **{str(1024**power): unit for power, unit in enumerate(["KiB", "MiB", "GiB", "TiB", "PiB"], start=1)},
    },
    "ratio": {"1": "ratio", "0.01": "% percent", "0.001": "‰"},
    "cores": {"1": "core cores", "1E-3": "millicore millicores"},
    "rows": {"1": "row rows"},
    "samples": {"1": "sample samples"},
    "tokens": {"1": "token tokens"},
    "req/s": {"1": "req/s req/sec request/s requests/s requests/sec rps qps"},
}
_UNITS: Final[Mapping[str, tuple[Decimal, str]]] = {
    unit: (Decimal(factor), base)
    for base, scale in _DIMENSIONS.items()
    for factor, units in scale.items()
    for unit in units.split()
}
_MULTIPLIERS: Final = {"k": Decimal(10**3), "K": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9)}


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric of a version.

    `value` is the number and `unit` its unit, both as stated; `text` is what was written where both were one
    text. `extra` has further stated facts (`dataset_digest`, `n`, `ci` …), JSON-compatible.

    Laws:
        `Metric.parse(name, metric.stated()) == metric`; two that state the same are equal, NaN included.
    """

    value: Number
    unit: str | None = None
    text: str | None = None
    direction: Direction | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, raw: Any) -> Metric:
        """Returns the metric that `raw` states: a number of any library, a text such as `35ms`, or a mapping.

        Raises:
            UsageError: `name` is no name for a metric, or `raw` is no number; both are named.
        """
        _check_name(name)
        metric = _from_mapping(name, raw) if isinstance(raw, Mapping) else _from_value(name, raw)
        if metric.is_finite and math.isinf(metric.canonical()[0]):
            raise _refused(name, raw, "is too large", hint="state it in a larger unit")
        return metric

    @property
    def is_finite(self) -> bool:
        """Whether it is a number that can be compared: neither NaN nor infinite."""
        return math.isfinite(self.value)

    def stated(self) -> Any:
        """Returns the metric as a record has it, JSON-compatible: one value where that says it all."""
        value = self.text if self.text is not None else _written(self.value)
        unit = {"unit": self.unit} if self.unit and self.text is None else {}
        direction = {"direction": self.direction} if self.direction else {}
        facts = {"value": value, **unit, **direction, **self.extra}
        return facts if len(facts) > 1 else value

    def meant(self) -> dict[str, Any]:
        """Returns what it states, equal for all spellings of a number and its unit: 1 and 1.0, `35ms` and `35.0 ms`."""
        number = int(self.value) if self.is_finite and self.value == int(self.value) else spelled(self.value)
        return {"value": number, "unit": self.unit, "direction": self.direction, **self.extra}

    def shown(self) -> Number | str:
        """Returns the number, or a text where there is a unit or the number is not finite."""
        if self.text is not None:
            return self.text
        return spelled(self.value) if self.unit is None else f"{spelled(self.value)} {self.unit}"

    def exact(self) -> tuple[Decimal, str]:
        """Returns the number in the base unit of its dimension without rounding, and that base unit."""
        factor, base = _factor(self.unit or "")
        return EXACT.multiply(Decimal(str(self.value)), factor), base

    def canonical(self) -> tuple[float, str]:
        """Returns the number in the base unit of its dimension, and that base unit.

        The base units are `s`, `B`, `ratio`, `cores`, `req/s` …, the unit itself where it is not a known one,
        and the empty text where there is none.
        """
        number, base = self.exact()
        return float(number), base

    def __eq__(self, other: object) -> bool:
        return self.stated() == other.stated() if isinstance(other, Metric) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.shown(), self.direction))


def spelled(number: Number) -> Number | str:
    """Returns the number as JSON can have it: `NaN`, `Infinity` and `-Infinity` as texts."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _written(number: Number) -> Number | str:
    """Returns the number as a record can have it: whole numbers of more than 18 digits are their digits there."""
    is_long = isinstance(number, int) and abs(number) >= WHOLE_MAX
    return str(number) if is_long else spelled(number)


def _from_mapping(name: str, facts: Mapping[Any, Any]) -> Metric:
    if "value" not in facts:
        raise _refused(name, dict(facts), "has no 'value'", hint="write `{value: 0.9, direction: up}`")
    metric = _from_value(name, facts["value"])
    unit = _unit(name, facts.get("unit"))
    if unit and metric.unit and unit != metric.unit:
        raise _refused(name, facts["value"], f"has a second unit, {quoted(unit)}", hint="state one of them")
    return Metric(
        value=metric.value,
        unit=metric.unit or unit,
        text=metric.text,
        direction=_direction(name, facts.get("direction")),
        extra={
            str(key): _plain(name, fact, depth=1)
            for key, fact in facts.items()
            if key not in ("value", "unit", "direction")
        },
    )


def _from_value(name: str, raw: Any) -> Metric:
    # the text of a Decimal keeps 5 apart from 5.0
    if isinstance(raw, str | Decimal):
        return _from_text(name, str(raw).strip())
    return Metric(_number(name, raw))


def _from_text(name: str, text: str) -> Metric:
    if found := _NOT_FINITE.fullmatch(text):
        sign, is_nan = found.groups()
        return Metric(math.nan if is_nan else -math.inf if sign == "-" else math.inf)
    found = re.fullmatch(_NUMBER, text) if len(text) <= MAX_TEXT_CHARACTERS else None
    if found is None:
        raise _refused(name, text, "is not a number")
    digits, unit = found.groups()
    value = _bounded(name, int(digits) if digits.lstrip("+-").isdecimal() else float(digits))
    if math.isinf(value):
        raise _refused(name, text, "is too large", hint="state it in a larger unit")
    if value == 0 and re.match("[^eE]*[1-9]", digits):
        raise _refused(name, text, "is too small", hint="state it in a smaller unit, or as its logarithm")
    return Metric(value, _unit(name, unit), text if unit else None)


def _number(name: str, raw: Any) -> Number:
    """Returns the plain number that `raw` is or has: scalars of numpy and torch give it as `item()`."""
    number = _real(raw)
    if number is None and callable(item := getattr(raw, "item", None)):
        with contextlib.suppress(TypeError, ValueError, RuntimeError):
            number = _real(item())
    if number is None:
        raise _refused(name, raw, "is not a number")
    return _bounded(name, number)


def _real(raw: Any) -> Number | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, Integral):
        return int(raw)
    try:
        return float(raw) if isinstance(raw, Real) else None
    except OverflowError:
        return None


def _bounded(name: str, number: Number) -> Number:
    if isinstance(number, int):
        if abs(number) > MAX_WHOLE:
            raise _refused(name, number, "is beyond 10^30", hint="state it rounded, as in `1.5e40`")
        return number
    if math.isnan(number):
        return math.nan
    return number + 0.0  # -0.0 becomes 0.0


def _factor(unit: str) -> tuple[Decimal, str]:
    if unit in _UNITS:
        return _UNITS[unit]
    if counted := re.fullmatch(_COUNTED, unit):
        multiplier, thing = counted.groups()
        factor, base = _factor(thing or "")
        return EXACT.multiply(_MULTIPLIERS[multiplier], factor), base
    return Decimal(1), unit


def _unit(name: str, raw: Any) -> str | None:
    if raw is None or raw == "":
        return None
    unit = raw.strip() if isinstance(raw, str) else ""
    if not unit or not unit.isprintable() or len(unit) > MAX_UNIT_CHARACTERS:
        raise _refused(name, raw, "is not a unit", hint=f"write a text of up to {MAX_UNIT_CHARACTERS} characters")
    return unit


def _direction(name: str, raw: Any) -> Direction | None:
    if raw not in (None, "up", "down"):
        raise _refused(name, raw, "is not a direction", hint="write `up` where more is better, else `down`")
    direction: Direction | None = raw
    return direction


def _plain(name: str, fact: Any, *, depth: int) -> Any:
    """Returns `fact` as JSON-compatible values of its own, which no later change of the caller's reaches."""
    if depth > _MAX_DEPTH:
        raise _refused(name, fact, f"is nested deeper than {_MAX_DEPTH}", hint=_HINT)
    if fact is None or isinstance(fact, bool | str):
        return fact
    if isinstance(fact, Mapping):
        return {str(key): _plain(name, value, depth=depth + 1) for key, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [_plain(name, value, depth=depth + 1) for value in fact]
    if callable(written := getattr(fact, "isoformat", None)):
        return str(written())
    return _written(_number(name, fact))


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > MAX_NAME_CHARACTERS:
        raise UsageError(
            f"{quoted(str(name))} is not the name of a metric",
            hint=f"write 1 to {MAX_NAME_CHARACTERS} characters that print, as in `accuracy=0.9`",
        )


def _refused(name: str, raw: Any, what: str, *, hint: str = _HINT) -> UsageError:
    return UsageError(f"metric {quoted(name)}: {_excerpt(raw)} {what}", hint=hint)


def _excerpt(raw: Any) -> str:
    if isinstance(raw, str):
        return quoted(raw)
    # the repr of what is not ours may fail, as that of a whole number of 5,000 digits does
    try:
        return " ".join(repr(raw).split())[:60]
    except Exception:
        return f"a value of type {type(raw).__name__}"
