"""The demo from its beginning to its report."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from noria.card import page as card
from noria.card.record import gather
from noria.demo.client import Tally
from noria.demo.flights import flights
from noria.demo.report import show, write_page
from noria.demo.result import measure
from noria.demo.wheel import Wheel
from noria.demo.year import DAY, START, drive
from noria.errors import StateError
from noria.monitor.report import page as monitoring
from noria.project.parse import load

MARK = ".noria-demo"
"""The file that says that a directory is a demo's, and may be made anew."""
MODEL = "flight-delay"
LOG_WIDTH = 120
"""Columns where the output goes to a file, which has no width of its own."""


def play(months: int, *, keep: bool, json_file: Path | None, directory: Path) -> None:
    """Make the project, drive the year, and tell what it came to.

    Raises:
        StateError: `directory` is there, and is no demo's.
        Unavailable: the system does not come up, or ends.
    """
    begun, console = time.monotonic(), Console()
    if not console.is_terminal:
        console.width = LOG_WIDTH
    root = _fresh(directory)
    init = [sys.executable, "-m", "noria", "init", MODEL, "--template", "flights"]
    subprocess.run(init, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    _serve_on_a_free_port(root)
    end = datetime(2013 + (months + 2) // 13, (months + 1) % 12 + 1, 1, 9, tzinfo=UTC)
    wheel = Wheel(load(root), START)
    try:
        with console.status("training on January, and starting to serve ..."):
            wheel.start()
        tallies = _drive(wheel, end, directory / "monitoring.html", console)
        result = measure(wheel, tallies, time.monotonic() - begun)
        show(result, console)
        write_page(result, directory / "report.html")
        record = gather(wheel.project, wheel.state, None, wheel.clock.now())
        (directory / "card.html").write_text(card.page(record), encoding="utf-8")
        console.print(
            f"the page with pictures: {directory / 'report.html'}; what the monitors saw, and the champion's "
            "card, beside it: monitoring.html, card.html",
            highlight=False,
        )
        if json_file is not None:
            json_file.write_bytes(msgspec.json.format(msgspec.json.encode(result.as_json())))
        if keep:
            console.print(f"it stays up until Ctrl-C; look at it: cd {root} && noria status")
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        wheel.stop()


def _fresh(directory: Path) -> Path:
    """Return the place of the demo's project, in a directory that is made anew."""
    if directory.exists() and not (directory / MARK).exists():
        raise StateError(f"{directory} is there, and is no demo's", hint="noria demo --directory another")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / MARK).touch()
    return directory / MODEL


def _serve_on_a_free_port(root: Path) -> None:
    """Let the demo's gateway stay out of the way of whatever listens on the usual port."""
    with socket.socket() as free, (root / "noria.toml").open("a") as file:
        free.bind(("127.0.0.1", 0))
        file.write(f"\n[serve]\nport = {free.getsockname()[1]}\n")


def _drive(wheel: Wheel, end: datetime, page: Path, console: Console) -> dict[int, Tally]:
    """Drive the months, and show what the monitors saw until the last request, in a page."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"{START:%Y-%m-%d}", total=(end - START) / DAY)

        def tell(now: datetime) -> None:
            said = f"{now:%Y-%m-%d}  champion: version {wheel.model().champion}"
            progress.update(task, completed=(now - START) / DAY, description=said)
            if now.day == 1 and not console.is_terminal:  # a log shows no bar: a line a month
                console.print(said, highlight=False)
            if now == end:  # the clock goes on to the last labels, and days without a request are an alert
                page.write_text(monitoring.page(wheel.project, wheel.state), encoding="utf-8")

        return drive(wheel, flights(), end, tell)
