"""Every query of the dashboard asks for a metric that `/metrics` has, by labels that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from noria.monitor.report.grafana import COLUMNS, PANELS, WIDTH, Panel, dashboard

PAGE = (
    Path(__file__).parents[2] / "docs/reference/gateway-metrics.md"
)  # held to the code by a test of its own
LINES = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| ([\w, ]*) ?\|", PAGE.read_text())
LABELS = {name: {label.strip() for label in labels.split(",")} for name, _, labels in LINES}


def labels_of(metric: str) -> set[str]:
    name = metric.removesuffix("_bucket")
    assert name in LABELS, f"there is no {name}"
    return LABELS[name] | ({"le"} if metric.endswith("_bucket") else set())


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_asks_for_what_there_is(panel: Panel) -> None:
    asked = re.findall(r"(noria_\w+)\{([^}]*)\}", panel.query)
    assert len(asked) == panel.query.count("noria_")
    known = set.intersection(*(labels_of(metric) for metric, _ in asked))
    for metric, selector in asked:
        assert set(re.findall(r"(\w+)(?:=~|!=|=)", selector)) <= labels_of(metric)
    for labels in re.findall(r"by \(([^)]*)\)", panel.query):
        assert {label.strip() for label in labels.split(",")} <= known
    assert set(re.findall(r"\{\{(\w+)\}\}", panel.legend)) <= known


def test_no_panel_covers_another() -> None:
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard()["panels"]}
    assert len(places) == len(PANELS)
    assert all(x + WIDTH <= COLUMNS * WIDTH == 24 for x, _ in places)


def test_its_variables_are_those_that_its_queries_use() -> None:
    names = {variable["name"] for variable in dashboard()["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", str(dashboard()["panels"])))
    assert used == names
