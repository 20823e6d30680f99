"""MLflow: writes the model at MODEL as an MLflow model that answers probabilities: `mlflows.py FOLDER`."""

import os
import sys

import joblib
import mlflow.sklearn

model = joblib.load(os.environ["MODEL"])
mlflow.sklearn.save_model(
    model, sys.argv[1], pyfunc_predict_fn="predict_proba", serialization_format="cloudpickle"
)
