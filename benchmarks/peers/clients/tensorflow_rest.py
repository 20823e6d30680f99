"""TensorFlow Serving's REST form, which has no client of its own but Python's."""

import json
import urllib.request
from urllib.error import HTTPError

from cases import raised, run, same


def rows(work):
    """rows: instances, predictions"""
    return same(
        _post(work, {"signature_name": "serving_default", "instances": work.records})["predictions"], work
    )


def columns(work):
    """columns: inputs, outputs"""
    return same(_post(work, {"inputs": work.columns})["outputs"], work)


def version(work):
    """a version by its number"""
    path = f"/v1/models/{work.model}/versions/{work.version}:predict"
    return same(_post(work, {"instances": work.rows}, path)["predictions"], work)


def status(work):
    """the model's status"""
    with urllib.request.urlopen(f"{work.url}/v1/models/{work.model}", timeout=30) as answer:
        found = json.load(answer)["model_version_status"]
    assert [(each["version"], each["state"]) for each in found] == [(work.version, "AVAILABLE")], found
    return f"version {work.version} is AVAILABLE"


def unknown_model(work):
    """an unknown model"""
    path = "/v1/models/no-such-model:predict"
    return raised(HTTPError, lambda: _post(work, {"instances": work.rows}, path), "404")


def _post(work, body, path=None):
    url = work.url + (path or f"/v1/models/{work.model}:predict")
    with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=30) as answer:
        return json.load(answer)


run(rows, columns, version, status, unknown_model)
