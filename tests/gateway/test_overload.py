"""A gateway that is asked for three times what it can answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from benchmarks import bodies, evidence
from benchmarks.load import Load, offer, quantile, saturate

PER_ROW = 0.004
"""Seconds that the model takes for a row: it is the limit, and not the cores that the client shares."""
EXPECTED = {200, 429, 503}
REQUEST = bodies.prediction()


@pytest.mark.evidence
def test_three_times_the_capacity_leaves_the_goodput_and_tells_the_rest_at_once(
    gateway: Any, model: Callable[..., Any]
) -> None:
    gateway.serve(1, {1: 100}, {1: model("pace", PER_ROW)})

    async def main() -> tuple[Load, Load]:
        await saturate(gateway.port, REQUEST, seconds=2, connections=32)
        peak = await saturate(gateway.port, REQUEST, seconds=10, connections=32)
        over = await offer(gateway.port, REQUEST, rate=3 * peak.rate(200), seconds=20, connections=1500)
        return peak, over

    found = _found(*uvloop.run(main()))
    text = evidence.write("overload", found)
    assert found.reached, text


def _found(peak: Load, over: Load) -> evidence.Found:
    refused = over.answers.get(503, []) + over.answers.get(429, [])
    kept = over.rate(200) / peak.rate(200)
    slowest = _p99(refused)
    others = over.unanswered + sum(
        len(took) for status, took in over.answers.items() if status not in EXPECTED
    )
    return evidence.Found(
        title="Overload",
        how=(
            f"A model that takes {PER_ROW * 1000:g} ms a row. First 32 clients that ask without a pause: the "
            "peak. Then three times as many requests a second for 20 s, sent whether those before were "
            "answered or not. The client shares the cores, and sent its requests up to "
            f"{_p99(over.late):.0f} ms late."
        ),
        header=("", "answered 200 per second", "p99 (ms)", "refused per second", "p99 of a refusal (ms)"),
        rows=[
            ("peak", peak.rate(200), _p99(peak.answers[200]), 0.0, "-"),
            ("overload", over.rate(200), _p99(over.answers[200]), len(refused) / over.seconds, slowest),
        ],
        target=(
            f"Target: 90% of the peak is kept (it is {kept:.0%}), the rest is refused within 50 ms, and "
            f"nothing else happens (to {others} requests)"
        ),
        reached=kept >= 0.9 and slowest <= 50 and others == 0,
    )


def _p99(seconds: list[float]) -> float:
    return quantile(seconds, 0.99) * 1000
