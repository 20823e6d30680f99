"""Margins that were told, and how many truths lay within them, through a collector."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from noria.collector.collect import Collector
from noria.project.model import Monitor
from noria.testing import FixedClock, MemoryState

# The misfit of a label 1 is 1 - output, that of 0 the output: 0.2, 0.4 and 0.7 here.
OUTPUTS, LABELS = [0.8, 0.4, 0.3], [1, 0, 1]


@pytest.mark.parametrize(
    ("margin", "covered"), [(0.1, 0), (0.2, 1 / 3), (0.5, 2 / 3), (0.7, 1), (float("inf"), 1)]
)
def test_what_was_covered_is_measured_and_moves_the_level(
    project: Any,
    schema: Any,
    write: Any,
    prediction: Any,
    label: Any,
    start: Any,
    margin: float,
    covered: float,
) -> None:
    write(prediction(["a", "b", "c"], outputs=OUTPUTS, margin=margin), label(["a", "b", "c"], LABELS))
    state = MemoryState()
    told = turned(replace(project, monitor=Monitor(coverage=0.9)), schema, state, start)
    assert state.quality("flights")[0].metrics["coverage"] == pytest.approx(covered)
    level = msgspec.json.decode((told / "coverage.json").read_bytes())["level"]
    assert level == pytest.approx(0.9 + 0.3 * (0.9 - covered))


def test_without_margins_nothing_is_covered_and_nothing_told(
    project: Any, schema: Any, write: Any, prediction: Any, label: Any, start: Any
) -> None:
    write(prediction(["a", "b", "c"], outputs=OUTPUTS), label(["a", "b", "c"], LABELS))
    state = MemoryState()
    told = turned(project, schema, state, start)
    assert "coverage" not in state.quality("flights")[0].metrics
    assert not (told / "coverage.json").exists()


def test_shadows_and_fallbacks_move_no_level(
    project: Any, schema: Any, write: Any, prediction: Any, label: Any, start: Any
) -> None:
    write(
        prediction(["a", "b", "c"], outputs=OUTPUTS, margin=0.7),
        prediction(["a", "b", "c"], outputs=OUTPUTS, margin=0.1, version=9, role="shadow"),
        prediction(["d"], outputs=[0.5], margin=0.1, role="fallback"),
        prediction(["e"], outputs=[float("nan")], margin=0.1, role="abstained"),
        label(["a", "b", "c", "d", "e"], [*LABELS, 1, 1]),
    )
    state = MemoryState()
    told = turned(replace(project, monitor=Monitor(coverage=0.9)), schema, state, start)
    level = msgspec.json.decode((told / "coverage.json").read_bytes())["level"]
    assert level == pytest.approx(0.9 + 0.3 * (0.9 - 1))
    assert {(row.version, row.role) for row in state.quality("flights")} == {
        (7, "champion"),
        (7, "fallback"),
        (9, "shadow"),
    }


def turned(project: Any, schema: Any, state: MemoryState, start: Any) -> Path:
    """Let a collector measure the first day; return where the gateways look."""
    collector = Collector(project, schema, state, FixedClock(start + timedelta(hours=48)))
    collector.turn(last=True)
    collector.close()
    return project.home / "gateway"
