import json
import struct
from typing import Any

import numpy as np
import pytest

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import open_inference
from noria.gateway.schema import Schema

MIXED = Schema.of(
    [
        {
            "task": "binary",
            "features": [{"name": "age", "kind": "number"}, {"name": "town", "kind": "category"}],
        }
    ],
    ["customer"],
)
NUMBERS = Schema.of(
    [{"task": "binary", "features": [{"name": "a", "kind": "number"}, {"name": "b", "kind": "number"}]}], []
)


def tensor(name: str, shape: list[int], datatype: str, size: int) -> dict[str, Any]:
    return {
        "name": name,
        "shape": shape,
        "datatype": datatype,
        "parameters": {"binary_data_size": size},
    }


def decode(schema: Schema, inputs: list[dict[str, Any]], tail: bytes, **more: Any) -> Batch:
    text = json.dumps({"inputs": inputs, **more}).encode()
    return open_inference.decode(text + tail, {b"inference-header-content-length": b"%d" % len(text)}, schema)


def texts(*values: str) -> bytes:
    return b"".join(struct.pack("<I", len(each.encode())) + each.encode() for each in values)


def lists(batch: Batch) -> list[list[Any]]:
    return [list(column) for column in batch.columns]


@pytest.mark.parametrize(
    ("datatype", "dtype"),
    [
        ("FP16", "<f2"), ("FP32", "<f4"), ("FP64", "<f8"), ("INT8", "i1"), ("INT16", "<i2"), ("INT32", "<i4"),
        ("INT64", "<i8"), ("UINT8", "u1"), ("UINT16", "<u2"), ("UINT32", "<u4"), ("UINT64", "<u8"),
    ],
)  # fmt: skip
def test_a_table_of_every_datatype_becomes_float64_columns(datatype: str, dtype: str) -> None:
    rows = np.array([[1, 2], [3, 4], [5, 6]], dtype)
    batch = decode(NUMBERS, [tensor("x", [3, 2], datatype, rows.nbytes)], rows.tobytes())
    assert [column.dtype for column in batch.columns] == [np.float64] * 2  # type: ignore[union-attr]
    assert lists(batch) == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]


def test_booleans_are_numbers() -> None:
    batch = decode(NUMBERS, [tensor("x", [1, 2], "BOOL", 2)], b"\x01\x00")
    assert lists(batch) == [[1.0], [0.0]]


def test_columns_may_be_binary_or_json_and_text_keeps_its_letters() -> None:
    age, town, customer = np.array([30, np.nan], "<f4"), texts("Köln", ""), np.array([7, 2**53 + 1], "<i8")
    batch = decode(
        MIXED,
        [
            tensor("age", [2], "FP32", 8),
            tensor("town", [2, 1], "BYTES", len(town)),
            tensor("customer", [2], "INT64", 16),
        ],
        age.tobytes() + town + customer.tobytes(),
        id="r1",
    )
    assert (batch.names, batch.id) == (("age", "town", "customer"), "r1")
    ages, *others = lists(batch)
    assert ages[0] == 30.0
    assert np.isnan(ages[1])  # a NaN is a missing value
    assert others == [["Köln", ""], [7, 2**53 + 1]]  # whole, though float64 cannot hold the last one
    in_json = {"name": "town", "shape": [2], "datatype": "BYTES", "data": ["Bonn", None]}
    batch = decode(MIXED, [in_json, tensor("age", [2], "FP32", 8)], age.tobytes())
    assert batch.columns[1] == ["Bonn", None]


def test_a_nan_is_refused_where_the_project_says_so() -> None:
    strict = Schema.of([{"task": "binary", "features": [{"name": "a", "kind": "number"}]}], [], nan="refuse")
    values = np.array([1, np.nan])
    with pytest.raises(RequestError, match="'a': row 1 is NaN"):
        decode(strict, [tensor("a", [2], "FP64", 16)], values.tobytes())


X = tensor("x", [1, 2], "FP32", 8)
TWO = bytes(8)


@pytest.mark.parametrize(
    ("inputs", "tail", "said"),
    [
        ([X], b"", "'x': binary_data_size is 8, and 0 bytes are left"),
        ([X], bytes(12), "4 bytes behind its last input"),
        ([tensor("x", [1, 2], "FP32", -8)], TWO, "'x': binary_data_size is -8"),
        ([tensor("x", [1, 2], "FP32", 2**70)], TWO, "'x': binary_data_size is 1180591620717411303424"),
        ([tensor("x", [1, 2], "FP64", 8)], TWO, "'x': has 1 values, and its shape [1, 2] means 2"),
        ([tensor("x", [1, 2], "FP32", 7)], bytes(7), "'x': 7 bytes are no whole number of FP32"),
        ([tensor("x", [-1, 2], "FP32", 8)], TWO, "'x': has 2 values, and its shape [-1, 2] means -2"),
        ([tensor("x", [2**62, 2], "FP32", 8)], TWO, "'x': has 2 values"),
        ([tensor("x", [1, 2], "FP61", 8)], TWO, "'x': the datatype 'FP61'"),
        ([X | {"data": [1, 2]}], TWO, "'x': has data and binary_data_size"),
        ([X], np.array([1, np.inf], "<f4").tobytes(), "'b': row 0 is an infinity"),
        ([tensor("a", [1], "BYTES", 3)], b"abc", "'a': value 0 lacks its length of 4 bytes"),
        ([tensor("a", [1], "BYTES", 5)], b"\x02\x00\x00\x00a", "'a': value 0 says 2 bytes"),
        ([tensor("a", [1], "BYTES", 5)], b"\xff\xff\xff\xffa", "'a': value 0 says 4294967295 bytes"),
        ([tensor("a", [1], "BYTES", 5)], b"\x01\x00\x00\x00\xff", "'a': value 0 is no UTF-8"),
    ],
)
def test_bytes_that_do_not_fit_are_refused_by_name(
    inputs: list[dict[str, Any]], tail: bytes, said: str
) -> None:
    with pytest.raises(RequestError) as refused:
        decode(NUMBERS, inputs, tail)
    assert refused.value.status == 400
    assert said in refused.value.message


@pytest.mark.parametrize("length", [b"", b"-1", b"x", b"3", b"9" * 5000, b"1.0"])
def test_a_header_length_that_does_not_fit_is_refused(length: bytes) -> None:
    with pytest.raises(RequestError, match="Inference-Header-Content-Length: 0 to 2, not"):
        open_inference.decode(b"{}", {b"inference-header-content-length": length}, NUMBERS)


@pytest.mark.parametrize(("classes", "outputs"), [((), [0.5, 0.25]), ((0, 1), [[0.5, 0.5], [0.25, 0.75]])])
def test_an_answer_in_binary_is_json_and_float64(classes: tuple[int, ...], outputs: list[Any]) -> None:
    spec = {"features": [{"name": "a", "kind": "number"}], "classes": classes}
    schema = Schema.of([spec | {"task": "multiclass" if classes else "regression"}], [])
    answer = Answer(id="r1", outputs=outputs, versions=(7,), roles=("champion",), log="buffered")
    content = open_inference.encode(answer, True, "m", schema)
    name, _, length = content.headers.strip().partition(b": ")
    assert (name, content.content_type) == (b"inference-header-content-length", b"application/octet-stream")
    text, tail = content.body[: int(length)], content.body[int(length) :]
    (output,) = json.loads(text)["outputs"]
    assert output["parameters"]["binary_data_size"] == len(tail)
    assert np.frombuffer(tail, "<f8").reshape(output["shape"]).tolist() == outputs
