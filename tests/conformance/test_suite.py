"""Each check passes on a server that keeps to the specification, and fails on one that breaks its demand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from noria.conformance import refusals
from noria.conformance.check import Status
from noria.conformance.client import Client
from noria.conformance.suite import CHECKS, conforms, run
from noria.conformance.target import discover

ROOT = Path(__file__).parents[2]
MODEL = "/v2/models/tiny"
INFER = f"{MODEL}/infer"
REFUSALS = [fault.id for fault in refusals.FAULTS] + ["unknown-model-metadata"]


def told(path: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Spoil the answers 200 of a path."""

    def spoil(asked: Any, serve: Any) -> Any:
        answer = serve(asked)
        return change(answer) if asked.path == path and answer.status == 200 else answer

    return spoil


def status(number: int) -> Callable[[Any], Any]:
    return lambda answer: replace(answer, status=number)


def fields(**others: Any) -> Callable[[Any], Any]:
    return lambda answer: answer.of(**others)


def refusing(wrong: Callable[[Any], bool]) -> Callable[..., Any]:
    """Refuse requests that are right."""

    def spoil(asked: Any, serve: Any) -> Any:
        answer = serve(asked)
        return replace(answer, status=400) if wrong(asked) else answer

    return spoil


def asking(
    change: Callable[[dict[str, Any]], dict[str, Any]], when: Callable[[Any], bool]
) -> Callable[..., Any]:
    """Read something else than what was asked."""

    def spoil(asked: Any, serve: Any) -> Any:
        if asked.path == INFER and when(asked):
            asked = replace(asked, body=json.dumps(change(asked.json)).encode())
        return serve(asked)

    return spoil


def outputs(**others: Any) -> Callable[..., Any]:
    """Spoil the first output of each prediction."""

    def change(answer: Any) -> Any:
        first, *rest = answer.json["outputs"]
        return answer.of(outputs=[first | others, *rest])

    return told(INFER, change)


def first_row(asked: Any, serve: Any) -> Any:
    answer = serve(asked)
    if asked.path != INFER or answer.status != 200:
        return answer
    cut = [each | {"shape": [1], "data": each["data"][:1]} for each in answer.json["outputs"]]
    return answer.of(outputs=cut)


def backwards(request: dict[str, Any]) -> dict[str, Any]:
    x, word = request["inputs"]
    return {"inputs": [x | {"data": x["data"][::-1]}, word]}


def shifted(asked: Any, serve: Any) -> Any:
    """Read binary numbers big-endian."""
    length = int(asked.headers.get("inference-header-content-length", 0))
    numbers = asked.body[length:][:48]
    swapped = b"".join(numbers[place : place + 8][::-1] for place in range(0, len(numbers), 8))
    body = asked.body[:length] + swapped + asked.body[length + len(swapped) :]
    return serve(replace(asked, body=body) if length else asked)


def never_binary(request: dict[str, Any]) -> dict[str, Any]:
    named = [{"name": each["name"]} for each in request.get("outputs", [])]
    return {"inputs": request["inputs"], **({"outputs": named} if named else {})}


def words_alone(asked: Any, serve: Any) -> Any:
    """A model whose one input is a column, which it takes as [n] only."""
    if asked.path == MODEL:
        return serve(asked).of(inputs=[{"name": "word", "datatype": "BYTES", "shape": [-1]}])
    if asked.path != INFER:
        return serve(asked)
    word = asked.json["inputs"][0]
    rows = word["shape"][0]
    numbers = {"name": "x", "datatype": "FP64", "shape": [rows, 3], "data": [0.0] * 3 * rows}
    answer = serve(replace(asked, body=json.dumps({"inputs": [numbers, word]}).encode()))
    return answer if len(word["shape"]) == 1 else replace(answer, status=400)


def lenient(asked: Any, serve: Any) -> Any:
    answer = serve(asked)
    return replace(answer, status=200) if answer.status >= 400 else answer


def silent(asked: Any, serve: Any) -> Any:
    answer = serve(asked)
    return replace(answer, body=b"") if answer.status >= 400 else answer


