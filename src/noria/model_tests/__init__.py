"""Tests of a model, like tests of code: fixtures for pytest, assertions about scores, incidents made tests.

The assertions are imported when they are asked for: this package is a plugin of every pytest run around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noria.model_tests.assertions import (
        assert_beats_baseline,
        assert_direction,
        assert_invariant,
        assert_minimum,
        assert_slice,
    )

__all__ = [
    "assert_beats_baseline",
    "assert_direction",
    "assert_invariant",
    "assert_minimum",
    "assert_slice",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"noria.model_tests has no {name}; it has {', '.join(__all__)}")
    from noria.model_tests import assertions

    return getattr(assertions, name)
