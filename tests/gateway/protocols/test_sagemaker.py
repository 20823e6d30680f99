import json

from noria.gateway.answer import Answer
from noria.gateway.protocols import mlflow, sagemaker
from noria.gateway.schema import Schema

SCHEMA = Schema.of([{"task": "binary", "features": [{"name": "a", "kind": "number"}]}], [])
HEADERS = {b"content-type": b"application/json"}


def test_the_inference_id_is_the_id_of_the_request() -> None:
    named = HEADERS | {b"x-amzn-sagemaker-inference-id": b"visit-1"}
    assert sagemaker.decode(b'{"instances": [[1]]}', named, SCHEMA).id == "visit-1"
    assert sagemaker.decode(b'{"instances": [[1]]}', HEADERS, SCHEMA).id == ""


def test_the_answer_names_the_variant_and_the_error_its_kind() -> None:
    answer = Answer(id="visit-1", outputs=[0.5], versions=(7,), roles=("champion",), log="buffered")
    content = sagemaker.encode(answer, None, "m", SCHEMA)
    assert content.body == mlflow.encode(answer, None, "m", SCHEMA).body
    assert content.headers == (
        b"x-amzn-invoked-production-variant: 7\r\nx-amzn-sagemaker-inference-id: visit-1\r\n"
    )
    refused = sagemaker.fail(400, "no")
    assert json.loads(refused.body)["message"] == "no"
    assert refused.headers == b"x-amzn-errortype: ValidationError\r\n"
