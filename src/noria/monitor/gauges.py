"""What the monitors found last, in a file that the gateway shows to Prometheus: it asks no database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from noria.ports import State
from noria.project.model import Project
from noria.rows import SignalRow

logger = logging.getLogger(__name__)

FILE = "monitor.json"
FRESH = timedelta(days=7)
"""How old the last day that was checked may be."""
Gauge = tuple[tuple[str, ...], float]
"""The values of a gauge's labels, and its own."""


def write(project: Project, state: State, now: datetime) -> None:
    """Replace the file by what the state says; a full disk is told, and stops nothing."""
    path = project.home / FILE
    fresh = path.with_suffix(".tmp")
    try:
        fresh.write_bytes(msgspec.json.encode(gauges(project, state, now)))
        fresh.rename(path)
    except OSError as error:
        logger.warning("the gauges of the monitors could not be written: %s", error)


def gauges(project: Project, state: State, now: datetime) -> dict[str, list[Gauge]]:
    """Return the gauges by name, as `noria.gateway.telemetry.monitor_gauges` describes them."""
    name = project.name
    said = _of_last_day(state.signals(name, (now - FRESH).date().isoformat()))
    alerts = [alert for alert in state.alerts(name) if alert.ended is None]
    severities = [alert.severity for alert in alerts]
    return {
        "noria_signal_value": [((*_key(row), row.monitor), row.value) for row in said if row.subject],
        "noria_signal_limit": [((*_key(row), row.monitor), row.limit) for row in said if row.subject],
        "noria_alerts_open": [
            ((name, severity), severities.count(severity)) for severity in ("info", "warning", "critical")
        ],
        "noria_quality": list(_quality(state, name)),
        "noria_labelled_ratio": list(_labelled(state, name)),
        "noria_checked_timestamp_seconds": [((name,), _seconds(row.day)) for row in said[-1:]],
    }


def _of_last_day(said: Sequence[SignalRow]) -> list[SignalRow]:
    return [row for row in said if row.day == said[-1].day]


def _key(row: SignalRow) -> tuple[str, str, str]:
    return row.model, str(row.version), row.subject


def _quality(state: State, name: str) -> Iterator[Gauge]:
    """Yield the metrics of the champion's last mature day."""
    for row in [row for row in state.quality(name) if row.role == "champion"][-1:]:
        for metric, value in row.metrics.items():
            yield (name, str(row.version), metric), value


def _labelled(state: State, name: str) -> Iterator[Gauge]:
    for row in [row for row in state.quality(name) if row.role == "champion"][-1:]:
        yield (name, str(row.version)), row.rows / row.predictions if row.predictions else 0.0


def _seconds(day: str) -> float:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()
