"""The process that explains for the gateway, alone and behind its endpoint."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import polars as pl
import pytest
import uvloop

from noria.errors import RequestError
from noria.explain.answering import answer
from noria.gateway import explaining
from noria.gateway.explaining import Explanations
from noria.gateway.http.messages import Request, Response
from noria.gateway.models import Model, Models
from noria.gateway.settings import ModelSettings
from noria.project.parse import load


def ask(roots: dict[str, Path], **asked: Any) -> tuple[int, Any]:
    named = {model: str(root) for model, root in roots.items()}
    call = msgspec.json.encode({"model": "late", "roots": named, "asked": asked})
    told = msgspec.json.decode(answer(call))
    return told["status"], told["body"]


def test_the_answer_is_the_explanation_and_the_flips_where_they_are_wanted(kept) -> None:
    status, told = ask({"late": kept.project.root}, id="id-3")
    assert status == 200
    assert list(told) == ["explanation"]
    total = told["explanation"]["base"] + sum(part["contribution"] for part in told["explanation"]["parts"])
    assert total == pytest.approx(told["explanation"]["score"], abs=1e-6)
    status, told = ask({"late": kept.project.root}, id="id-3", flip=True)
    assert list(told) == ["explanation", "flips"]


def test_an_id_of_another_model_is_told_as_such(kept, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "p"
    shutil.copytree(kept.project.root, other)
    shutil.rmtree(kept.project.home / "lake")
    found = ask({"late": kept.project.root, "early": other}, id="id-3")
    assert found == (404, "id-3 is a prediction of the model early, and not of late")
    assert ask({"late": kept.project.root, "early": other}, id="id-999")[1].startswith("no prediction id-999")


def test_what_is_wrong_has_a_status(kept, more: Callable[..., None]) -> None:
    roots = {"late": kept.project.root}
    file = kept.project.root / "noria.toml"
    file.write_text(file.read_text().replace('changeable = ["rooms", "city"]', ""))
    assert ask(roots, id="id-3", flip=True)[0] == 400
    more(1, id=pl.lit("odd"), output=pl.lit(0.123))
    assert ask(roots, id="odd")[0] == 409


def with_endpoint(root: Path, use: Callable[[Explanations], Awaitable[None]]) -> None:
    unused = cast(Any, None)
    settings = ModelSettings(home=load(root).home, name="late")
    models = Models({"late": Model(settings=settings, router=unused, recorder=unused)}, "late")

    async def main() -> None:
        endpoint = Explanations(models)
        try:
            await use(endpoint)
        finally:
            endpoint.close()

    uvloop.run(main())


async def post(endpoint: Explanations, body: bytes = b'{"id": "id-3"}', model: str = "late") -> Response:
    told: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    request = Request(method=b"POST", path="/v2/models/late/explain", query="", headers={}, body=body)
    endpoint(request, told.set_result, model)
    return await told


def test_the_endpoint_explains_and_survives_the_death_of_its_process(kept) -> None:
    async def use(endpoint: Explanations) -> None:
        said = await post(endpoint)
        assert said.status == 200
        assert msgspec.json.decode(said.body)["explanation"]["id"] == "id-3"
        assert (await post(endpoint, b'{"id": "nobody"}')).status == 404
        os.kill(endpoint._child._process.pid, signal.SIGKILL)
        assert (await post(endpoint)).status == 503
        assert (await post(endpoint)).status == 200

    with_endpoint(kept.project.root, use)


def test_bad_bodies_other_models_and_crowds_are_refused(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(endpoint: Explanations) -> None:
        for body in (b"", b"{}", b'{"id": 3}', b'{"id": "id-3", "flop": true}'):
            with pytest.raises(RequestError) as refused:
                await post(endpoint, body)
            assert refused.value.status == 400
        with pytest.raises(RequestError, match="no model 'early'"):
            await post(endpoint, model="early")
        monkeypatch.setattr(explaining, "WAITING", 2)
        two = [asyncio.ensure_future(post(endpoint)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(RequestError, match="2 explanations wait already") as refused:
            await post(endpoint)
        assert refused.value.status == 503
        assert [said.status for said in await asyncio.gather(*two)] == [200, 200]

    with_endpoint(kept.project.root, use)


def test_the_process_ends_when_nobody_asks(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "IDLE", 0.05)

    async def use(endpoint: Explanations) -> None:
        await post(endpoint)
        process = endpoint._child._process
        async with asyncio.timeout(20):
            while endpoint._child is not None:
                await asyncio.sleep(0.02)
        assert process.returncode is not None

    with_endpoint(kept.project.root, use)


def test_one_that_takes_too_long_is_ended(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "PATIENCE", 0.01)

    async def use(endpoint: Explanations) -> None:
        assert (await post(endpoint)).status == 503
        assert endpoint._child is None

    with_endpoint(kept.project.root, use)
