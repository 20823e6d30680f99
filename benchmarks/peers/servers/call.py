"""Prints the seconds that a model takes for one row in this process, the median: `call.py MODEL TABLE`."""

import statistics
import sys
import time

import joblib
import pandas as pd

CALLS = 2000

if __name__ == "__main__":
    model = joblib.load(sys.argv[1])
    row = pd.read_csv(sys.argv[2]).drop(columns="y").head(1).to_numpy()
    seconds = []
    for _ in range(CALLS):
        began = time.perf_counter()
        model.predict_proba(row)
        seconds.append(time.perf_counter() - began)
    print(statistics.median(seconds[CALLS // 10 :]))
