from __future__ import annotations

from types import ModuleType

import pytest

from noria.errors import PipelineError
from noria.pipeline.graph import read


def module(source: str) -> ModuleType:
    made = ModuleType("pipeline")
    exec(source, made.__dict__)
    return made


def test_steps_come_after_what_they_need():
    steps = read(
        module(
            "def model(table, weights, seed): ...\n"
            "def weights(table, decay=0.5): ...\n"
            "def table(train): ...\n"
            "def _hidden(nonsense): ...\n"
        )
    )
    assert [(step.name, step.needs) for step in steps] == [
        ("table", ("train",)),
        ("weights", ("table",)),
        ("model", ("table", "weights", "seed")),
    ]


def test_imported_functions_are_no_steps():
    steps = read(module("from textwrap import dedent\ndef model(train): ..."))
    assert [step.name for step in steps] == ["model"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def table(train): ...", r"there is no step `model`.*\(steps: table\)"),
        ("", r"there is no step `model`.*\(steps: none\)"),
        (
            "def features(train): ...\ndef model(feature): ...",
            "names no step and no input; did you mean features?",
        ),
        (
            "def model(zzz): ...",
            r"names no step and no input \(there are model, train, params, seed, champion\)",
        ),
        (
            "def a(b): ...\ndef b(a): ...\ndef model(a): ...",
            "in a ring: (a needs b needs a|b needs a needs b)",
        ),
        ("def model(model): ...", "in a ring: model needs model"),
        ("def train(params): ...\ndef model(train): ...", "step train has the name of an input"),
        ("def model(*train): ...", r"\*train of the step model cannot be given by name"),
        ("def model(train, /): ...", "cannot be given by name"),
    ],
)
def test_faults_are_named(source, message):
    with pytest.raises(PipelineError, match=message):
        read(module(source))
