"""A collector that finds a million labels in the log: `python million.py DIRECTORY`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import SCHEMA, START, flights_project

from noria.collector.collect import Collector
from noria.segment import ROTATE_AT, encode
from noria.testing import FixedClock, MemoryState

LABELS, REQUEST = 10**6, 100_000


def main(root: Path) -> None:
    project = flights_project(root)
    folder = project.home / "log"
    folder.mkdir(parents=True)
    number = 0
    for begin in range(0, LABELS, REQUEST):
        ids = [f"{each:032x}" for each in range(begin, begin + REQUEST)]
        labels = {"labels": [each % 2 for each in range(REQUEST)], "source": "api"}
        record = {"k": "l", "at": START.timestamp(), "model": "flights", "ids": ids, **labels}
        path = folder / f"0-1000-{number}.seg"
        with path.open("ab") as file:
            file.write(encode(record))
        number += path.stat().st_size > ROTATE_AT
    collector = Collector(project, SCHEMA, MemoryState(), FixedClock(START))
    collector.turn(last=True)
    assert collector._labels.rows == LABELS


if __name__ == "__main__":
    main(Path(sys.argv[1]))
