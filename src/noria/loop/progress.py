"""How far the open rollout has come, or the guard after it, and which version waits for its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from noria.core.gain import gain
from noria.core.guard import WORTHWHILE
from noria.core.limits import Finding
from noria.core.maturity import matures_at
from noria.core.outlook import Line, moment
from noria.core.rollout import Rollout
from noria.loop.advance import promotion_wait, waiting_version
from noria.loop.look import guarded, look, matured
from noria.loop.parts import Parts
from noria.rows import ModelRow


def progress(parts: Parts, row: ModelRow) -> Iterator[Line]:
    """Yield a line for each thing that the open rollout's step, or the guard, or a waiting version needs."""
    rollout = row.rollout
    if rollout is not None and not rollout.ended:
        yield from _step(parts, row, rollout)
    elif rollout is not None and (seen := guarded(parts.state, parts.project, row)):
        yield _guard(parts, row, rollout, seen)
    waiting = waiting_version(parts, row)
    if waiting is not None:
        at = promotion_wait(parts)
        when = f"not before {moment(at)}, for the budget of promotions" if at else "it is next"
        held = ", once `noria resume` lifts the pause" if row.paused else ""
        yield Line(about="waiting", said=f"version {waiting}: {when}{held}", at=at)


def _guard(parts: Parts, row: ModelRow, rollout: Rollout, seen: Finding) -> Line:
    until = rollout.guarded_until
    when = f", until {moment(until)}," if until else ""
    said = seen.said
    if not seen.counts["days"]:
        first = matures_at((rollout.entered + timedelta(days=1)).date(), parts.project.data.label_delay)
        said = f"the first whole day since the promotion is mature at {moment(first)}"
    back = f"version {row.guard} comes back{when} if it proves better by {WORTHWHILE:.1%}"
    return Line(about="guard", said=f"{back}: {said}", at=until, numbers=seen.numbers)


def _step(parts: Parts, row: ModelRow, rollout: Rollout) -> Iterator[Line]:
    step, seen = rollout.current, look(parts.state, parts.project, row)
    stays = ", held" if rollout.held else ""
    of = f", step {rollout.step + 1} of {len(rollout.steps)}" if step else ""
    since = moment(rollout.entered)
    yield Line(about="rollout", said=f"version {rollout.version} {rollout.phase}{stays}{of}, since {since}")
    if step is None or seen is None:
        return
    asked = int(seen.numbers["challenger_requests"])
    numbers = {"requests": asked, "needed": step.requests}
    yield Line(about="requests", said=f"{asked} of {step.requests}", numbers=numbers)
    quality = parts.project.rollout.quality
    if quality:
        known = gain(matured(parts.state, rollout, parts.project.loss.name))
        numbers = {"labels": known.rows, "needed": quality.labels}
        wanted = f"of {quality.labels} matured ones" if quality.labels else "matured ones, none is waited for"
        yield Line(about="labels", said=f"{known.rows} {wanted}", numbers=numbers)
    yield Line(about="look", said=f"{seen.signal or 'goes on'}: {seen.reason}", numbers=seen.numbers)
