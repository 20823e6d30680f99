"""Triton's client speaks Open Inference v2; it asks for binary tensors unless it is told otherwise."""

import numpy as np
import tritonclient.http as triton
from cases import raised, run, same
from tritonclient.utils import InferenceServerException


def binary(work):
    """binary tensors in and out"""
    return same(_infer(work, binary=True).as_numpy("predict"), work)


def text(work):
    """JSON in and out"""
    return same(_infer(work, binary=False).as_numpy("predict"), work)


def matrix(work):
    """one tensor of all numbers"""
    if "category" in work.kinds.values():
        return ""
    rows = np.array(work.rows, np.float64)
    tensor = triton.InferInput("rows", list(rows.shape), "FP64")
    tensor.set_data_from_numpy(rows)
    return same(_client(work).infer(work.model, [tensor]).as_numpy("predict"), work)


def single(work):
    """FP32 tensors"""
    if "category" in work.kinds.values():
        return ""
    exact = np.array(work.rows, np.float32).astype(np.float64)  # the rows are chosen so that nothing is lost
    assert exact.tolist() == work.rows
    inputs = [_tensor(name, values, np.float32, "FP32") for name, values in work.columns.items()]
    return same(_client(work).infer(work.model, inputs).as_numpy("predict"), work)


def concurrent(work):
    """eight requests at once"""
    with triton.InferenceServerClient(work.host, concurrency=8) as client:
        waiting = [client.async_infer(work.model, _inputs(work, True)) for _ in range(8)]
        return [same(each.get_result().as_numpy("predict"), work) for each in waiting][-1]


def identity(work):
    """id, model and version come back"""
    answer = _client(work).infer(work.model, _inputs(work, True), request_id="triton-1").get_response()
    found = answer["id"], answer["model_name"], answer["model_version"]
    assert found == ("triton-1", work.model, work.version), found
    return " ".join(found)


def version(work):
    """a version by its number"""
    answer = _client(work).infer(work.model, _inputs(work, True), model_version=work.version)
    assert answer.get_response()["model_version"] == work.version
    return same(answer.as_numpy("predict"), work)


def health(work):
    """live, ready, model ready"""
    client = _client(work)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(work.model)
    assert client.is_model_ready(work.model, work.version)
    assert not client.is_model_ready("no-such-model")
    return "yes"


def metadata(work):
    """metadata of server and model, config, index, statistics"""
    client = _client(work)
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    names = [tensor["name"] for tensor in client.get_model_metadata(work.model)["inputs"]]
    assert names == list(work.kinds), names
    assert client.get_model_config(work.model)["name"] == work.model
    assert work.model in [model["name"] for model in client.get_model_repository_index()]
    assert client.get_inference_statistics(work.model)["model_stats"][0]["name"] == work.model
    return f"{len(names)} inputs"


def unknown_model(work):
    """an unknown model"""
    return raised(InferenceServerException, lambda: _infer(work, True, "no-such-model"), "no-such-model")


def missing_column(work):
    """a column that is missing"""
    first = next(iter(work.kinds))
    inputs = _inputs(work, True)[1:]
    return raised(InferenceServerException, lambda: _client(work).infer(work.model, inputs), first)


def loading(work):
    """loading and unloading is not for clients"""
    client = _client(work)
    raised(InferenceServerException, lambda: client.unload_model(work.model), "")
    return raised(InferenceServerException, lambda: client.load_model(work.model), "")


def _client(work):
    return triton.InferenceServerClient(work.host)


def _infer(work, binary, model=None):
    outputs = None if binary else [triton.InferRequestedOutput("predict", binary_data=False)]
    return _client(work).infer(model or work.model, _inputs(work, binary), outputs=outputs)


def _inputs(work, binary):
    return [
        _tensor(name, values, np.float64, "FP64", binary)
        if work.kinds[name] == "number"
        else _tensor(name, values, np.object_, "BYTES", binary)
        for name, values in work.columns.items()
    ]


def _tensor(name, values, kind, datatype, binary=True):
    tensor = triton.InferInput(name, [len(values)], datatype)
    tensor.set_data_from_numpy(np.array(values, kind), binary_data=binary)
    return tensor


run(
    binary,
    text,
    matrix,
    single,
    concurrent,
    identity,
    version,
    health,
    metadata,
    unknown_model,
    missing_column,
    loading,
)
