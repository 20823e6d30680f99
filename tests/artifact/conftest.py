"""A table with numbers, categories and missing values, and models that were fitted on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

FEATURES = {"distance in miles": "number", "carrier": "category", "origin": "category", "hour": "number"}


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    """600 rows; `late` is 0 or 1, `delay` a number, `band` one of three names."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "distance in miles": random.normal(size=600),
            "carrier": random.choice(["AA", "UA", "WN"], size=600),
            "origin": random.choice(["JFK", "LGA", None], size=600),
            "hour": random.choice([6.0, 12.0, 18.0, np.nan], size=600),
        }
    )
    delay = frame["distance in miles"] + (frame["carrier"] == "UA") + random.normal(size=600)
    band = np.select([delay < 0, delay < 1], ["early", "fair"], "late")
    return frame.assign(delay=delay, late=(delay > 0.5).astype(int), band=band)


@pytest.fixture(scope="session")
def coded(table: pd.DataFrame) -> pd.DataFrame:
    """The features with categories as the boosting libraries want them."""
    return table[list(FEATURES)].astype({"carrier": "category", "origin": "category"})
