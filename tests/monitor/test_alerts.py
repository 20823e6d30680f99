from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from noria.core.causes import Scene
from noria.monitor.alerts import Serving, follow, owed
from noria.monitor.telling import message
from noria.rows import AlertRow, SignalRow

BEGIN = date(2013, 3, 1)
NOW = datetime(2013, 3, 2, tzinfo=UTC)
ONE = timedelta(days=1)


def signal(
    column: str, level: str = "alert", monitor: str = "drift", day: int = 0, **changes: object
) -> SignalRow:
    row = SignalRow(
        model="m", day=str(BEGIN + day * ONE), version=1, monitor=monitor, subject=column, level=level,
        value=0.2, limit=0.1, reason=f"{column} {level}",
    )  # fmt: skip
    return replace(row, **changes)


def serving(day: int = 0, **changes: object) -> Serving:
    scene = Scene(day=BEGIN + day * ONE, promoted=None, features=10)
    return replace(Serving(champion=1, versions=(1, 2), scene=scene), **changes)


def lived(*days: list[SignalRow]) -> list[AlertRow]:
    """The alerts after so many days of signals, oldest first."""
    known: dict[str, AlertRow] = {}
    for number, said in enumerate(days):
        for alert in follow(list(known.values()), said, NOW + number * ONE, serving(number)):
            known[alert.id] = alert
    return list(known.values())


def test_all_columns_of_a_day_are_one_alert() -> None:
    (alert,) = lived([signal("carrier"), signal("dest", "notice"), signal("temp", "ok")])
    assert (alert.severity, alert.about, alert.ended) == ("warning", "inputs", None)
    assert alert.title == "carrier and dest: not what version 1 learnt from"
    assert alert.next == "noria drift --column carrier"
    assert alert.causes == (
        "the world, or a source, moved: ask who changed carrier and dest upstream on that day",
    )


@pytest.mark.parametrize(
    ("monitor", "command"),
    [
        ("outliers", "noria outliers"),
        ("score", "noria drift"),
        ("concept", "noria quality"),
        ("volume", "noria status"),
    ],
)
def test_the_next_command(monitor: str, command: str) -> None:
    (alert,) = lived([signal("", monitor=monitor, value=2.0)])
    assert alert.next == command


def test_what_nobody_alarms_of_is_no_alert() -> None:
    assert lived([signal("carrier", "notice"), signal("dest", "ok")]) == []


def test_each_side_of_a_version_has_its_own() -> None:
    said = [signal("carrier"), signal("@output", monitor="score"), signal("", monitor="volume")]
    assert sorted(alert.about for alert in lived(said)) == ["answers", "inputs", "traffic"]


def test_the_column_that_most_of_the_answers_hang_on_is_named_first() -> None:
    far = signal("dest", value=0.9, numbers={"importance": 0.01})
    used = signal("carrier", value=0.2, numbers={"importance": 0.4})
    (alert,) = lived([far, used])
    assert alert.title == "carrier and dest: not what version 1 learnt from"
    assert alert.next == "noria drift --column carrier"


def estimated(shown: bool) -> SignalRow:
    numbers = {"loss": True, "shown": shown, "skill": 0.4, "unchanged": 0.5}
    return signal("PAPE of log_loss", "ok", "estimates", value=0.52, limit=0.01, numbers=numbers)


def test_an_alert_tells_what_the_day_is_estimated_to_cost_if_the_estimate_has_skill() -> None:
    (alert,) = lived([signal("carrier"), estimated(shown=True)])
    said = "log_loss of this day is estimated at 0.5200 ± 0.0100, +0.0200 beside the days before"
    assert alert.cost == said
    assert said in message(alert)[1]
    (alert,) = lived([signal("carrier"), estimated(shown=False)])
    assert alert.cost == ""


def test_an_alert_about_the_traffic_costs_no_quality() -> None:
    (alert,) = lived([signal("", monitor="volume", value=2.0), estimated(shown=True)])
    assert alert.cost == ""


