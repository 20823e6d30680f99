"""Student's t distribution for whole degrees of freedom, without SciPy: the controller judges without it."""

from __future__ import annotations

from math import atan2, cos, pi, sin, sqrt

MOST = 1_000
"""More degrees of freedom count as so many: the quantiles then differ by less than 0.3%, to the safe side."""


def cdf(value: float, degrees: int) -> float:
    """Return the probability of at most `value`.

    The finite series of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
    """
    degrees = min(degrees, MOST)
    angle = atan2(abs(value), sqrt(degrees))
    square, term, total = cos(angle) ** 2, 1.0, 0.0
    for n in range(2 + degrees % 2, degrees + 1, 2):
        total += term
        term *= square * (n - 1) / n
    odd = 2 / pi * (angle + sin(angle) * cos(angle) * total)
    inside = odd if degrees % 2 else sin(angle) * total
    return (1 + inside) / 2 if value >= 0 else (1 - inside) / 2


def quantile(probability: float, degrees: int) -> float:
    """Return the value that is not exceeded with a probability of 0.5 to below 1, by bisection."""
    low, high = 0.0, 1.0
    while cdf(high, degrees) < probability:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle, degrees) < probability else (low, middle)
    return high
