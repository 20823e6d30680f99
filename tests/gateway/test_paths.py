import pytest

from noria.errors import RequestError
from noria.gateway.http.messages import Reply, Request, Response
from noria.gateway.paths import Paths, Route

calls: list[dict[str, str]] = []


def endpoint(request: Request, reply: Reply, **arguments: str) -> None:
    calls.append(arguments)


PATHS = Paths(
    [
        Route("GET", "/", None, endpoint),
        Route("POST", "/v1/models/{model}:predict", None, endpoint),
        Route("GET", "/v1/models/{model}", None, endpoint),
        Route("POST", "/v1/models/{model}/versions/{version}:predict", None, endpoint),
        Route("POST", "/v1/projects/*/endpoints/{model}:predict", None, endpoint),
    ],
    ["m", "b.2"],
)


def ask(method: bytes, path: str) -> dict[str, str]:
    def reply(response: Response) -> None: ...

    PATHS.find(method, path)(Request(method, path, "", {}, b""), reply)
    return calls.pop()


@pytest.mark.parametrize(
    ("method", "path", "arguments"),
    [
        (b"GET", "/", {}),
        (b"POST", "/v1/models/b.2:predict", {"model": "b.2"}),
        (b"POST", "/v1/models/unknown:predict", {"model": "unknown"}),
        (b"GET", "/v1/models/m", {"model": "m"}),
        (b"POST", "/v1/models/m/versions/7:predict", {"model": "m", "version": "7"}),
        (b"POST", "/v1/projects/p:q/endpoints/m:predict", {"model": "m"}),
    ],
)
def test_the_endpoint_gets_the_names_of_the_path(method: bytes, path: str, arguments: dict[str, str]) -> None:
    assert ask(method, path) == arguments


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        (b"POST", "/", 405, "/ takes GET, not POST"),
        (b"GET", "/v1/models/m:predict", 405, "takes POST, not GET"),
        (b"GET", "/v1/models/", 404, "there is no GET /v1/models/"),
        (b"GET", "/v1/models/a/b", 404, "/v1/models/a/b"),
        (b"POST", "/v1/models/b_2/versions/7:predict/x", 404, "there is no POST"),
        (b"GET", "/" + "x" * 5000, 404, "there is no GET"),
    ],
)
def test_what_is_nobodys_is_said(method: bytes, path: str, status: int, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        ask(method, path)
    assert refused.value.status == status
    assert said in refused.value.message
    assert len(refused.value.message) < 300
