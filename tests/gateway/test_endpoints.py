"""Every protocol's paths, against a running gateway."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

ROW = [i / 20 for i in range(20)]
NAMES = [f"x{i}" for i in range(20)]
RECORD = dict(zip(NAMES, ROW, strict=True))
TENSOR = {"name": "rows", "shape": [1, 20], "datatype": "FP64", "data": ROW}
VERTEX = "/v1/projects/p/locations/europe-west4/endpoints/m"
CSV = (",".join(NAMES) + "\n" + ",".join(map(str, ROW)) + "\n").encode()

PREDICTIONS = {
    "v2": ("/v2/models/m/infer", {"inputs": [TENSOR]}),
    "v2 of a version": ("/v2/models/m/versions/7/infer", {"inputs": [TENSOR]}),
    "v1": ("/v1/models/m:predict", {"instances": [ROW]}),
    "v1 of a version": ("/v1/models/m/versions/7:predict", {"inputs": {n: [v] for n, v in RECORD.items()}}),
    "mlflow": ("/invocations", {"dataframe_records": [RECORD]}),
    "sagemaker": ("/endpoints/m/invocations", {"inputs": [ROW]}),
    "vertex": (f"{VERTEX}:predict", {"instances": [RECORD]}),
    "vertex raw": (f"{VERTEX}:rawPredict", {"dataframe_split": {"columns": NAMES, "data": [ROW]}}),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, artifacts: Sequence[Any], run: Any) -> Any:
    with run(tmp_path_factory.mktemp("served")) as gateway:
        gateway.serve(1, {7: 100}, {7: artifacts[0]})
        yield gateway


def output(told: dict[str, Any]) -> list[float]:
    found = told.get("predictions") or told["outputs"]
    return found[0]["data"] if isinstance(found[0], dict) else found


@pytest.mark.parametrize(("path", "body"), PREDICTIONS.values(), ids=PREDICTIONS)
def test_every_protocol_gives_the_same_answer_and_says_whose_it_is(served: Any, path: str, body: Any) -> None:
    key = f"r {path}"
    answer = served.request("POST", path, body, x_request_id=key)
    assert answer.status == 200
    assert output(answer.json) == served.infer().output
    found = [answer.headers[name] for name in ("x-noria-version", "x-noria-role", "x-request-id")]
    assert found == ["7", "champion", key]
    assert key in {row[0] for row in served.predictions()}


def test_csv_and_binary_tensors_too(served: Any) -> None:
    expected = served.infer().output
    invoked = served.request("POST", "/invocations", CSV, content_type="text/csv")
    assert invoked.json == {"predictions": expected}
    tensor = {key: value for key, value in TENSOR.items() if key != "data"}
    wanted = {"inputs": [tensor | {"parameters": {"binary_data_size": 160}}]}
    text = json.dumps(wanted | {"parameters": {"binary_data_output": True}}).encode()
    answer = served.request(
        "POST",
        "/v2/models/m/infer",
        text + np.array(ROW).tobytes(),
        inference_header_content_length=str(len(text)),
    )
    told = answer.body[int(answer.headers["inference-header-content-length"]) :]
    assert np.frombuffer(told, "<f8").tolist() == expected


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v2/models/{}/infer", lambda told: told["error"]),
        ("/v1/models/{}:predict", lambda told: told["error"]),
        ("/endpoints/{}/invocations", lambda told: told["message"]),
        ("/v1/projects/p/locations/l/endpoints/{}:predict", lambda told: told["error"]["message"]),
        ("/v1/projects/p/locations/l/endpoints/{}:rawPredict", lambda told: told["error"]["message"]),
    ],
)
def test_every_protocol_has_its_own_errors_with_the_id_of_the_request(
    served: Any, path: str, error: Any
) -> None:
    named, other = path.format("m"), path.format("other")
    for method, asked, status, said in (
        ("POST", named, 400, "body"),
        ("POST", other, 404, "no model 'other'"),
        ("GET", named, 405, "takes POST, not GET"),
    ):
        answer = served.request(method, asked, b"{", x_request_id="r1")
        assert (answer.status, answer.headers["x-request-id"]) == (status, "r1")
        assert said in error(answer.json)


def test_an_id_that_is_none_is_not_sent_back(served: Any) -> None:
    answer = served.request("POST", "/v2/models/m/infer", b"{", x_request_id="a\tb")
    assert (answer.status, "x-request-id" in answer.headers) == (400, False)


def test_sagemakers_inference_id_is_the_key_of_the_label(served: Any) -> None:
    headers = {"x_amzn_sagemaker_inference_id": "visit-1", "x_amzn_sagemaker_target_variant": "7"}
    answer = served.request("POST", "/endpoints/m/invocations", {"instances": [ROW]}, **headers)
    assert answer.headers["x-amzn-invoked-production-variant"] == "7"
    assert answer.headers["x-request-id"] == "visit-1"
    labelled = served.request("POST", "/feedback", {"label": 1}, x_amzn_sagemaker_inference_id="visit-1")
    assert labelled.json == {"accepted": 1}
    ids = [record["ids"] for record in served.records() if record["k"] == "l"]
    assert ids[-1] == ["visit-1"]


def test_another_variant_is_not_found(served: Any) -> None:
    body = {"instances": [ROW]}
    for variant in ("8", "blue"):
        answer = served.request(
            "POST", "/endpoints/m/invocations", body, x_amzn_sagemaker_target_variant=variant
        )
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (404, "ValidationError")
        assert variant in answer.json["message"]


def test_a_path_without_a_model_means_the_one_of_the_header(served: Any) -> None:
    body = {"instances": [ROW]}
    assert served.request("POST", "/invocations", body, x_noria_model="m").status == 200
    answer = served.request("POST", "/invocations", body, x_noria_model="other")
    assert (answer.status, answer.json["error_code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/", {"status": "alive"}),
        ("/v1/models", {"models": ["m"]}),
        ("/v1/models/m", {"name": "m", "ready": True}),
        ("/v1/models/m/versions/7", {"name": "m", "ready": True}),
        ("/v2", {"name": "noria"}),
        ("/v2/models", {"models": ["m"]}),
        ("/v2/health/live", {"live": True, "ready": True}),
        ("/v2/health/ready", {"live": True, "ready": True}),
        ("/v2/models/m", {"name": "m", "versions": ["7"], "platform": "noria"}),
        ("/v2/models/m/versions/7", {"name": "m", "versions": ["7"]}),
        ("/v2/models/m/ready", {"name": "m", "ready": True}),
        ("/v2/models/m/versions/7/ready", {"name": "m", "ready": True}),
        ("/v2/models/m/config", {"name": "m", "max_batch_size": 0}),
    ],
)
def test_what_the_gateway_says_about_itself(served: Any, path: str, part: dict[str, Any]) -> None:
    answer = served.request("GET", path)
    assert answer.status == 200
    assert part.items() <= answer.json.items()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/other", 404),
        ("GET", "/v1/models/m/versions/8", 404),
        ("GET", "/v2/models/m/versions/8", 404),
        ("GET", "/v2/models/m/versions/8/ready", 503),
        ("GET", "/v2/models/m/versions/8/stats", 404),
        ("POST", "/v2/repository/models/m/load", 403),
        ("POST", "/v2/repository/models/m/unload", 403),
        ("POST", "/v2/repository/models/other/unload", 404),
        ("POST", "/v2/models/m/explain", 400),
        ("POST", "/v2/models/other/explain", 404),
        ("POST", "/v1/models/m:explain", 501),
        ("POST", f"{VERTEX}:explain", 501),
        ("GET", "/v2/models/m/versions/" + "9" * 5000, 404),
    ],
)
def test_what_it_does_not_do_it_says(served: Any, method: str, path: str, status: int) -> None:
    assert served.request(method, path).status == status


def test_the_repository_has_every_version_that_answers(served: Any) -> None:
    index = served.request("POST", "/v2/repository/index", {}).json
    assert index == [{"name": "m", "version": "7", "state": "READY", "reason": ""}]


def test_statistics_count_requests_rows_and_calls(served: Any) -> None:
    def told() -> dict[str, Any]:
        return served.request("GET", "/v2/models/m/versions/7/stats").json["model_stats"][0]

    before = told()
    served.infer([ROW] * 3)
    served.infer()
    after = told()
    assert after["inference_count"] - before["inference_count"] == 4
    assert after["execution_count"] - before["execution_count"] == 2
    answered = [each["inference_stats"]["success"] for each in (before, after)]
    assert answered[1]["count"] - answered[0]["count"] == 2
    assert answered[1]["ns"] > answered[0]["ns"]
    assert after["inference_stats"]["fail"] == {"count": 0, "ns": 0}
