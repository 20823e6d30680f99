"""Every route by every identity, over a real gateway that wants tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from noria.clock import WallClock
from noria.gateway.access.guard import _network
from noria.gateway.access.token_file import TokenFile
from noria.gateway.access.tokens import Scope, Token, digest, mint
from noria.gateway.endpoints import Endpoints
from noria.gateway.models import Model, Models
from noria.gateway.settings import ModelSettings
from noria.gateway.telemetry.metrics import Counts
from noria.gateway.telemetry.metrics_page import MetricsPage

OPEN, PREDICT, EXPLAIN = None, Scope.PREDICT, Scope.EXPLAIN
FEEDBACK, OBSERVE = Scope.FEEDBACK, Scope.OBSERVE
VERTEX = "/v1/projects/*/locations/*/endpoints/{model}"
ROUTES = {
    ("GET", "/"): OPEN,
    ("GET", "/ping"): OPEN,
    ("GET", "/health"): OPEN,
    ("GET", "/version"): OPEN,
    ("GET", "/v2"): OPEN,
    ("GET", "/v2/health/live"): OPEN,
    ("GET", "/v2/health/ready"): OPEN,
    ("GET", "/metrics"): OBSERVE,
    ("GET", "/noria/plan"): OBSERVE,
    ("POST", "/feedback"): FEEDBACK,
    ("POST", "/invocations"): PREDICT,
    ("POST", "/endpoints/{model}/invocations"): PREDICT,
    ("POST", f"{VERTEX}:predict"): PREDICT,
    ("POST", f"{VERTEX}:rawPredict"): PREDICT,
    ("POST", f"{VERTEX}:explain"): PREDICT,
    ("GET", "/v1/models"): PREDICT,
    ("GET", "/v1/models/{model}"): PREDICT,
    ("GET", "/v1/models/{model}/versions/{version}"): PREDICT,
    ("POST", "/v1/models/{model}:predict"): PREDICT,
    ("POST", "/v1/models/{model}/versions/{version}:predict"): PREDICT,
    ("POST", "/v1/models/{model}:explain"): PREDICT,
    ("GET", "/v2/models"): PREDICT,
    ("POST", "/v2/repository/index"): PREDICT,
    ("POST", "/v2/repository/models/{model}/load"): PREDICT,
    ("POST", "/v2/repository/models/{model}/unload"): PREDICT,
    ("GET", "/v2/models/{model}"): PREDICT,
    ("GET", "/v2/models/{model}/ready"): PREDICT,
    ("GET", "/v2/models/{model}/config"): PREDICT,
    ("GET", "/v2/models/{model}/stats"): PREDICT,
    ("POST", "/v2/models/{model}/infer"): PREDICT,
    ("POST", "/v2/models/{model}/explain"): EXPLAIN,
    ("GET", "/v2/models/{model}/versions/{version}"): PREDICT,
    ("GET", "/v2/models/{model}/versions/{version}/ready"): PREDICT,
    ("GET", "/v2/models/{model}/versions/{version}/config"): PREDICT,
    ("GET", "/v2/models/{model}/versions/{version}/stats"): PREDICT,
    ("POST", "/v2/models/{model}/versions/{version}/infer"): PREDICT,
}
WHOLE = {"/metrics", "/v1/models", "/v2/models", "/v2/repository/index"}
"""What tells of all models: no token of one model alone may see it."""
IDENTITIES: dict[str, tuple[set[Scope], bool]] = {
    "asks-m": ({PREDICT}, True),
    "asks": ({PREDICT}, False),
    "labels": ({FEEDBACK}, False),
    "asks-why": ({EXPLAIN}, False),
    "looks": ({OBSERVE}, False),
    "looks-m": ({OBSERVE}, True),
    "owner-m": ({PREDICT, EXPLAIN, FEEDBACK, OBSERVE}, True),
    "owner": ({PREDICT, EXPLAIN, FEEDBACK, OBSERVE}, False),
    "stranger": (set(), False),  # has all rights, to another model
}
"""What each may do to the model m, and whether its token is for m alone."""


def test_no_route_is_without_its_right(tmp_path: Path) -> None:
    unused = cast(Any, None)
    model = Model(settings=ModelSettings(home=tmp_path, name="m"), router=unused, recorder=unused)
    models = Models({"m": model}, "m")
    page = MetricsPage(models, Counts(), lambda: 0, tmp_path, 0)
    routes = Endpoints(models, WallClock(), more=[page.route]).routes
    assert {(route.method, route.path): route.scope for route in routes} == ROUTES
    assert {route.path for route in routes if route.whole} == WHOLE


@pytest.fixture(scope="module")
def guarded(artifacts: Any, run: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A gateway that wants tokens, with its secrets by identity."""
    home = tmp_path_factory.mktemp("guarded")
    scopes = {"asks-m": [PREDICT], "asks": [PREDICT], "looks": [OBSERVE]}
    scopes |= {"asks-why": [EXPLAIN], "labels": [FEEDBACK]}
    models = {"stranger": ("n",)}
    secrets = {
        name: make(
            home,
            name,
            scopes.get(name, [OBSERVE] if name == "looks-m" else [Scope.ALL]),
            models.get(name, ("m",) if name.endswith("-m") else ()),
        )
        for name in IDENTITIES
    }
    secrets["expired"] = make(home, "expired", [Scope.ALL], lasts=timedelta())
    with run(home, tokens=True) as gateway:
        gateway.serve(1, {1: 100}, {1: artifacts[0]})
        yield gateway, secrets


