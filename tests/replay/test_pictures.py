import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from noria.core.compare import Comparison
from noria.replay.pictures import cost_picture, gain_pictures, level_picture, styles
from noria.replay.result import Promotion
from tests.replay.made import BEGIN, policy, replay

POLICIES = (policy("never", 1, 0.53), policy("every-7d", 12, 0.50), policy("ceiling", 12, 0.48))


def texts(picture: str, style: str) -> list[str | None]:
    return [
        text.text for text in ET.fromstring(picture).iter("text") if text.attrib["class"].startswith(style)
    ]


def test_every_policy_keeps_its_colour() -> None:
    more = [policy(f"every-{n}d", 1, 0.5) for n in range(1, 7)]
    made = styles(replay(*POLICIES, *more))
    assert (made["never"], made["ceiling"]) == ("never", "ahead")
    assert [made[one.name] for one in more] == [f"policy-{n % 6}" for n in range(1, 7)]


def test_cost_and_quality_are_points_with_names() -> None:
    assert texts(cost_picture(replay(*POLICIES)), "name") == ["never", "every-7d", "ceiling *"]


def test_the_level_is_drawn_by_week() -> None:
    svg = ET.fromstring(level_picture(replay(*POLICIES)))
    assert [path.attrib["d"].count(",") for path in svg.iter("path")] == [12, 12, 12]  # 84 days


def test_what_was_saved_is_above_zero() -> None:
    (other, picture), _ = gain_pictures(replay(*POLICIES), "never")
    assert other.name == "every-7d"
    # saved: .03 all along, give or take .002 a day
    assert texts(picture, "tick")[0] == "0.02"
    band, line = ET.fromstring(picture).iter("path")
    assert (band.attrib["class"], line.attrib["class"]) == ("band policy-0", "line policy-0")


def test_promotions_are_marks_and_those_that_proved_worse_are_red() -> None:
    gain = Comparison(metric="log_loss", rows=9, blocks=9, gain=-0.02, low=-0.03, high=-0.01, confidence=0.95)
    promoted = (
        Promotion(at=BEGIN, version=1, gain=None),
        Promotion(at=BEGIN + timedelta(days=30), version=2, gain=gain),
    )
    [(_, picture)] = gain_pictures(
        replay(POLICIES[0], policy("every-7d", 12, 0.50, promoted=promoted)), "never"
    )
    marks = [line for line in ET.fromstring(picture).iter("line") if "mark" in line.attrib["class"]]
    assert [mark.attrib["class"] for mark in marks] == ["mark promoted", "mark worse"]
    assert marks[1][0].text == "2013-03-03: version 2, gained −0.0300 to −0.0100"


@pytest.mark.parametrize(("days", "level", "gains"), [(13, False, 0), (20, True, 0), (40, True, 2)])
def test_a_short_history_has_fewer_pictures(days: int, level: bool, gains: int) -> None:
    made = replay(*(policy(one.name, 1, 0.5, days=days) for one in POLICIES))
    assert bool(level_picture(made)) == level
    assert len(list(gain_pictures(made, "never"))) == gains


def test_an_order_has_shares_below() -> None:
    picture = level_picture(replay(*POLICIES, spread=True))
    assert {"0%", "50%", "100%"} <= set(texts(picture, "tick"))
