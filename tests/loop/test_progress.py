from collections.abc import Callable
from datetime import timedelta

import pytest

from noria.core.policy import Brakes, Rate
from noria.core.rollout import Phase, Signal
from noria.loop.advance import Move, move, open_next, set_paused
from noria.loop.parts import Parts
from noria.loop.progress import progress

DAY = timedelta(days=1)


def lines(parts: Parts) -> dict[str, str]:
    return {line.about: line.said for line in progress(parts, parts.state.model("m"))}


@pytest.fixture
def loading(make: Callable[..., Parts], register: Callable[[Parts, int], None]) -> Parts:
    """Version 1 was promoted today, and version 2 is being loaded."""
    parts = make(brakes=Brakes(promotions=Rate(count=1, period=7 * DAY)))
    register(parts, 1)
    opened = open_next(parts, parts.state.model("m"))
    assert opened is not None
    move(parts, opened, Move(signal=Signal.LOADED, reason="loaded", numbers={}))
    register(parts, 2)
    return parts


def test_nothing_is_on_its_way_at_first(make: Callable[..., Parts]) -> None:
    assert lines(make()) == {}


def test_a_version_waits_for_the_budget_and_for_the_pause(loading: Parts) -> None:
    assert loading.state.model("m").rollout.phase is Phase.PROMOTED
    assert lines(loading) == {
        "waiting": "version 2: not before 2013-03-08 09:00, for the budget of promotions"
    }
    set_paused(loading, True, actor="ann", reason="holidays")
    loading.clock.advance(7 * DAY)
    assert lines(loading) == {"waiting": "version 2: it is next, once `noria resume` lifts the pause"}


def test_a_version_that_is_loaded_has_no_step_yet(loading: Parts) -> None:
    loading.clock.advance(7 * DAY)
    opened = open_next(loading, loading.state.model("m"))
    assert lines(loading) == {"rollout": "version 2 loading, since 2013-03-08 09:00"}
    move(loading, opened, Move(signal=Signal.HOLD, reason="look", actor="ann", numbers={}))
    assert lines(loading) == {"rollout": "version 2 loading, held, since 2013-03-08 09:00"}
