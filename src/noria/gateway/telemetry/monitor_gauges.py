"""The gauges of the monitors: the collector writes them into a file, the gateway shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from noria.gateway.telemetry.exposition import Family, Samples

FILE = "monitor.json"
_COLUMN = ("model", "version", "column", "monitor")

FAMILIES = (
    Family(
        "noria_signal_value",
        "gauge",
        "How far a column went on the last day, in its monitor's unit.",
        _COLUMN,
    ),
    Family("noria_signal_limit", "gauge", "How far it may go.", _COLUMN),
    Family("noria_alerts_open", "gauge", "Alerts that are not over.", ("model", "severity")),
    Family("noria_quality", "gauge", "The champion's last mature day.", ("model", "version", "metric")),
    Family("noria_labelled_ratio", "gauge", "The labelled share of that day, 0 to 1.", ("model", "version")),
    Family("noria_checked_timestamp_seconds", "gauge", "The last day that was checked.", ("model",)),
)
"""What each gauge means, in the order of the page."""

Written = dict[str, list[tuple[tuple[str, ...], float | None]]]


def families(homes: Iterable[Path]) -> Iterator[tuple[Family, Samples]]:
    """Yield the gauges of all models; nothing of one whose collector has written none that can be read."""
    written = [_read(home / FILE) for home in homes]
    for family in FAMILIES:
        samples = [sample for gauges in written for sample in gauges.get(family.name, ())]
        yield family, {labels: value for labels, value in samples if value is not None}


def _read(path: Path) -> Written:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Written)
    except (OSError, msgspec.DecodeError):
        return {}
