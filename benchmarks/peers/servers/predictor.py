"""What a server does that brings no reading of tables of its own: rows in, probabilities out."""

import json
import os

import joblib
import numpy as np
import pandas as pd


class Predictor:
    """The model at MODEL; COLUMNS are the names of its columns, as JSON, where it needs a frame."""

    def __init__(self):
        self.model = joblib.load(os.environ["MODEL"])
        self.columns = json.loads(os.environ.get("COLUMNS", "null"))

    def predict(self, rows):
        """Return the probability of the positive class for each row."""
        table = pd.DataFrame(rows, columns=self.columns) if self.columns else np.array(rows)
        return self.model.predict_proba(table)[:, 1].tolist()
