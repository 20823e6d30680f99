"""Checks of health and metadata."""

from __future__ import annotations

from typing import Any

from noria.conformance.check import Failed, Skipped, optional, required
from noria.conformance.client import Answer
from noria.conformance.target import Target
from noria.conformance.tensors import DATATYPES


@required
def server_live(target: Target) -> str:
    """The "server live" API indicates if the server is able to receive and respond to requests."""
    return _ok(target.client.ask("GET", "/v2/health/live"))


@required
def server_ready(target: Target) -> str:
    """The "server ready" health API indicates if all the models are ready for inferencing."""
    return _ok(target.client.ask("GET", "/v2/health/ready"))


@required
def model_ready(target: Target) -> str:
    """The "model ready" health API indicates if a specific model is ready for inferencing."""
    return _ok(target.client.ask("GET", target.path("/ready")))


@required
def version_ready(target: Target) -> str:
    """The model name and (optionally) version must be available in the URL."""
    return _ok(target.client.ask("GET", target.path("/ready", version=_version(target))))


@optional
def health_bodies(target: Target) -> str:
    """The health responses are {"live": true}, and {"name": ..., "ready": true} of a model."""
    live = target.client.ask("GET", "/v2/health/live").json
    ready = target.client.ask("GET", target.path("/ready")).json
    if live.get("live") is not True or ready.get("name") != target.model or ready.get("ready") is not True:
        raise Failed(f"{live} and {ready}")
    return f"{live} and {ready}"


@required
def server_metadata(target: Target) -> str:
    """The server metadata response has name, version and extensions."""
    about = _told(target.client.ask("GET", "/v2"), {"name": str, "version": str, "extensions": list})
    return f"{about['name']} {about['version']}, extensions: {', '.join(about['extensions']) or 'none'}"


@required
def model_metadata(target: Target) -> str:
    """The model metadata response has name, platform, and the inputs and outputs, each with name, datatype
    and shape."""
    return _metadata(target, target.client.ask("GET", target.path()))


@required
def version_metadata(target: Target) -> str:
    """The versions are those that may be explicitly requested via the appropriate endpoint."""
    return _metadata(target, target.client.ask("GET", target.path(version=_version(target))))


@required
def declared_datatypes(target: Target) -> str:
    """The data-type of the tensor elements is as defined in Tensor Data Types."""
    tensors = (*target.inputs, *target.outputs)
    unknown = [f"{tensor.name}: {tensor.datatype}" for tensor in tensors if tensor.datatype not in DATATYPES]
    if unknown:
        raise Failed(", ".join(unknown))
    if not tensors:
        raise Skipped("the model's metadata name no tensors")
    return ", ".join(sorted({tensor.datatype for tensor in tensors}))


CHECKS = (
    server_live, server_ready, model_ready, version_ready, health_bodies,
    server_metadata, model_metadata, version_metadata, declared_datatypes,
)  # fmt: skip


def _ok(answer: Answer) -> str:
    if answer.status != 200:
        raise Failed(f"{answer.status} {answer.said}")
    return "200"


def _version(target: Target) -> str:
    if not target.versions:
        raise Skipped("the model's metadata name no versions")
    return target.versions[0]


def _told(answer: Answer, fields: dict[str, type]) -> dict[str, Any]:
    """Return an object whose fields have the given types."""
    _ok(answer)
    told = answer.json
    for name, kind in fields.items():
        if not isinstance(told.get(name), kind):
            raise Failed(f"{name!r} is {told.get(name)!r}, and should be a {kind.__name__}")
    return told


def _metadata(target: Target, answer: Answer) -> str:
    told = _told(answer, {"name": str, "platform": str, "inputs": list, "outputs": list})
    if told["name"] != target.model:
        raise Failed(f"the name is {told['name']!r}")
    for side, parsed in (("inputs", target.inputs), ("outputs", target.outputs)):
        if len(parsed) != len(told[side]):
            raise Failed(f"{side} have not all a name, a datatype and a shape: {told[side]}")
    if not target.inputs:
        raise Failed("the inputs are not named, so a client cannot know what to send")
    return f"{len(told['inputs'])} inputs, {len(told['outputs'])} outputs"
