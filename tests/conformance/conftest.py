"""A tiny server that keeps to the specification, until a test spoils what it is asked or what it answers."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import prod
from typing import Any

import pytest

MODEL = "/v2/models/tiny"
LENGTH = "inference-header-content-length"
METADATA = {
    "name": "tiny",
    "versions": ["1"],
    "platform": "none",
    "inputs": [
        {"name": "x", "datatype": "FP64", "shape": [-1, 3]},
        {"name": "word", "datatype": "BYTES", "shape": [-1]},
    ],
    "outputs": [
        {"name": "sum", "datatype": "FP64", "shape": [-1]},
        {"name": "twice", "datatype": "BYTES", "shape": [-1]},
    ],
}
GETS = {
    "/v2": {
        "name": "tiny",
        "version": "1",
        "extensions": ["binary_tensor_data", "model_configuration", "statistics"],
    },
    "/v2/health/live": {"live": True},
    "/v2/health/ready": {"live": True},
    MODEL: METADATA,
    f"{MODEL}/versions/1": METADATA,
    f"{MODEL}/config": {"name": "tiny"},
    f"{MODEL}/stats": {"model_stats": [{"name": "tiny", "version": "1", "inference_count": 0}]},
    f"{MODEL}/ready": {"name": "tiny", "ready": True},
    f"{MODEL}/versions/1/ready": {"name": "tiny", "ready": True},
}


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body[: int(self.headers.get(LENGTH, len(self.body)))])


@dataclass(frozen=True)
class Told:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def of(self, **fields: Any) -> Told:
        """The same with other fields in its JSON."""
        return replace(self, body=json.dumps(self.json | fields).encode())


Serve = Callable[[Asked], Told]


@pytest.fixture
def tiny() -> Iterator[Callable[..., str]]:
    """Start a tiny server; the function gets what it was asked and how it would answer. Returns its URL."""
    with ExitStack() as stack:
        yield lambda spoil=lambda asked, serve: serve(asked): stack.enter_context(_running(spoil))


@contextmanager
def _running(spoil: Callable[[Asked, Serve], Told]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = spoil(Asked(self.command, self.path, headers, self._content(headers)), serve)
            self.send_response(told.status)
            for name, value in ({"content-type": "application/json"} | told.headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else told.body)

        def _content(self, headers: dict[str, str]) -> bytes:
            if headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(headers.get("content-length", 0)))
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def log_message(self, *args: Any) -> None:
            pass

        do_GET = do_POST = do_HEAD = do_OPTIONS = serve  # noqa: N815 as http.server names them

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def serve(asked: Asked) -> Told:
    """Answer as the specification says."""
    if asked.method in ("GET", "HEAD") and asked.path in GETS:
        return _told(200, GETS[asked.path])
    if (asked.method, asked.path) == ("POST", "/v2/repository/index"):
        return _told(200, [{"name": "tiny", "version": "1", "state": "READY"}])
    if asked.path not in (f"{MODEL}/infer", f"{MODEL}/versions/1/infer"):
        return _told(404, {"error": "there is no such path, model or version"})
    if asked.method != "POST":
        return _told(405, {"error": "POST only"})
    try:
        return _infer(asked)
    except (ValueError, TypeError, KeyError, IndexError, struct.error) as error:
        return _told(400, {"error": f"{type(error).__name__}: {error}"})


def _told(status: int, content: Any) -> Told:
    return Told(status, json.dumps(content).encode())


def _infer(asked: Asked) -> Told:
    request = asked.json
    rest = asked.body[int(asked.headers.get(LENGTH, len(asked.body))) :]
    data = {}
    for tensor in request["inputs"]:
        size = tensor.get("parameters", {}).get("binary_data_size")
        if size is not None:
            tensor["data"], rest = _unpacked(tensor["datatype"], rest[:size], size), rest[size:]
        data[tensor["name"]] = _checked(tensor)
    width = len(data["x"]) // len(data["word"])
    if width != 3:
        raise ValueError("x has 3 columns")
    rows = range(len(data["word"]))
    made = {
        "sum": [float(sum(data["x"][3 * row : 3 * row + 3])) for row in rows],
        "twice": [2 * data["word"][row] for row in rows],
    }
    return _answer(request, made)


def _checked(tensor: dict[str, Any]) -> list[Any]:
    data = tensor["data"]
    while data and isinstance(data[0], list):
        data = [value for row in data for value in row]
    kind = {"FP64": (int, float), "BYTES": str}[tensor["datatype"]]
    if not all(isinstance(value, kind) for value in data):
        raise ValueError(f"{tensor['name']} has other values than {tensor['datatype']}")
    if min(tensor["shape"]) < 0 or prod(tensor["shape"]) != len(data):
        raise ValueError(f"{tensor['name']} has not the shape {tensor['shape']}")
    return data


def _unpacked(datatype: str, content: bytes, size: int) -> list[Any]:
    if len(content) != size:
        raise ValueError("the binary tensors are too short")
    if datatype == "FP64":
        return list(struct.unpack(f"<{size // 8}d", content))
    texts = []
    while content:
        end = 4 + int.from_bytes(content[:4], "little")
        texts.append(content[4:end].decode())
        content = content[end:]
    return texts


def _answer(request: dict[str, Any], made: dict[str, list[Any]]) -> Told:
    wanted = request.get("outputs") or [{"name": name} for name in made]
    all_binary = request.get("parameters", {}).get("binary_data_output", False)
    outputs, tail = [], b""
    for each in wanted:
        values = made[each["name"]]
        words = each["name"] == "twice"
        output = {"name": each["name"], "datatype": "BYTES" if words else "FP64", "shape": [len(values)]}
        if each.get("parameters", {}).get("binary_data", all_binary):
            content = b"".join(map(_packed, values))
            output["parameters"] = {"binary_data_size": len(content)}
            tail += content
        else:
            output["data"] = values
        outputs.append(output)
    head = {"model_name": "tiny", "model_version": "1", "outputs": outputs}
    told = _told(200, head | ({"id": request["id"]} if "id" in request else {}))
    if not tail:
        return told
    binary = {"content-type": "application/octet-stream", LENGTH: str(len(told.body))}
    return Told(200, told.body + tail, binary)


def _packed(value: Any) -> bytes:
    if isinstance(value, float):
        return struct.pack("<d", value)
    return len(value).to_bytes(4, "little") + value.encode()
