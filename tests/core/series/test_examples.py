import doctest
from importlib import import_module

import numpy as np
import pytest

MODULES = ("series.levels", "series.shares", "series.units", "series.variety")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name: str) -> None:
    module = import_module(f"noria.core.{name}")
    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.failed == 0
    assert result.attempted > 0
