import pytest

from noria.core.series.units import CHANGES, likely


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_known_again(name: str) -> None:
    factor, shift = CHANGES[name]
    now = factor * 70.0 + shift, abs(factor) * 20.0
    said = likely(now, (70.0, 20.0))
    known, added = CHANGES[said.split(", ", 1)[1]]
    assert (known, added) == pytest.approx((factor, shift), rel=0.2)  # 1.609 and 1.852 are told apart


def test_no_change_is_no_change_of_unit() -> None:
    assert likely((70.0, 20.0), (70.0, 20.0)) == ""
    assert likely((75.0, 21.0), (70.0, 20.0)) == ""


def test_what_no_unit_explains_is_not_explained() -> None:
    assert likely((140.0, 20.0), (70.0, 20.0)) == ""  # twice the mean, and the same spread


def test_a_column_without_spread_has_no_unit() -> None:
    assert likely((55.0, 0.0), (70.0, 20.0)) == ""
