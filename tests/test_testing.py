"""The memory state is checked in tests/adapters/test_state.py, by the same suite as the one in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from noria.testing import FixedClock

NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)


def test_a_fixed_clock_stands_until_it_is_advanced():
    clock = FixedClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(timedelta(hours=1)) == NOON + timedelta(hours=1)
    assert clock.now() == NOON + timedelta(hours=1)
