"""The page as Prometheus' own client reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as read

from noria.gateway.telemetry.exposition import BOUNDS, Family, Histogram, text

ROWS = Family("noria_queue_rows", "gauge", 'Rows: "waiting" \\ here.', ("model", "version"))


@given(st.text(), st.floats(allow_nan=False))
def test_any_value_of_a_label_and_any_number_comes_through(value: str, number: float) -> None:
    (family,) = read(text([(ROWS, {("m", value): number})]).decode())
    assert (family.name, family.type) == ("noria_queue_rows", "gauge")
    ((name, labels, found, *_),) = family.samples
    assert (name, labels, found) == ("noria_queue_rows", {"model": "m", "version": value}, number)


def test_families_follow_one_another_without_samples_too() -> None:
    up = Family("up", "gauge", "Up.")
    total = Family("noria_lost_total", "counter", "Lost.", ("model",))
    page = text([(up, {(): 1}), (ROWS, {}), (total, {("m",): 3.0})])
    assert page.endswith(b"\n")
    assert b"\nup 1\n" in page
    families = {family.name: family for family in read(page.decode())}
    assert list(families) == ["up", "noria_queue_rows", "noria_lost"]
    assert families["noria_lost"].samples[0].name == "noria_lost_total"


def test_a_histogram_counts_up_to_each_bound() -> None:
    sample = Histogram.empty()
    for seconds in (0.0001, 0.0005, 0.0006, 0.2, 99.0):
        sample.add(seconds)
    (family,) = read(text([(Family("d", "histogram", "D.", ("m",)), {("x",): sample})]).decode())
    counts = {each.labels["le"]: each.value for each in family.samples if each.name == "d_bucket"}
    assert list(counts) == [*map(str, BOUNDS), "+Inf"]
    assert [counts[bound] for bound in ("0.0005", "0.001", "0.1", "0.25", "5.0", "+Inf")] == [
        2,
        3,
        3,
        4,
        4,
        5,
    ]
    rest = {each.name: each.value for each in family.samples if each.name != "d_bucket"}
    assert rest == {"d_sum": pytest.approx(99.2012), "d_count": 5}


def test_histograms_are_added() -> None:
    one, more = Histogram.empty(), Histogram.empty()
    one.add(0.001)
    more.add(0.001)
    more.add(7.0)
    both = one + more
    assert (both.counts[1], both.counts[-1], both.seconds) == (2, 1, pytest.approx(7.002))
    assert sum(one.counts) == 1
