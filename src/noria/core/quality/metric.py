"""What a metric is: a name, a direction, and a number from truth and output.

Policies and project files name metrics; only who measures needs NumPy. So it is imported where it computes:
the command line and the controller do without its 0.1 s and 20 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of the tasks that it is defined for.

    `score(truth, output)` takes n rows: truth of shape (n,), with classes as 0 .. k-1; output of shape (n,),
    the probability of class 1 or the predicted number, or (n, k), the probabilities of k classes. It returns
    nan where it is undefined, such as the AUC of a single class. `per_row` gives one loss a row where the
    metric is a mean of losses, else None.
    """

    name: str
    tasks: tuple[str, ...]
    lower_is_better: bool
    score: Callable[[Array, Array], float]
    per_row: Callable[[Array, Array], Array] | None = None

    def losses(self, truth: Array, output: Array) -> Array:
        """Return the loss of each row, of a metric that is a mean of losses; shape (n,)."""
        assert self.per_row is not None, f"{self.name} has no loss a row"
        return self.per_row(truth, output)


def mean_of(per_row: Callable[[Array, Array], Array]) -> Callable[[Array, Array], float]:
    """Return the score that is the mean of a loss over the rows, nan without rows."""

    def score(truth: Array, output: Array) -> float:
        return float(per_row(truth, output).mean()) if len(truth) else float("nan")

    return score


def as_array(values: Any) -> Array:
    """Return values as float64, a missing one as nan."""
    import numpy as np

    return np.asarray(values, dtype=np.float64)
