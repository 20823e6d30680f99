from noria.collector import records
from noria.collector.traffic import counts
from noria.core.entities import cell, marked
from noria.core.window import ArmCounts, histogram


def entities(*ids):
    return marked(cell(f"flight {each}") for each in ids)


def test_answers_failures_and_latencies_are_counted_by_plan_and_version(prediction, label):
    batches = [
        prediction(["a", "b"]),
        prediction(["c"], outputs=[None], error="row 0: died", latencies=[0.5]),
        prediction(["d"], version=8, role="challenger"),
        prediction(["e"], plan=4),
        label(["a"], [1]),
    ]
    assert counts(map(records.parse, batches)) == {
        (3, 7): ArmCounts(
            requests=2,
            errors=1,
            causes={"died": 1},
            bins=histogram([0.01, 0.01, 0.5]),
            entities=entities("a", "b", "c"),
        ),
        (3, 8): ArmCounts(requests=1, bins=histogram([0.01]), entities=entities("d")),
        (4, 7): ArmCounts(requests=1, bins=histogram([0.01]), entities=entities("e")),
    }


def test_a_row_that_the_champion_answered_instead_counts_for_the_challenger(prediction):
    failed = prediction(["a"], version=8, role="challenger", outputs=[None], error="died")
    seen = counts(map(records.parse, [failed, prediction(["a", "b"])]))
    assert seen[3, 8].entities == entities("a")
    assert seen[3, 7].entities == entities("b")
