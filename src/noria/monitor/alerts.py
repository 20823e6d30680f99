"""Signals into alerts: what opens one, what belongs to an open one, when it is over, and how bad it is.

All signals about one side of a version are one alert, whatever columns they name: an upstream fault shows in
many of them at once, and whoever is told needs one message. Nothing here is read or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from noria.core.causes import GONE, Scene, Symptom, causes
from noria.core.phrases import listed
from noria.monitor.cost import cost
from noria.monitor.weight import order, share
from noria.rows import AlertRow, SignalRow

OK, NOTICE, ALERT = "ok", "notice", "alert"
INFO, WARNING, CRITICAL = SEVERITIES = ("info", "warning", "critical")
"""Seen by who looks; told; told, and answers are wrong or the model is blind."""
INPUTS, ANSWERS, OUTCOMES, TRAFFIC = "inputs", "answers", "outcomes", "traffic"
SIDES = {
    "score": ANSWERS,
    "volume": TRAFFIC,
    "concept": OUTCOMES,
    "coverage": OUTCOMES,
    "estimates": OUTCOMES,
    "slices": OUTCOMES,
    "fairness": OUTCOMES,
}
"""What a kind of signal is about; all others are about the inputs."""
BLIND = frozenset({"variety", "type"})
"""Kinds of signals after which the model answers without what it learnt from."""
QUIET = timedelta(days=2)
"""How long nothing is seen before an alert is over: one quiet day may be chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Who serves: the `champion`, all `versions`, and the scene for causes."""

    champion: int | None
    versions: tuple[int, ...]
    scene: Scene


def follow(
    known: Sequence[AlertRow], said: Sequence[SignalRow], at: datetime, serving: Serving
) -> list[AlertRow]:
    """Return the alerts that the signals of one day open, continue or end; asked again, the same.

    `known` are the model's alerts, open and past; `at` is when the day was checked.
    """
    changed = [_ended(alert, at) for alert in known if _is_left(alert, serving)]
    for (version, about), rows in _sides(said):
        heard = [row for row in rows if row.level != OK]
        today = [row for row in said if row.version == version]
        open_ = _open(known, version, about)
        if open_ and version in serving.versions:
            changed += _carried_on(open_, heard, today, at, serving)
        elif open_ is None and any(row.level == ALERT for row in heard):
            fresh = _opened(heard, today, at, serving)
            changed += [_silenced(fresh, known)] if fresh.id not in {alert.id for alert in known} else []
    return changed


def owed(alert: AlertRow, routes: Iterable[str], now: datetime) -> list[str]:
    """Return the routes that are still to be told of an alert: none of an ended, silenced or minor one."""
    silent = alert.silenced_until is not None and now < alert.silenced_until
    if alert.ended or silent or alert.severity == INFO:
        return []
    return [route for route in routes if route not in alert.told]


def kind(row: SignalRow) -> str:
    """Return what a signal is of: its monitor, or the series that this one found something in."""
    return str(row.numbers.get("series", row.monitor))


def _sides(said: Iterable[SignalRow]) -> Iterator[tuple[tuple[int, str], list[SignalRow]]]:
    sides: dict[tuple[int, str], list[SignalRow]] = {}
    for row in said:
        sides.setdefault((row.version, SIDES.get(kind(row), INPUTS)), []).append(row)
    yield from sides.items()


def _is_left(alert: AlertRow, serving: Serving) -> bool:
    return alert.ended is None and alert.version not in serving.versions


def _open(known: Iterable[AlertRow], version: int, about: str) -> AlertRow | None:
    mine = (alert for alert in known if (alert.version, alert.about) == (version, about))
    return next((alert for alert in mine if alert.ended is None), None)


def _ended(alert: AlertRow, at: datetime) -> AlertRow:
    return replace(alert, ended=at)


def _opened(
    heard: Sequence[SignalRow], today: Sequence[SignalRow], at: datetime, serving: Serving
) -> AlertRow:
    first = heard[0]
    about = SIDES.get(kind(first), INPUTS)
    name = f"{first.model} {first.version} {about} {first.day}"
    fresh = AlertRow(
        model=first.model,
        id=sha256(name.encode()).hexdigest()[:8],
        version=first.version,
        about=about,
        severity=INFO,
        title="",
        opened=at,
        last_seen=_moment(serving.scene.day),
    )
    return _told_anew(fresh, heard, today, serving)


def _carried_on(
    alert: AlertRow, heard: Sequence[SignalRow], today: Sequence[SignalRow], at: datetime, serving: Serving
) -> list[AlertRow]:
    """Return the alert with the day's signals; ended if none belongs to it any more."""
    day = _moment(serving.scene.day)
    subjects = {row.subject for row in alert.signals}
    if own := [row for row in heard if row.level == ALERT or row.subject in subjects]:
        return [_told_anew(replace(alert, last_seen=day), own, today, serving)]
    return [_ended(alert, at)] if day - alert.last_seen >= QUIET else []


