from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.traffic import Arm, Plan, choose


def plan(*shares: int, salt: str = "r1", **silent: int) -> Plan:
    """A plan whose challenger is version 7 and whose champion is version 6."""
    arms = tuple(Arm(version=v, share=share) for v, share in zip((7, 6), shares, strict=True))
    return Plan(model="m", number=1, salt=salt, arms=arms, **silent)


@pytest.mark.parametrize("shares", [(10, 80), (101, -1), (50, 51)])
def test_shares_sum_to_100(shares: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="sum to 100"):
        plan(*shares)


@pytest.mark.parametrize("silent", [{"shadow": 6}, {"standby": 7}])
def test_a_version_stands_once(silent: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="once"):
        plan(10, 90, **silent)


def test_roles() -> None:
    table = plan(10, 90, shadow=8)
    assert [table.role(version) for version in (6, 7, 8)] == ["champion", "challenger", "shadow"]
    assert table.versions == (7, 6, 8)


def test_before_the_first_champion_nobody_answers() -> None:
    empty = Plan(model="m", number=1, salt="s", arms=(), standby=1)
    assert empty.champion is None
    with pytest.raises(LookupError, match="no version of m serves yet"):
        choose(empty, "x")


def test_the_share_is_kept() -> None:
    count = Counter(choose(plan(10, 90), f"flight {n}") for n in range(20_000))
    assert count[7] / 20_000 == pytest.approx(0.10, abs=0.008)  # 4 standard errors of sqrt(.1 * .9 / 20000)


@given(st.text(), st.integers(0, 100), st.integers(0, 100))
def test_an_entity_stays_with_the_challenger_while_its_weight_rises(
    entity: str, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    if choose(plan(low, 100 - low), entity) == 7:
        assert choose(plan(high, 100 - high), entity) == 7


def test_another_rollout_draws_other_entities() -> None:
    names = [f"flight {n}" for n in range(5_000)]
    first, second = ({n for n in names if choose(plan(10, 90, salt=salt), n) == 7} for salt in ("r1", "r2"))
    assert len(first & second) / len(first) == pytest.approx(0.10, abs=0.06)
