"""The same rows by every protocol are the same batch, and its outputs the same numbers."""

import csv
import io
import json
import struct
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import mlflow, open_inference, predict_v1, sagemaker, vertex
from noria.gateway.protocols.protocol import Protocol
from noria.gateway.schema import Schema

NAMES = ("age", "town", "pay")
SCHEMA = Schema.of(
    [
        {
            "task": "binary",
            "features": [
                {"name": "age", "kind": "number"},
                {"name": "town", "kind": "category"},
                {"name": "pay", "kind": "number"},
            ],
        }
    ],
    [],
)
JSON = {b"content-type": b"application/json"}
ROW = st.tuples(
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    # An empty cell of CSV is a missing value, so an empty text is not among the rows.
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1),
    st.none() | st.booleans(),
)

Rows = list[tuple[Any, ...]]
Request = tuple[Protocol, bytes, dict[bytes, bytes]]


def records(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


def columns(rows: Rows) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(NAMES)}


def as_json(protocol: Protocol, body: Callable[[Rows], Any]) -> Callable[[Rows], Request]:
    return lambda rows: (protocol, json.dumps(body(rows)).encode(), JSON)


def as_csv(rows: Rows) -> Request:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([NAMES, *rows])
    return mlflow.PROTOCOL, text.getvalue().encode(), {b"content-type": b"text/csv"}


def as_tensors(rows: Rows) -> dict[str, Any]:
    datatypes = {"age": "FP64", "town": "BYTES", "pay": "BOOL"}
    return {
        "inputs": [
            {"name": name, "shape": [len(rows)], "datatype": datatypes[name], "data": values}
            for name, values in columns(rows).items()
        ]
    }


def as_binary(rows: Rows) -> Request:
    """Numbers as bytes. Text that is missing has no bytes, so it goes as JSON."""
    inputs, tail = as_tensors(rows)["inputs"], b""
    for each in inputs:
        if each["name"] == "town" and None in each["data"]:
            continue
        values = each.pop("data")
        if each["name"] == "town":
            texts = [text.encode() for text in values]
            content = b"".join(struct.pack("<I", len(text)) + text for text in texts)
        else:
            each["datatype"] = "FP64"
            content = np.array(values, float).tobytes()  # None becomes NaN
        each["parameters"] = {"binary_data_size": len(content)}
        tail += content
    text = json.dumps({"inputs": inputs}).encode()
    return open_inference.PROTOCOL, text + tail, {b"inference-header-content-length": b"%d" % len(text)}


FORMS = {
    "v2 columns": as_json(open_inference.PROTOCOL, as_tensors),
    "v2 binary": as_binary,
    "v1 lists": as_json(predict_v1.PROTOCOL, lambda rows: {"instances": rows}),
    "v1 objects": as_json(predict_v1.PROTOCOL, lambda rows: {"instances": records(rows)}),
    "v1 columns": as_json(predict_v1.PROTOCOL, lambda rows: {"inputs": columns(rows)}),
    "mlflow records": as_json(mlflow.PROTOCOL, lambda rows: {"dataframe_records": records(rows)}),
    "mlflow split": as_json(
        mlflow.PROTOCOL, lambda rows: {"dataframe_split": {"columns": NAMES, "data": rows}}
    ),
    "mlflow columns": as_json(mlflow.PROTOCOL, lambda rows: {"inputs": columns(rows)}),
    "mlflow csv": as_csv,
    "sagemaker": as_json(sagemaker.PROTOCOL, lambda rows: {"instances": rows}),
    "vertex": as_json(vertex.PROTOCOL, lambda rows: {"instances": records(rows)}),
    "vertex raw": as_json(vertex.RAW, lambda rows: {"instances": rows}),
}


def decoded(request: Request) -> Batch:
    protocol, content, headers = request
    return protocol.decode(content, headers, SCHEMA)


def lists(batch: Batch) -> list[list[Any]]:
    """The columns with None for a missing value, whichever way they are kept."""
    return [[None if value != value else value for value in list(column)] for column in batch.columns]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(st.lists(ROW, min_size=1, max_size=5))
