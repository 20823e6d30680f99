"""MLflow's clients: of a scoring server, of a deployment, and a CSV file as its documentation sends it."""

import pandas as pd
import requests
from cases import raised, run, same
from mlflow.deployments import get_deploy_client
from mlflow.pyfunc.scoring_server.client import ScoringServerClient


def ready(work):
    """ScoringServerClient: ping, version, wait until ready"""
    client = _scoring(work)
    client.wait_server_ready(timeout=5)
    client.ping()
    return f"version {client.get_version()}"


def frame(work):
    """ScoringServerClient: a DataFrame"""
    return same(_predictions(_scoring(work).invoke(pd.DataFrame(work.columns))), work)


def array(work):
    """ScoringServerClient: an array"""
    if "category" in work.kinds.values():
        return ""
    numbers = pd.DataFrame(work.columns).to_numpy()
    return same(_predictions(_scoring(work).invoke(numbers)), work)


def rows(work):
    """ScoringServerClient: a list of rows"""
    return same(_predictions(_scoring(work).invoke(work.rows)), work)


def missing(work):
    """ScoringServerClient: a DataFrame with a missing number, which it sends as NaN"""
    frame = pd.DataFrame(work.columns)
    number = next(name for name, kind in work.kinds.items() if kind == "number")
    frame.loc[0, number] = float("nan")
    found = _predictions(_scoring(work).invoke(frame))
    assert len(found) == len(frame)
    return f"{len(found)} rows"


def refused(work):
    """ScoringServerClient: a DataFrame without a column"""
    first = next(iter(work.kinds))
    frame = pd.DataFrame(work.columns).drop(columns=first)
    return raised(Exception, lambda: _scoring(work).invoke(frame), first)


def deployment(work):
    """get_deploy_client: predict"""
    client, split = get_deploy_client(work.url), pd.DataFrame(work.columns).to_dict(orient="split")
    return same(client.predict(endpoint=work.model, inputs={"dataframe_split": split})["predictions"], work)


def unknown_model(work):
    """get_deploy_client: an unknown endpoint"""
    client, inputs = get_deploy_client(work.url), {"dataframe_records": work.records}
    return raised(
        requests.HTTPError, lambda: client.predict(endpoint="nosuchmodel", inputs=inputs), "nosuchmodel"
    )


def csv(work):
    """requests: text/csv"""
    body = pd.DataFrame(work.columns).to_csv(index=False)
    answer = requests.post(f"{work.url}/invocations", body, headers={"Content-Type": "text/csv"}, timeout=30)
    answer.raise_for_status()
    return same(answer.json()["predictions"], work)


def content_type(work):
    """requests: a content type that is none of MLflow's"""
    answer = requests.post(f"{work.url}/invocations", b"x", headers={"Content-Type": "image/png"}, timeout=30)
    assert answer.status_code == 415, answer.status_code
    assert answer.json()["error_code"] == "BAD_REQUEST", answer.text
    return f"415 {answer.json()['message']}"


def _predictions(answer):
    return answer.get_predictions(predictions_format="ndarray")


def _scoring(work):
    host, port = work.host.split(":")
    return ScoringServerClient(host, port)


run(ready, frame, array, rows, missing, refused, deployment, unknown_model, csv, content_type)
