"""Prints [path, digest] of two small LightGBM artifacts made in the directory of the first argument."""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

from noria.artifact import package

FEATURES = [f"x{i}" for i in range(20)]


def main(directory: Path) -> None:
    made = []
    for number, level in enumerate((0.25, 0.75)):
        random = np.random.default_rng(number)
        rows = pd.DataFrame(random.uniform(size=(2000, 20)), columns=FEATURES)
        labels = random.uniform(size=2000) < level + 0.1 * (rows["x0"] - 0.5)
        params = {
            "objective": "binary",
            "verbosity": -1,
            "num_leaves": 4,
            "learning_rate": 0.01,
            "num_threads": 1,
        }
        model = lightgbm.train(params, lightgbm.Dataset(rows, labels), num_boost_round=100)
        path = directory / str(number)
        kinds = dict.fromkeys(FEATURES, "number")
        made.append([str(path), package.save(model, path, task="binary", features=kinds, example=rows[:5])])
    print(json.dumps(made))


main(Path(sys.argv[1]))
