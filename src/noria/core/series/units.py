"""Which change of unit would explain that a column's mean and spread are no longer what they were."""

from __future__ import annotations

from math import log

CHANGES: dict[str, tuple[float, float]] = {
    "miles to kilometres": (1.609344, 0),
    "kilometres to miles": (1 / 1.609344, 0),
    "miles per hour to metres per second": (0.44704, 0),
    "metres per second to miles per hour": (1 / 0.44704, 0),
    "metres per second to kilometres per hour": (3.6, 0),
    "kilometres per hour to metres per second": (1 / 3.6, 0),
    "nautical miles to kilometres": (1.852, 0),
    "kilometres to nautical miles": (1 / 1.852, 0),
    "feet to metres": (0.3048, 0),
    "metres to feet": (1 / 0.3048, 0),
    "inches to centimetres": (2.54, 0),
    "centimetres to inches": (1 / 2.54, 0),
    "inches to millimetres": (25.4, 0),
    "millimetres to inches": (1 / 25.4, 0),
    "pounds to kilograms": (0.45359237, 0),
    "kilograms to pounds": (1 / 0.45359237, 0),
    "degrees Fahrenheit to Celsius": (5 / 9, -160 / 9),
    "degrees Celsius to Fahrenheit": (9 / 5, 32),
    "degrees Celsius to kelvins": (1, 273.15),
    "kelvins to degrees Celsius": (1, -273.15),
    "hectopascals to inches of mercury": (0.02953, 0),
    "inches of mercury to hectopascals": (1 / 0.02953, 0),
    "minutes to seconds, or hours to minutes": (60, 0),
    "seconds to minutes, or minutes to hours": (1 / 60, 0),
    "seconds to milliseconds, or kilo- to its unit": (1000, 0),
    "milliseconds to seconds, or a unit to its kilo-": (1 / 1000, 0),
    "a share to per cent": (100, 0),
    "per cent to a share": (1 / 100, 0),
    "a sign turned round": (-1, 0),
}
"""What a column is multiplied with, and what is then added to it."""
CLOSE = 0.25
"""How far mean and spread may be from what a change of unit makes of them: in spreads, and as a logarithm."""


def likely(now: tuple[float, float], before: tuple[float, float]) -> str:
    """Return the change of unit that best makes mean and spread of those before; "" if none comes close.

    >>> likely((1640.0, 1190.0), (1020.0, 740.0))
    '× 1.609, miles to kilometres'
    >>> likely((10.5, 5.0), (51.0, 9.1))
    '× 0.5556 - 17.78, degrees Fahrenheit to Celsius'
    """
    found = {name: _distance(now, before, *change) for name, change in CHANGES.items()}
    best = min(found, key=found.__getitem__)
    if found[best] > min(CLOSE, _distance(now, before, 1, 0)):
        return ""
    factor, shift = CHANGES[best]
    added = f" {'-' if shift < 0 else '+'} {abs(shift):.4g}" if shift else ""
    return f"× {factor:.4g}{added}, {best}"


def _distance(now: tuple[float, float], before: tuple[float, float], factor: float, shift: float) -> float:
    """Return how far mean and spread are from those before, once these are changed."""
    if not (now[1] > 0 and before[1] > 0):
        return float("inf")
    expected = abs(factor) * before[1]
    return max(abs(now[0] - factor * before[0] - shift) / expected, abs(log(now[1] / expected)))
