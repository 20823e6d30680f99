"""A collector that kills itself at a point: python killed.py ROOT NUMBER "before|after STEP" (or "never")."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import SCHEMA, START, flights_project

from noria.adapters.state import SqlState
from noria.block import Block
from noria.collector.collect import Collector
from noria.segment import encode
from noria.testing import FixedClock


def main(root: Path, number: int, point: str) -> None:
    project = flights_project(root)
    project.home.joinpath("log").mkdir(parents=True, exist_ok=True)
    write_segment(project.home / "log", number)
    state = SqlState(f"sqlite:///{project.home}/state.db")
    collector = Collector(project, SCHEMA, state, FixedClock(START + timedelta(days=9)))
    steps = {
        "traffic": (state, "add_traffic"),
        "predictions": (collector._predictions, "append"),
        "labels": (collector._labels, "append"),
        "quality": (state, "save_quality"),
        "drop": (collector._log, "drop_consumed"),
    }
    if point != "never":
        moment, step = point.split()
        kill(*steps[step], before=moment == "before")
    collector.turn(last=True)


def kill(owner: object, name: str, *, before: bool) -> None:
    call = getattr(owner, name)

    def killed(*arguments: object, **keywords: object) -> None:
        if not before:
            call(*arguments, **keywords)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)


def write_segment(directory: Path, number: int) -> None:
    """Write 20 predictions and their labels in four records."""
    path = directory / f"0-{number}-0.seg"
    for part in range(2):
        ids = [f"{number}-{row}" for row in range(part * 10, part * 10 + 10)]
        batch = {
            "k": "p", "at": START.timestamp() + number, "model": "flights", "plan": 3, "version": 7,
            "role": "champion", "ids": ids, "entities": ids, "columns": Block(10, ("wind",), bytes(80), {}),
            "outputs": bytes(80), "latencies": bytes(80), "error": None,
        }  # fmt: skip
        labels = {"k": "l", "at": START.timestamp() + number, "model": "flights", "ids": ids}
        with path.open("ab") as file:
            file.write(encode(batch) + encode({**labels, "labels": [1] * 10, "source": "api"}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
