import pytest

from noria.core.compare import Loss
from noria.core.trials import Trial
from noria.core.windows import ALL, AUTO, RECENT, choose, windows_to_train


def losses(all_: float | None, recent: float | None, first: int = 0) -> dict[str, tuple[Loss, ...]]:
    """A week of days from `first` on: they differ by .1 in both windows, and by .001 between these."""
    both = {ALL: all_, RECENT: recent}
    return {
        window: tuple(
            Loss(block=first + day, rows=100, loss=loss + 0.1 * day + (0.001 * day if window == ALL else 0))
            for day in range(7)
        )
        for window, loss in both.items()
        if loss is not None
    }


def weeks(*each: tuple[float | None, float | None]) -> list[Trial]:
    found = [losses(*pair, first=7 * week) for week, pair in enumerate(each)]
    return [Trial(losses=week, trained=tuple(week)) for week in found]


EVEN, OLD_WINS, NEW_WINS = (0.5, 0.503), (0.5, 0.6), (0.6, 0.5)


@pytest.mark.parametrize(
    ("past", "windows"),
    [
        ([], (ALL, RECENT)),
        (weeks(EVEN), (ALL, RECENT)),  # .5 + .001 x 0..6 against .503: the same on average
        (weeks(NEW_WINS), (RECENT,)),
        (weeks(OLD_WINS), (ALL,)),
        (weeks(NEW_WINS, (None, 0.5), (None, 0.5)), (RECENT,)),
        (weeks(NEW_WINS, (None, 0.5), (None, 0.5), (None, 0.5)), (ALL, RECENT)),  # looked at again
        (weeks(NEW_WINS, OLD_WINS), (ALL, RECENT)),  # it has turned: undecided
        (weeks(NEW_WINS, *[(None, 0.5)] * 12), (ALL, RECENT)),  # forgotten
    ],
)
def test_the_windows_that_are_trained(past: list[Trial], windows: tuple[str, ...]) -> None:
    assert windows_to_train(AUTO, past) == windows
    assert windows_to_train("60d", past) == ("60d",)


@pytest.mark.parametrize(
    ("own", "past", "chosen"),
    [
        (NEW_WINS, [], RECENT),
        (OLD_WINS, [], ALL),
        ((None, 0.5), weeks(OLD_WINS), RECENT),  # the only one
        ((0.52, 0.5), weeks(OLD_WINS), ALL),  # .02 better this week, .1 worse the week before
    ],
)
def test_the_candidate_that_is_judged(own: tuple, past: list[Trial], chosen: str) -> None:
    assert choose(losses(*own, first=70), past) == chosen
