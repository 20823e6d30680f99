from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from noria.loop.parts import Parts
from noria.loop.watch import facts
from noria.testing import FixedClock
from tests.loop.conftest import NOW


def test_a_collector_that_has_not_seen_the_last_mature_day_is_behind(make: Callable[..., Parts]) -> None:
    parts = make()
    delay = parts.project.data.label_delay
    midnight = NOW.replace(hour=0) + delay  # a day becomes mature
    for measured, looked, behind in [
        (midnight, midnight, False),
        (midnight - timedelta(seconds=1), midnight, True),
        (midnight, midnight + timedelta(hours=23), False),
    ]:
        parts.state.beat("collector", measured, {})
        assert facts(replace(parts, clock=FixedClock(looked)), NOW).behind is behind


def test_without_a_collector_nothing_is_waited_for(make: Callable[..., Parts]) -> None:
    assert not facts(make(), NOW).behind
