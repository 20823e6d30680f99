"""Requests that nobody should send: valid ones of every protocol, and what dice make of them.

Every choice is the dice's, so a seed names a request, and Hypothesis can shrink one.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

COLUMNS = [f"x{number}" for number in range(20)]
ROW = [number / 20 for number in range(20)]
RECORD = dict(zip(COLUMNS, ROW, strict=True))
LENGTH = "inference-header-content-length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A valid request: `body` is JSON before it is written, or bytes."""

    path: str
    body: Any
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


def _tensor(name: str, shape: list[int], data: list[Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": "FP64", "data": data, **more}


def _binary() -> Seed:
    tensor = {"name": "x", "shape": [1, 20], "datatype": "FP64", "parameters": {"binary_data_size": 160}}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = (("content-type", "application/octet-stream"), (LENGTH, str(len(head))))
    return Seed(path="/v2/models/m/infer", body=head + struct.pack("<20d", *ROW), headers=headers)


SEEDS = (
    Seed(path="/v2/models/m/infer", body={"id": "a", "inputs": [_tensor("x", [1, 20], ROW)]}),
    Seed(
        path="/v2/models/m/versions/1/infer",
        body={
            "inputs": [_tensor(name, [1, 1], [[0.5]]) for name in COLUMNS],
            "outputs": [{"name": "predict"}],
        },
    ),
    _binary(),
    Seed(path="/v1/models/m:predict", body={"instances": [ROW, ROW]}),
    Seed(path="/v1/models/m:predict", body={"inputs": {name: [0.5] for name in COLUMNS}}),
    Seed(path="/invocations", body={"dataframe_split": {"columns": COLUMNS, "data": [ROW]}}),
    Seed(path="/invocations", body={"dataframe_records": [RECORD]}),
    Seed(path="/invocations", body={"inputs": [ROW], "params": {}}),
    Seed(
        path="/invocations",
        body=(",".join(COLUMNS) + "\n" + ",".join(map(str, ROW)) + "\n").encode(),
        headers=(("content-type", "text/csv"),),
    ),
    Seed(path="/endpoints/m/invocations", body={"instances": [RECORD]}),
    Seed(
        path="/v1/projects/p/locations/l/endpoints/m:predict", body={"instances": [RECORD], "parameters": {}}
    ),
    Seed(path="/feedback", body={"labels": [{"id": "a", "label": 1}]}),
    Seed(path="/feedback", body={"ids": ["a", "b"], "labels": [0, 1]}),
)

NUMBERS = (
    *(
        "0",
        "-0",
        "1e999",
        "-1e999",
        "1e-999",
        "NaN",
        "Infinity",
        "-Infinity",
        "0.1e",
        "01",
        "+1",
        ".5",
        "0x10",
    ),
    *(str(2**bits + step) for bits in (31, 32, 53, 63, 64, 128) for step in (-1, 0, 1)),
    *(str(-(2**63) + step) for step in (-1, 0)),
)
TEXTS = (
    *(
        '""',
        '"\\ud800"',
        '"\\u0000"',
        '"a\\r\\nx: y"',
        '"\\uFEFF"',
        '"' + "a" * 300 + '"',
        '"é\\ud83d\\ude00"',
    ),
    *('"FP64"', '"BYTES"', '"INT64"', '"BOOL"', '"x0"', '"predict"', '"../.."', '"%00"', '"nan"', '"1e5"'),
)
ODD = (*NUMBERS, *TEXTS, "null", "true", "false", "[]", "{}", "[[]]", "[{}]", '{"a":{"a":{}}}', "[null]", "")
HEAVY: tuple[Callable[[], bytes], ...] = (
    lambda: b"[" * 150_000,
    lambda: b'{"inputs":' * 15_000,
    lambda: b'{"instances":[[' + b"9" * 100_000 + b"]]}",
    lambda: b'{"inputs":[' + b",".join([b"{}"] * 1_000_000) + b"]}",
    lambda: b'{"inputs":{' + b",".join([b'"x0":[1]'] * 100_000) + b"}}",
    lambda: b'{"inputs":[],"outputs":[' + b",".join([b'{"name":"predict"}'] * 100_000) + b"]}",
    lambda: b'{"instances":[' + b",".join([b"[1]"] * 1_000_000) + b"]}",
)
NAMES = (
    *("x-request-id", "x-noria-entity", "x-noria-model", "traceparent", "authorization", "accept"),
    LENGTH,
)
TYPES = (
    "application/json",
    "text/csv",
    "application/octet-stream",
    "text/plain",
    "application/json; charset=x",
    "",
)


def request(dice: Random, *, heavy: float = 0.0) -> bytes:
    """Return the bytes of a whole POST; a share `heavy` of them is as large or deep as can be."""
    seed = dice.choice(SEEDS)
    body = dice.choice(HEAVY)() if dice.random() < heavy else _body(dice, seed.body)
    headers = dict(seed.headers)
    if dice.random() < 0.1:
        headers["content-type"] = dice.choice(TYPES)
    if dice.random() < 0.1:
        headers[dice.choice(NAMES)] = _value(dice)
    return post(seed.path, body, headers, chunked=dice.random() < 0.05)


def broken(dice: Random) -> bytes:
    """Return a request whose bytes, the head's too, were changed: it may be no HTTP any more."""
    return _scratch(dice, request(dice))


def prediction() -> bytes:
    """Return a sound request for one row."""
    body = json.dumps({"instances": [ROW]}).encode()
    return post("/v1/models/m:predict", body, {"content-type": "application/json"})


def post(path: str, body: bytes, headers: dict[str, str], *, chunked: bool = False) -> bytes:
    """Return the bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append("transfer-encoding: chunked" if chunked else f"content-length: {len(body)}")
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head + (_chunks(body) if chunked else body)


def _body(dice: Random, body: Any) -> bytes:
    raw = body if isinstance(body, bytes) else _json(dice, body)
    if dice.random() < 0.3:
        raw = _scratch(dice, raw)
    if dice.random() < 0.02:
        raw = dice.choice((b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\x00")) + raw
    return raw


def _json(dice: Random, body: Any) -> bytes:
    odd: list[str] = []
    for _ in range(dice.randrange(4)):
        body = _change(dice, body, odd)
    text = json.dumps(body)
    for number, token in enumerate(odd):
        text = text.replace(f'"\\u0000{number}"', token)
    return text.encode()


def _change(dice: Random, node: Any, odd: list[str]) -> Any:
    """Return a copy of the tree with one node changed; an odd token is a text that `_json` replaces."""
    if not isinstance(node, dict | list) or not node or dice.random() < 0.15:
        odd.append(dice.choice(ODD))
        return f"\0{len(odd) - 1}"
    items = dict(node) if isinstance(node, dict) else dict(enumerate(node))
    key = dice.choice(list(items))
    what = dice.random()
    if what < 0.1:
        del items[key]
    elif what < 0.2:
        items[str(key) + dice.choice(" _x\0")] = items[key]
    elif what < 0.25:
        items[key] = [items[key]]
    else:
        items[key] = _change(dice, items[key], odd)
    return items if isinstance(node, dict) else list(items.values())


def _scratch(dice: Random, raw: bytes) -> bytes:
    """Return the bytes with a few of them flipped, cut out, doubled or replaced by another seed's."""
    scratched = bytearray(raw)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(scratched) + 1)
        end = min(len(scratched), at + dice.randint(1, 12))
        what = dice.randrange(5)
        if what == 0:
            scratched[at:end] = b""
        elif what == 1:
            scratched[at:at] = scratched[at:end]
        elif what == 2:
            scratched[at:end] = bytes(dice.randrange(256) for _ in range(end - at))
        elif what == 3:
            scratched[at:at] = dice.choice(ODD).encode()
        else:
            other = dice.choice(SEEDS).body
            scratched[at:] = (other if isinstance(other, bytes) else json.dumps(other).encode())[at:]
    return bytes(scratched)


def _value(dice: Random) -> str:
    return "".join(character for character in dice.choice(ODD).strip('"') if character.isprintable()) or str(
        dice.randrange(-5, 300)
    )


def _chunks(body: bytes) -> bytes:
    size = max(1, len(body) // 3)
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
