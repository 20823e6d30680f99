"""Checks of what a server must refuse: each fault, and the error that should come."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from noria.conformance.check import Check, Failed, Skipped, optional, required
from noria.conformance.client import Answer
from noria.conformance.target import Target

SAYS = (
    "A failed inference request must be indicated by an HTTP error status (typically 400). The HTTP body "
    "must contain the error object."
)
NOT_FOUND, WRONG = (404,), (400, 422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A request that cannot be answered, and the statuses that fit it."""

    id: str
    statuses: tuple[int, ...]
    send: Callable[[Target], Answer]

    @property
    def check(self) -> Check:
        says = f"{inspect.getdoc(self.send)} {SAYS}"
        return Check(id=self.id, says=says, required=True, test=partial(_refuses, self))


def _unknown_model(target: Target) -> Answer:
    """A model that the server does not have."""
    return target.client.ask("POST", "/v2/models/no-such-model/infer", target.request())


def _unknown_version(target: Target) -> Answer:
    """A version that the model does not have."""
    return target.infer(target.request(), version="987654321")


def _malformed_json(target: Target) -> Answer:
    """JSON that breaks off."""
    return target.infer(b'{"inputs": [', content_type="application/json")


def _no_object(target: Target) -> Answer:
    """A list for an object."""
    return target.infer([])


def _no_inputs(target: Target) -> Answer:
    """A request without inputs."""
    return target.infer({"id": "without inputs"})


def _input_missing(target: Target) -> Answer:
    """One of the model's inputs left out."""
    return target.infer({"inputs": target.request()["inputs"][:-1]})


def _value_missing(target: Target) -> Answer:
    """One value fewer than the shape says."""
    return _changed(target, lambda tensor: {"data": tensor["data"][:-1]})


def _wrong_shape(target: Target) -> Answer:
    """A shape with other dimensions than the values and the model have."""
    return _changed(target, lambda tensor: {"shape": [7, *tensor["shape"], 7]})


def _negative_shape(target: Target) -> Answer:
    """Dimensions of -1."""
    return _changed(target, lambda tensor: {"shape": [-1] * len(tensor["shape"])})


def _no_shape(target: Target) -> Answer:
    """An input without a shape."""
    tensor = target.request()["inputs"][0]
    del tensor["shape"]
    return target.infer({"inputs": [tensor, *target.request()["inputs"][1:]]})


def _unknown_datatype(target: Target) -> Answer:
    """A datatype that the specification does not have."""
    return _changed(target, lambda tensor: {"datatype": "FP99"})


def _text_as_number(target: Target) -> Answer:
    """Text in a tensor of numbers."""
    if target.inputs and target.inputs[0].datatype == "BYTES":
        raise Skipped("the first input is no number")
    return _changed(target, lambda tensor: {"data": ["x"] * len(tensor["data"])})


def _objects_as_values(target: Target) -> Answer:
    """JSON objects as values."""
    return _changed(target, lambda tensor: {"data": [{}] * len(tensor["data"])})


FAULTS = (
    Fault(id="unknown-model", statuses=NOT_FOUND, send=_unknown_model),
    Fault(id="unknown-version", statuses=NOT_FOUND, send=_unknown_version),
    Fault(id="malformed-json", statuses=WRONG, send=_malformed_json),
    Fault(id="no-object", statuses=WRONG, send=_no_object),
    Fault(id="no-inputs", statuses=WRONG, send=_no_inputs),
    Fault(id="input-missing", statuses=WRONG, send=_input_missing),
    Fault(id="value-missing", statuses=WRONG, send=_value_missing),
    Fault(id="wrong-shape", statuses=WRONG, send=_wrong_shape),
    Fault(id="negative-shape", statuses=WRONG, send=_negative_shape),
    Fault(id="no-shape", statuses=WRONG, send=_no_shape),
    Fault(id="unknown-datatype", statuses=WRONG, send=_unknown_datatype),
    Fault(id="text-as-number", statuses=WRONG, send=_text_as_number),
    Fault(id="objects-as-values", statuses=WRONG, send=_objects_as_values),
)


@required
def unknown_model_metadata(target: Target) -> str:
    """A failed model metadata request must be indicated by an HTTP error status. The HTTP body must contain
    the error object."""
    return refused(target.client.ask("GET", "/v2/models/no-such-model"))


@optional
def fitting_statuses(target: Target) -> str:
    """The status says what is wrong: 404 the model or version, 400 or 422 the request."""
    others = []
    for fault in FAULTS:
        try:
            status = fault.send(target).status
        except Skipped:
            continue
        if status not in fault.statuses:
            others.append(f"{fault.id}: {status}")
    if others:
        raise Failed(", ".join(others))
    return "404, and 400 or 422"


def refused(answer: Answer) -> str:
    """Return what the server refused the request with.

    Raises:
        Failed: it is no error status, or the body is no error object.
    """
    if answer.status < 400:
        raise Failed(f"it was not refused: {answer.status} {answer.said}")
    error = answer.json.get("error")
    if not isinstance(error, str):
        raise Failed(f'{answer.status} with a body without "error": {answer.said}')
    return f"{answer.status}: {error}"


def _refuses(fault: Fault, target: Target) -> str:
    return refused(fault.send(target))


def _changed(target: Target, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    """Return the answer to a request whose first input has other fields."""
    first, *others = target.request(2)["inputs"]
    return target.infer({"inputs": [first | change(first), *others]})


CHECKS = (
    *(fault.check for fault in FAULTS),
    unknown_model_metadata,
    fitting_statuses,
)
