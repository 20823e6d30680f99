import pytest

from noria.core.window import BINS, ArmCounts, histogram, p99


def test_p99_is_the_end_of_the_bin_that_holds_the_99th_of_100():
    # 98 at 5 ms, 2 at 80 ms: the 99th smallest of 100 is 80 ms
    assert p99(histogram([0.005] * 98 + [0.08] * 2)) == pytest.approx(0.08, rel=0.12)
    # 99 at 5 ms, 1 at 80 ms: the 99th smallest is still 5 ms
    assert p99(histogram([0.005] * 99 + [0.08])) == pytest.approx(0.005, rel=0.12)


def test_p99_is_never_below_the_latency_itself():
    for latency in (1e-5, 1e-4, 0.0033, 0.5, 17.0):
        assert latency <= p99(histogram([latency])) <= max(latency, 1e-4) * 1.121


def test_without_latencies_there_is_no_p99():
    assert p99((0,) * BINS) is None


def test_a_latency_beyond_the_last_bin_is_counted_in_it():
    assert histogram([1e6])[-1] == 1


def test_counts_of_two_batches_add_up_to_the_counts_of_both():
    one = ArmCounts(requests=2, errors=1, bins=histogram([0.01, 0.02, 0.5]))
    two = ArmCounts(requests=1, bins=histogram([0.03]))
    both = ArmCounts(requests=3, errors=1, bins=histogram([0.01, 0.02, 0.5, 0.03]))
    assert one + two == both
    assert both.window().requests == 3
    assert both.window().errors == 1
