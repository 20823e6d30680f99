"""Drive the year: every flight asked for at its scheduled departure, every outcome told after its landing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from noria.demo.client import Airport, Client, Tally
from noria.demo.flights import FEATURES, local_month
from noria.demo.wheel import Wheel

START = datetime(2013, 2, 1, 9, tzinfo=UTC)
"""Between the last flight of one day and the first of the next: 4 o'clock in the morning in New York."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TEXT = frozenset({"carrier", "origin", "dest", "scheduled_departure", "flight_id"})


def drive(
    wheel: Wheel, flights: pl.DataFrame, end: datetime, tell: Callable[[datetime], None]
) -> dict[int, Tally]:
    """Send the flights from START to `end`; `tell` is called once a virtual day. Return counts by month.

    A day after the end, when the last labels are due, the system is left settled.
    """
    return asyncio.run(_drive(wheel, flights, end, tell))


async def _drive(
    wheel: Wheel, flights: pl.DataFrame, end: datetime, tell: Callable[[datetime], None]
) -> dict[int, Tally]:
    serve = wheel.project.serve
    columns = [
        (name, "BYTES" if name in TEXT else "FP64")
        for name in ("flight_id", "scheduled_departure", *FEATURES)
    ]
    async with Client(serve.host, serve.port) as client:
        airport = Airport(client, wheel.project.name, columns)
        for until, events in _days(flights, end):
            await _live(wheel, airport, events)
            if until >= end:
                wheel.pause()
            await asyncio.to_thread(wheel.settle, until)  # meanwhile connections may close, which is noticed
            tell(until)
        while wheel.clock.now() < end + 2 * DAY:  # the last labels fall due, and the last day is measured
            await asyncio.to_thread(wheel.settle, wheel.clock.now() + DAY)
    return dict(airport.tallies)


Event = tuple[datetime, bool, dict[str, Any]]
"""When, whether it is a landing, and the flight."""


async def _live(wheel: Wheel, airport: Airport, events: list[Event]) -> None:
    """Play a day's departures and landings in the order of time; the clock follows them.

    What is asked before midnight (UTC) is answered before it: a prediction belongs to its day.
    """
    landed: list[dict[str, Any]] = []
    told = wheel.clock.now()
    for moment, is_landing, flight in events:
        if moment.date() > wheel.clock.now().date():
            await airport.answers()
        wheel.clock.set(moment)
        if moment - told >= HOUR:
            await _tell(airport, landed)
            landed, told = [], moment
        if is_landing:
            landed.append(flight)
        else:
            await airport.ask(flight, flight["month"])
    await _tell(airport, landed)
    await airport.answers()


async def _tell(airport: Airport, landed: list[dict[str, Any]]) -> None:
    for month in sorted({flight["month"] for flight in landed}):
        known = [flight for flight in landed if flight["month"] == month]
        await airport.tell(
            [flight["flight_id"] for flight in known], [flight["late"] for flight in known], month
        )


def _days(flights: pl.DataFrame, end: datetime) -> Iterator[tuple[datetime, list[Event]]]:
    """Yield each virtual day's end and its events; a flight that lands on the next day is told then."""
    flights = flights.filter(pl.col("scheduled_departure").is_between(START, end, closed="left"))
    rows = flights.with_columns(
        month=local_month(),
        departs=pl.col("scheduled_departure"),
        scheduled_departure=pl.col("scheduled_departure").dt.to_string("iso:strict"),
    ).to_dicts()
    events = sorted(
        [(row["departs"], False, row) for row in rows]
        + [(row["landed_at"], True, row) for row in rows if row["landed_at"]],
        key=lambda event: (event[0], event[1]),
    )
    until = START + DAY
    today: list[Event] = []
    for event in events:
        while event[0] >= until:
            yield until, today
            until, today = until + DAY, []
        today.append(event)
    yield until, today
