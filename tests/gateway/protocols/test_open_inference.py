import json
from typing import Any

import pytest

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import open_inference
from noria.gateway.schema import Schema

SPEC = {
    "task": "binary",
    "features": [{"name": "age", "kind": "number"}, {"name": "town", "kind": "category"}],
}
NUMBERS = {"task": "binary", "features": [{"name": "a", "kind": "number"}, {"name": "b", "kind": "number"}]}
MIXED = Schema.of([SPEC], ["customer"])


def decode(content: bytes, schema: Schema = MIXED) -> Batch:
    return open_inference.decode(content, {}, schema)


def tensor(
    name: str, data: list[Any], shape: list[int] | None = None, datatype: str = "FP64"
) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data)], "datatype": datatype, "data": data}


def body(*inputs: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"inputs": inputs, **more}).encode()


AGE, TOWN = tensor("age", [30, None]), tensor("town", ["Bonn", None], datatype="BYTES")


def test_one_input_per_column() -> None:
    batch = decode(body(TOWN, AGE, id="r1"))
    assert (batch.names, batch.columns) == (("age", "town"), [[30.0, None], ["Bonn", None]])
    assert (batch.rows, batch.id) == (2, "r1")


def test_the_entity_may_come_beside_the_features() -> None:
    batch = decode(body(AGE, TOWN, tensor("customer", [7, 8], datatype="INT64")), MIXED)
    assert batch.column("customer") == [7, 8]


@pytest.mark.parametrize("data", [[1, 2, 3, 4], [[1, 2], [3, 4]]])
def test_one_table_in_the_order_of_the_features(data: list[Any]) -> None:
    batch = decode(body(tensor("any", data, [2, 2])), Schema.of([NUMBERS], []))
    assert batch.columns == [[1.0, 3.0], [2.0, 4.0]]


def test_a_column_of_shape_n_1() -> None:
    batch = decode(body(tensor("age", [[1], [2]], [2, 1]), TOWN), MIXED)
    assert batch.column("age") == [1.0, 2.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "truncated"),
        (b"\xef\xbb\xbf{}", "malformed"),
        (b'{"inputs": [{"name": "\xff"}]}', "utf-8"),
        (b'{"inputs": 3}', "$.inputs"),
        (b'{"inputs": []}', "'age': the column is missing"),
        (b"[" * 150_000, "body"),
        (b'{"id": ' + b"[" * 150_000, "body"),
        (body(AGE), "'town': the column is missing"),
        (body(AGE, TOWN, tensor("agee", [1, 2])), "'agee': there is no such column"),
        (body(AGE, AGE), "twice"),
        (body(tensor("age", ["x", "y"]), TOWN), "'age': row 0 has str 'x', and it is a number"),
        (body(AGE, tensor("town", ["Bonn", 5], None, "BYTES")), "'town': row 1 has int 5, and it is a cat"),
        (
            body(AGE, tensor("town", ["Bonn"], None, "BYTES")),
            "'town': has 1 values, and other columns have 2",
        ),
        (body(AGE, tensor("town", ["Bonn"])), "'town': the datatype 'FP64' is none of BYTES"),
        (
            body(tensor("age", ["1"], None, "BYTES"), TOWN),
            "'age': the datatype 'BYTES' is none of BOOL, FP16",
        ),
        (body({"name": "age", "shape": [1], "datatype": "FP64"}, TOWN), "'age': has no data"),
        (body(AGE, TOWN, parameters={"content_type": "base64"}), "$.parameters.content_type"),
        (body(AGE, TOWN, outputs=[{"name": "label"}]), "outputs: there is no 'label'"),
        (body(tensor("age", [1, 2], [3]), TOWN), "'age': has 2 values, and its shape [3] means 3"),
        (body(tensor("age", [1, 2], [-2]), TOWN), "'age': has 2 values"),
        (body(tensor("age", [1, 2], [2**63]), TOWN), "'age': has 2 values"),
        (body(tensor("age", [1, 2], [1, 2]), TOWN), "'age': a column has the shape"),
        (body(tensor("age", [[1], 2], [2, 1]), TOWN), "'age': its data are neither flat"),
        (body(tensor("age", [1, 2], datatype="FP61"), TOWN), "'age': the datatype 'FP61'"),
        (body(tensor("age", [], [0]), tensor("town", [], [0], "BYTES")), "no rows"),
        (body(AGE, TOWN).replace(b"30", b"NaN"), "malformed"),
        (body(AGE, TOWN).replace(b"30", b"1e999"), "out of range"),
        (body(AGE, TOWN).replace(b"30", b"9" * 400), "'age': holds a number beyond"),
        (body(AGE, TOWN, tensor("customer", [2**63, 1])), "'customer': holds an integer beyond 64 bits"),
        (body(tensor("rows", [1, 2], [1, 2], "BYTES")), "'rows': a table of shape [1, 2] holds numbers"),
        (body(tensor("rows", [1, 2, 3], [1, 3])), "'rows': has 3 columns, and the model has 2"),
    ],
)
def test_a_bad_body_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        decode(content)
    assert refused.value.status == 400
    assert said in refused.value.message


