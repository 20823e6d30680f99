"""The reference of HTTP against the gateway's routes."""

import re
from pathlib import Path
from typing import Any, cast

from noria.clock import WallClock
from noria.gateway.endpoints import Endpoints
from noria.gateway.models import Model, Models
from noria.gateway.settings import ModelSettings
from noria.gateway.telemetry.metrics import Counts
from noria.gateway.telemetry.metrics_page import MetricsPage


def test_every_route_is_there_and_no_other(reference: dict[str, str], tmp_path: Path) -> None:
    unused = cast(Any, None)
    model = Model(settings=ModelSettings(home=tmp_path, name="m"), router=unused, recorder=unused)
    models = Models({"m": model}, "m")
    page = MetricsPage(models, Counts(), lambda: 0, tmp_path, 0)
    routes = {}
    for route in Endpoints(models, WallClock(), more=[page.route]).routes:
        path = route.path.replace("projects/*", "projects/P").replace("locations/*", "locations/L")
        path = path.replace("{model}", "NAME").replace("{version}", "N")
        routes[f"{route.method} {path}"] = route.scope is None
    lines = [line for line in reference["http"].splitlines() if re.match(r"\| `(GET|POST) /", line)]
    told = {
        request: "*open*" in line
        for line in lines
        for request in re.findall(r"`((?:GET|POST) /[^`]*)`", line)
    }
    told |= dict.fromkeys(re.findall(r"(?m)^`(POST /feedback)`", reference["http"]), False)
    assert told == routes
