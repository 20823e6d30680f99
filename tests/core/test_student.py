import pytest
from scipy.stats import t

from noria.core.student import MOST, cdf, quantile

DEGREES = [1, 2, 3, 4, 5, 6, 13, 30, 101, MOST]


@pytest.mark.parametrize("degrees", DEGREES)
def test_it_is_student_s_distribution(degrees: int) -> None:
    for value in (-40, -3.5, -1, 0, 0.3, 2, 7, 100):
        assert cdf(value, degrees) == pytest.approx(t.cdf(value, degrees), abs=1e-12)


@pytest.mark.parametrize("degrees", DEGREES)
def test_the_quantile_inverts_it(degrees: int) -> None:
    for probability in (0.5, 0.6, 0.95, 0.975, 0.9995):
        assert quantile(probability, degrees) == pytest.approx(
            t.ppf(probability, degrees), abs=1e-9, rel=1e-9
        )


def test_more_degrees_count_as_many() -> None:
    assert quantile(0.975, 10 * MOST) == quantile(0.975, MOST) == pytest.approx(1.96, rel=0.003)
