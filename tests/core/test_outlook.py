from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from noria.core.cadence import Gain
from noria.core.outlook import Line, held, next_run, watched
from noria.core.policy import Brakes, Cadence, Facts, QualityTrigger, Rate, Triggers

NOW = datetime(2013, 3, 15, 12, tzinfo=UTC)  # a Friday
DAY = timedelta(days=1)
QUIET = Facts(now=NOW, watched_since=NOW - 30 * DAY, head="a1b2c3d4e5", tried="a1b2c3d4e5")
QUALITY = Triggers(commit=False, quality=QualityTrigger(metric="log_loss", worse_by=0.05))
CADENCE = Triggers(commit=False, cadence=Cadence(floor=7 * DAY, ceiling=56 * DAY))
MONDAYS = Triggers(commit=False, schedule="0 3 * * MON")
LEVEL = {"level": 0.5, "at_promotion": (0.5,) * 7}


def only(policy: Triggers, **facts: object) -> Line:
    [line] = watched(policy, replace(QUIET, **facts), DAY)
    return line


@pytest.mark.parametrize(
    ("policy", "facts", "said"),
    [
        (Triggers(), {}, "a1b2c3d4 has its run; a new one starts the next"),
        (Triggers(), {"head": None}, "there is none yet"),
        (Triggers(), {"head": "b2"}, "calls for a run: commit b2"),
        (MONDAYS, {"runs": (NOW,)}, "due at 2013-03-18 03:00 (0 3 * * MON)"),
        (MONDAYS, {"runs": (NOW - 7 * DAY,)}, "calls for a run: scheduled at 2013-03-11 03:00"),
        # the floor, and no gain yet
        (
            CADENCE,
            {"runs": (NOW - DAY,)},
            "due at 2013-03-21 12:00, 7 days after the last run, of 7 days to 56 days: "
            "what retraining gains is not known yet",
        ),
        (Triggers(commit=False, labels=100), {"labels": 40}, "40 of 100 new labels"),
        (Triggers(commit=False, data=True), {}, "nobody has looked at the source yet: `noria up` does"),
        (Triggers(commit=False, data=True), {"source": "s", "seen_source": "s"}, "no new data in the source"),
        (QUALITY, {}, "no champion has a level of log_loss yet"),
        # 4% worse, and 5% are needed
        (
            QUALITY,
            {**LEVEL, "quality": (0.52,) * 7},
            "log_loss of the last 7 mature days is 0.5200, 4% worse than 0.5000 at the promotion; "
            "more than 5% worse calls for a run",
        ),
        (
            QUALITY,
            {**LEVEL, "quality": (0.52,) * 7, "labels": 40, "needed": 81},
            "log_loss of the last 7 mature days is 0.5200, 4% worse than 0.5000 at the promotion; "
            "40 of 81 labels since the last run, to judge a model by",
        ),
        # 6% worse, by days that swing by .12
        (
            QUALITY,
            {**LEVEL, "quality": (0.41, 0.65, 0.41, 0.65, 0.41, 0.65, 0.53)},
            "log_loss of the last 7 mature days is 0.5300, 6% worse than 0.5000 at the promotion; "
            "that may be chance",
        ),
    ],
)
def test_each_trigger_says_why_it_fires_or_what_it_waits_for(
    policy: Triggers, facts: dict, said: str
) -> None:
    assert only(policy, **facts).said == said


def test_a_cadence_tells_its_pace() -> None:
    gains = (Gain(share=0.04, newer=7 * DAY),)  # (.04 + 2 * .01) / 3 weeks is 2% a week
    line = only(CADENCE, runs=(NOW,), gains=gains)
    # sqrt(2 * .017 / .02) = 1.304 weeks
    assert line.at == NOW + 7 * 0.034**0.5 / 0.02**0.5 * DAY
    assert line.said.endswith("retraining has gained 2.0% of the loss in 7 days")


@pytest.mark.parametrize(
    ("run", "days", "at"),
    [
        # today's run: seven days from the 15th on; the last of them, the 21st, is mature a day after its end
        (NOW, 0, NOW.replace(day=23, hour=0)),
        # the run of the 10th: its days up to the 13th are mature; three more, up to the 16th
        (NOW - 5 * DAY, 4, NOW.replace(day=18, hour=0)),
    ],
)
def test_quality_tells_when_it_has_days_enough(run: datetime, days: int, at: datetime) -> None:
    line = only(QUALITY, runs=(run,), quality=(0.5,) * days, **LEVEL)
    assert line.at == at
    assert line.numbers == {"days": days, "needed": 7}
    assert line.said.startswith(
        f"{days} of 7 mature days since the last run, the last not before {at:%Y-%m-%d %H:%M}"
    )


def test_brakes_tell_until_when() -> None:
    brakes = Brakes(
        cooldown=2 * DAY, runs=Rate(count=2, period=7 * DAY), promotions=Rate(count=3, period=DAY)
    )
    facts = replace(QUIET, runs=(NOW - 6 * DAY, NOW - DAY), promotions=(NOW - 2 * DAY,), rollout_open=True)
    told = {line.about: (line.said, line.at) for line in held(brakes, facts)}
    assert told == {
        "rollout": ("one is in progress: only a commit or a person starts a run", None),
        "cooldown": ("2 days: until 2013-03-16 12:00", NOW + DAY),
        "runs": ("2 of 2 in 7 days: none before 2013-03-16 12:00", NOW + DAY),
        "promotions": ("0 of 3 in 1 day", None),
    }
    assert held(Brakes(), QUIET) == []


@pytest.mark.parametrize(
    ("brakes", "facts", "at"),
    [
        (Brakes(), {"runs": (NOW - 8 * DAY,)}, NOW),  # the cadence was due yesterday
        (Brakes(), {"runs": (NOW - DAY,)}, NOW + 6 * DAY),
        (Brakes(cooldown=9 * DAY), {"runs": (NOW - DAY,)}, NOW + 8 * DAY),
        # due in 6 days, and then the budget has no room for one more day
        (Brakes(runs=Rate(count=1, period=8 * DAY)), {"runs": (NOW - DAY,)}, NOW + 7 * DAY),
        (Brakes(), {"paused": True}, None),
        (Brakes(), {"running": True}, None),
    ],
)
def test_the_next_run_is_when_the_policy_would_say_so(
    brakes: Brakes, facts: dict, at: datetime | None
) -> None:
    found, decision = next_run(CADENCE, brakes, replace(QUIET, **facts))
    assert found == at
    assert decision.run is (at is not None)


@pytest.mark.parametrize(
    ("policy", "facts", "reason"),
    [
        (Triggers(labels=10, data=True), {}, "nothing calls for a run"),
        (CADENCE, {"rollout_open": True}, "a rollout is in progress"),  # once the cadence is due
        (CADENCE, {"running": True, "runs": (NOW,)}, "a run is in progress"),
    ],
)
def test_where_time_alone_brings_no_run_it_says_what_is_in_the_way(
    policy: Triggers, facts: dict, reason: str
) -> None:
    found, decision = next_run(policy, Brakes(), replace(QUIET, **facts))
    assert (found, decision.reason) == (None, reason)
