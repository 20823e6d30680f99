import json

import pytest

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.protocols import vertex
from noria.gateway.schema import Schema

SCHEMA = Schema.of([{"task": "binary", "features": [{"name": "a", "kind": "number"}]}], [])
ANSWER = Answer(id="", outputs=[0.5], versions=(7,), roles=("champion",), log="buffered")


def test_a_prediction_names_its_model_and_version() -> None:
    batch = vertex.decode(b'{"instances": [{"a": 1}], "parameters": {"k": 1}}', {}, SCHEMA)
    assert batch.columns == [[1.0]]
    assert json.loads(vertex.encode(ANSWER, None, "m", SCHEMA).body) == {
        "predictions": [0.5],
        "deployedModelId": "7",
        "model": "models/m@7",
        "modelVersionId": "7",
        "modelDisplayName": "m",
    }


def test_a_raw_prediction_is_what_the_container_says() -> None:
    batch = vertex.RAW.decode(b"a\n1\n", {b"content-type": b"text/csv"}, SCHEMA)
    assert batch.columns == [[1.0]]
    content = vertex.RAW.encode(ANSWER, None, "m", SCHEMA)
    assert content.body == b'{"predictions":[0.5]}'
    assert b"x-vertex-ai-deployed-model-id: 7\r\n" in content.headers


def test_errors_have_googles_form() -> None:
    with pytest.raises(RequestError, match="missing required field `instances`"):
        vertex.decode(b"{}", {}, SCHEMA)
    error = json.loads(vertex.fail(404, "no").body)["error"]
    assert error == {"code": 404, "message": "no", "status": "NOT_FOUND"}
