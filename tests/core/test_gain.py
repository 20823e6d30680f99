import math

import pytest

from noria.core.gain import QualityLimit, by_days, by_rows, gain, waits, worse
from noria.core.paired import Moments, Paired, apart
from noria.core.sequential import bound, mcnemar, mean_sequence

LIMIT = QualityLimit(metric="log_loss", margin=0.01)


def day(mean: float, rows: int = 1000, variance: float = 0.01, won: int = 0, lost: int = 0) -> Paired:
    return Paired(gains=Moments(rows=rows, mean=mean, variance=variance), won=won, lost=lost)


def proven(days: list[Paired]) -> list[str]:
    return [finding.test for finding in worse(LIMIT, days) if finding.proven]


def test_the_days_weigh_as_much_as_their_rows() -> None:
    # (3 x 0.1 + 1 x 0.3 + 1 x 0.3) / 5 = 0.18; shares .6 .2 .2, squares of share x distance:
    # (.6 x .08)^2 + 2 (.2 x .12)^2 = 0.003456; x 3 / 2 = 0.005184, whose root is 0.072
    seen = by_days([Moments(rows=rows, mean=mean) for rows, mean in ((3, 0.1), (1, 0.3), (1, 0.3))], 0.05)
    assert (seen.days, seen.rows) == (3, 5)
    assert (seen.mean, seen.error) == (pytest.approx(0.18), pytest.approx(0.072))


def test_bounds_can_be_computed_again_from_the_numbers() -> None:
    days = [day(mean).gains for mean in (0.01, 0.03, 0.02, 0.05)]
    kept = by_days(days, 0.05).numbers
    again = mean_sequence(4, kept["gain"], 3 * kept["error"] ** 2, 0.05, target=1)
    assert (kept["low"], kept["high"]) == pytest.approx(again)
    kept = by_rows(days, 0.05).numbers
    again = mean_sequence(4000, kept["gain"], 4000 * kept["error"] ** 2, 0.05)
    assert (kept["low"], kept["high"]) == pytest.approx(again)


def test_two_days_prove_nothing_of_days() -> None:
    seen = by_days([day(-0.5).gains, day(-0.5).gains], 0.05)
    assert (seen.low, seen.high) == (-math.inf, math.inf)
    assert by_days([], 0.05).rows == by_rows([], 0.05).rows == 0


def test_days_that_differ_are_wider_than_their_rows() -> None:
    """Rows of a day are not independent: what looks sure by rows may be the weather of a few days."""
    swings = [0.05, -0.06, 0.04, -0.08, 0.03]
    assert (
        by_rows([day(mean).gains for mean in swings], 0.05).high
        < by_days([day(mean).gains for mean in swings], 0.05).high
    )
    assert (
        gain([day(mean) for mean in swings]).high == by_days([day(mean).gains for mean in swings], 0.05).high
    )


@pytest.mark.parametrize(
    ("days", "tests"),
    [
        ([], []),
        ([day(-0.2, rows=3)], []),  # too few rows to know their spread
        ([day(-0.05)], ["log_loss"]),  # 0.1 / sqrt(1000) = 0.003 is the error
        ([day(-0.012)], []),  # worse than the margin, by chance perhaps
        ([day(-0.005)], []),  # within the margin
        ([day(0.05)], []),
        ([day(-3.0, rows=12, variance=1, lost=12)], ["mcnemar"]),  # 12 rows, and all of them missed
        ([day(3.0, rows=12, variance=1, lost=12)], []),  # missed, and yet with less loss
        ([day(-0.001, rows=90_000, lost=800, won=400)], []),  # 400 of 90,000 is less than the margin
        ([day(-0.05), day(-0.06), day(-0.05), day(-0.06), day(-0.05)], ["log_loss"]),
        ([day(mean) for mean in (-0.3, 0.2, -0.3, 0.25, -0.2)], []),  # by days it is not sure
        ([day(-0.05, lost=900)] * 2 + [day(0.05)], []),  # from three days on rows are not asked
    ],
)
def test_worse_beyond_the_margin(days: list[Paired], tests: list[str]) -> None:
    assert proven(days) == tests


def test_missed_rows_are_counted_exactly() -> None:
    (_, missed) = worse(LIMIT, [day(-0.5, rows=40, won=2, lost=20)])
    assert missed.counts == {"rows": 40, "won": 2, "lost": 20}
    assert missed.statistic == mcnemar(20, 2)
    assert missed.bound == bound(0.025)
    assert missed.said == "of 40 rows it alone missed 20, and the champion alone 2"


def test_what_a_step_waits_for() -> None:
    limit = QualityLimit(metric="log_loss", margin=0.01, labels=2000)
    assert waits(LIMIT, []) == ""  # watched only
    assert waits(limit, []) == "0 of 2000 matured labels seen"
    assert waits(limit, [day(0.0)]) == "1000 of 2000 matured labels seen"
    unsure = [day(-0.008), day(-0.008)]  # within the margin as seen, and not surely
    assert waits(limit, unsure).startswith("log_loss against the champion is -0.0080 (")
    assert waits(limit, unsure).endswith("not proven within the margin 0.01")
    assert waits(limit, [day(0.0, variance=0.001), day(0.0, variance=0.001)]) == ""


def rare(events: int, rows: int = 4000) -> Moments:
    """The losses of an arm in which so many rows are missed, by 1, and the others by nothing."""
    share = events / rows
    return Moments(rows=rows, mean=share, variance=share * (1 - share))


@pytest.mark.parametrize(
    ("own", "champion", "days", "waiting"),
    [
        (20, 20, 1, ""),
        (19, 99, 1, "one of both shows losses in 19 rows, 20 are needed"),
        (99, 0, 1, "one of both shows losses in 0 rows, 20 are needed"),
        (10, 10, 2, ""),  # of both days together
        (9, 10, 2, "one of both shows losses in 18 rows, 20 are needed"),
        (1, 1, 6, ""),  # days are the unit: how much they differ is seen
    ],
)
def test_rare_losses_of_two_arms_are_waited_for(own: int, champion: int, days: int, waiting: str) -> None:
    limit = QualityLimit(metric="log_loss", margin=0.05, labels=2000)
    seen = [apart(rare(own), rare(champion))] * days
    assert waits(limit, seen) == waiting
    assert waits(LIMIT, seen) == ""  # without labels to wait for, quality is only watched


def test_rare_losses_of_pairs_are_not_counted() -> None:
    limit = QualityLimit(metric="log_loss", margin=0.05, labels=2000)
    assert waits(limit, [day(0.0, rows=4000, variance=0.0001)]) == ""
