import pytest

from noria.core.compare import Block, pooled
from noria.core.trials import Trial, against, pays, record


def blocks(gain: float, *days: int, loss: float = 0.5) -> tuple[Block, ...]:
    return tuple(Block(block=day, rows=100, gain=gain, loss=loss) for day in days)


def trial(rival: str, gain: float, *days: int) -> Trial:
    return Trial(rival=rival, gains={"log_loss": blocks(gain, *days)})


PAST = [trial("version 1", 0.9, 1, 2), trial("version 2", 0.1, 3, 4, 5), trial("version 2", 0.2, 5, 6)]
OWN = {"log_loss": pooled("log_loss", blocks(0.4, 6, 7))}


def test_the_gains_over_the_same_champion_are_pooled_the_newest_first() -> None:
    found = against("version 2", OWN, PAST)["log_loss"]
    # days 3 and 4 of the one, 5 of the other, 6 and 7 of this one: (.1 + .1 + .2 + .4 + .4) / 5
    assert [(block.block, block.gain) for block in found.by_block] == [
        (3, 0.1),
        (4, 0.1),
        (5, 0.2),
        (6, 0.4),
        (7, 0.4),
    ]
    assert (found.blocks, found.rows, found.gain) == (5, 500, pytest.approx(0.24))


def test_the_first_candidate_against_a_champion_has_its_own_blocks_alone() -> None:
    assert against("version 3", OWN, PAST)["log_loss"] == OWN["log_loss"]


GAINS = [trial.gains for trial in PAST]


def test_the_record_goes_back_over_champions_so_many_blocks() -> None:
    assert [block.block for block in record(OWN, GAINS)["log_loss"].by_block] == [1, 2, 3, 4, 5, 6, 7]
    long_ago = [{"log_loss": blocks(0.9, *range(-200, 0))}, *GAINS]
    found = record(OWN, long_ago)["log_loss"]
    assert [block.block for block in found.by_block] == [*range(-105, 0), 1, 2, 3, 4, 5, 6, 7]  # 105 + 7


def test_what_a_champion_met_long_ago_says_nothing_of_a_candidate_of_today() -> None:
    bad = Trial(rival="version 2", gains={"log_loss": blocks(-9.0, *range(-200, -105))})
    even = Trial(rival="version 2", gains={"log_loss": blocks(0.0, *range(-105, 0))})
    found = against("version 2", OWN, [bad, even])["log_loss"]
    assert (found.blocks, found.gain) == (107 + 5, pytest.approx((5 * -9.0 + 2 * 0.4) / 112))


@pytest.mark.parametrize(
    ("past", "refit"),
    [
        ([], True),
        ([Trial(refit=blocks(0.01, 1, 2, 3))], True),
        ([Trial(refit=blocks(0.0004, 1, 2, 3))], False),  # below .1% of .5, without scatter
        ([Trial(refit=blocks(-0.1, 1) + blocks(0.1, 2))], True),  # nobody knows
        ([Trial(refit=blocks(0.0004, 1, 2, 3)), *[Trial()] * 12], True),  # forgotten
    ],
)
def test_a_refit_pays_until_it_is_proven_not_to(past: list[Trial], refit: bool) -> None:
    assert pays(past) is refit
