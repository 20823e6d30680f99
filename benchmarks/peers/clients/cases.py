"""What the clients' scripts share: they read the work from standard input, and print what came of each case.

A case is a function whose docstring says what it tries; it returns what it saw, and raises where that is
wrong. Nothing but Python is needed here, for it runs in the environment of each client.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """A model that is served, and rows with what it predicts for them.

    `kinds` says of each column whether it is a `number` or a `category`; a missing number is None.
    """

    url: str
    model: str
    version: str
    kinds: dict
    rows: list
    expected: list

    @property
    def host(self):
        return self.url.removeprefix("http://")

    @property
    def columns(self):
        """The values by column."""
        return dict(zip(self.kinds, map(list, zip(*self.rows, strict=True)), strict=True))

    @property
    def records(self):
        return [dict(zip(self.kinds, row, strict=True)) for row in self.rows]


def run(*cases):
    """Run the cases on the work, and print a list of [what is tried, what was seen, is that right]."""
    work = Work(**json.load(sys.stdin))
    print(json.dumps([[case.__doc__, *_seen(case, work)] for case in cases]))


def same(found: Any, work: Work) -> str:
    """Return a sentence on predictions being the model's own, give or take a millionth."""
    found, expected = _flat(found), _flat(work.expected)
    assert len(found) == len(expected), f"{len(found)} predictions, and {len(expected)} were expected"
    worst = max(abs(a - b) for a, b in zip(found, expected, strict=True))
    assert worst <= 1e-6, f"off by {worst}"
    return f"{len(work.rows)} rows, " + (
        f"off by at most {worst:.0e}" if worst else "the same to the last bit"
    )


def raised(kind, call, holds):
    """Return what a call raises, which has to be of a kind and to hold some words."""
    try:
        answer = call()
    except kind as error:
        said = f"{type(error).__name__}: {error}"
    else:
        raise AssertionError(f"it was answered: {answer}")
    assert holds in said, f"{said} does not say {holds!r}"
    return said


def _seen(case, work):
    try:
        return case(work), True
    except Exception as error:  # whatever a vendor's library raises is what was seen
        return f"{type(error).__name__}: {error}", False


def _flat(values):
    values = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(values, list):
        return [float(values)]
    return [number for value in values for number in _flat(value)]
