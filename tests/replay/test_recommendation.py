from datetime import UTC, datetime

from noria.core.compare import Comparison
from noria.replay.recommendation import recommend
from noria.replay.result import Promotion
from tests.replay.made import policy, replay

# A difference is worthwhile from .0025 on: .5% of the best loss, .5. With 84 days, each .002 away on its own,
# the regret's interval is about .001 to each side.


def test_the_cheapest_that_is_nearly_as_good_is_chosen() -> None:
    made = recommend(
        replay(
            policy("never", 1, 0.53), policy("every-28d", 3, 0.51), policy("project", 6, 0.5015),
            policy("every-7d", 12, 0.50),
        )
    )  # fmt: skip
    assert made.policy == "project"
    assert made.sentence.startswith(
        "Choose project, with 6 trainings: every cheaper policy is proven worse than the best, every-7d, by "
        "more than log_loss 0.0025 (0.5%, the least that is worthwhile); this one is not. 6 more trainings, "
        "with every-7d, would buy log_loss 0.0015 ("
    )


def test_the_best_is_chosen_where_every_cheaper_one_is_worse() -> None:
    made = recommend(replay(policy("never", 1, 0.53), policy("every-7d", 12, 0.50)))
    assert made.policy == "every-7d"
    assert "it is the best, and every cheaper policy is proven worse by more than" in made.sentence
    assert "Against never, 11 more trainings bought log_loss 0.0300 (" in made.sentence


def test_the_best_may_be_the_cheapest() -> None:
    made = recommend(replay(policy("never", 1, 0.50), policy("every-7d", 12, 0.53)))
    assert made.sentence == "Choose never, with 1 training: it is the best, and none is cheaper."


def test_the_cheapest_of_all_may_be_good_enough() -> None:
    policies = (policy("never", 1, 0.501), policy("every-7d", 12, 0.50), policy("every-1d", 84, 0.52))
    made = recommend(replay(*policies))
    assert made.policy == "never"
    assert "none is cheaper, and it is not proven worse than the best, every-7d" in made.sentence


def test_what_the_evidence_does_not_separate_is_not_chosen_between() -> None:
    noisy = recommend(replay(policy("never", 1, 0.51, own=0.1), policy("every-7d", 12, 0.50, own=0.1)))
    assert noisy.policy is None
    assert noisy.sentence.startswith("The evidence does not separate these")
    assert "a longer history would tell" in noisy.sentence
    assert "The cheapest is never, with 1 training." in noisy.sentence


def test_equal_policies_are_proven_equal() -> None:
    made = recommend(replay(policy("never", 1, 0.5003), policy("every-7d", 12, 0.50)))
    assert made.policy is None
    assert "All are proven to be as good as that." in made.sentence


def test_two_weeks_are_needed() -> None:
    made = recommend(replay(policy("never", 1, 0.53, days=10), policy("every-7d", 2, 0.50, days=10)))
    assert made.policy is None
    assert "14 days with labels are needed to tell." in made.sentence


def test_what_looks_ahead_is_never_chosen_nor_the_measure() -> None:
    policies = (policy("never", 1, 0.53), policy("every-7d", 12, 0.50), policy("ceiling", 1, 0.40))
    made = recommend(replay(*policies))
    assert made.policy == "every-7d"
    assert "ceiling" not in made.sentence


def test_one_policy_is_nothing_to_choose_from() -> None:
    alone = recommend(replay(policy("never", 1, 0.53), policy("project", 3, 0.5, fault="no model")))
    assert alone.policy is None
    assert alone.sentence == "There are no two policies that can be compared."


def test_promotions_that_proved_worse_and_stayed_are_told() -> None:
    gain = Comparison(metric="log_loss", rows=9, blocks=9, gain=-0.02, low=-0.03, high=-0.01, confidence=0.95)
    at = datetime(2013, 3, 1, tzinfo=UTC)
    stayed = Promotion(at=at, version=2, gain=gain)
    taken_back = Promotion(at=at, version=3, gain=gain, rolled_back=at)
    best = policy("every-7d", 12, 0.50, promotions=12, promoted=(stayed, taken_back))
    made = recommend(replay(policy("never", 1, 0.53), best))
    assert made.sentence.endswith(" 1 of its 12 promotions proved worse, and stayed.")
