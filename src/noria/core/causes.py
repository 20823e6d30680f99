"""What probably lies behind what the monitors saw: rules on which symptoms come together, likeliest first.

The rules are those by which a person reads the same table. A wrong guess costs a look; so each sentence says
what it was read from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from noria.core.phrases import listed

GONE = 0.5
"""The share of values missing from which a column counts as gone."""
MANY = 0.5
"""The share of the features from which it is another population, and not a column."""
MORE = 1.2
"""How many times more predictions than usual are many; fewer, or none for hours, are a feed that is down."""
RECENT = timedelta(days=2)
"""How long after a promotion the new version explains what its answers do."""
SCALED = ("mean", "spread")
"""Kinds of symptoms that come with another unit."""
SHIFTED = ("drift", *SCALED)
"""Kinds of symptoms that say that the values of a column have moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What a monitor saw: its `kind`, the `column` ("" for the whole) and the `value` it measured.

    Of missing values it is their share, of the volume a multiple of the usual one.
    """

    kind: str
    column: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was going on: the `day`, when a version was last `promoted`, if ever, the number of `features`."""

    day: date
    promoted: date | None
    features: int


def causes(symptoms: Sequence[Symptom], scene: Scene) -> tuple[str, ...]:
    """Return the likely causes of a day's symptoms, the likeliest first; () where no rule fits."""
    by_kind: dict[str, list[Symptom]] = {}
    for symptom in symptoms:
        by_kind.setdefault(symptom.kind, []).append(symptom)
    return tuple(cause for rule in RULES for cause in rule(by_kind, scene))


Seen = dict[str, list[Symptom]]
Rule = Callable[[Seen, Scene], Iterable[str]]


def _promotion(seen: Seen, scene: Scene) -> Iterable[str]:
    recent = scene.promoted is not None and scene.day - scene.promoted <= RECENT
    if recent and ("score" in seen or "concept" in seen):
        yield f"a new version: it was promoted on {scene.promoted}, and may answer otherwise"


def _feed(seen: Seen, scene: Scene) -> Iterable[str]:
    gone = {symptom.column for symptom in seen.get("missing", ()) if symptom.value >= GONE}
    gone |= set(_columns(seen, "variety"))
    if gone:
        yield f"a broken feed: {listed(sorted(gone))} came empty, or hardly moved"


def _recoding(seen: Seen, scene: Scene) -> Iterable[str]:
    unseen = _columns(seen, "unseen")
    both = [column for column in unseen if column in _columns(seen, "drift")]
    if both:
        yield f"a recoding upstream: {listed(both)} brought new values, and the others changed their shares"
    if new := [column for column in unseen if column not in both]:
        yield f"something new upstream: {listed(new)} brought values that the version never learnt"


def _unit(seen: Seen, scene: Scene) -> Iterable[str]:
    if columns := _scaled(seen):
        yield f"another unit or scale upstream: the numbers of {listed(columns)} changed all together"
    if columns := _columns(seen, "type"):
        yield f"another format upstream: values of {listed(columns)} are not of their type any more"


def _join(seen: Seen, scene: Scene) -> Iterable[str]:
    some = [symptom.column for symptom in seen.get("missing", ()) if symptom.value < GONE]
    if len(some) > 1:
        yield f"one source or join that fails at times: {listed(some)} lacked values on the same day"
    elif some:
        yield f"a source that fails at times: {some[0]} lacked more values than it did"


def _traffic(seen: Seen, scene: Scene) -> Iterable[str]:
    for symptom in seen.get("volume", ()):
        more = symptom.value >= MORE
        yield "a new client, or a job that runs twice" if more else "a client or a feed that is down"


def _population(seen: Seen, scene: Scene) -> Iterable[str]:
    drifted = _columns(seen, "drift")
    if len(drifted) > 1 and len(drifted) >= MANY * scene.features:
        yield f"another population: {len(drifted)} of {scene.features} features moved at once"


def _burst(seen: Seen, scene: Scene) -> Iterable[str]:
    if "outliers" in seen:
        yield "a client that sends what no other does: a test, a new market, or an attack"


def _skew(seen: Seen, scene: Scene) -> Iterable[str]:
    if columns := _columns(seen, "skew"):
        yield f"two codes for one feature: requests and training rows differ in {listed(columns)}"


def _concept(seen: Seen, scene: Scene) -> Iterable[str]:
    if "concept" in seen and not any(kind in seen for kind in (*SHIFTED, "missing", "unseen")):
        yield "the world changed: what comes in is the same, and its outcomes are others"


def _shift(seen: Seen, scene: Scene) -> Iterable[str]:
    told = {*_columns(seen, "unseen"), *_scaled(seen), *_columns(seen, "skew")}
    if moved := [name for name in _columns(seen, "drift") if name not in told]:
        yield f"the world, or a source, moved: ask who changed {listed(moved)} upstream on that day"


RULES: tuple[Rule, ...] = (
    _promotion, _feed, _recoding, _unit, _join, _traffic, _burst, _skew, _population, _concept,
    _shift,
)  # fmt: skip


def _scaled(seen: Seen) -> list[str]:
    return list(dict.fromkeys(name for kind in SCALED for name in _columns(seen, kind)))


def _columns(seen: Seen, kind: str) -> list[str]:
    return [symptom.column for symptom in seen.get(kind, ()) if symptom.column]
