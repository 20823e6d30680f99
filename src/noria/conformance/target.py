"""The model that is tried: what the server says of it, and requests that it should be able to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from noria.conformance.check import Failed, Skipped
from noria.conformance.client import Answer, Client
from noria.conformance.prediction import Prediction, prediction
from noria.conformance.tensors import Tensor, example
from noria.errors import NoriaError, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model on a server, as its metadata declare it; a fault in them leaves the field empty."""

    client: Client
    model: str
    extensions: tuple[str, ...]
    versions: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def path(self, verb: str = "", *, version: str = "") -> str:
        """Return the path of the model, or of one of its versions, and what is asked of it."""
        of_version = f"/versions/{quote(version, safe='')}" if version else ""
        return f"/v2/models/{quote(self.model, safe='')}{of_version}{verb}"

    def request(self, rows: int = 1) -> dict[str, Any]:
        """Return an inference request, with flat data.

        Raises:
            Skipped: the metadata name no inputs, or datatypes that are unknown.
        """
        if not self.inputs:
            raise Skipped("the model's metadata name no inputs to build a request from")
        return {"inputs": [example(tensor, rows) for tensor in self.inputs]}

    def infer(self, request: Any, *, version: str = "", **headers: str) -> Answer:
        """Return the answer to an inference request, whatever it is."""
        return self.client.ask("POST", self.path("/infer", version=version), request, **headers)

    def predict(self, request: Any, *, version: str = "", **headers: str) -> Prediction:
        """Return the outputs of an inference request.

        Raises:
            Failed: the status is not 200, or the body is no inference response.
        """
        return prediction(self.infer(request, version=version, **headers))


def discover(client: Client, model: str = "") -> Target:
    """Return the named model, or the first one that the server lists.

    Raises:
        Unavailable: nothing answers at the address.
        NoriaError: no model was named, and the server lists none.
    """
    try:
        about = client.ask("GET", "/v2")
    except Failed as failed:
        hint = f"curl -i {client.url}/v2/health/live"
        raise Unavailable(f"no server answers at {client.url}: {failed}", hint=hint) from failed
    name = model or _first_model(client)
    told = _object(client.ask("GET", f"/v2/models/{quote(name, safe='')}"))
    return Target(
        client=client,
        model=name,
        extensions=_typed(_object(about).get("extensions"), tuple[str, ...]),
        versions=_typed(told.get("versions"), tuple[str, ...]),
        inputs=_typed(told.get("inputs"), tuple[Tensor, ...]),
        outputs=_typed(told.get("outputs"), tuple[Tensor, ...]),
    )


def _first_model(client: Client) -> str:
    """Return a model that is ready, from the repository's index."""
    answer = client.ask("POST", "/v2/repository/index", {})
    try:
        listed = msgspec.json.decode(answer.body, type=list[_Listed]) if answer.status == 200 else []
    except msgspec.DecodeError:
        listed = []
    ready = [model.name for model in listed if model.state in ("READY", "")]
    if not ready:
        message = f"{client.url} lists no model that is ready: name the one to try"
        raise NoriaError(message, hint=f"noria conformance {client.url} --model NAME")
    return ready[0]


class _Listed(msgspec.Struct):
    name: str
    state: str = ""


def _object(answer: Answer) -> dict[str, Any]:
    try:
        return answer.json if answer.status == 200 else {}
    except Failed:
        return {}


def _typed(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return ()
