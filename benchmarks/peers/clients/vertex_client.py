"""google-cloud-aiplatform's client of Vertex AI's online prediction."""

import json

from cases import raised, run, same
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.aiplatform import models
from google.cloud.aiplatform_v1 import PredictionServiceClient
from google.cloud.aiplatform_v1.services.prediction_service.transports import PredictionServiceRestTransport
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value


def records(work):
    """predict: rows as objects"""
    return same(_predictions(_predict(work, work.records)), work)


def rows(work):
    """predict: rows as lists"""
    return same(_predictions(_predict(work, work.rows)), work)


def identity(work):
    """predict: model and version"""
    answer = _predict(work, work.rows)
    assert answer.model_version_id == work.version, answer
    assert work.model in answer.model
    return f"{answer.model}, {answer.model_version_id}"


def raw(work):
    """rawPredict, as the library's Endpoint sends it and reads the answer's headers"""
    answer = AuthorizedSession(AnonymousCredentials()).post(
        url=f"{work.url}/v1/{_endpoint(work.model)}:rawPredict",
        data=json.dumps({"instances": work.rows}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.headers[models._RAW_PREDICT_DEPLOYED_MODEL_ID_KEY] == work.version
    assert work.model in answer.headers[models._RAW_PREDICT_MODEL_RESOURCE_KEY]
    return same(answer.json()["predictions"], work)


def unknown_model(work):
    """an unknown endpoint"""
    return raised(NotFound, lambda: _predict(work, work.rows, "no-such-model"), "no-such-model")


def malformed(work):
    """a row that is too long"""
    return raised(BadRequest, lambda: _predict(work, [[*work.rows[0], 1.0]]), "row 0")


def _client(work):
    transport = PredictionServiceRestTransport(host=work.url, credentials=AnonymousCredentials())
    return PredictionServiceClient(transport=transport)


def _predict(work, instances, model=None):
    values = [json_format.ParseDict(instance, Value()) for instance in instances]
    return _client(work).predict(endpoint=_endpoint(model or work.model), instances=values)


def _endpoint(model):
    return f"projects/p/locations/l/endpoints/{model}"


def _predictions(answer):
    return [
        list(prediction) if hasattr(prediction, "__iter__") else prediction
        for prediction in answer.predictions
    ]


run(records, rows, identity, raw, unknown_model, malformed)