def make(
    home: Path,
    name: str,
    scopes: list[Scope],
    models: tuple[str, ...] = (),
    lasts: timedelta = timedelta(hours=1),
) -> str:
    """Make a token; return its secret."""
    secret, now = mint(), datetime.now(UTC)
    token = Token(
        name=name,
        digest=digest(secret.encode()),
        scopes=tuple(scopes),
        models=models,
        created=now,
        expires=now + lasts,
    )
    TokenFile(home).add(token)
    return secret


def ask(gateway: Any, method: str, path: str, secret: str = "", **headers: str) -> Any:
    if secret:
        headers["authorization"] = f"Bearer {secret}"
    full = path.replace("{model}", "m").replace("{version}", "1").replace("*", "x")
    return gateway.request(method, full, {} if method == "POST" else None, **headers)


@pytest.mark.parametrize("identity", [*IDENTITIES, "expired", "wrong", ""])
def test_each_route_takes_those_who_may_and_no_others(guarded: Any, identity: str) -> None:
    gateway, secrets = guarded
    secret = secrets.get(identity, mint() if identity else "")
    for (method, path), scope in ROUTES.items():
        if scope is None:
            expected = "answered"
        elif identity not in IDENTITIES:
            expected = "401"
        else:
            may, of_one = IDENTITIES[identity]
            may = may | {FEEDBACK} if PREDICT in may else may  # of its own predictions
            expected = "answered" if scope in may and not (of_one and path in WHOLE) else "403"
        answer = ask(gateway, method, path, secret)
        refused_by_route = path.endswith("load")  # 403 to everybody
        found = str(answer.status) if answer.status in (401, 403) else "answered"
        if refused_by_route and expected == "answered":
            expected = "403"
        assert found == expected, f"{identity or 'nobody'}: {method} {path} got {answer.status}"
        assert ("www-authenticate" in answer.headers) == (answer.status == 401)


def test_nobody_is_told_what_is_wrong_with_a_token(guarded: Any) -> None:
    gateway, secrets = guarded
    said = [
        ask(gateway, "GET", "/v2/models/m", secret).body for secret in ("", mint(), secrets["expired"], "x")
    ]
    assert len(set(said)) == 1
    said = [ask(gateway, "GET", f"/v2/models/{name}", secrets["stranger"]).status for name in ("m", "none")]
    assert said == [403, 403]  # nor whether there is a model that is none of its business


