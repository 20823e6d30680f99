"""boto3's client of SageMaker's runtime."""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cases import raised, run, same


def split(work):
    """invoke_endpoint: JSON"""
    body = {"dataframe_split": {"columns": list(work.kinds), "data": work.rows}}
    return same(_predictions(_invoke(work, json.dumps(body))), work)


def rows(work):
    """invoke_endpoint: instances"""
    return same(_predictions(_invoke(work, json.dumps({"instances": work.rows}))), work)


def csv(work):
    """invoke_endpoint: CSV"""
    lines = [",".join(work.kinds), *(",".join(map(str, row)) for row in work.rows)]
    return same(_predictions(_invoke(work, "\n".join(lines), ContentType="text/csv")), work)


def identity(work):
    """the inference id comes back, and the variant that answered"""
    answer = _invoke(work, json.dumps({"instances": work.rows}), InferenceId="sagemaker-1")
    key = answer["ResponseMetadata"]["HTTPHeaders"]["x-request-id"]
    assert (key, answer["InvokedProductionVariant"]) == ("sagemaker-1", work.version)
    return f"{key}, variant {answer['InvokedProductionVariant']}"


def variant(work):
    """a variant by its name, which is a version"""
    return same(
        _predictions(_invoke(work, json.dumps({"instances": work.rows}), TargetVariant=work.version)), work
    )


def unknown_model(work):
    """an unknown endpoint"""
    body = json.dumps({"instances": work.rows})
    return raised(ClientError, lambda: _invoke(work, body, EndpointName="no-such-model"), "ValidationError")


def malformed(work):
    """a body that is no JSON"""
    return raised(ClientError, lambda: _invoke(work, "{"), "ValidationError")


def _invoke(work, body, **more):
    client = boto3.client(
        "sagemaker-runtime",
        endpoint_url=work.url,
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        config=Config(retries={"max_attempts": 1}),
    )
    return client.invoke_endpoint(
        **{"EndpointName": work.model, "ContentType": "application/json", "Body": body, **more}
    )


def _predictions(answer):
    return json.load(answer["Body"])["predictions"]


run(split, rows, csv, identity, variant, unknown_model, malformed)
