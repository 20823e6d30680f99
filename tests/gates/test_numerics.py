import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noria.artifact import golden, manifest
from noria.core.gates import Outcome
from noria.gates.numerics import numerics
from noria.gates.subject import Subject
from noria.project.table import TableSchema

CODES = {"Bern": 0.0, "Basel": 0.1, "Chur": 0.2}
HERE = os.getpid()
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def base(frame: Any) -> Any:
    return np.clip(frame["age"].fillna(50).to_numpy() / 100, 0, 1)


def raises(frame: Any) -> Any:
    return base(frame) * np.array([CODES[name] for name in frame["city"]])


FAULTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "unknown category": (
        lambda frame: frame["city"].map(CODES).to_numpy(dtype=float),
        "city is missing: 50 of 50 answers are NaN or infinite",
    ),
    "raises": (raises, "city is an empty text: it raises KeyError"),
    "missing": (
        lambda frame: np.clip(frame["age"].to_numpy() / 100, 0, 1),
        "age is missing: 50 of 50 answers are NaN or infinite, such as nan",
    ),
    "extreme": (
        lambda frame: frame["age"].fillna(50).to_numpy() / 100,
        "age is 1e9: 50 of 50 answers are no probabilities, such as 10000000.0",
    ),
    "random": (
        lambda frame: base(frame) * (np.sum(frame["age"] > 0) < 25 or np.random.default_rng().uniform(0.8)),
        "1000 of 1000 rows are answered otherwise when asked again",
    ),
    "order": (
        lambda frame: base(frame) * np.linspace(0.9, 1, len(frame) + 1)[1:] ** (len(frame) > 50),
        "1000 of 1000 rows are answered otherwise when asked in the other order",
    ),
    "batch": (
        lambda frame: base(frame) * (0.9 if len(frame) == 1 else 1),
        "50 of 50 rows are answered otherwise when asked alone",
    ),
    "process": (
        lambda frame: base(frame) * (1.0 if os.getpid() == HERE else 0.9),
        "50 of 50 rows are answered otherwise when asked alone, in another process",
    ),
}


def test_an_honest_model_answers_numbers_wherever_it_is_asked(honest: Subject) -> None:
    found = numerics(honest)
    assert (found.outcome, found.numbers) == (Outcome.PASSED, {"cases": 14})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_the_rows_that_show_it(
    fault: str, answering: Callable[..., Path], changed: Callable[..., Subject], honest: Subject
) -> None:
    function, named = FAULTS[fault]
    nullable = replace(honest.schema.columns[0], nullable=True)
    schema = TableSchema(columns=(nullable, *honest.schema.columns[1:]))
    found = numerics(changed(shipped=answering(function), schema=schema))
    assert found.outcome is Outcome.FAILED
    assert named in found.reason
    assert {"age", "income", "city"} <= set(found.rows[0])


def test_a_model_may_refuse_what_the_schema_forbids(
    answering: Callable[..., Path], changed: Callable[..., Subject]
) -> None:
    found = numerics(changed(shipped=answering(raises)))
    assert "city is an empty text" in found.reason, "a missing city comes first, and is passed over"


def test_another_answer_than_when_it_was_packaged_is_a_fault(
    answering: Callable[..., Path], changed: Callable[..., Subject]
) -> None:
    shipped = answering(base)
    (shipped / golden.FILE).write_text("[0.5, 0.5, 0.5, 0.5, 0.5]")
    manifest.write(shipped)
    assert "answers row" in numerics(changed(shipped=shipped)).reason
