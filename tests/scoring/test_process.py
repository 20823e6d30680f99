from __future__ import annotations

import lightgbm
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from noria.artifact import package
from noria.errors import DataError, NoriaError
from noria.scoring.order import Order
from noria.scoring.process import predict

FEATURES = {"hour": "number", "carrier": "category"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "hour": random.choice([6.25, 12.0, np.nan], 400),
            "carrier": random.choice(["AA", "UA", "WN"], 400),
            "band": random.choice(["early", "fair", "late"], 400),
            "flight": [f"F{row}" for row in range(400)],
        }
    )


@pytest.fixture(scope="module")
def model(table):
    coded = table[list(FEATURES)].astype({"carrier": "category"})
    return lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1).fit(coded, table["band"])


@pytest.fixture
def order(table, model, tmp_path):
    """An order for the rows of a CSV file, with changes."""
    digest = package.save(model, tmp_path / "m", task="multiclass", features=FEATURES, example=table)
    pl.from_pandas(table).write_csv(tmp_path / "rows.csv")

    def make(**changes):
        plain = Order(
            artifact=str(tmp_path / "m"),
            digest=digest,
            key=str(tmp_path / "none.pub"),
            version=7,
            file=str(tmp_path / "rows.csv"),
            out=str(tmp_path / "out.parquet"),
            id="flight",
        )
        return msgspec.structs.replace(plain, **changes)

    return make


def test_every_row_gets_its_prediction_probabilities_and_version(order, table, model, tmp_path):
    assert list(predict(order()))[-1] == (400, 400)
    made = pl.read_parquet(tmp_path / "out.parquet")
    coded = table[list(FEATURES)].astype({"carrier": "category"})
    probabilities = [f"probability_{name}" for name in ("early", "fair", "late")]
    assert made.columns == ["id", "prediction", *probabilities, "version"]
    assert made["id"].to_list() == table["flight"].to_list()
    np.testing.assert_array_equal(made.select(probabilities).to_numpy(), model.predict_proba(coded))
    assert made["prediction"].to_list() == model.predict(coded).tolist()
    assert made["version"].unique().to_list() == [7]


def test_a_delta_table_keeps_what_was_there_before_as_history(order, table, tmp_path):
    out = str(tmp_path / "out")
    list(predict(order(out=out)))
    pl.from_pandas(table[:3]).write_csv(tmp_path / "rows.csv")
    list(predict(order(out=out)))
    assert sorted(pl.read_delta(out)["id"]) == ["F0", "F1", "F2"]
    assert pl.read_delta(out, version=0).height == 400


def test_a_bad_row_is_named_and_nothing_is_written(order, table, tmp_path):
    bad = table.astype({"hour": object})
    bad.loc[398, "hour"] = "noon"
    bad.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(NoriaError, match=r"rows\.csv: 'hour': row 399 has 'noon', and it is a number"):
        list(predict(order()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "rows.csv"]


def test_an_artifact_that_was_changed_predicts_nothing(order, tmp_path):
    (tmp_path / "m/data/spec.json").write_text("{}")
    with pytest.raises(NoriaError, match="is not to be trusted"):
        list(predict(order()))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
def test_a_model_that_raises_says_behind_which_row(order, table, tmp_path):
    fitted = LogisticRegression().fit(table[["hour"]].fillna(0), table["band"] == "late")
    digest = package.save(
        fitted, tmp_path / "m", task="binary", features={"hour": "number"}, example=table.fillna({"hour": 0})
    )
    with pytest.raises(NoriaError, match="behind row 0 the model raised ValueError: Input X contains NaN"):
        list(predict(order(digest=digest)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": "nowhere.csv"}, "nowhere.csv: there is no such file"),
        ({"out": "out.json"}, "allowed: another .parquet file"),
        ({"out": "out", "id": None}, "have no order"),
    ],
)
def test_an_order_that_cannot_be_carried_out_starts_no_process(order, changes, message):
    with pytest.raises(DataError, match=message):
        list(predict(order(**changes)))
