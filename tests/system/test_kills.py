"""`kill -9` of the controller at every durable step, while the gateway serves."""

from __future__ import annotations

import random
import re
import signal
from pathlib import Path

import pytest
from running import NAME, SEEDS, Client, Kills, System, wait_until

from noria.loop import durable
from noria.loop.durable import PLACES
from noria.loop.retrain import STEPS

MOVES = ("advance.change", "advance.publish", "advance.point")
"""What the loop does outside a workflow, in the order of a promotion; each dies before and after."""


def points(turn: int) -> list[str]:
    """Return where a promotion is killed, in its order: each step at one place, another one each turn."""
    steps = [f"retrain.{step}:{PLACES[(turn + n) % len(PLACES)]}" for n, step in enumerate(STEPS)]
    return [*steps, *(f"{move}:{place}" for move in MOVES for place in ("before", "after"))]


def test_every_failpoint_of_the_loop_is_killed_here() -> None:
    folder = Path(durable.__file__).parent
    found = {
        name
        for file in folder.glob("*.py")
        for name in re.findall(r'failpoint\("([\w.]+)"', file.read_text())
    }
    assert found == set(MOVES)
    killed = {point for turn in range(len(PLACES)) for point in points(turn)}
    assert {f"retrain.{step}:{place}" for step in STEPS for place in PLACES} <= killed


@pytest.mark.timeout(400)
def test_a_controller_that_is_killed_at_each_step_promotes_once(system: System, tmp_path: Path) -> None:
    survive(system, points(turn=0), tmp_path)


@pytest.mark.evidence
@pytest.mark.timeout(900)
@pytest.mark.parametrize("turn", range(len(PLACES)))
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_it_survives_every_kill_on_every_seed(
    system: System, tmp_path: Path, kills: Kills, seed: int, turn: int
) -> None:
    """Each seed trains another model; in three turns each step is killed at its three places."""
    system.edit("noria.toml", r"\nseed = \d+", f"\nseed = {seed}")
    system.commit(f"seed {seed}")
    with kills.counted(points(turn)):
        survive(system, points(turn), tmp_path, trees=random.Random(seed).randint(11, 30))


def survive(system: System, where: list[str], markers: Path, trees: int = 12) -> None:
    """Promote one version, then another, killed at each point; hold the history to the invariants."""
    gateway, collector, controller = (system.start(part) for part in ("gateway", "collector", "controller"))
    wait_until(lambda: system.serves(1), "the first version serves")
    system.stop(controller)
    with Client(system.port) as client:
        system.change_model(trees)
        for point in where:
            die(system, point, markers / point.replace(":", "-"))
        controller = system.start("controller")
        wait_until(lambda: system.serves(2), "the second version serves")
        wait_until(lambda: _pointed(system) == 2, "the registry's alias points at it")
    for process in (gateway, controller, collector):
        system.stop(process)
    assert client.failed == []
    assert system.faults(client) == []
    run = system.run_of_head()
    assert run is not None
    assert (run.status, run.version) == ("registered", 2)
    assert [version.version for version in system.state.versions(NAME)] == [1, 2]


def die(system: System, point: str, marker: Path) -> None:
    """Run the controller until it is killed at the point."""
    controller = system.start("controller", NORIA_FAILPOINT=f"{point}={marker}")
    wait_until(lambda: controller.poll() is not None or _is_over(system), f"the controller dies at {point}")
    assert controller.returncode == -signal.SIGKILL, f"{system.run_of_head()}\n{system.printed('controller')}"
    assert marker.exists()


def _pointed(system: System) -> int | None:
    """Return the version at which the registry's alias points."""
    return system.state.beats()["registry"].get("champion")


def _is_over(system: System) -> bool:
    """Return whether the run ended otherwise than it should, so that nothing more will die."""
    run = system.run_of_head()
    return run is not None and run.status in ("refused", "failed")
