import numpy as np
import polars as pl

from noria.monitor.concept import concept, run_length
from noria.project.model import Alerts
from tests.monitor.days import lived, project
from tests.monitor.test_estimates import shifting


def flipping(share: float, begin: int):
    def draw(number: int, chance: np.random.Generator) -> pl.DataFrame:
        rows = shifting(number, chance)
        flipped = pl.Series(chance.uniform(size=rows.height) < share) & (number >= begin)
        return rows.with_columns(label=pl.when(flipped).then(1 - pl.col("label")).otherwise("label"))

    return draw


def test_flipped_labels_are_an_alert_though_the_inputs_swing_all_the_time() -> None:
    said = list(lived(project(), flipping(0.2, 30), 50, concept))
    levels = {row.day: row.level for row in said}
    # day 30, the 31st of January, is mature on the 3rd of February
    assert all(level != "alert" for day, level in levels.items() if day < "2026-02-03")
    first = min(day for day, level in levels.items() if level == "alert")
    assert first <= "2026-02-08"
    assert "log_loss has risen" in next(row.reason for row in said if row.level == "alert")


def test_inputs_that_swing_alone_are_none() -> None:
    said = list(lived(project(), shifting, 60, concept))
    assert said
    assert {row.level for row in said} <= {"ok", "notice"}


def test_a_tenth_of_the_budget_is_spent() -> None:
    assert run_length(Alerts()) == 300  # one in 30 days, of which a tenth
