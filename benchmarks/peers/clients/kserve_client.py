"""KServe's client speaks its own first protocol and Open Inference v2."""

import asyncio
import logging

import httpx
import numpy as np
from cases import raised, run, same
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

logging.disable(logging.CRITICAL)


def rows(work):
    """v1: rows as lists"""
    return same(_infer(work, "v1", {"instances": work.rows})["predictions"], work)


def records(work):
    """v1: rows as objects"""
    return same(_infer(work, "v1", {"instances": work.records})["predictions"], work)


def text(work):
    """v2: JSON"""
    return same(_infer(work, "v2", _request(work, binary=False)).outputs[0].as_numpy(), work)


def binary(work):
    """v2: binary tensors in and out"""
    told = {}
    answer = _infer(work, "v2", _request(work, binary=True), response_headers=told)
    assert "inference-header-content-length" in told, told
    return same(answer.outputs[0].as_numpy(), work)


def headers(work):
    """v2: id in the body, version in a header"""
    told = {}
    answer = _infer(work, "v2", _request(work, binary=True), response_headers=told)
    found = answer.id, answer.model_name, told["x-noria-version"]
    assert found == ("kserve-1", work.model, work.version), found
    return " ".join(found)


def health(work):
    """live, ready, model ready"""

    async def ask(client, protocol):
        assert await client.is_server_live(work.url)
        assert await client.is_model_ready(work.url, work.model)
        if protocol == "v2":
            assert await client.is_server_ready(work.url)
            assert not await client.is_model_ready(work.url, "no-such-model")

    for protocol in ("v1", "v2"):
        _with_client(protocol, lambda client, protocol=protocol: ask(client, protocol))
    return "yes"


def unknown_model(work):
    """v1 and v2: an unknown model"""
    for protocol, body in (("v1", {"instances": work.rows}), ("v2", _request(work, binary=True))):
        said = raised(
            httpx.HTTPStatusError,
            lambda protocol=protocol, body=body: _infer(work, protocol, body, model="no-such-model"),
            "404",
        )
        assert "no-such-model" in said.partition("for url")[0], said
    return said


def malformed(work):
    """v1: a row that is too long"""
    body = {"instances": [[*work.rows[0], 1.0]]}
    return raised(httpx.HTTPStatusError, lambda: _infer(work, "v1", body), "400")


def explaining(work):
    """v1: explain, which this model has not"""

    def ask():
        body = {"instances": work.rows}
        return _with_client("v1", lambda client: client.explain(work.url, work.model, body))

    return raised(httpx.HTTPStatusError, ask, "501")


def _with_client(protocol, ask):
    async def asked():
        async with InferenceRESTClient(RESTConfig(protocol=protocol)) as client:
            return await ask(client)

    return asyncio.run(asked())


def _infer(work, protocol, body, model=None, **more):
    return _with_client(
        protocol, lambda client: client.infer(work.url, body, model_name=model or work.model, **more)
    )


def _request(work, binary):
    inputs = []
    for name, values in work.columns.items():
        number = work.kinds[name] == "number"
        tensor = InferInput(name, [len(values)], "FP64" if number else "BYTES")
        array = np.array(values, np.float64 if number else np.object_)
        tensor.set_data_from_numpy(array, binary_data=binary)
        inputs.append(tensor)
    outputs = [RequestedOutput("predict", {"binary_data": binary})]
    return InferRequest(work.model, inputs, request_id="kserve-1", request_outputs=outputs)


run(rows, records, text, binary, headers, health, unknown_model, malformed, explaining)
