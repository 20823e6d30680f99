"""Checks of predictions as JSON."""

from __future__ import annotations

from typing import Any

from noria.conformance.check import Failed, Skipped, optional, required
from noria.conformance.prediction import Output, agree
from noria.conformance.target import Target
from noria.conformance.tensors import FORMATS, nested

MANY = 100
"""Rows of a large request."""


@required
def infer(target: Target) -> str:
    """A successful inference request is indicated by a 200 HTTP status code."""
    outputs = target.predict(target.request()).outputs
    return ", ".join(f"{name} {output.datatype}{output.shape}" for name, output in outputs.items())


@required
def model_name(target: Target) -> str:
    """ "model_name": the name of the model used for inference."""
    answer = target.infer(target.request())
    named = answer.json.get("model_name")
    if named != target.model:
        raise Failed(f"model_name is {named!r}")
    return f"model_name {named!r}"


@required
def output_values(target: Target) -> str:
    """ "data": the contents of the tensor, numbers, booleans or strings as its datatype says."""
    outputs = target.predict(target.request()).outputs.values()
    for output in outputs:
        wrong = [value for value in output.data if not _fits(output, value)]
        if wrong:
            raise Failed(f"{output.name}: {wrong[0]!r} among the {output.datatype}")
    return ", ".join(f"{output.name}: {len(output.data)} {output.datatype}" for output in outputs)


@required
def outputs_as_declared(target: Target) -> str:
    """ "outputs": the outputs produced by the model."""
    declared = {tensor.name: tensor for tensor in target.outputs}
    if not declared:
        raise Skipped("the model's metadata name no outputs")
    for name, output in target.predict(target.request()).outputs.items():
        tensor = declared.get(name)
        if tensor is None:
            raise Failed(f"{name}: the metadata have no such output")
        fits = len(tensor.shape) == len(output.shape) and all(
            size in (-1, found) for size, found in zip(tensor.shape, output.shape, strict=True)
        )
        if tensor.datatype != output.datatype or not fits:
            declaration = f"{tensor.datatype}{list(tensor.shape)}"
            raise Failed(f"{name}: declared {declaration}, answered {output.datatype}{output.shape}")
    return ", ".join(declared)


@required
def nested_data(target: Target) -> str:
    """Tensor data may be given as a flat array or in the nested form of its shape, row-major."""
    request = target.request(rows=2)
    if all(len(tensor["shape"]) < 2 for tensor in request["inputs"]):
        raise Skipped("all inputs have one dimension, so both forms are one")
    inputs = [tensor | {"data": nested(tensor["data"], tensor["shape"])} for tensor in request["inputs"]]
    return agree(target.predict(request), target.predict({"inputs": inputs}), rows=2)


@optional
def column_shape(target: Target) -> str:
    """An input of shape [n] may come as [n, 1], as the columns of a table do."""
    request = target.request(rows=2)
    if any(len(tensor["shape"]) != 1 for tensor in request["inputs"]):
        raise Skipped("the inputs are no columns")
    columns = [
        tensor | {"shape": [*tensor["shape"], 1], "data": [[value] for value in tensor["data"]]}
        for tensor in request["inputs"]
    ]
    return agree(target.predict(request), target.predict({"inputs": columns}), rows=2)


@required
def many_rows(target: Target) -> str:
    """If the input is batched, the shape and data must represent the full shape and contents of the entire
    batch."""
    if not all(tensor.batched for tensor in target.inputs):
        raise Skipped("the first dimension of the inputs is fixed")
    many, one = target.predict(target.request(MANY)), target.predict(target.request())
    for output in many.outputs.values():
        if output.shape[0] != MANY:
            raise Failed(f"{output.name}: {MANY} rows were asked, the shape is {output.shape}")
    return f"{MANY} rows; of the first, {agree(one, many, rows=1)}"


@required
def whole_numbers(target: Target) -> str:
    """A number without a fraction is a number of JSON, and so may be a floating-point tensor's."""
    request = target.request()
    if not any(tensor["datatype"].startswith("FP") for tensor in request["inputs"]):
        raise Skipped("no input is floating-point")
    inputs = [
        tensor | ({"data": [1] * len(tensor["data"])} if tensor["datatype"].startswith("FP") else {})
        for tensor in request["inputs"]
    ]
    target.predict({"inputs": inputs})
    return "200"


@required
def id_comes_back(target: Target) -> str:
    """ "id": an identifier for this request. Optional, but if specified this identifier must be returned."""
    found = target.infer({"id": "conformance-42", **target.request()}).json.get("id")
    if found != "conformance-42":
        raise Failed(f"'conformance-42' came back as {found!r}")
    return "conformance-42"


@required
def selected_output(target: Target) -> str:
    """ "outputs": the output tensors requested for this inference."""
    name = (target.outputs or (None,))[-1]
    if name is None:
        raise Skipped("the model's metadata name no outputs")
    found = list(target.predict({**target.request(), "outputs": [{"name": name.name}]}).outputs)
    if found != [name.name]:
        raise Failed(f"{name.name} was asked for, {', '.join(found)} answered")
    return f"{name.name} alone"


@required
def empty_parameters(target: Target) -> str:
    """ "parameters": an object containing zero or more parameters, of the request, an input or an output."""
    return _with_parameters(target, {})


@optional
def unknown_parameters(target: Target) -> str:
    """A parameter that the server does not know leaves the answer as it is."""
    return _with_parameters(target, {"noria_conformance": True})


@required
def version_infer(target: Target) -> str:
    """ "model_version": the specific model version used for inference."""
    if not target.versions:
        raise Skipped("the model's metadata name no versions")
    for version in target.versions:
        found = target.predict(target.request(), version=version).version
        if found != version:
            raise Failed(f"version {version} was asked for, model_version is {found!r}")
    return f"version {', '.join(target.versions)}"


CHECKS = (
    infer, model_name, output_values, outputs_as_declared, nested_data, column_shape, many_rows,
    whole_numbers, id_comes_back, selected_output, empty_parameters, unknown_parameters, version_infer,
)  # fmt: skip


def _with_parameters(target: Target, parameters: dict[str, Any]) -> str:
    plain = target.request()
    with_them = {
        "parameters": parameters,
        "inputs": [tensor | {"parameters": parameters} for tensor in plain["inputs"]],
        "outputs": [{"name": tensor.name, "parameters": parameters} for tensor in target.outputs],
    }
    return agree(target.predict(plain), target.predict(with_them), rows=1)


def _fits(output: Output, value: Any) -> bool:
    if output.datatype == "BOOL":
        return isinstance(value, bool)
    if output.datatype not in FORMATS:
        return isinstance(value, str)
    kind = int | float if output.datatype.startswith("FP") else int
    return isinstance(value, kind) and not isinstance(value, bool)