def answer(outputs: list[Any]) -> Answer:
    return Answer(id="r1", outputs=outputs, versions=(7, 8), roles=("champion", "challenger"), log="buffered")


THREE = Schema.of([SPEC | {"task": "multiclass", "classes": ["a", "b"]}], [])


@pytest.mark.parametrize(
    ("schema", "outputs", "shape", "data"),
    [
        (MIXED, [0.5, 0.25], [2], [0.5, 0.25]),
        (THREE, [[0.5, 0.5], [0.25, 0.75]], [2, 2], [0.5, 0.5, 0.25, 0.75]),
    ],
)
def test_outputs_are_one_tensor(
    schema: Schema, outputs: list[Any], shape: list[int], data: list[float]
) -> None:
    encoded = json.loads(open_inference.encode(answer(outputs), False, "m", schema).body)
    assert encoded["outputs"] == [{"name": "predict", "shape": shape, "datatype": "FP64", "data": data}]
    assert (encoded["model_name"], encoded["model_version"], encoded["id"]) == ("m", "7", "r1")


@pytest.mark.parametrize(
    ("more", "binary"),
    [
        ({}, False),
        ({"outputs": []}, False),
        ({"outputs": [{"name": "predict"}]}, False),
        ({"outputs": [{"name": "predict", "parameters": {"binary_data": True}}]}, True),
        ({"parameters": {"binary_data_output": True}}, True),
        # what an output says goes before what the request says
        (
            {
                "parameters": {"binary_data_output": True},
                "outputs": [{"name": "predict", "parameters": {"binary_data": False}}],
            },
            False,
        ),
    ],
)
def test_the_form_says_whether_the_output_is_wanted_in_binary(more: dict[str, Any], binary: bool) -> None:
    assert decode(body(AGE, TOWN, **more)).form is binary


@pytest.mark.parametrize("content_type", ["pd", "np", "str"])
def test_known_content_types_change_nothing_and_unknown_parameters_are_passed_over(content_type: str) -> None:
    inputs = [each | {"parameters": {"content_type": content_type, "hue": [1]}} for each in (AGE, TOWN)]
    batch = decode(body(*inputs, parameters={"content_type": content_type}))
    assert batch.columns == [[30.0, None], ["Bonn", None]]


def test_one_column_is_no_table() -> None:
    alone = Schema.of([{"task": "binary", "features": [{"name": "a", "kind": "number"}]}], [])
    assert decode(body(tensor("a", [[1], [2]], [2, 1])), alone).columns == [[1.0, 2.0]]
    assert decode(body(tensor("any", [[1], [2]], [2, 1])), alone).columns == [[1.0, 2.0]]
