import json
from typing import Any

import pytest

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.protocols import mlflow
from noria.gateway.schema import Schema

SPEC = {
    "task": "binary",
    "features": [{"name": "age", "kind": "number"}, {"name": "town", "kind": "category"}],
}
SCHEMA = Schema.of([SPEC], ["customer"])
JSON = {b"content-type": b"application/json"}
TWO_ROWS = [[30.0, None], ["Bonn", "Köln"]]


@pytest.mark.parametrize(
    "body",
    [
        {
            "dataframe_split": {
                "columns": ["town", "age"],
                "index": [0, 1],
                "data": [["Bonn", 30], ["Köln", None]],
            }
        },
        {"dataframe_records": [{"age": 30, "town": "Bonn"}, {"town": "Köln"}]},
        {"instances": [{"age": 30, "town": "Bonn"}, {"age": None, "town": "Köln"}]},
        {"instances": [[30, "Bonn"], [None, "Köln"]], "params": {"ignored": 1}},
        {"instances": [{"town": "Bonn", "age": 30.0}, {"town": "Köln", "age": None}]},
        {"inputs": {"age": [30, None], "town": ["Bonn", "Köln"]}},
        {"inputs": {"age": [[30], [None]], "town": ["Bonn", "Köln"]}},
        {"inputs": [[30, "Bonn"], [None, "Köln"]]},
    ],
)
def test_every_form_gives_the_same_columns(body: dict[str, Any]) -> None:
    batch = mlflow.decode(json.dumps(body).encode(), JSON, SCHEMA)
    assert (batch.names, batch.columns) == (("age", "town"), TWO_ROWS)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "exactly one of dataframe_split, dataframe_records, instances, inputs; found none of them"),
        ({"instances": [[1, "x"]], "inputs": [[1, "x"]]}, "found instances, inputs"),
        ({"instances": [[1, "x"], {"age": 1}]}, "either all lists or all objects"),
        ({"instances": [[1, "x"], [1]]}, "row 1 has 1 values, and the model has 2 columns: age, town"),
        ({"instances": []}, "no rows"),
        ({"dataframe_records": []}, "no rows"),
        ({"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}}, "twice"),
        ({"dataframe_split": {"columns": ["age"]}}, "missing required field `data`"),
        ({"inputs": {"age": [[1, 2]], "town": ["x"]}}, "'age': a column has the shape [n] or [n, 1]"),
        ({"inputs": {"age": [1]}}, "'town': the column is missing"),
        ({"dataframe_records": [{"age": True, "town": 1}]}, "'town': row 0 has int 1, and it is a category"),
        ({"dataframe_records": [{"age": {"deep": 1}}]}, "$.dataframe_records[0]"),
    ],
)
def test_a_bad_body_is_refused_by_name(body: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as refused:
        mlflow.decode(json.dumps(body).encode(), JSON, SCHEMA)
    assert refused.value.status == 400
    assert said in refused.value.message


def test_predictions_and_errors_have_mlflows_form() -> None:
    answer = Answer(id="", outputs=[0.5], versions=(7,), roles=("champion",), log="buffered")
    assert mlflow.encode(answer, None, "m", SCHEMA).body == b'{"predictions":[0.5]}'
    assert json.loads(mlflow.fail(400, "no").body) == {"error_code": "BAD_REQUEST", "message": "no"}


@pytest.mark.parametrize("kind", [b"", b"text/plain", b"application/octet-stream"])
def test_another_content_type_is_refused(kind: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        mlflow.decode(b"{}", {b"content-type": kind}, SCHEMA)
    assert refused.value.status == 415


@pytest.mark.parametrize("kind", [b"text/csv", b"Text/CSV; charset=utf-8"])
def test_csv_is_taken_by_its_content_type(kind: bytes) -> None:
    batch = mlflow.decode("town,age\nBonn,30\nKöln,\n".encode(), {b"content-type": kind}, SCHEMA)
    assert batch.columns == TWO_ROWS
