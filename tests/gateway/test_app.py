"""A real gateway process, real hosts, and a client of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from noria.artifact import manifest, signature
from noria.artifact.lineage import place

ROW = [i / 20 for i in range(20)]


def test_both_protocols_give_the_same_answer_with_its_origin(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    infer = gateway.infer(x_request_id="r1")
    invoked = gateway.request("POST", "/invocations", {"instances": [ROW]}, x_request_id="r2")
    assert infer.output == invoked.json["predictions"]
    assert 0.1 < infer.output[0] < 0.4
    for answer, key in ((infer, "r1"), (invoked, "r2")):
        found = [answer.headers[name] for name in ("x-noria-version", "x-noria-role", "x-request-id")]
        assert found == ["7", "champion", key]
    assert [row[:3] for row in gateway.predictions()] == [("r1", 7, "champion"), ("r2", 7, "champion")]


def test_without_a_plan_it_says_so(gateway: Any) -> None:
    assert gateway.infer().status == 503
    assert gateway.infer().headers["retry-after"] == "1"
    assert gateway.request("GET", "/v2/health/ready").status == 503
    assert gateway.request("GET", "/v2/health/live").status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/v2/models/other/infer", {}, 404, "no model 'other'"),
        ("POST", "/v2/models/m/versions/9/infer", {"inputs": []}, 400, "'x0'"),
        ("POST", "/v2/models/m/versions/x/infer", {"inputs": []}, 404, "'x'"),
        ("GET", "/v2/models/m/infer", None, 405, "GET"),
        ("GET", "/feedback", None, 405, "GET"),
        ("GET", "/nothing", None, 404, "/nothing"),
        ("POST", "/feedback", {"ids": ["a"], "labels": []}, 400, "labels"),
        ("POST", "/feedback", {"labels": [{"id": "a", "label": 2**63}]}, 400, "64 bits"),
        ("POST", "/v2/models/m/infer", {"inputs": [], "id": "a\r\nset-cookie: b"}, 400, "'x0'"),
    ],
)
def test_what_cannot_be_answered_is_said(
    served: Any, method: str, path: str, body: Any, status: int, said: str
) -> None:
    answer = served.request(method, path, body)
    assert answer.status == status
    assert said in answer.json["error"]


def test_a_request_id_cannot_carry_a_header(served: Any) -> None:
    body = {"inputs": [{"name": "r", "shape": [1, 20], "datatype": "FP64", "data": ROW}], "id": "a\r\nx: y"}
    answer = served.request("POST", "/v2/models/m/infer", body)
    assert (answer.status, "x" in answer.headers) == (400, False)


def test_mlflow_has_its_own_errors(served: Any) -> None:
    assert served.request("POST", "/invocations", b"a,b", content_type="text/plain").status == 415
    answer = served.request("POST", "/invocations", {"instances": [[1]]})
    assert (answer.status, answer.json["error_code"]) == (400, "BAD_REQUEST")


def test_feedback_is_on_disk_before_it_is_accepted(served: Any) -> None:
    forms = [
        {"labels": [{"id": "a", "label": 1}, {"id": "b", "label": 0}]},
        {"ids": ["c"], "labels": [0.5]},
        {"id": "d", "label": "late"},
    ]
    accepted = [served.request("POST", "/feedback", form, x_noria_source="ops").json for form in forms]
    assert accepted == [{"accepted": 2}, {"accepted": 1}, {"accepted": 1}]
    labels = [record for record in served.records() if record["k"] == "l"][-3:]
    assert [(r["ids"], r["labels"]) for r in labels] == [
        (["a", "b"], [1, 0]),
        (["c"], [0.5]),
        (["d"], ["late"]),
    ]
    assert {record["source"] for record in labels} == {"ops"}


@pytest.mark.parametrize("path", ["/endpoints/m/invocations", "/invocations"])
def test_sagemakers_inference_id_is_what_labels_come_by(served: Any, path: str) -> None:
    named = {"x_amzn_sagemaker_inference_id": f"visit to {path}"}
    answer = served.request("POST", path, {"instances": [ROW]}, **named)
    assert (answer.status, answer.headers["x-request-id"]) == (200, f"visit to {path}")
    assert served.request("POST", "/feedback", {"label": 1}, **named).json == {"accepted": 1}
    prediction, label = served.records()[-2:]
    assert (prediction["k"], label["k"]) == ("p", "l")
    assert prediction["ids"] == label["ids"] == [f"visit to {path}"]


def test_entities_are_shared_out_and_stay_where_they_are(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {8: 30, 7: 70}, {7: artifacts[0], 8: artifacts[1]})
    connection = gateway.connect()
    first = [gateway.infer(x_noria_entity=f"e{n}").headers["x-noria-version"] for n in range(300)]
    again = [gateway.infer(x_noria_entity=f"e{n}").headers["x-noria-version"] for n in range(300)]
    connection.close()
    assert first == again
    assert 60 < Counter(first)["8"] < 120  # 300 entities of 30%: 90, give or take 4 deviations of 7.9


def test_rows_of_one_request_are_routed_one_by_one(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {8: 50, 7: 50}, {7: artifacts[0], 8: artifacts[1]})
    answer = gateway.infer([ROW] * 40, x_request_id="r")
    assert answer.headers["x-noria-version"] == "7,8"
    assert answer.headers["x-noria-role"] == "champion,challenger"
    recorded = {key: (version, output) for key, version, _, output, _ in gateway.predictions()}
    assert [recorded[f"r/{row}"][1] for row in range(40)] == answer.output  # merged in the order of the rows
    assert {version for version, _ in recorded.values()} == {7, 8}


def test_a_shadow_is_asked_and_never_answers(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0], 8: artifacts[1]}, shadow=8)
    keys = [f"r{n}" for n in range(20)]
    assert {gateway.infer(x_request_id=key).headers["x-noria-version"] for key in keys} == {"7"}

    def shadowed() -> list[str]:
        return [key for key, version, role, _, _ in gateway.predictions() if (version, role) == (8, "shadow")]

    gateway.wait_until(lambda: shadowed() == keys, "every request was copied to the shadow")


def test_hot_swaps_under_load_fail_nobody(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    both = {7: artifacts[0], 8: artifacts[1]}
    with gateway.load(3) as load:
        for number in range(2, 102):
            gateway.serve(
                number, {8: 50, 7: 50} if number % 2 else {7: 100}, both, shadow=None if number % 2 else 8
            )
    assert not load.failed
    assert {a.headers["x-noria-version"] for a in load.answers} == {"7", "8"}


def test_a_new_champion_takes_over_and_the_old_host_ends(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    old = gateway.pids()["7"]
    with gateway.load(2) as load:
        gateway.serve(2, {8: 100}, {8: artifacts[1]})
        gateway.wait_until(lambda: not Path(f"/proc/{old}").exists(), "the old host ended")
    assert not load.failed
    assert gateway.infer().output[0] > 0.6


def test_a_challenger_whose_process_is_killed_harms_no_client(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {8: 50, 7: 50}, {7: artifacts[0], 8: artifacts[1]})
    with gateway.load(4) as load:
        for _ in range(2):
            os.kill(gateway.pids()["8"], signal.SIGKILL)
            gateway.wait_until(lambda: gateway.pids()["8"] is None, "it was seen to die")
            gateway.wait_until(lambda: gateway.pids()["8"] is not None, "it is back")
    assert not load.failed
    errors = [row for row in gateway.predictions() if row[4]]
    assert {row[1:4] for row in errors} <= {(8, "challenger", None)}


def test_a_champion_whose_process_is_killed_is_restarted_and_asked_again(
    gateway: Any, artifacts: Any
) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    with gateway.load(4) as load:
        time.sleep(0.2)
        killed = time.monotonic()
        os.kill(gateway.pids()["7"], signal.SIGKILL)
        before = len(load.answers)
        gateway.wait_until(lambda: len(load.answers) > before + 20, "it answers again", 5)
        assert time.monotonic() - killed < 2
    assert not load.failed


def test_a_champion_that_hangs_is_cut_at_the_deadline(
    start: Callable[..., Any], artifacts: Sequence[Any]
) -> None:
    gateway = start(deadline=0.5)
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    os.kill(gateway.pids()["7"], signal.SIGSTOP)
    asked = time.monotonic()
    assert gateway.infer().status == 504
    assert 0.4 < time.monotonic() - asked < 0.7
    assert gateway.infer().status == 200  # by a new process


def test_a_challenger_that_hangs_is_answered_by_the_champion(
    start: Callable[..., Any], artifacts: Any
) -> None:
    gateway = start(deadline=0.3)
    gateway.serve(1, {8: 99, 7: 1}, {7: artifacts[0], 8: artifacts[1]})
    os.kill(gateway.pids()["8"], signal.SIGSTOP)
    answers = [gateway.infer(x_request_id=f"r{n}") for n in range(5)]
    assert [answer.status for answer in answers] == [200] * 5
    assert "champion" in {answer.headers["x-noria-role"] for answer in answers}
    assert any("did not answer within 0.3 s" in (row[4] or "") for row in gateway.predictions())


def test_a_version_that_is_not_what_its_digest_says_never_serves(
    gateway: Any, artifacts: Sequence[Any], tmp_path: Path
) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    bad = tmp_path / "bad"
    shutil.copytree(artifacts[1].path, bad)
    (bad / "data" / "spec.json").write_bytes(b"{}")
    gateway.plan(
        2, {8: 50, 7: 50}, {7: artifacts[0], 8: type(artifacts[1])(path=bad, digest=artifacts[1].digest)}
    )
    gateway.wait_until(lambda: "8" in gateway.ready()["failed"], "the failure is reported")
    assert "spec.json was changed" in gateway.ready()["failed"]["8"]
    assert (gateway.ready()["plan"], gateway.ready()["loaded"]) == (1, [7])
    assert gateway.infer().headers["x-noria-version"] == "7"


def test_whoever_rewrites_artifact_manifest_and_plan_is_stopped_by_the_signature(
    gateway: Any, artifacts: Sequence[Any], tmp_path: Path
) -> None:
    kind, releases = type(artifacts[0]), []
    for number, artifact in enumerate(artifacts):
        copy = tmp_path / f"registry-{number}" / "model"
        shutil.copytree(artifact.path, copy)
        place(copy, signature.NAME).parent.mkdir()
        signature.sign(copy, gateway.home, place(copy, signature.NAME))
        releases.append(kind(path=copy, digest=artifact.digest))
    gateway.serve(1, {7: 100}, {7: releases[0]})
    altered = releases[1].path
    shutil.copy(releases[0].path / "data" / "golden.json", altered / "data" / "golden.json")
    rewritten = kind(path=altered, digest=manifest.write(altered))
    gateway.plan(2, {8: 50, 7: 50}, {7: releases[0], 8: rewritten})
    gateway.wait_until(lambda: "8" in gateway.ready()["failed"], "the failure is reported")
    assert "model.sig was made for another data/golden.json" in gateway.ready()["failed"]["8"]
    assert gateway.infer().headers["x-noria-version"] == "7"


def test_it_starts_from_its_last_plan_and_copies_alone(
    start: Callable[..., Any], artifacts: Any, tmp_path: Path
) -> None:
    source = tmp_path / "registry"
    shutil.copytree(artifacts[0].path, source)
    gateway = start()
    gateway.serve(1, {7: 100}, {7: type(artifacts[0])(path=source, digest=artifacts[0].digest)})
    shutil.rmtree(source)
    gateway.stop()
    gateway.start()
    gateway.wait_until(lambda: gateway.infer().status == 200, "it serves without a registry")


def test_a_killed_gateway_has_lost_nothing_that_it_acknowledged(
    start: Callable[..., Any], artifacts: Any
) -> None:
    gateway = start()
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    host = Path(f"/proc/{gateway.pids()['7']}")
    with gateway.load(8) as load:
        gateway.wait_until(lambda: len(load.answers) > 300, "there is load")
        gateway.stop(signal.SIGKILL)
        gateway.wait_until(lambda: not host.exists(), "the host died with it")
        gateway.start()
        asked = len(load.answers)
        gateway.wait_until(lambda: 200 in {a.status for a in load.answers[asked:]}, "it serves again", 5)
    recorded = Counter(row[0] for row in gateway.predictions())
    assert [key for key in load.acknowledged() if recorded[key] != 1] == []


def test_sigterm_answers_what_is_in_flight_and_exits_with_0(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    hosts = gateway.pids()
    with gateway.load(4) as load:
        time.sleep(0.3)
        assert gateway.stop(signal.SIGTERM) == 0
    refused = [why for why in load.broken if "ConnectionRefusedError" not in why]
    assert not refused
    assert all(answer.status == 200 for answer in load.answers)
    recorded = Counter(row[0] for row in gateway.predictions())
    assert [key for key in load.acknowledged() if recorded[key] != 1] == []
    assert not Path(f"/proc/{hosts['7']}").exists()


def test_a_port_in_use_is_said_with_the_next_command(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = json.dumps({"port": taken.getsockname()[1]})
        command = [sys.executable, str(Path(__file__).parent / "run_gateway.py"), str(tmp_path), settings]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ran.returncode != 0
    assert "is in use\n  try: noria gateway --port" in ran.stderr


def test_a_host_knows_no_secret(
    start: Callable[..., Any], artifacts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    gateway = start()
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    environment = Path(f"/proc/{gateway.pids()['7']}/environ").read_bytes()
    assert b"hush" not in environment
    assert b"OMP_NUM_THREADS=1" in environment


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, artifacts: Sequence[Any], run: Any) -> Any:
    """One gateway for the tests that only ask."""
    with run(tmp_path_factory.mktemp("served")) as gateway:
        gateway.serve(1, {7: 100}, {7: artifacts[0]})
        yield gateway


def test_a_gateway_that_starts_beside_a_broken_challenger_serves_the_champion(
    start: Callable[..., Any], artifacts: Sequence[Any], tmp_path: Path
) -> None:
    gateway = start()
    missing = type(artifacts[1])(path=tmp_path / "gone", digest=artifacts[1].digest)
    gateway.serve(1, {8: 50, 7: 50}, {7: artifacts[0], 8: missing})
    assert gateway.ready()["loaded"] == [7]
    assert "cannot be copied" in gateway.ready()["failed"]["8"]
    assert {gateway.infer(x_noria_entity=f"e{n}").headers["x-noria-version"] for n in range(20)} == {"7"}


def test_a_full_queue_refuses_at_once(start: Callable[..., Any], artifacts: Sequence[Any]) -> None:
    gateway = start(deadline=3.0)
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    os.kill(gateway.pids()["7"], signal.SIGSTOP)
    waiting = [gateway.connect() for _ in range(3)]
    for connection, rows in zip(waiting, (1, 9000, 9000), strict=True):  # 16,384 rows may wait
        connection.request("POST", "/v2/models/m/infer", json.dumps({"inputs": [
            {"name": "r", "shape": [rows, 20], "datatype": "FP64", "data": ROW * rows}]}))  # fmt: skip
        gateway.wait_until(lambda: gateway.request("GET", "/noria/plan").status == 200, "it was read")
    gateway.wait_until(
        lambda: gateway.request("GET", "/noria/plan").json["hosts"]["7"]["waiting"] > 16_384, "it waits"
    )
    asked = time.monotonic()
    assert gateway.infer().status == 503
    assert time.monotonic() - asked < 0.5
    os.kill(gateway.pids()["7"], signal.SIGCONT)
    assert [connection.getresponse().status for connection in waiting] == [200] * 3
    for connection in waiting:
        connection.close()
