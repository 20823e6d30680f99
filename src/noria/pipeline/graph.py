"""The graph of a pipeline: public functions are steps, their parameters name what they need."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import Any

from noria.errors import PipelineError

INPUTS = ("train", "params", "seed", "champion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A function of the pipeline; `needs` are the steps and inputs that its parameters name."""

    name: str
    function: Callable[..., Any]
    needs: tuple[str, ...]


def read(module: ModuleType) -> tuple[Step, ...]:
    """Return the steps of a pipeline module, each after those that it needs.

    A parameter with a default that names no step and no input keeps its default.

    Raises:
        PipelineError: a parameter names nothing, steps need each other in a ring, or there is no `model`.
    """
    functions = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    if "model" not in functions:
        found = ", ".join(functions) or "none"
        raise _fault(module, f"there is no step `model`, which returns the fitted model (steps: {found})")
    if taken := [name for name in functions if name in INPUTS]:
        raise _fault(module, f"the step {taken[0]} has the name of an input that noria gives; rename it")
    known = (*functions, *INPUTS)
    steps = {
        name: Step(name=name, function=function, needs=_needs(module, function, known))
        for name, function in functions.items()
    }
    return tuple(steps[name] for name in _in_order(module, steps))


def _needs(module: ModuleType, function: Callable[..., Any], known: tuple[str, ...]) -> tuple[str, ...]:
    needs = []
    for parameter in inspect.signature(function).parameters.values():
        place = f"the parameter {parameter} of the step {function.__name__}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise _fault(module, f"{place} cannot be given by name")
        if parameter.name in known:
            needs.append(parameter.name)
        elif parameter.default is parameter.empty:
            near = get_close_matches(parameter.name, known, n=1)
            guess = f"; did you mean {near[0]}?" if near else f" (there are {', '.join(known)})"
            raise _fault(module, f"{place} names no step and no input{guess}")
    return tuple(needs)


def _in_order(module: ModuleType, steps: dict[str, Step]) -> list[str]:
    needed = {name: [need for need in step.needs if need in steps] for name, step in steps.items()}
    try:
        return list(TopologicalSorter(needed).static_order())
    except CycleError as error:
        ring = " needs ".join(error.args[1][::-1])
        raise _fault(module, f"steps need each other in a ring: {ring}") from None


def _fault(module: ModuleType, what: str) -> PipelineError:
    return PipelineError(f"{module.__name__}.py: {what}", hint="noria doctor")
