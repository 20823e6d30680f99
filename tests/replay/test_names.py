from noria.replay.names import called, legend
from tests.replay.made import policy, replay

LONG = "project:gates.better-than-champion.confidence=0.95"
CEILING = "ceiling:train.params.n_estimators=400"


def test_a_long_name_is_a_number_and_a_legend_says_of_what() -> None:
    names = ("never", LONG, "project:train.window=60d", f"{LONG},train.window=60d", CEILING)
    made = replay(*(policy(name, 1, 0.5) for name in names))
    assert list(called(made).values()) == [
        "never",
        "project #1",
        "project:train.window=60d",
        "project #2",
        "ceiling #3 *",
    ]
    assert legend(made) == {
        "project #1": LONG,
        "project #2": f"{LONG},train.window=60d",
        "ceiling #3 *": CEILING,
    }


def test_what_cannot_be_compared_has_no_number() -> None:
    made = replay(policy(LONG, 0, 0.5, fault="no model"), policy("never", 1, 0.5))
    assert called(made)[LONG] == LONG
    assert legend(made) == {}
