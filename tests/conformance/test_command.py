from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.conformance.suite import CHECKS
from noria.errors import DataError, NoriaError, Unavailable


def conformance(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["conformance", *arguments], env={"COLUMNS": "200"})


def test_it_tells_each_check_and_exits_with_0(tiny: Any) -> None:
    said = conformance(tiny())
    assert said.exit_code == 0, said.output
    assert "model tiny" in said.output
    assert f"{len(CHECKS) - 1} passed, 1 skipped" in " ".join(said.output.split())


def test_a_required_check_that_fails_is_explained_and_exits_with_1(tiny: Any) -> None:
    def spoil(asked: Any, serve: Any) -> Any:
        answer = serve(asked)
        return answer.of(id="another") if b'"id"' in answer.body else answer

    said = conformance(tiny(spoil), "--model", "tiny", "--json")
    found = json.loads(said.output)
    failed = [check for check in found["checks"] if check["status"] == "failed"]
    assert said.exit_code == 1
    assert not found["ok"]
    assert [(check["check"], check["required"]) for check in failed] == [("id-comes-back", True)]
    assert failed[0]["found"] == "'conformance-42' came back as 'another'"
    assert "must be returned" in conformance(tiny(spoil), "--model", "tiny").output


def test_an_optional_check_that_fails_exits_with_0(tiny: Any) -> None:
    def spoil(asked: Any, serve: Any) -> Any:
        return replace(serve(asked), status=500) if asked.method == "HEAD" else serve(asked)

    said = conformance(tiny(spoil))
    assert said.exit_code == 0
    assert "head" in said.output.split("failed")[-2]


def test_headers_go_with_each_request(tiny: Any) -> None:
    def closed(asked: Any, serve: Any) -> Any:
        answer = serve(asked)
        return answer if asked.headers.get("authorization") == "Bearer x" else replace(answer, status=401)

    assert conformance(tiny(closed), "--model", "tiny").exit_code == 1
    assert conformance(tiny(closed), "--header", "Authorization: Bearer x").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (["http://127.0.0.1:9"], Unavailable, "no server answers at http://127.0.0.1:9"),
        (["127.0.0.1:8080"], DataError, "is no address"),
        (["http://127.0.0.1:9", "--header", "nothing"], DataError, "NAME: VALUE"),
    ],
)
def test_what_cannot_be_asked_is_said(arguments: list[str], kind: type[NoriaError], says: str) -> None:
    error = conformance(*arguments).exception
    assert isinstance(error, kind)
    assert says in str(error)
    assert error.hint


def test_a_server_without_an_index_needs_the_models_name(tiny: Any) -> None:
    def spoil(asked: Any, serve: Any) -> Any:
        return replace(serve(asked), status=404) if asked.path == "/v2/repository/index" else serve(asked)

    url = tiny(spoil)
    error = conformance(url).exception
    assert isinstance(error, NoriaError)
    assert error.hint == f"noria conformance {url} --model NAME"
