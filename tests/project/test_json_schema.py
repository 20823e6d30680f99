from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from noria.errors import ProjectError
from noria.project import units
from noria.project.json_schema import json_schema
from noria.project.parse import load
from noria.project.scalars import DURATION, RATE, SHARE

VALIDATOR = Draft202012Validator(json_schema())


def errors_of(text: str) -> list[Any]:
    return list(VALIDATOR.iter_errors(tomllib.loads(text)))


def test_the_schema_itself_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_it_takes_the_smallest_file(small: str) -> None:
    assert errors_of(small) == []


# What is wrong by type or by name is wrong for both; what needs two keys to see is the parser's alone.
@pytest.mark.parametrize(
    "change",
    [
        "[trainn]",
        "[train]\nholdouts = '7d'",
        "[train]\nholdout = 7",
        "[train]\nholdout = '7 days'",
        "[train]\nseed = -1",
        "[triggers]\nquality = { metric = 'auc' }",
        "[triggers]\nschedule = 'daily'",
        "[brakes]\nruns = 'often'",
        "[[gates]]\ncheck = 'better'",
        "[[gates]]\ncheck = 'finite'\nrows = 1",
        "[[gates]]\ncheck = 'latency'\np99 = 20",
        "[rollout]\nsteps = [{ weight = 100, requests = 5 }]",
        "[rollout]\nabort = ['p50 > 1s']",
        "[serve]\nport = 70000",
    ],
)
def test_parser_and_schema_refuse_the_same(root: Path, small: str, change: str) -> None:
    text = f"{small}\n{change}\n"
    (root / "noria.toml").write_text(text)
    assert len(errors_of(text)) == 1
    with pytest.raises(ProjectError):
        load(root)


@given(
    st.sampled_from([DURATION, SHARE, RATE]),
    st.from_regex(f"(?:{units.DURATION}|{units.SHARE}|{units.RATE}).?", fullmatch=True),
)
def test_patterns_take_what_the_units_take(kind: Any, text: str) -> None:
    faults: list[str] = []
    kind.read(text, "x", faults)
    too_long_for_a_timedelta = kind is DURATION and len(text) > 9
    if not too_long_for_a_timedelta and not text.endswith("\n"):
        assert Draft202012Validator(kind.json_schema()).is_valid(text) == (not faults)
