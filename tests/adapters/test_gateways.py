import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.adapters.gateways import PlanFile
from noria.core.traffic import Arm, Plan
from noria.rows import VersionRow

PLAN = Plan(model="m", number=3, salt="s", arms=(Arm(version=6, share=100),), standby=7)


def version(number: int) -> VersionRow:
    now = datetime(2013, 1, 1, tzinfo=UTC)
    return VersionRow(
        model="m", version=number, run="r", artifact=f"/a/{number}", digest=f"d{number}", registered=now
    )


@pytest.fixture
def ready(tmp_path: Path):
    def say(worker: int, loaded: list[int], failed: dict[str, str] | None = None) -> None:
        folder = tmp_path / "gateway"
        folder.mkdir(exist_ok=True)
        said = {"plan": 3, "loaded": loaded, "failed": failed or {}}
        (folder / f"ready-{worker}.json").write_text(json.dumps(said))

    return say


def test_the_plan_names_each_versions_artifact(tmp_path: Path) -> None:
    PlanFile(tmp_path).publish(PLAN, {6: version(6), 7: version(7)})
    written = json.loads((tmp_path / "gateway" / "plan.json").read_text())
    assert written["plan"]["arms"] == [{"version": 6, "share": 100}]
    assert written["versions"]["7"] == {"artifact": "/a/7", "digest": "d7"}
    assert [path.name for path in (tmp_path / "gateway").iterdir()] == ["plan.json"]


def test_without_a_gateway_nothing_is_loaded(tmp_path: Path) -> None:
    assert not PlanFile(tmp_path).loaded(6)
    assert PlanFile(tmp_path).failed(6) == ""


def test_loaded_means_by_every_gateway(tmp_path: Path, ready) -> None:
    ready(0, [6, 7])
    assert PlanFile(tmp_path).loaded(7)
    ready(1, [6])
    assert not PlanFile(tmp_path).loaded(7)


def test_one_gateway_that_fails_says_why(tmp_path: Path, ready) -> None:
    ready(0, [6])
    ready(1, [6], {"7": "model.txt was changed"})
    assert PlanFile(tmp_path).failed(7) == "model.txt was changed"
    assert PlanFile(tmp_path).failed(6) == ""


def test_what_went_wrong_with_a_process_is_told(tmp_path: Path) -> None:
    assert PlanFile(tmp_path).trouble(7) == ""
    (tmp_path / "gateway").mkdir()
    hosts = {"6-d6": {"version": 6, "why": ""}, "7-d7": {"version": 7, "why": "its process ended with 3"}}
    (tmp_path / "gateway" / "hosts.json").write_text(json.dumps(hosts))
    assert PlanFile(tmp_path).trouble(7) == "its process ended with 3"
    assert PlanFile(tmp_path).trouble(6) == ""
