from noria.collector import records
from noria.collector.traffic import counts
from noria.core.window import ArmCounts, histogram


def test_answers_failures_and_latencies_are_counted_by_plan_and_version(prediction, label):
    batches = [
        prediction(["a", "b"]),
        prediction(["c"], outputs=[None], error="died", latencies=[0.5]),
        prediction(["d"], version=8, role="challenger"),
        prediction(["e"], plan=4),
        label(["a"], [1]),
    ]
    assert counts(map(records.parse, batches)) == {
        (3, 7): ArmCounts(requests=2, errors=1, bins=histogram([0.01, 0.01, 0.5])),
        (3, 8): ArmCounts(requests=1, bins=histogram([0.01])),
        (4, 7): ArmCounts(requests=1, bins=histogram([0.01])),
    }
