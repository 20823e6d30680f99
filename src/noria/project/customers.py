"""A seeded table of customers, for the tabular template: categories, gaps, and effects that interact."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

UNUSED = "support_calls"
"""A column that the template does not use at first, so that a newcomer has something to improve."""


def customers(rows: int = 12_000, seed: int = 20) -> pl.DataFrame:
    """Return `rows` customers and whether each of them left: `churned`, 0 or 1, about a third of them 1."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    contract = rng.choice(["monthly", "yearly", "two years"], rows, p=[0.55, 0.3, 0.15])
    payment = rng.choice(["card", "bank", "invoice", "wallet"], rows)
    region = rng.choice(["north", "south", "east", "west", "centre", "islands"], rows)
    age = rng.integers(18, 85, rows).astype(float)
    tenure = rng.gamma(2, 12, rows).round()
    price = rng.uniform(15, 110, rows).round(2)
    gigabytes = rng.gamma(2, 8, rows).round(1)
    calls = rng.poisson(1.2, rows)
    monthly = contract == "monthly"
    score = (
        -1.3
        + 1.6 * monthly * (price > 60)  # a high price drives away those who are free to go
        - 0.05 * tenure * ~monthly
        + 0.6 * calls * (tenure < 18)  # early trouble counts, late trouble hardly
        + 1.1 * (gigabytes < 6) * (price > 45)
        + 0.9 * (payment == "invoice") * (age > 60)
        - 0.8 * (region == "islands") * (gigabytes > 15)
    )
    churned = rng.random(rows) < 1 / (1 + np.exp(-score))
    age[rng.random(rows) < 0.08] = np.nan
    gigabytes[rng.random(rows) < 0.05] = np.nan
    columns = {
        "customer_id": [f"C{number:05d}" for number in range(1, rows + 1)],
        "contract": contract,
        "payment": payment,
        "region": region,
        "age": age,
        "tenure_months": tenure.astype(int),
        "monthly_price": price,
        "data_gb": gigabytes,
        UNUSED: calls,
        "churned": churned.astype(int),
    }
    return pl.DataFrame(columns).fill_nan(None)
