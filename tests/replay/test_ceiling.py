from tests.replay.tiny import make, played, result, rows


def test_the_ceiling_knows_what_no_policy_does(tmp_path, flipped):
    """The meaning of x turns round in the middle: who never retrains is wrong from then on."""
    replay = played(make(tmp_path / "project", flipped), "never", "ceiling")
    ceiling, never = result(replay, "ceiling"), result(replay, "never")
    assert ceiling.looks_ahead
    assert ceiling.trainings == 4
    assert ceiling.metrics["log_loss"] < never.metrics["log_loss"]
    assert [block.start for block in ceiling.blocks] == [block.start for block in never.blocks]
    assert not ceiling.decisions


def test_each_row_is_predicted_by_a_model_that_did_not_see_it(tmp_path):
    """A model that remembers its rows is right on all of them, and no better than chance on others."""
    remembering = """
from sklearn.tree import DecisionTreeClassifier

def model(train):
    rows = train.select("x", "y").to_pandas()
    return DecisionTreeClassifier(random_state=0).fit(rows[["x"]], rows["y"])
"""
    frame = rows(400).with_columns(y=rows(400, seed=1)["y"])  # y has nothing to do with x
    replay = played(make(tmp_path / "project", frame, code=remembering), "ceiling")
    assert 0.4 < result(replay, "ceiling").metrics["accuracy"] < 0.6