SPOILED = {
    "server-live": told("/v2/health/live", status(500)),
    "server-ready": told("/v2/health/ready", status(503)),
    "model-ready": told(f"{MODEL}/ready", status(503)),
    "version-ready": told(f"{MODEL}/versions/1/ready", status(404)),
    "health-bodies": told("/v2/health/live", fields(live=None)),
    "server-metadata": told("/v2", fields(extensions=None)),
    "model-metadata": told(MODEL, fields(platform=None)),
    "version-metadata": told(f"{MODEL}/versions/1", fields(name="another")),
    "declared-datatypes": told(MODEL, fields(outputs=[{"name": "sum", "datatype": "FLOAT", "shape": [-1]}])),
    "infer": told(INFER, status(500)),
    "model-name": told(INFER, fields(model_name="another")),
    "output-values": outputs(data=["0.5"]),
    "outputs-as-declared": outputs(datatype="FP32"),
    "nested-data": asking(backwards, lambda asked: b"[[" in asked.body),
    "column-shape": words_alone,
    "many-rows": first_row,
    "whole-numbers": refusing(lambda asked: b"[1,1,1]" in asked.body),
    "id-comes-back": told(INFER, fields(id="another")),
    "selected-output": asking(lambda request: request | {"outputs": []}, lambda asked: True),
    "empty-parameters": refusing(lambda asked: b'"parameters":{}' in asked.body),
    "unknown-parameters": refusing(lambda asked: b"noria_conformance" in asked.body),
    "version-infer": told(f"{MODEL}/versions/1/infer", fields(model_version="2")),
    "binary-input": shifted,
    "binary-output": asking(never_binary, lambda asked: b"binary_data_output" in asked.body),
    "binary-output-by-name": asking(never_binary, lambda asked: b'"binary_data"' in asked.body),
    "binary-too-short": lenient,
    "binary-length-too-long": lenient,
    "configuration": told(f"{MODEL}/config", status(404)),
    "statistics": told(f"{MODEL}/stats", fields(model_stats=[])),
    "repository-index": told("/v2/repository/index", status(404)),
    **dict.fromkeys(REFUSALS, lenient),
    "fitting-statuses": lambda asked, serve: replace(serve(asked), status=500),
    "content-type": told(INFER, lambda answer: replace(answer, headers={"content-type": "text/html"})),
    "keep-alive": told(INFER, lambda answer: replace(answer, headers={"connection": "close"})),
    "chunked": refusing(lambda asked: "transfer-encoding" in asked.headers),
    "head": refusing(lambda asked: asked.method == "HEAD"),
    "options": lambda asked, serve: replace(serve(asked), status=500),
    "wrong-method": lambda asked, serve: replace(serve(asked), status=500),
    "unknown-path": lenient,
    "still-serving": told(INFER, status(500)),
}
"""By check: what a server does that breaks its demand."""
CHECKED = {check.id: check for check in CHECKS}


def test_a_server_that_keeps_to_the_specification_passes_all(tiny: Any) -> None:
    target = discover(Client(tiny()))  # it lists its model
    results = run(target)
    assert target.model == "tiny"
    assert [(each.check, each.found) for each in results if each.status is not Status.PASSED] == [
        ("column-shape", "the inputs are no columns")
    ]


def test_each_check_has_a_fault_that_it_finds() -> None:
    assert set(SPOILED) == set(CHECKED)


@pytest.mark.parametrize("check", SPOILED)
def test_a_check_finds_the_fault_that_it_is_meant_for(tiny: Any, check: str) -> None:
    result = CHECKED[check](discover(Client(tiny(SPOILED[check])), "tiny"))
    assert result.status is Status.FAILED, result.found
    assert result.says
    assert conforms([result]) != CHECKED[check].required


@pytest.mark.parametrize("check", REFUSALS)
def test_a_refusal_says_why(tiny: Any, check: str) -> None:
    result = CHECKED[check](discover(Client(tiny(silent)), "tiny"))
    assert result.status is Status.FAILED


def test_a_server_that_is_gone_fails_and_raises_nothing(tiny: Any) -> None:
    target = replace(discover(Client(tiny()), "tiny"), client=Client("http://127.0.0.1:9"))  # nobody listens
    results = {result.check: result for result in run(target)}
    assert results["infer"].status is Status.FAILED
    assert "no answer" in results["infer"].found
    assert not conforms(list(results.values()))


def test_the_metadata_decide_what_can_be_tried(tiny: Any) -> None:
    target = discover(Client(tiny(told(MODEL, fields(inputs=[])))), "tiny")
    results = {result.check: result.status for result in run(target)}
    assert results["model-metadata"] is Status.FAILED
    assert results["infer"] is Status.SKIPPED


def test_the_reference_lists_every_check() -> None:
    page = (ROOT / "docs" / "reference" / "conformance.md").read_text()
    listed = re.findall(r"(?m)^\| `([\w-]+)` \| (\w+) \| (.*) \|$", page)
    assert [name for name, *_ in listed] == [check.id for check in CHECKS]
    for name, need, text in listed:
        assert need == ("required" if CHECKED[name].required else "optional")
        assert CHECKED[name].says.startswith(text)
