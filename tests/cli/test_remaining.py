import pytest

from noria.cli.remaining import Remaining, work


def test_work_grows_with_what_is_known() -> None:
    assert (work(0), work(1)) == (0, 1)
    assert work(0.5) == pytest.approx((1 + 2.75) / 13)  # the first half is less than a third


def test_the_slowest_policy_says_how_long() -> None:
    remaining = Remaining(["never", "every-7d"], 0.0)
    assert remaining.seconds is None
    remaining.reached("never", 1.0, 6.0)
    assert remaining.seconds is None  # every-7d has not begun
    remaining.reached("every-7d", 0.5, 10.0)
    # 3.75 / 13 of the work in ten seconds
    assert remaining.seconds == pytest.approx(10 / (3.75 / 13) - 10)
    remaining.reached("every-7d", 1.0, 30.0)
    assert remaining.seconds is None  # what still goes on is not waited for


def test_two_seconds_are_no_pace() -> None:
    remaining = Remaining(["project"], 0.0)
    remaining.reached("project", 0.9, 2.0)
    assert remaining.seconds is None


def test_a_hundredth_of_the_span_is_no_pace() -> None:
    remaining = Remaining(["project"], 0.0)
    remaining.reached("project", 0.01, 20.0)
    assert remaining.seconds is None
    remaining.reached("project", 0.03, 30.0)
    assert remaining.seconds is not None


def test_what_was_trained_before_does_not_promise_a_quick_end() -> None:
    remaining = Remaining(["project"], 0.0)
    for second in range(1, 200):  # the first half in ten seconds, and then a thousandth a second
        share = 0.05 * second if second <= 10 else 0.5 + 0.001 * (second - 10)
        remaining.reached("project", share, float(second))
    lately = (work(0.689) - work(0.629)) / 60
    assert remaining.seconds == pytest.approx((1 - work(0.689)) / lately)


def test_a_policy_that_is_not_waited_for_is_left_out() -> None:
    remaining = Remaining(["project"], 0.0)
    remaining.reached("ceiling", 1.0, 10.0)
    assert remaining.seconds is None
