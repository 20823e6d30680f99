from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from noria.adapters.contract import check
from noria.project.model import Data
from noria.project.table import Column, TableSchema

DATA = Data(source=("*.csv",), label="late", features=("wind", "hour"), time="departure", entity="flight")
GOOD = {
    "flight": "f1",
    "departure": "2013-01-01 05:15",
    "carrier": "AA",
    "wind": "1.5",
    "hour": "5",
    "late": "0",
}


def rows_of(*changes: dict[str, str | None]) -> pl.DataFrame:
    """One row per change, each a flight of its own unless the change says otherwise."""
    rows = [{**GOOD, "flight": f"f{index}", **change} for index, change in enumerate(changes)]
    return pl.DataFrame(rows, schema=dict.fromkeys(GOOD, pl.String))


BREACHES = [
    ({"wind": "strong"}, "wind: found strong, allowed: number"),
    ({"wind": "inf"}, "wind: found inf, allowed: number"),
    ({"hour": "5.5"}, "hour: found 5.5, allowed: integer"),
    ({"hour": None}, "hour: is missing"),
    ({"hour": "NA"}, "hour: is missing"),
    ({"departure": "yesterday"}, "departure: found yesterday, allowed: timestamp"),
    ({"departure": None}, "departure: is missing"),
    ({"flight": ""}, "flight: is missing"),
    ({"late": None}, "late: is missing"),
]


@pytest.mark.parametrize(("change", "reason"), BREACHES)
def test_a_row_that_breaks_the_contract_is_refused_with_the_reason(schema, change, reason):
    checked = check(rows_of({}, change), without_landing(schema), DATA)
    assert checked.rows["flight"].to_list() == ["f0"]
    assert checked.refused["reason"].to_list() == [reason]
    assert f'"carrier":"{GOOD["carrier"]}"' in checked.refused["row"][0]


def test_good_rows_get_the_schemas_types(schema):
    checked = check(rows_of({"wind": "NA"}, {"hour": "7.0"}), without_landing(schema), DATA)
    assert checked.refused.is_empty()
    assert checked.rows["wind"].to_list() == [None, 1.5]
    assert checked.rows["hour"].to_list() == [5, 7]
    assert checked.rows["departure"][0] == datetime(2013, 1, 1, 5, 15, tzinfo=UTC)


def test_an_unknown_category_is_counted_and_kept(schema):
    checked = check(rows_of({}, {"carrier": "NA"}, {"carrier": "B6"}), without_landing(schema), DATA)
    assert checked.rows.height == 3
    assert checked.unseen == {"carrier": 2}


def test_of_an_entity_at_a_time_the_first_good_row_counts(schema):
    next_day = {"flight": "a", "departure": "2013-01-02 05:15", "wind": "3"}
    batch = rows_of({"flight": "a", "late": None}, {"flight": "a"}, {"flight": "a", "wind": "9"}, next_day)
    checked = check(batch, without_landing(schema), DATA)
    assert checked.rows["wind"].to_list() == [1.5, 3.0]
    assert checked.refused["reason"].to_list() == [
        "late: is missing",
        "flight, departure: occurs before in this batch; the first row counts",
    ]
    checked = check(batch, without_landing(schema), replace(DATA, time=None))
    assert checked.rows["wind"].to_list() == [1.5]


def test_a_request_may_lack_its_label_but_one_that_has_it_goes_before(schema):
    batch = rows_of({"flight": "a", "late": None}, {"flight": "a"}, {"flight": "b", "late": "NA"})
    checked = check(batch, without_landing(schema), DATA, labelled=False)
    assert checked.rows.select("flight", "late").rows() == [("a", 0), ("b", None)]
    assert checked.refused["reason"].to_list() == [
        "flight, departure: occurs before in this batch; the first row counts"
    ]
    assert check(batch, without_landing(schema), DATA).rows["flight"].to_list() == ["a"]


TRUTHS = [("true", True), ("False", False), ("1", True), ("0", False), ("yes", True)]


@pytest.mark.parametrize(("text", "value"), TRUTHS)
def test_the_texts_of_a_boolean(text, value):
    schema = TableSchema(columns=(Column(name="late", kind="boolean"),))
    data = Data(source=("*",), label="late", features=())
    assert check(pl.DataFrame({"late": [text]}), schema, data).rows["late"].to_list() == [value]


TIMES = [
    ([1357017300], "seconds since 1970"),
    ([1357017300.0], "the same as a float"),
    ([datetime(2013, 1, 1, 5, 15)], "a time without a zone"),
    (["2013-01-01T05:15:00Z"], "ISO 8601"),
]


@pytest.mark.parametrize(("values", "what"), TIMES)
def test_the_ways_to_write_a_time(values, what):
    schema = TableSchema(columns=(Column(name="at", kind="timestamp"), Column(name="late", kind="integer")))
    data = Data(source=("*",), label="late", features=(), time="at")
    rows = check(pl.DataFrame({"at": values, "late": [1]}), schema, data).rows
    assert rows["at"].to_list() == [datetime(2013, 1, 1, 5, 15, tzinfo=UTC)], what


def without_landing(schema: TableSchema) -> TableSchema:
    return TableSchema(columns=schema.columns[:-1])
