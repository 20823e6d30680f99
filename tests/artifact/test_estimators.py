import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder

from noria.artifact import estimators
from noria.errors import PipelineError


def test_what_is_no_data_is_named(tmp_path):
    table = pd.DataFrame({"town": ["a", "b", "a"]})
    words = table.columns[:1]  # a pandas Index that refers to the frame, where a list of names belongs
    fitted = make_column_transformer((OneHotEncoder(), words)).fit(table)
    with pytest.raises(PipelineError, match=r"Transformer holds what cannot be kept .* lists of column"):
        estimators.dump(fitted, tmp_path / "model.skops")
    assert not list(tmp_path.iterdir())
