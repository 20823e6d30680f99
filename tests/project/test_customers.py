from __future__ import annotations

from noria.project.customers import UNUSED, customers


def test_the_same_seed_gives_the_same_customers() -> None:
    assert customers(500, seed=3).equals(customers(500, seed=3))
    assert not customers(500, seed=3).equals(customers(500, seed=4))


def test_there_are_gaps_ids_and_about_a_third_who_left() -> None:
    frame = customers()
    assert len(frame) == frame["customer_id"].n_unique() == 12_000
    assert 0.3 < frame["churned"].mean() < 0.4  # type: ignore[operator]
    assert 0.06 < frame["age"].null_count() / len(frame) < 0.1  # 8% are missing
    assert 0.03 < frame["data_gb"].null_count() / len(frame) < 0.07  # 5% are missing


def test_the_unused_column_tells_something() -> None:
    """Among new customers each support call adds to those who leave."""
    new = customers().filter(customers()["tenure_months"] < 18)
    often, never = new.filter(new[UNUSED] > 2), new.filter(new[UNUSED] == 0)
    assert often["churned"].mean() > never["churned"].mean() + 0.2  # type: ignore[operator]
