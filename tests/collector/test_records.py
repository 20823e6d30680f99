import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from noria.collector import records
from noria.project.model import Task

FAULTS = [
    {"ids": ["a"]},
    {"outputs": [0.5, 0.5]},
    {"outputs": bytes(15)},  # two float64 take 16
    {"outputs": b""},
    {"latencies": bytes(8)},
    {"columns": {"wind": [1.0, 2.0]}},
    {"columns": {"rows": 1, "numbers": ["wind"], "values": bytes(8), "others": {}}},
    {"columns": {"rows": 2, "numbers": ["wind"], "values": bytes(15), "others": {}}},
    {"columns": {"rows": 2, "numbers": [], "values": b"", "others": {"carrier": ["AA"]}}},
    {"role": "king"},
    {"at": "now"},
    {"k": "x"},
]


@pytest.mark.parametrize("change", FAULTS)
def test_a_record_that_lacks_something_is_none(prediction, change):
    assert records.parse(prediction(["a", "b"])) is not None
    assert records.parse({**prediction(["a", "b"]), **change}) is None


def test_a_batch_becomes_a_row_per_prediction(project, schema, prediction):
    batch = prediction(["a", "b"], hour=25, columns={"carrier": ["AA", None], "wind": [math.nan, 2.0]})
    frame = records.predictions([records.parse(batch)], records.layout(project, schema))
    assert frame["id"].to_list() == ["a", "b"]
    assert frame["wind"].to_list() == [None, 2.0]
    assert frame["carrier"].to_list() == ["AA", None]
    assert frame["flight"].to_list() == [None, None]  # the client did not send the entity's column
    assert frame["at"][0] == datetime(2013, 1, 2, 1, tzinfo=UTC)
    assert str(frame["_day"][0]) == "2013-01-02"


def test_failed_rows_are_no_predictions(project, schema, prediction):
    failed = records.parse(prediction(["a"], outputs=[None], error="timed out"))
    assert records.predictions([failed], records.layout(project, schema)).is_empty()


def test_a_label_without_the_labels_type_is_null(project, schema, label):
    given = records.parse(label(["a", "b", "c"], [1, True, "maybe"]))
    frame = records.labels([given], records.layout(project, schema))
    assert frame["label"].to_list() == [1.0, 1.0, None]


def test_many_classes_have_many_outputs(project, schema, prediction):
    layout = records.layout(replace(project, task=Task.MULTICLASS), schema)
    batch = records.parse(prediction(["a"], outputs=[[0.25, 0.75]]))
    assert records.predictions([batch], layout)["output"].to_list() == [[0.25, 0.75]]


def test_a_column_is_read_however_it_was_sent(project, schema, prediction):
    batches = [
        prediction(["a"], columns={"wind": [1.5]}),  # packed
        prediction(["b"], columns={"carrier": ["AA"]}),  # not sent
        prediction(["c"], columns={"wind": [2]}),  # a list
        prediction(["d"], columns={"wind": ["calm"]}),  # of something else
    ]
    frame = records.predictions(list(map(records.parse, batches)), records.layout(project, schema))
    assert frame["wind"].to_list() == [1.5, None, 2.0, None]
    assert frame["carrier"].to_list() == [None, "AA", None, None]