def test_the_same_rows_are_the_same_batch(form: Callable[[Rows], Request], rows: Rows) -> None:
    batch = decoded(form(rows))
    ages, towns, pays = columns(rows).values()
    assert (batch.names, batch.rows) == (NAMES, len(rows))
    assert lists(batch) == [
        [None if age is None else float(age) for age in ages],
        towns,
        [None if pay is None else float(pay) for pay in pays],
    ]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_the_same_outputs_are_the_same_numbers(form: Callable[[Rows], Request], outputs: list[float]) -> None:
    request = form([(1.0, "x", True)] * len(outputs))
    answer = Answer(id="r", outputs=outputs, versions=(7,), roles=("champion",), log="buffered")
    content = request[0].encode(answer, decoded(request).form, "m", SCHEMA)
    told = json.loads(content.body)
    found = told.get("predictions") or told.get("outputs")
    assert (found[0]["data"] if isinstance(found[0], dict) else found) == outputs


NUMBERS = Schema.of([{"task": "binary", "features": [{"name": "x", "kind": "number"}]}], [])
STRICT = msgspec.structs.replace(NUMBERS, nan="refuse")
BODIES = {
    "v2": (open_inference.PROTOCOL, b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[%b]}]}'),
    "v1": (predict_v1.PROTOCOL, b'{"instances":[[%b]]}'),
    "v1 columns": (predict_v1.PROTOCOL, b'{"inputs":{"x":[%b]}}'),
    "mlflow": (mlflow.PROTOCOL, b'{"dataframe_records":[{"x":%b}]}'),
    "sagemaker": (sagemaker.PROTOCOL, b'{"inputs":[[%b]]}'),
    "vertex": (vertex.PROTOCOL, b'{"instances":[{"x":%b}]}'),
}


@pytest.mark.parametrize(("protocol", "body"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    "value",
    [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 400, b"9" * 100_000, b"01", b"1.", b"+1",
     b"0x1", b"'1'", b'"1"', b'"\\ud800"', b'"\xff"', b"[1,2]", b"[[1]]", b"{}", b"[" * 150_000,
     b'{"a":' * 150_000, b"", b"1]]}} ", b"\xef\xbb\xbf1", b"1\0"],
)  # fmt: skip
def test_what_is_no_number_is_refused_in_a_sentence(protocol: Protocol, body: bytes, value: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        protocol.decode(body % value, JSON, STRICT)
    assert refused.value.status == 400
    assert 10 < len(refused.value.message) < 300


@pytest.mark.parametrize("name", ["mlflow", "sagemaker"])
def test_the_nan_of_mlflows_own_client_is_a_missing_number(name: str) -> None:
    protocol, body = BODIES[name]
    assert lists(protocol.decode(body % b"NaN", JSON, NUMBERS)) == [[None]]
    with pytest.raises(RequestError, match="NaN"):  # a text stays what it is
        protocol.decode(body % b'"NaN"', JSON, NUMBERS)


@pytest.mark.parametrize(("protocol", "body"), BODIES.values(), ids=BODIES)
def test_a_whole_number_beyond_64_bits_is_the_float_that_it_is(protocol: Protocol, body: bytes) -> None:
    assert lists(protocol.decode(body % str(2**64).encode(), JSON, NUMBERS)) == [[2.0**64]]


@pytest.mark.parametrize(
    "content",
    [
        b'{"inputs":[' + b'{"name":"x","shape":[],"datatype":"","data":[]},' * 100_000 + b"{}]}",
        b'{"inputs":[],"outputs":[' + b'{"name":"x"},' * 1_000_000 + b"{}]}",
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]}],"outputs":['
        + b'{"name":"y"},' * 1_000_000
        + b'{"name":"z"}]}',
        b'{"inputs":[{"name":"x","shape":[' + b"1," * 1_000_000 + b'1],"datatype":"FP64","data":[1]}]}',
        b'{"inputs":[{"name":"' + b"x" * 1_000_000 + b'","shape":[1],"datatype":"FP64","data":[1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"' + b"F" * 1_000_000 + b'","data":[1]}]}',
    ],
)
def test_a_million_of_anything_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        open_inference.decode(content, {}, NUMBERS)
    assert refused.value.status == 400
    assert len(refused.value.message) < 300
