import pytest

from noria.core.entities import count, marked
from noria.core.window import CAUSES, ArmCounts, added, end, histogram


def p99(latencies):
    return ArmCounts(bins=histogram(latencies)).p99


def test_p99_is_the_end_of_the_bin_that_holds_the_99th_of_100():
    # 98 at 5 ms, 2 at 80 ms: the 99th smallest of 100 is 80 ms
    assert p99([0.005] * 98 + [0.08] * 2) == pytest.approx(0.08, rel=0.12)
    # 99 at 5 ms, 1 at 80 ms: the 99th smallest is still 5 ms
    assert p99([0.005] * 99 + [0.08]) == pytest.approx(0.005, rel=0.12)


def test_p99_is_never_below_the_latency_itself():
    for latency in (1e-5, 1e-4, 0.0033, 0.5, 17.0):
        assert latency <= p99([latency]) <= max(latency, 1e-4) * 1.121


def test_without_latencies_there_is_no_p99():
    assert ArmCounts().p99 is None


def test_a_latency_beyond_the_last_bin_is_counted_in_it():
    assert histogram([1e6])[-1] == 1


def test_counts_of_two_batches_add_up_to_the_counts_of_both():
    bins = histogram([0.01, 0.02, 0.5])
    one = ArmCounts(requests=2, errors=1, causes={"died": 1}, bins=bins, entities=marked([1, 2]))
    bins = histogram([0.03])
    two = ArmCounts(requests=1, errors=3, causes={"NaN": 2, "died": 1}, bins=bins, entities=marked([2, 3]))
    assert one + two == ArmCounts(
        requests=3,
        errors=4,
        causes={"died": 2, "NaN": 2},
        bins=histogram([0.01, 0.02, 0.5, 0.03]),
        entities=marked([1, 2, 3]),
    )


def test_of_ever_new_causes_the_most_frequent_are_kept():
    arms = [ArmCounts(errors=1 + (n == 9), causes={f"cause {n}": 1 + (n == 9)}) for n in range(20)]
    together = sum(arms, ArmCounts())
    assert (together.errors, together.cause, len(together.causes)) == (21, "cause 9", CAUSES)


def test_slower_counts_no_latency_that_may_be_within_the_limit():
    arm = ArmCounts(bins=histogram([0.00005, 0.005, 0.0051, 0.08, 0.09]))
    assert arm.slower(0) == 5
    assert arm.slower(0.02) == 2
    assert arm.slower(arm.p99) == 0  # the 99th of five is the largest
    # 80 and 90 ms fall into bins that begin below 80 ms and 90 ms: a limit inside a bin leaves it out
    assert [arm.slower(limit) for limit in (0.08, 0.09)] == [1, 0]
    assert arm.slower(float("inf")) == 0


def test_a_bin_ends_where_the_next_begins():
    arm = ArmCounts(bins=histogram([end(40), end(41)]))
    assert (arm.slower(end(40)), arm.slower(end(41))) == (1, 0)


def test_an_entity_stays_with_the_version_that_it_met_first():
    seen = {7: ArmCounts(entities=marked([1, 2])), 8: ArmCounts(entities=marked([3]))}
    after = added(seen, {8: ArmCounts(requests=4, entities=marked([1, 3, 4]))})
    assert after == {8: ArmCounts(requests=4, entities=marked([3, 4]))}  # 1 met version 7 first
    assert count(added({}, {8: ArmCounts(entities=marked([5, 6]))})[8].entities) == 2
