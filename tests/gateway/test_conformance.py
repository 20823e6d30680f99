"""The gateway against the suite that anybody may try it with."""

from __future__ import annotations

from typing import Any

from noria.conformance.check import Status
from noria.conformance.client import Client
from noria.conformance.suite import run
from noria.conformance.target import discover


def test_the_gateway_passes_every_check_that_applies(gateway: Any, artifacts: list[Any]) -> None:
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    results = run(discover(Client(f"http://127.0.0.1:{gateway.port}"), "m"))
    assert [result for result in results if result.status is Status.FAILED] == []
    skipped = {result.check for result in results if result.status is Status.SKIPPED}
    assert skipped == {"nested-data"}  # the inputs are columns, of one dimension
