from collections.abc import Callable

import pytest

from noria.adapters.lake import Dataset
from noria.dataset.experiment import Fit, experiment
from noria.errors import DataError
from noria.project.model import Project
from tests.dataset.conftest import NOW, rows, turned

Fill = Callable[..., Dataset]


def test_more_good_rows_help_and_turned_ones_hurt(project: Project, fill: Fill, fit: Fit) -> None:
    last = rows(400, 9, first=4000)  # most of them are the holdout of 15 days
    fill(few=rows(60, 0), more=rows(3140, 1, first=60), wrong=turned(rows(800, 2, first=3200), 1.0), new=last)
    better = experiment(project, 1, 2, fit, NOW)
    assert (better.before, better.after) == (1, 2)
    assert better.rows[0] == 60
    assert better.gain.low > 0
    assert better.metrics["log_loss"][1] < better.metrics["log_loss"][0]
    worse = experiment(project, 2, 4, fit, NOW)
    assert worse.rows == (3200, 4040)
    assert worse.holdout_rows == 360
    assert worse.gain.high < 0


def test_versions_that_train_on_the_same_rows_are_no_experiment(
    project: Project, fill: Fill, fit: Fit
) -> None:
    fill(one=rows(600, 0), two=rows(100, 1, first=600))
    with pytest.raises(DataError, match="the data version 2 has no other rows than version 1"):
        experiment(project, 1, 2, fit, NOW)
    with pytest.raises(DataError, match="there is no data version 9"):
        experiment(project, 1, 9, fit, NOW)
