import pytest

from noria.monitor.weight import far, hangs, matters, order
from noria.rows import SignalRow


def signal(level: str, value: float, importance: float | None, limit: float = 0.1) -> SignalRow:
    return SignalRow(
        model="m", day="2026-03-02", version=1, monitor="drift", subject="x", level=level, value=value,
        limit=limit, reason="", numbers={"importance": importance},
    )  # fmt: skip


def test_of_equally_loud_signals_the_one_that_moves_the_answers_most_comes_last() -> None:
    unused_far, used_near = signal("notice", 0.9, 0.001), signal("notice", 0.2, 0.3)
    usual, loud = signal("ok", 0.09, 0.6), signal("alert", 0.2, 0.02)
    assert sorted([loud, used_near, usual, unused_far], key=order) == [usual, unused_far, used_near, loud]


def test_what_is_not_known_weighs_as_much_as_all() -> None:
    assert order(signal("notice", 0.2, None)) == order(signal("notice", 0.2, 1.0))


def test_without_a_limit_the_value_itself_tells_how_far_it_is() -> None:
    assert far(signal("ok", 0.3, None, limit=0.0)) == 0.3


@pytest.mark.parametrize(
    ("importances", "does"),
    [([0.004, 0.005], False), ([0.004, 0.007], True), ([0.0, None], True), ([], False)],
)
def test_what_hardly_anything_hangs_on_matters_not(importances: list[float | None], does: bool) -> None:
    assert matters(importances) is does


def test_what_hangs_on_a_column_is_said() -> None:
    assert hangs(0.123) == "; 12% of the answers hangs on it"
    assert hangs(0.004) == "; less than 1% of the answers hangs on it"
    assert hangs(None) == ""
