import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.policy import Rate
from noria.gateway.access import rates
from noria.gateway.access.rates import Buckets, admit

TEN = Rate(count=10, period=timedelta(seconds=1))


def test_a_bucket_empties_and_is_filled_again() -> None:
    full, waits = 0.0, []
    for _ in range(12):
        full, wait = admit(full, 100.0, TEN)
        waits.append(wait)
    assert waits == [0.0] * 10 + [pytest.approx(0.1)] * 2  # ten at once; the eleventh in a tenth of a second
    assert admit(full, 100.0999, TEN)[1] > 0
    full, wait = admit(full, 100.1, TEN)
    assert wait == 0
    assert admit(full, 100.1, TEN)[1] == pytest.approx(0.1)


@given(st.lists(st.floats(0, 0.5), max_size=60), st.integers(1, 50))
def test_no_period_sees_more_than_what_it_may(gaps: list[float], count: int) -> None:
    """In t seconds at most a whole bucket and its filling are admitted: count + count * t / period."""
    rate = Rate(count=count, period=timedelta(seconds=1))
    now, full, admitted = 1000.0, 0.0, []
    for gap in gaps:
        now += gap
        full, wait = admit(full, now, rate)
        if not wait:
            admitted.append(now)
    for first, start in enumerate(admitted):
        for last in range(first, len(admitted)):
            assert last - first + 1 <= count * (1 + admitted[last] - start) + 1e-6


@given(st.lists(st.floats(0, 0.5), max_size=50))
def test_who_waits_as_told_is_admitted(gaps: list[float]) -> None:
    now, full = 1000.0, 0.0
    for gap in gaps:
        now += gap
        full, wait = admit(full, now, TEN)
        if wait:
            now += wait
            full, again = admit(full, now, TEN)
            assert again == 0


def test_each_client_has_a_bucket_for_each_model(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "rates")
    spent = [buckets.take("a", "m", TEN, 5.0) for _ in range(11)]
    assert [bool(wait) for wait in spent] == [False] * 10 + [True]
    assert buckets.take("b", "m", TEN, 5.0) == buckets.take("a", "n", TEN, 5.0) == 0


def test_the_workers_of_a_gateway_share_the_buckets(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import timedelta\n"
        "from noria.core.policy import Rate; from noria.gateway.access.rates import Buckets\n"
        "buckets = Buckets(Path(sys.argv[1]))\n"
        "ten = Rate(count=10, period=timedelta(seconds=1))\n"
        "print(sum(not buckets.take('a', 'm', ten, 5.0) for _ in range(6)))"
    )
    counts = [
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "rates")], capture_output=True, check=True)
        for _ in range(2)
    ]
    assert [int(count.stdout) for count in counts] == [6, 4]  # ten in all


def test_a_clock_that_started_anew_locks_nobody_out(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "rates")
    for _ in range(10):
        buckets.take("a", "m", TEN, 1_000_000.0)
    assert buckets.take("a", "m", TEN, 5.0) == 0


def test_any_number_of_clients_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SLOTS", 64)
    buckets = Buckets(tmp_path / "rates")
    size = (tmp_path / "rates").stat().st_size
    for client in range(1000):
        assert buckets.take(f"c{client}", "m", TEN, 5.0) == 0
    assert (tmp_path / "rates").stat().st_size == size == 16 * (2**16 + rates.PROBES)


def test_a_new_client_takes_the_place_of_a_full_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All share the same eight slots. Seven that rest give way; the one that is empty is still refused."""
    monkeypatch.setattr(rates, "SLOTS", 1)
    buckets = Buckets(tmp_path / "rates")
    while not buckets.take("busy", "m", TEN, 5.0):
        pass
    for client in range(100):
        buckets.take(f"c{client}", "m", TEN, 5.0 + client * 0.001)
    assert buckets.take("busy", "m", TEN, 5.0) > 0
