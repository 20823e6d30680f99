import pytest

from noria.core.worsening import worsening

LEVEL = (0.5,) * 7


@pytest.mark.parametrize(
    ("metric", "daily", "exceeds", "said"),
    [
        # mean .53 of seven days: 6% above .5
        ("log_loss", (0.53,) * 7, True, "log_loss of the last 7 mature days is 0.5300, 6% worse than 0.5000"),
        ("log_loss", (0.52,) * 7, False, "4% worse"),
        ("log_loss", (0.45,) * 7, False, "10% better"),
        ("auc", (0.45,) * 7, True, "10% worse"),
        ("log_loss", (0.53,) * 6, False, "of the last 6 mature days"),  # too few
        ("log_loss", (0.6,), False, "of the last 1 mature day is"),
        ("log_loss", (0.9, *(0.5,) * 7), False, "0% better"),  # the first is none of the last seven
        ("log_loss", (0.41, 0.65, 0.41, 0.65, 0.41, 0.65, 0.53), False, "6% worse"),  # by chance perhaps
    ],
)
def test_against_the_level(metric: str, daily: tuple[float, ...], exceeds: bool, said: str) -> None:
    seen = worsening(metric, daily, 0.5, LEVEL)
    assert seen is not None
    assert seen.exceeds(0.05) is exceeds
    assert said in str(seen)


def test_without_a_level_or_a_day_there_is_nothing_to_say() -> None:
    assert worsening("log_loss", (0.5,) * 7, None, ()) is None
    assert worsening("log_loss", (), 0.5, LEVEL) is None


def test_any_loss_is_worse_than_none() -> None:
    seen = worsening("log_loss", (0.1,) * 7, 0.0, (0.0,) * 7)
    assert seen is not None
    assert seen.exceeds(0.05)
    assert str(seen).endswith("0.1000, worse than 0.0000 at the promotion")
