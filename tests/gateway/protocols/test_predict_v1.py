import json
from typing import Any

import pytest

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.protocols import predict_v1
from noria.gateway.schema import Schema

SPEC = {"task": "binary", "features": [{"name": "a", "kind": "number"}, {"name": "b", "kind": "number"}]}
SCHEMA = Schema.of([SPEC], [])
ALONE = Schema.of([{"task": "binary", "features": [{"name": "a", "kind": "number"}]}], [])
ANSWER = Answer(id="", outputs=[0.5], versions=(7,), roles=("champion",), log="buffered")


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        ({"instances": [[1, 2], [3, 4]]}, "predictions"),
        ({"signature_name": "s", "instances": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]}, "predictions"),
        ({"inputs": {"a": [1, 3], "b": [2, 4]}}, "outputs"),
        ({"inputs": {"a": [[1], [3]], "b": [[2], [4]]}}, "outputs"),
        ({"inputs": {"dense_input": [[1, 2], [3, 4]]}}, "outputs"),
        ({"inputs": [[1, 2], [3, 4]]}, "outputs"),
    ],
)  # fmt: skip
def test_rows_are_answered_as_rows_and_columns_as_columns(body: dict[str, Any], answered: str) -> None:
    batch = predict_v1.decode(json.dumps(body).encode(), {}, SCHEMA)
    assert batch.columns == [[1.0, 3.0], [2.0, 4.0]]
    assert json.loads(predict_v1.encode(ANSWER, batch.form, "m", SCHEMA).body) == {answered: [0.5]}


def test_a_model_of_one_feature_takes_bare_values() -> None:
    assert predict_v1.decode(b'{"instances": [1, 2]}', {}, ALONE).columns == [[1.0, 2.0]]
    with pytest.raises(RequestError, match="row 0 has 1 values, and the model has 2 columns: a, b"):
        predict_v1.decode(b'{"instances": [1, 2]}', {}, SCHEMA)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "either instances, which are rows, or inputs, which are columns"),
        ({"instances": [[1, 2]], "inputs": [[1, 2]]}, "either instances"),
        ({"instances": []}, "no rows"),
        ({"inputs": {}}, "'a': the column is missing"),
        ({"inputs": {"a": [1], "b": [1, 2]}}, "'b': has 2 values, and other columns have 1"),
        ({"instances": [[1, 2], {"a": 1}]}, "either all lists or all objects"),
    ],
)
def test_a_bad_body_is_refused_by_name(body: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError) as refused:
        predict_v1.decode(json.dumps(body).encode(), {}, SCHEMA)
    assert refused.value.status == 400
    assert said in refused.value.message


def test_the_status_of_a_model_satisfies_kserve_and_tensorflow_serving() -> None:
    status = predict_v1.status("m", {7: True, 8: False})
    assert (status["name"], status["ready"]) == ("m", True)
    states = [(each["version"], each["state"]) for each in status["model_version_status"]]
    assert states == [("7", "AVAILABLE"), ("8", "LOADING")]
    assert not predict_v1.status("m", {})["ready"]
