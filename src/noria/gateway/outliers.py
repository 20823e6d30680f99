"""Rows unlike all that the champion learnt from: which they are, and what is made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from noria.block import Column
from noria.core.outliers import Detector, NumberCosts
from noria.core.profile.grid import Numbers
from noria.errors import RequestError
from noria.gateway.batch import Batch

ASKED = b"x-noria-outlier"
"""The header by which a client asks for the scores of its rows, and in which it gets them."""
MOST = 50
"""Rows whose scores a header takes."""


def find(batch: Batch, detector: Detector) -> list[int]:
    """Return the numbers of the rows that are outliers."""
    scores = detector.scores(_columns(batch), batch.rows)
    found: list[int] = np.flatnonzero(scores > detector.limit).tolist()
    return found


def clip(batch: Batch, rows: Sequence[int], detector: Detector) -> Batch:
    """Return the batch with the numbers of these rows brought to where the reference came to."""
    cells = [
        _clipped(values, rows, costs) if isinstance(costs, NumberCosts) else values
        for values, costs in zip(batch.columns, map(detector.columns.get, batch.names), strict=True)
    ]
    return msgspec.structs.replace(batch, columns=cells)


def refusal(batch: Batch, detector: Detector) -> RequestError:
    """Return what a client is told whose rows are not answered: which of them is the worst, and why."""
    terms = detector.terms(_columns(batch), batch.rows)
    scores = detector.score(terms)
    row = int(scores.argmax())
    made = ", ".join(detector.told(terms[row]))
    return RequestError(
        422,
        f"row {row} is unlike all that the model learnt from, above all by {made}: "
        f"its score is {scores[row]:.2f}, and the limit {detector.limit:.2f}",
    )


def header(batch: Batch, detector: Detector | None) -> bytes:
    """Return the line that tells the score of each row, and which columns made it; b"" if nobody knows.

    Raises:
        RequestError: 400, the request has too many rows for a header.
    """
    if detector is None:
        return b""
    if batch.rows > MOST:
        raise RequestError(
            400, f"{ASKED.decode()}: up to {MOST} rows are scored in an answer, not {batch.rows}"
        )
    terms = detector.terms(_columns(batch), batch.rows)
    said = [_told(*row, detector) for row in zip(terms, detector.score(terms).tolist(), strict=True)]
    return b"%b: %b\r\n" % (ASKED, json.dumps(said).encode())


def _told(terms: Numbers, score: float, detector: Detector) -> dict[str, Any]:
    columns = {name: round(term, 2) for name, term in detector.told(terms).items()}
    return {"score": round(score, 3), "limit": round(detector.limit, 3), "columns": columns}


def _columns(batch: Batch) -> dict[str, Column]:
    return dict(zip(batch.names, batch.columns, strict=True))


def _clipped(values: Column, rows: Sequence[int], costs: NumberCosts) -> Column:
    changed = values.copy()
    for row in rows:
        value = values[row]
        if value is not None:  # a NaN of an array stays one
            changed[row] = min(max(value, costs.low), costs.high)
    return changed
