"""Trains the model that a server serves: `train.py hgb|lightgbm|categories TABLE MODEL`, with joblib."""

import sys

import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder


def make(kind, table):
    """Return a fitted model: a hundred trees, one thread."""
    features, label = table.drop(columns="y"), table["y"]
    if kind == "lightgbm":
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=100, n_jobs=1, verbosity=-1).fit(features, label)
    trees = HistGradientBoostingClassifier(max_iter=100, early_stopping=False)
    if kind == "hgb":
        return trees.fit(features.to_numpy(), label)
    words = list(features.columns[features.dtypes == "str"])
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(make_column_transformer((codes, words), remainder="passthrough"), trees).fit(
        features, label
    )


if __name__ == "__main__":
    kind, table, model = sys.argv[1:]
    joblib.dump(make(kind, pd.read_csv(table)), model)
