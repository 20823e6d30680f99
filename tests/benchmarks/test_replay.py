import pytest

from benchmarks.replay import reached, stayed


@pytest.mark.parametrize(
    ("worse", "rolled_back", "expected"),
    [
        (False, None, False),
        (True, None, True),
        (True, "2013-04-13T00:00:00+00:00", False),  # five days later
        (True, "2013-04-20T00:00:00+00:00", True),  # twelve
    ],
)
def test_what_proved_worse_has_to_go_within_a_week(
    worse: bool, rolled_back: str | None, expected: bool
) -> None:
    said = {"at": "2013-04-07T19:00:00+00:00", "proved_worse": worse, "rolled_back": rolled_back}
    assert stayed(said) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"metrics": {"auc": 0.711, "log_loss": 0.494}}, False),
        ({"metrics": {"auc": 0.712, "log_loss": 0.4941}}, False),
        ({"promotions": 21}, False),
        ({"trainings": 31}, False),
    ],
)
def test_every_figure_counts(changes: dict[str, object], expected: bool) -> None:
    figures = {
        "metrics": {"auc": 0.712, "log_loss": 0.494},
        "promotions": 20,
        "trainings": 30,
        "promoted": [],
    }
    assert reached(figures | changes) is expected