def test_a_header_that_names_another_model_is_what_counts(guarded: Any) -> None:
    gateway, secrets = guarded
    assert ask(gateway, "POST", "/feedback", secrets["owner-m"], x_noria_model="n").status == 403
    assert ask(gateway, "POST", "/feedback", secrets["stranger"], x_noria_model="n").status == 404
    path = "/v2/models/m/infer"
    assert ask(gateway, "POST", path, secrets["stranger"], x_noria_model="n").status == 403


def test_who_asks_and_who_labels_is_recorded(guarded: Any) -> None:
    gateway, secrets = guarded
    bearer = {name: {"authorization": f"Bearer {secrets[name]}"} for name in ("asks", "labels")}
    assert gateway.infer(**bearer["asks"], x_request_id="visit-1").status == 200
    label = {"id": "visit-1", "label": 1}
    for name in bearer:
        answer = gateway.request("POST", "/feedback", label, **bearer[name], x_noria_source="ops")
        assert answer.status == 200
    asked, own, everybodys = gateway.records()[-3:]
    assert (asked["ids"], asked["clients"]) == (["visit-1"], ["asks"])
    # a token's name is the source, whatever a header says; one for predictions labels its own alone
    assert (own["source"], own["client"]) == ("asks", "asks")
    assert (everybodys["source"], everybodys["client"]) == ("labels", None)


def test_a_token_works_and_ends_within_a_second_in_every_worker(
    artifacts: Any, run: Any, tmp_path: Path
) -> None:
    secret = make(tmp_path, "always", [Scope.ALL])
    with run(tmp_path, tokens=True, workers=2) as gateway:
        gateway.serve(1, {1: 100}, {1: artifacts[0]})
        connections = [gateway.connect() for _ in range(16)]  # some at each worker

        def statuses(secret: str) -> set[int]:
            found = set()
            for connection in connections:
                connection.request("GET", "/v2/models/m", headers={"authorization": f"Bearer {secret}"})
                response = connection.getresponse()
                response.read()
                found.add(response.status)
            return found

        assert statuses(secret) == {200}
        late = make(tmp_path, "late", [Scope.PREDICT])
        time.sleep(1)
        assert statuses(late) == {200}
        TokenFile(tmp_path).remove("late")
        time.sleep(1)
        assert statuses(late) == {401}
        assert statuses(secret) == {200}
        for connection in connections:
            connection.close()
        assert gateway.stop() == 0
    assert TokenFile(tmp_path).last_used().keys() == {"always", "late"}


def test_beyond_its_rate_a_client_is_told_when_to_come_back(artifacts: Any, run: Any, tmp_path: Path) -> None:
    """20 a minute: the bucket holds 20, and one comes back every 3 seconds."""
    secrets = [make(tmp_path, name, [Scope.ALL]) for name in ("greedy", "modest")]
    with run(tmp_path, tokens=True, workers=2, rate=[20, 60]) as gateway:
        gateway.serve(1, {1: 100}, {1: artifacts[0]})
        answers = [ask(gateway, "POST", "/v2/models/m/infer", secrets[0]) for _ in range(25)]
        assert [answer.status for answer in answers] == [400] * 20 + [429] * 5
        assert answers[-1].headers["retry-after"] in ("2", "3")
        assert answers[-1].json["error"] == "more than 20 requests in 60 s for model m"
        assert ask(gateway, "POST", "/v2/models/m/infer", secrets[1]).status == 400
        assert ask(gateway, "GET", "/v2/health/ready", secrets[0]).status == 200


def test_without_tokens_an_address_is_a_client(artifacts: Any, run: Any, tmp_path: Path) -> None:
    with run(tmp_path, rate=[2, 60]) as gateway:
        gateway.serve(1, {1: 100}, {1: artifacts[0]})
        assert [gateway.infer().status for _ in range(3)] == [200, 200, 429]
        assert ask(gateway, "POST", "/invocations").status == 429  # the default model is the same one


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_whom_an_address_stands_for(peer: str, client: str) -> None:
    assert _network(peer) == client
