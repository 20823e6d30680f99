from noria.core.entities import CELLS, NOBODY, cell, count, marked, union, without
from noria.core.traffic import Arm, Plan, choose


def test_bitmaps_are_sets_of_cells():
    one, two = marked([0, 9, CELLS - 1]), marked([9, 10])
    assert union([one, two]) == marked([0, 9, 10, CELLS - 1])
    assert without(one, two) == marked([0, CELLS - 1])
    assert count(one) == 3
    assert union([]) == marked([]) == NOBODY


def test_an_entity_is_counted_once_however_often_it_asks():
    assert count(marked(cell(entity) for entity in ["ada", "bob"] * 500)) == 2


def test_the_cells_say_nothing_of_the_version():
    # of 4,000 entities at 25%, 1,000 are expected in either half of the cells together: 500 +- 3 sd of 19
    plan = Plan(model="m", number=1, salt="s", arms=(Arm(version=2, share=25), Arm(version=1, share=75)))
    drawn = [f"customer {n}" for n in range(4000) if choose(plan, f"customer {n}") == 2]
    assert 443 <= sum(cell(entity) < CELLS // 2 for entity in drawn) <= 557
