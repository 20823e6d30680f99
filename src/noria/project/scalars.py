"""The single values of the project's files, each with what is allowed and its JSON Schema."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from noria.core.window import AbortRule
from noria.core.windows import AUTO, NAMED
from noria.project import units
from noria.project.kinds import Scalar

MODEL_NAME = r"[a-z0-9][a-z0-9._-]{0,62}"
_ABORT = rf"(error_rate|p99) *> *(?:({units.DECIMAL})x champion|({units.SHARE}|{units.DURATION}))"


def pattern(regex: str, allowed: str, parse: Callable[[str], Any] = str) -> Scalar:
    """Return the kind of a text that matches all of `regex`; `parse` may refuse it still, by ValueError."""

    def read(raw: object) -> Any:
        if not isinstance(raw, str) or not re.fullmatch(regex, raw):
            raise ValueError(raw)
        return parse(raw)

    return Scalar(allowed, read, {"type": "string", "pattern": f"^(?:{regex})$"})


def whole(low: int, high: int | None = None) -> Scalar:
    """Return the kind of a whole number from `low` to `high`."""

    def parse(raw: object) -> int:
        if type(raw) is not int or raw < low or (high is not None and raw > high):
            raise ValueError(raw)
        return raw

    if high is None:
        return Scalar(f"a whole number of {low} or more", parse, {"type": "integer", "minimum": low})
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Scalar(f"a whole number from {low} to {high}", parse, schema)


def number(low: float = -math.inf, high: float = math.inf) -> Scalar:
    """Return the kind of a finite number from `low` to `high`."""

    def parse(raw: Any) -> float:
        if type(raw) not in (int, float) or not math.isfinite(raw) or not low <= raw <= high:
            raise ValueError(raw)
        return float(raw)

    limits = {"minimum": low, "maximum": high}
    schema = {"type": "number", **{key: limit for key, limit in limits.items() if math.isfinite(limit)}}
    if math.isinf(low):
        return Scalar("a number", parse, schema)
    upper = "or more" if math.isinf(high) else f"to {high:g}"
    return Scalar(f"a number, {low:g} {upper}", parse, schema)


def _boolean(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(raw)
    return raw


def _refit(raw: object) -> bool | str:
    return AUTO if raw == AUTO else _boolean(raw)


def _reach(raw: Any) -> dict[str, Any]:
    """Return a table of columns with how far each may be changed; a list means "10%" of each."""
    told = dict.fromkeys(map(str, raw), "10%") if isinstance(raw, list) else raw
    if not isinstance(told, dict) or not told:
        raise ValueError(raw)
    for far in told.values():
        if isinstance(far, str) and far != "any":
            units.parse_share(far)
        elif not isinstance(far, str):
            number(0).parse(far)
    return told


def _table(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(raw)
    return raw


def _cron(text: str) -> str:
    from croniter import croniter

    if not croniter.is_valid(text):
        raise ValueError(text)
    return text


def _abort_rule(text: str) -> AbortRule:
    match = re.fullmatch(_ABORT, text)
    assert match is not None
    measure, times, limit = match[1], match[2], match[3]
    if times:
        if not float(times):
            raise ValueError(text)
        return AbortRule(measure=measure, limit=float(times), of_champion=True, text=text)
    if limit.endswith("%") != (measure == "error_rate"):
        raise ValueError(text)
    value = units.parse_share(limit) if limit.endswith("%") else units.parse_duration(limit).total_seconds()
    return AbortRule(measure=measure, limit=value, of_champion=False, text=text)


def _seconds(text: str) -> float:
    return units.parse_duration(text).total_seconds()


def _interval(text: str) -> timedelta:
    if not (interval := units.parse_duration(text)):
        raise ValueError(text)
    return interval


def _window(text: str) -> str:
    if text not in NAMED:
        units.parse_duration(text)
    return text


def _holdout(text: str) -> object:
    value = units.parse_share(text) if text.endswith("%") else units.parse_duration(text)
    if value in (1, timedelta(0)):
        raise ValueError(text)
    return value


TEXT = pattern(r"[\s\S]*", "a text")
NAME = pattern(r"[\s\S]*\S[\s\S]*", "a text that is not empty")
NUMBER = number()
BOOLEAN = Scalar("true or false", _boolean, {"type": "boolean"})
REFIT = Scalar('true, false or "auto"', _refit, {"enum": [True, False, AUTO]})
REACH = Scalar(
    'a list of columns, or a table of columns with a number, a share of the range such as "10%", or "any"',
    _reach,
    {"anyOf": [{"type": "array", "items": {"type": "string"}, "minItems": 1}, {"type": "object"}]},
)
FREE_TABLE = Scalar("a table of your own keys", _table, {"type": "object"})
NAME_OF_MODEL = pattern(
    MODEL_NAME, "a to z, 0 to 9 and . _ -, up to 63 of them, the first a letter or a digit"
)
PYTHON_FILE = pattern(
    r"(?!/)(?!(?:.*/)?\.\.(?:/|$)).+\.py", 'a Python file in the project, such as "pipeline.py"'
)
DURATION = pattern(units.DURATION, units.DURATION_ALLOWED, units.parse_duration)
INTERVAL = pattern(units.DURATION, f"{units.DURATION_ALLOWED}, above 0s", _interval)
SECONDS = pattern(units.DURATION, units.DURATION_ALLOWED, _seconds)
SHARE = pattern(units.SHARE, units.SHARE_ALLOWED, units.parse_share)
RATE = pattern(units.RATE, units.RATE_ALLOWED, units.parse_rate)
REQUEST_RATE = pattern(units.REQUEST_RATE, units.REQUEST_RATE_ALLOWED, units.parse_request_rate)
WINDOW = pattern(
    f"{'|'.join(NAMED)}|{units.DURATION}", f'"all", "recent", "auto", or {units.DURATION_ALLOWED}', _window
)
HOLDOUT = pattern(
    f"{units.SHARE}|{units.DURATION}",
    f'a share of the rows such as "20%", or {units.DURATION_ALLOWED}',
    _holdout,
)
CRON = pattern(r"\S+(?: +\S+){4}", 'a cron expression of five fields in UTC, such as "0 3 * * MON"', _cron)
ABORT = pattern(_ABORT, '"error_rate > 1%", "p99 > 50ms" or "p99 > 2x champion"', _abort_rule)
