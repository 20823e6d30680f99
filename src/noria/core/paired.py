"""What the matured labels of a day say of two models: sums so small that a day is one row of the state."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Number, mean and variance (the mean squared distance from the mean) of a value that each row has.

    `+` adds the rows of two such values up (Chan, Golub and LeVeque, Am. Stat. 1983).
    """

    rows: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def __add__(self, other: Moments) -> Moments:
        rows = self.rows + other.rows
        if not rows:
            return self
        part = other.rows / rows
        apart = other.mean - self.mean
        return Moments(
            rows=rows,
            mean=self.mean + part * apart,
            variance=(1 - part) * self.variance + part * other.variance + part * (1 - part) * apart**2,
        )

    @property
    def events(self) -> float:
        """How many rows there would be if all that are not 0 were alike: rows mean^2 / mean square."""
        square = self.variance + self.mean**2
        return self.rows * self.mean**2 / square if square else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A model against the champion on the same rows; `+` adds two such comparisons up.

    `gains` are of the champion's loss less the model's own, so a positive mean says that the model is better.
    `won` counts the rows whose class only the model got right, `lost` those that only the champion did; both
    are 0 in a regression. `own` and `champion` are the losses of both where they answered different rows.
    """

    gains: Moments = field(default_factory=Moments)
    won: int = 0
    lost: int = 0
    own: Moments = field(default_factory=Moments)
    champion: Moments = field(default_factory=Moments)

    def __add__(self, other: Paired) -> Paired:
        return Paired(
            gains=self.gains + other.gains,
            won=self.won + other.won,
            lost=self.lost + other.lost,
            own=self.own + other.own,
            champion=self.champion + other.champion,
        )


def apart(own: Moments, champion: Moments) -> Paired:
    """Return the same for two models that answered different rows of a day, drawn at random, by their losses.

    The gain is the difference of the means. It counts as many rows as the smaller of both has, with the
    variance that gives it its standard error: variance / rows = own / n1 + champion / n0.
    """
    rows = min(own.rows, champion.rows)
    if not rows:
        return Paired()
    error = own.variance / own.rows + champion.variance / champion.rows
    gains = Moments(rows=rows, mean=champion.mean - own.mean, variance=rows * error)
    return Paired(gains=gains, own=own, champion=champion)
