from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from noria.artifact import manifest, package
from noria.errors import PipelineError

FEATURES = {"a": "number", "word": "category"}
ROWS = pd.DataFrame({"a": [0.0, 1.0, np.nan], "word": ["x", "y", None]})


def model():
    """Return a model of a class that no other process can import."""
    import mlflow.pyfunc

    class Rule(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return np.where(model_input["word"] == "x", 0.75, 0.25) + model_input["a"].fillna(0) / 10

    Rule.__module__ = "pipeline"
    return Rule()


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_python_model_is_kept_where_the_project_allows_it_and_answers_in_another_process(tmp_path):
    with pytest.raises(PipelineError, match=r"Rule, which only pickle can keep.*\[model\] pickle = true"):
        package.save(model(), tmp_path / "a", task="binary", features=FEATURES, example=ROWS)
    digest = package.save(
        model(), tmp_path / "a", task="binary", features=FEATURES, example=ROWS, pickle=True
    )
    manifest.verify(tmp_path / "a", digest)
    script = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "from noria.artifact import golden, predictor\n"
        "model = predictor.load(sys.argv[1], lean=True)\n"
        "golden.check(Path(sys.argv[1]), model)\n"
        "print(json.dumps(model.predict({'a': [1.0, None], 'word': ['x', None]}).tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a")], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [0.85, 0.25]  # 0.75 + 1.0 / 10; 0.25 + 0
