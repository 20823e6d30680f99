from datetime import date, timedelta

import pytest

from noria.core.policy import Rate
from noria.monitor.trigger import drift_call
from noria.rows import SignalRow

MONTHLY = Rate(count=1, period=timedelta(days=30))  # 1 / 60 a day for each of the two monitors
FIRST = date(2026, 3, 2)


def signal(
    day: int,
    together: float,
    level: str = "notice",
    monitor: str = "drift",
    importance: float | None = None,
) -> SignalRow:
    return SignalRow(
        model="m",
        day=(FIRST + timedelta(days=day)).isoformat(),
        version=7,
        monitor=monitor,
        subject="carrier",
        level=level,
        value=9.0,
        limit=4.0,
        reason="carrier drifted",
        numbers={"together": together, "importance": importance},
    )


@pytest.mark.parametrize(
    ("signals", "calls"),
    [
        ([], False),
        ([signal(0, 0.01)], False),  # one day, as rare as one in 100
        ([signal(0, 0.0001)], True),  # one day, as rare as two in 60
        ([signal(0, 0.01), signal(1, 0.01)], True),
        ([signal(0, 0.01), signal(2, 0.01)], False),
        ([signal(0, 0.04), signal(1, 0.03)], False),  # noticed, but more often than the rate allows
        ([signal(0, 0.0001, monitor="volume")], False),
        ([signal(0, 0.0001, importance=0.002)], False),  # the answers hardly hang on it
        ([signal(day, 0.0001, importance=0.006) for day in (0, 1)], False),  # nor on two days
        ([signal(0, 0.0001, importance=0.2), signal(1, 0.0001, importance=0.002)], True),
    ],
)
def test_drift_calls_for_a_run_within_the_rate_of_its_trigger(signals: list[SignalRow], calls: bool) -> None:
    assert (drift_call(signals, MONTHLY) is not None) is calls


def test_the_reason_names_the_newest_day_and_what_drifted() -> None:
    said = drift_call([signal(0, 1e-6), signal(1, 1e-6)], MONTHLY)
    assert said == "drift on 2026-03-03: carrier drifted"
