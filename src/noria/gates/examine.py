"""Examines a candidate by gates that need it in hand; a gate that raises, hangs or crashes is an error.

Before a gate begins, its verdict is written as an error; what it finds replaces that. So if its process dies,
the next attempt knows who was at work, and goes on with the gates after it.
"""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from noria.core.gates import Gate, Outcome, Verdict
from noria.gates.finding import Finding
from noria.gates.subject import Subject
from noria.gates.time_limit import TimeUp, time_limit
from noria.project.checks import EXAMINED, installed

FILE = "finding.json"
FIRST = "tests"
"""The gate that is asked first: as long as no other has started threads, it forks, and saves all imports."""
Check = Callable[..., Finding]
"""A gate: called with the subject, and with its options by name."""


def examine(subject: Subject, gates: Sequence[Gate]) -> list[Verdict]:
    """Return each gate's verdict, in order; those that an earlier attempt reached are not asked again.

    What a gate found is in `<number>-<its name>/finding.json` of the subject's folder, with its rows.
    """
    places = {subject.folder / f"{number:02}-{gate.check}": gate for number, gate in enumerate(gates, 1)}
    verdicts = {
        place: _known(place, gate) or _examined(subject, place, gate)
        for place, gate in sorted(places.items(), key=lambda item: item[1].check != FIRST)
    }
    return [verdicts[place] for place in places]


def check_of(name: str) -> Check:
    """Return the function of a gate: noria's own, or the one that an installed package names.

    Raises:
        ImportError: its module cannot be imported.
    """
    if name in EXAMINED:
        module = name.replace("-", "_")
        own: Check = getattr(import_module(f"noria.gates.{module}"), module)
        return own
    others: Check = installed()[name].load()
    return others


def _examined(subject: Subject, place: Path, gate: Gate) -> Verdict:
    place.mkdir(parents=True, exist_ok=True)
    _keep(place, gate, Finding(outcome=Outcome.ERROR, reason="its process ended while it was at work"))
    return _keep(place, gate, _asked(replace(subject, folder=place), gate))


def _asked(subject: Subject, gate: Gate) -> Finding:
    options = dict(gate.options)
    limit = options.pop("timeout")
    try:
        check = check_of(gate.check)
        inspect.signature(check).bind(subject, **options)
        with time_limit(limit):
            return check(subject, **options)
    except TimeUp:
        return Finding(outcome=Outcome.ERROR, reason=f"it took more than {limit:g} s")
    except BaseException as error:
        traceback.print_exc()  # into the run's log
        return Finding(outcome=Outcome.ERROR, reason=f"it raised {type(error).__name__}: {error}")


def _known(place: Path, gate: Gate) -> Verdict | None:
    file = place / FILE
    return _verdict(gate, msgspec.convert(json.loads(file.read_text()), Finding)) if file.exists() else None


def _keep(place: Path, gate: Gate, found: Finding) -> Verdict:
    draft = place / f"{FILE}.part"
    plain = msgspec.to_builtins(found, enc_hook=_plain)
    draft.write_text(json.dumps(plain, indent=1))
    draft.replace(place / FILE)
    return _verdict(gate, replace(found, numbers=plain["numbers"]))


def _plain(value: Any) -> Any:
    """Return a number of NumPy as Python's own, and anything else that JSON does not know as text."""
    return value.item() if hasattr(value, "item") else str(value)


def _verdict(gate: Gate, found: Finding) -> Verdict:
    return Verdict(gate=gate.check, outcome=found.outcome, reason=found.reason, numbers=found.numbers)
