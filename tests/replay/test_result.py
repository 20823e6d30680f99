from datetime import UTC, datetime

from noria.core.compare import Comparison
from noria.replay.result import Promotion
from tests.replay.made import policy, replay

AT = datetime(2013, 3, 1, tzinfo=UTC)


def promotion(low: float, high: float) -> Promotion:
    gain = Comparison(
        metric="log_loss", rows=9, blocks=9, gain=(low + high) / 2, low=low, high=high, confidence=0.95
    )
    return Promotion(at=AT, version=2, gain=gain)


def test_a_promotion_proved_worse_if_the_whole_interval_says_so() -> None:
    first = Promotion(at=AT, version=1, gain=None)
    promoted = (first, promotion(-0.03, -0.01), promotion(-0.03, 0.01), promotion(0.01, 0.03))
    assert [one.proved_worse for one in promoted] == [False, True, False, False]
    assert policy("project", 4, 0.5, promoted=promoted).worse_promotions == 1


def test_what_looks_ahead_or_failed_is_no_choice() -> None:
    made = replay(
        policy("never", 1, 0.5),
        policy("ceiling", 9, 0.4),
        policy("ceiling:train.window=60d", 9, 0.4),
        policy("project", 3, 0.5, fault="its first training failed"),
    )
    assert [one.name for one in made.comparable] == ["never", "ceiling", "ceiling:train.window=60d"]
    assert [one.name for one in made.choices] == ["never"]


def test_the_overhead_is_wall_time_over_bare_time() -> None:
    assert replay(policy("never", 1, 0.5)).overhead == 1.3  # 13 s over 10 s
    assert replay(policy("never", 1, 0.5), bare_s=0.0).overhead is None