def _told_anew(
    alert: AlertRow, heard: Sequence[SignalRow], today: Sequence[SignalRow], serving: Serving
) -> AlertRow:
    """Return the alert with those of today's signals that are heard; if it is worse, all are told again."""
    loud = [row for row in today if row.level == ALERT]
    latest = {(row.monitor, row.subject): row for row in (*alert.signals, *heard)}
    signals = tuple(sorted(latest.values(), key=_order, reverse=True))
    seen = replace(alert, signals=signals)
    severity = max(alert.severity, _severity(seen, serving), key=SEVERITIES.index)
    worse = severity != alert.severity
    return replace(
        seen,
        severity=severity,
        title=_title(seen),
        causes=causes(_symptoms([*loud, *heard], seen.columns), serving.scene),
        next=_next(seen),
        cost=cost(today) if alert.about in (INPUTS, ANSWERS) else "",
        told=() if worse else alert.told,
        failed={} if worse else alert.failed,
    )


def _silenced(fresh: AlertRow, known: Iterable[AlertRow]) -> AlertRow:
    """Return a new alert, silent as long as one was to be that named all its columns."""
    until = [
        alert.silenced_until
        for alert in known
        if alert.silenced_until and alert.about == fresh.about and set(fresh.columns) <= set(alert.columns)
    ]
    return replace(fresh, silenced_until=max(until, default=None))


def _severity(alert: AlertRow, serving: Serving) -> str:
    if alert.version != serving.champion:
        return INFO
    gone = any(kind(row) == "missing" and _missing(row) >= GONE for row in alert.signals)
    blind = any(kind(row) in BLIND and row.level == ALERT for row in alert.signals)
    return CRITICAL if gone or blind or alert.about == OUTCOMES else WARNING


def _title(alert: AlertRow) -> str:
    version, columns = alert.version, listed(alert.columns)
    return {
        INPUTS: f"{columns or 'what comes in'}: not what version {version} learnt from",
        ANSWERS: f"version {version} answers otherwise than it did",
        OUTCOMES: f"version {version} is worse than it was",
        TRAFFIC: f"the traffic of version {version} is not what it was",
    }[alert.about]


def _next(alert: AlertRow) -> str:
    if alert.about == INPUTS:
        return f"noria drift --column {alert.columns[0]}" if alert.columns else "noria outliers"
    return {OUTCOMES: "noria quality", TRAFFIC: "noria status"}.get(alert.about, "noria drift")


def _symptoms(rows: Iterable[SignalRow], columns: Sequence[str]) -> list[Symptom]:
    """Return what counts for the causes: all that alarms, and all that is noticed of the alert's columns."""
    counted = {
        (kind(row), row.subject): Symptom(
            kind=kind(row),
            column=row.subject,
            value=_missing(row) if kind(row) == "missing" else row.value,
            share=share(row),
        )
        for row in sorted(rows, key=order, reverse=True)
        if row.level == ALERT or row.subject in columns
    }
    return list(counted.values())


def _missing(row: SignalRow) -> float:
    """Return the share of its values that a column missed."""
    return float(row.numbers["missing"]) / float(row.numbers["rows"])


def _order(row: SignalRow) -> tuple[bool, str, tuple[int, float]]:
    """Return by what an alert's signals are ordered: alarms first, then the newest, then the heaviest."""
    return row.level == ALERT, row.day, order(row)


def _moment(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)
