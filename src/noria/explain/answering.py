"""The gateway's process for explanations: `python -m noria.explain.answering`; calls and answers are frames.

A call is JSON: the `model`, the `roots` of all projects that the gateway serves, by their models, and what is
`asked`. The libraries and the versions stay loaded, so that all calls but the first are fast.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from noria.adapters.project_file import ProjectFile
from noria.errors import NoriaError, ProjectError, StateError
from noria.explain import prediction
from noria.explain.explanation import explanation
from noria.explain.flip import flips
from noria.explain.version import Version
from noria.gateway.child import HEADER
from noria.gateway.explaining import Asked
from noria.ports import State
from noria.registered import find
from noria.wiring import state

KEPT = 4
"""Versions that stay loaded."""


class Call(msgspec.Struct):
    """What the gateway asks."""

    model: str
    roots: dict[str, str]
    asked: Asked


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group
    os.nice(10)
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while len(header := calls.read(HEADER.size)) == HEADER.size:
        _write(answers, answer(calls.read(HEADER.unpack(header)[0])))


def answer(call: bytes) -> bytes:
    """Return the answer to a call: a status of HTTP, and the explanation or a sentence on what is wrong."""
    asked = msgspec.json.decode(call, type=Call)
    try:
        return msgspec.json.encode({"status": 200, "body": _explained(asked)})
    except NoriaError as error:
        status = 404 if isinstance(error, StateError) else 400 if isinstance(error, ProjectError) else 409
        return msgspec.json.encode({"status": status, "body": error.message})


def _explained(call: Call) -> dict[str, Any]:
    asked, root = call.asked, call.roots[call.model]
    project = _file(root).current()
    try:
        found = prediction.find(project, asked.id, at=asked.at, entity=asked.entity)
    except StateError:
        _check_others(call)
        raise
    answered = _version(root, call.model, found.version)
    told: dict[str, Any] = {"explanation": explanation(found, answered)}
    return told | ({"flips": flips(found, answered, project.explain)} if asked.flip else {})


def _check_others(call: Call) -> None:
    """Raise a StateError that names the model which knows the id, if that is another one."""
    knows = {
        model: prediction.rows_of(_file(root).current(), call.asked.id).height > 0
        for model, root in call.roots.items()
    }
    if not knows[call.model] and (others := [model for model, known in knows.items() if known]):
        raise StateError(f"{call.asked.id} is a prediction of the model {others[0]}, and not of {call.model}")


@lru_cache
def _file(root: str) -> ProjectFile:
    return ProjectFile(Path(root))


@lru_cache
def _state(root: str) -> State:
    return state(_file(root).current())


@lru_cache(maxsize=KEPT)
def _version(root: str, model: str, number: int) -> Version:
    return Version(find(_state(root), model, number), _file(root).current().home)


def _write(answers: BinaryIO, payload: bytes) -> None:
    answers.write(HEADER.pack(len(payload)) + payload)
    answers.flush()


if __name__ == "__main__":
    main()
