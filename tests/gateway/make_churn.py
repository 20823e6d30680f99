"""Prints [path, digest] of a LightGBM artifact of customers, with categories, made in the first argument."""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

from noria.artifact import package

CATEGORIES = {
    "contract": ["monthly", "yearly"],
    "payment": ["card", "transfer"],
    "region": ["east", "west"],
}
NUMBERS = ["age", "tenure_months", "monthly_price", "data_gb"]


def main(path: Path) -> None:
    random = np.random.default_rng(0)
    rows = pd.DataFrame({name: random.choice(values, 500) for name, values in CATEGORIES.items()})
    rows = rows.astype({name: pd.CategoricalDtype(values) for name, values in CATEGORIES.items()})
    rows[NUMBERS] = random.uniform(1, 60, (500, len(NUMBERS)))
    labels = random.uniform(size=500) < 0.2 + 0.5 * (rows["contract"] == "monthly")
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    model = lightgbm.train(params, lightgbm.Dataset(rows, labels), num_boost_round=10)
    kinds = dict.fromkeys(CATEGORIES, "category") | dict.fromkeys(NUMBERS, "number")
    digest = package.save(model, path, task="binary", features=kinds, example=rows[:5])
    print(json.dumps([str(path), digest]))


main(Path(sys.argv[1]))
