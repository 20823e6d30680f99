"""A dashboard for Grafana: the gateway's traffic, and what the monitors found, for each model.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, COLUMNS = 8, 8, 3
"""The size of a panel in Grafana's grid, which is 24 wide, and how many stand beside each other."""
SOURCE = {"type": "prometheus", "uid": "${source}"}
OF = 'model="$model"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A chart of a query; `legend` names its lines by their labels."""

    title: str
    query: str
    legend: str
    unit: str = "short"
    kind: str = "timeseries"


PANELS = (
    Panel(
        title="Requests per second",
        query=f"sum by (version, role) (rate(noria_requests_total{{{OF}}}[5m]))",
        legend="{{version}} {{role}}",
        unit="reqps",
    ),
    Panel(
        title="Share of errors",
        query=f'sum(rate(noria_requests_total{{{OF}, code=~"5.."}}[5m])) '
        f"/ sum(rate(noria_requests_total{{{OF}}}[5m]))",
        legend="errors",
        unit="percentunit",
    ),
    Panel(
        title="p99 by version",
        query="histogram_quantile(0.99, sum by (le, version) "
        f"(rate(noria_request_duration_seconds_bucket{{{OF}}}[5m])))",
        legend="{{version}}",
        unit="s",
    ),
    Panel(
        title="Share of the traffic",
        query=f"noria_traffic_weight_ratio{{{OF}}}",
        legend="{{version}} {{role}}",
        unit="percentunit",
    ),
    Panel(title="Open alerts", query=f"noria_alerts_open{{{OF}}}", legend="{{severity}}", kind="stat"),
    Panel(
        title="Drift by feature, as a share of its limit",
        query=f'noria_signal_value{{{OF}, monitor="drift"}} / noria_signal_limit{{{OF}, monitor="drift"}}',
        legend="{{column}}",
        unit="percentunit",
    ),
    Panel(
        title="Answers and data quality, as a share of their limits",
        query=f'noria_signal_value{{{OF}, monitor!="drift"}} / noria_signal_limit{{{OF}, monitor!="drift"}}',
        legend="{{monitor}} {{column}}",
        unit="percentunit",
    ),
    Panel(title="Quality by day", query=f"noria_quality{{{OF}}}", legend="{{metric}} {{version}}"),
    Panel(
        title="Labelled share of the last mature day",
        query=f"noria_labelled_ratio{{{OF}}}",
        legend="{{version}}",
        unit="percentunit",
        kind="stat",
    ),
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it; it asks for the data source and the model."""
    source = {"name": "source", "type": "datasource", "query": "prometheus"}
    query = "label_values(noria_model_info, model)"
    model = {"name": "model", "type": "query", "datasource": SOURCE, "query": query, "refresh": 2}
    return {
        "title": "noria",
        "uid": "noria",
        "tags": ["noria"],
        "schemaVersion": 39,
        "time": {"from": "now-7d", "to": "now"},
        "refresh": "1m",
        "templating": {"list": [source, model]},
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, place = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "title": panel.title,
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": place * WIDTH, "y": row * HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "expr": panel.query, "legendFormat": panel.legend}],
    }
