from pathlib import Path
from time import monotonic

from noria.gateway.telemetry.exposition import Histogram
from noria.gateway.telemetry.shared_counts import FRESH, SharedCounts, Snapshot, forget

KEY = (("m", "1", "champion", "v2"), 200)


def snapshot(answers: int, *, lost: float = 0, waiting: float = 0, age: float = 0) -> Snapshot:
    histogram = Histogram.empty()
    for _ in range(answers):
        histogram.add(0.001)
    return Snapshot({KEY: histogram}, {("lost", "m"): lost}, {("waiting",): waiting}, monotonic() - age, 1)


def answers(total: Snapshot) -> int:
    return sum(total.durations[KEY].counts)


def test_the_workers_counts_are_summed(tmp_path: Path) -> None:
    workers = [SharedCounts(tmp_path, number) for number in range(3)]
    for number, worker in enumerate(workers):
        worker.write(snapshot(number + 1, lost=1, waiting=2))
    for number, worker in enumerate(workers):
        total = worker.sum(snapshot(number + 1, lost=1, waiting=2))
        assert (answers(total), total.totals, total.levels) == (6, {("lost", "m"): 3}, {("waiting",): 6})
        assert total.workers == 3


def test_no_sum_is_smaller_than_one_before_it(tmp_path: Path) -> None:
    """Worker 0 sums at 10 and 0; then worker 1 sums without a write of worker 0 in between."""
    first, second = SharedCounts(tmp_path, 0), SharedCounts(tmp_path, 1)
    assert answers(first.sum(snapshot(10))) == 10
    assert answers(second.sum(snapshot(1))) == 11


def test_a_dead_workers_answers_stay_and_its_levels_do_not(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 0).write(snapshot(5, lost=2, waiting=7, age=FRESH + 1))
    total = SharedCounts(tmp_path, 1).sum(snapshot(1, waiting=1))
    assert (answers(total), total.totals, total.levels) == (6, {("lost", "m"): 2}, {("waiting",): 1})
    assert total.workers == 1


def test_who_takes_a_number_goes_on_from_what_was_counted(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 0).write(snapshot(5, lost=2))
    assert answers(SharedCounts(tmp_path, 0).before) == 5
    assert SharedCounts(tmp_path, 0).before.totals == {("lost", "m"): 2}
    assert SharedCounts(tmp_path, 1).before == Snapshot()


def test_a_spoilt_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "metrics-7").write_bytes(b"\xc1")
    assert answers(SharedCounts(tmp_path, 0).sum(snapshot(1))) == 1


def test_a_disk_that_refuses_costs_the_others_counts_only(tmp_path: Path) -> None:
    counts = SharedCounts(tmp_path / "gone", 0)
    assert answers(counts.sum(snapshot(3))) == 3


def test_a_new_gateway_starts_at_zero(tmp_path: Path) -> None:
    SharedCounts(tmp_path, 0).write(snapshot(5))
    forget(tmp_path)
    assert SharedCounts(tmp_path, 0).before == Snapshot()
