"""`/metrics` of a real gateway, as Prometheus' own client reads it, and against its page of the reference."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families as read

from noria.gateway.telemetry.monitor_gauges import FAMILIES, FILE

PAGE = Path(__file__).parents[3] / "docs/reference/gateway-metrics.md"
V2 = {"model": "m", "protocol": "v2"}


def families(gateway: Any) -> dict[str, Any]:
    """The families of the page, by the names that they have on it."""
    answer = gateway.request("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in read(answer.body.decode())
    }


def value(gateway: Any, name: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels."""
    samples = [each for family in families(gateway).values() for each in family.samples if each.name == name]
    return sum(each.value for each in samples if _has(each.labels, labels))


def _has(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(found.get(name) == value for name, value in wanted.items())


def test_the_reference_has_every_metric_with_its_kind_its_labels_and_its_words(
    gateway: Any, artifacts: Any
) -> None:
    gateway.serve(1, {2: 30, 1: 70}, {1: artifacts[0], 2: artifacts[1]}, champion=1)
    gateway.infer()
    monitors = {family.name: [(family.labels, 1.0)] for family in FAMILIES}
    (gateway.home / FILE).write_text(json.dumps(monitors))
    lines = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| ([\w, ]*) ?\| (.+) \|$", PAGE.read_text())
    found = families(gateway)
    assert [name for name, *_ in lines] == list(found)
    for name, kind, labels, about in lines:
        family = found[name]
        assert (family.type, family.documentation) == (kind, about)
        named = {label.strip() for label in labels.split(",") if label.strip()}
        assert family.samples, f"{name} has no samples"
        assert all(each.labels.keys() - {"le"} == named for each in family.samples), name


def test_predictions_are_counted_by_who_answered_and_how(gateway: Any, artifacts: Any) -> None:
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    for _ in range(3):
        gateway.infer()
    gateway.request("POST", "/v2/models/m/infer", {"inputs": []})
    gateway.request("GET", "/nothing")
    assert value(gateway, "noria_requests_total", **V2, version="1", role="champion", code="200") == 3
    assert value(gateway, "noria_requests_total", **V2, version="", role="", code="400") == 1
    assert value(gateway, "noria_requests_total", model="", code="404") == 1
    bucket = "noria_request_duration_seconds_bucket"
    assert value(gateway, bucket, **V2, code="200", le="+Inf") == 3
    assert 0 < value(gateway, "noria_request_duration_seconds_sum", **V2, code="200") < 10


def test_what_is_at_the_moment(gateway: Any, artifacts: Any) -> None:
    gateway.serve(1, {2: 30, 1: 70}, {1: artifacts[0], 2: artifacts[1]}, champion=1)
    weight = "noria_traffic_weight_ratio"
    assert value(gateway, weight, model="m", version="1", role="champion") == 0.7
    assert value(gateway, weight, model="m", version="2", role="challenger") == 0.3
    assert value(gateway, "noria_model_info", version="2", kind="lightgbm", task="binary") == 1
    assert value(gateway, "noria_host_up", model="m") == 2
    assert value(gateway, "noria_inflight_requests") == 1  # the one that asks
    assert value(gateway, "noria_workers") == 1
    with closing(gateway.connect()) as idle:
        idle.request("GET", "/ping")
        idle.getresponse().read()
        assert value(gateway, "noria_connections") == 2


def test_the_death_of_a_host_is_counted(gateway: Any, artifacts: Any) -> None:
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    os.kill(gateway.pids()["1"], signal.SIGKILL)
    gateway.wait_until(lambda: value(gateway, "noria_host_restarts_total", version="1") == 1, "a restart")
    gateway.wait_until(lambda: value(gateway, "noria_host_up", version="1") == 1, "it is up again")


def test_several_workers_count_together_and_nothing_is_lost_when_one_dies(start: Any, artifacts: Any) -> None:
    gateway = start(workers=2)
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    for _ in range(40):  # each on a connection of its own, at either worker
        gateway.infer()
    answered = partial(value, gateway, "noria_requests_total", **V2, code="200")
    gateway.wait_until(lambda: answered() == 40, "what the other worker counted is there")
    assert value(gateway, "noria_workers") == 2
    os.kill(gateway.workers()[0], signal.SIGKILL)
    gateway.wait_until(lambda: len(gateway.workers()) == 2, "the worker is replaced")
    assert answered() == 40
    gateway.infer()
    gateway.wait_until(lambda: answered() == 41, "its successor goes on")


def test_a_gateway_that_starts_again_counts_from_zero(gateway: Any, artifacts: Any) -> None:
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    gateway.infer()
    assert gateway.stop() == 0
    gateway.start()
    assert value(gateway, "noria_requests_total", **V2) == 0


def test_a_scrape_under_load_shows_no_less_than_the_one_before(gateway: Any, artifacts: Any) -> None:
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    with gateway.load(2) as load:
        seen = [value(gateway, "noria_requests_total", **V2, code="200") for _ in range(30)]
    assert not load.failed
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
    assert value(gateway, "noria_requests_total", **V2, code="200") == len(load.acknowledged())