def test_the_same_day_followed_again_changes_nothing() -> None:
    said = [signal("carrier")]
    known = lived(said)
    assert follow(known, said, NOW + ONE, serving()) == known


def test_a_drift_that_goes_on_is_one_alert_and_two_quiet_days_end_it() -> None:
    first, second = [signal("carrier")], [signal("carrier", "notice", day=1)]
    quiet = [[signal("carrier", "ok", day=day)] for day in (2, 3, 4)]
    (alert,) = lived(first, second, quiet[0])
    assert alert.ended is None
    assert alert.last_seen.date() == BEGIN + ONE
    (alert,) = lived(first, second, *quiet)
    assert alert.ended == NOW + 3 * ONE


def test_a_notice_of_another_column_does_not_keep_it_open() -> None:
    others = [[signal("dest", "notice", day=day), signal("carrier", "ok", day=day)] for day in (1, 2)]
    (alert,) = lived([signal("carrier")], *others)
    assert alert.ended


def test_another_alarm_joins_the_open_alert() -> None:
    (alert,) = lived([signal("carrier")], [signal("dest", day=1)])
    assert set(alert.columns) == {"carrier", "dest"}


def test_once_it_is_over_the_next_one_is_new() -> None:
    quiet = [[signal("carrier", "ok", day=day)] for day in (1, 2)]
    assert len(lived([signal("carrier")], *quiet, [signal("carrier", day=3)])) == 2


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        (signal("carrier"), "warning"),
        (signal("carrier", version=2), "info"),  # a challenger
        (signal("", monitor="concept"), "critical"),
        (signal("temp", monitor="data_quality", numbers={"series": "variety"}), "critical"),
        (
            signal("t", monitor="data_quality", numbers={"series": "missing", "missing": 5, "rows": 10}),
            "critical",
        ),
        (
            signal("t", monitor="data_quality", numbers={"series": "missing", "missing": 4, "rows": 10}),
            "warning",
        ),
    ],
)
def test_severity(said: SignalRow, severity: str) -> None:
    (alert,) = lived([said])
    assert alert.severity == severity


def test_an_alert_that_gets_worse_is_told_again() -> None:
    (alert,) = lived([signal("temp")])
    told = replace(alert, told=("$SLACK",))
    worse = signal("temp", monitor="data_quality", day=1, numbers={"series": "variety"})
    (after,) = follow([told], [signal("temp", day=1)], NOW, serving(1))
    assert after.told == ("$SLACK",)
    (after,) = follow([told], [worse], NOW, serving(1))
    assert (after.severity, after.told) == ("critical", ())


def test_the_alert_of_a_version_that_no_longer_serves_ends() -> None:
    known = lived([signal("carrier")])
    (after,) = follow(
        known, [signal("carrier", day=1, version=2)], NOW, serving(1, champion=2, versions=(2,))
    )[:1]
    assert after.ended == NOW


def test_silence_covers_what_comes_again_of_the_same_columns() -> None:
    until = NOW + 9 * ONE
    (alert,) = lived([signal("carrier"), signal("dest")])
    silenced = replace(alert, silenced_until=until, ended=NOW)
    (again,) = follow([silenced], [signal("dest", day=4)], NOW + 4 * ONE, serving(4))
    assert again.silenced_until == until
    (other,) = follow([silenced], [signal("temp", day=4)], NOW + 4 * ONE, serving(4))
    assert other.silenced_until is None


def test_who_is_owed_to_be_told() -> None:
    (alert,) = lived([signal("carrier")])
    routes = ("$SLACK", "2 json")
    assert owed(alert, routes, NOW) == ["$SLACK", "2 json"]
    assert owed(replace(alert, told=("$SLACK",)), routes, NOW) == ["2 json"]
    assert owed(replace(alert, silenced_until=NOW + ONE), routes, NOW) == []
    assert owed(replace(alert, silenced_until=NOW), routes, NOW) == ["$SLACK", "2 json"]
    assert owed(replace(alert, severity="info"), routes, NOW) == []
    assert owed(replace(alert, ended=NOW), routes, NOW) == []
