"""What probably lies behind what the monitors saw: rules on which symptoms come together.

The rules are those by which a person reads the same table, the likeliest first. A wrong guess costs a look;
so each sentence says what it was read from.
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

    Of missing values it is their share, of the volume a multiple of the usual one. `share` (0 to 1) is how
    much of the model's answers hangs on the column, 1 where that is not known.
    """

    kind: str
    column: str
    value: float
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was going on: the `day`, when a version was last `promoted`, if ever, the number of `features`."""

    day: date
    promoted: date | None
    features: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A sentence, and the columns that it names; none where it is about the whole."""

    said: str
    columns: Sequence[str] = ()


def causes(symptoms: Sequence[Symptom], scene: Scene) -> tuple[str, ...]:
    """Return the likely causes of a day's symptoms; () where no rule fits.

    Those come first on whose columns most of the answers hang, and of equal ones the likeliest.
    """
    by_kind: dict[str, list[Symptom]] = {}
    for symptom in symptoms:
        by_kind.setdefault(symptom.kind, []).append(symptom)
    shares = {symptom.column: symptom.share for symptom in symptoms}

    def hangs(cause: Cause) -> float:
        return min(sum(shares[column] for column in cause.columns), 1.0) if cause.columns else 1.0

    found = [cause for rule in RULES for cause in rule(by_kind, scene)]
    return tuple(cause.said for cause in sorted(found, key=hangs, reverse=True))


Seen = dict[str, list[Symptom]]
Rule = Callable[[Seen, Scene], Iterable[Cause]]


def _promotion(seen: Seen, scene: Scene) -> Iterable[Cause]:
    recent = scene.promoted is not None and scene.day - scene.promoted <= RECENT
    if recent and ("score" in seen or "concept" in seen):
        yield Cause(f"a new version: it was promoted on {scene.promoted}, and may answer otherwise")


def _feed(seen: Seen, scene: Scene) -> Iterable[Cause]:
    missing = [symptom.column for symptom in seen.get("missing", ()) if symptom.value >= GONE]
    if gone := list(dict.fromkeys([*missing, *_columns(seen, "variety")])):
        yield Cause(f"a broken feed: {listed(gone)} came empty, or hardly moved", gone)


def _recoding(seen: Seen, scene: Scene) -> Iterable[Cause]:
    unseen = _columns(seen, "unseen")
    both = [column for column in unseen if column in _columns(seen, "drift")]
    if both:
        said = f"a recoding upstream: {listed(both)} brought new values, and the others changed their shares"
        yield Cause(said, both)
    if new := [column for column in unseen if column not in both]:
        said = f"something new upstream: {listed(new)} brought values that the version never learnt"
        yield Cause(said, new)


def _unit(seen: Seen, scene: Scene) -> Iterable[Cause]:
    if columns := _scaled(seen):
        said = f"another unit or scale upstream: the numbers of {listed(columns)} changed all together"
        yield Cause(said, columns)
    if columns := _columns(seen, "type"):
        said = f"another format upstream: values of {listed(columns)} are not of their type any more"
        yield Cause(said, columns)


def _join(seen: Seen, scene: Scene) -> Iterable[Cause]:
    some = [symptom.column for symptom in seen.get("missing", ()) if symptom.value < GONE]
    if len(some) > 1:
        said = f"one source or join that fails at times: {listed(some)} lacked values on the same day"
        yield Cause(said, some)
    elif some:
        yield Cause(f"a source that fails at times: {some[0]} lacked more values than it did", some)


def _traffic(seen: Seen, scene: Scene) -> Iterable[Cause]:
    for symptom in seen.get("volume", ()):
        more = symptom.value >= MORE
        yield Cause("a new client, or a job that runs twice" if more else "a client or a feed that is down")


def _population(seen: Seen, scene: Scene) -> Iterable[Cause]:
    drifted = _columns(seen, "drift")
    if len(drifted) > 1 and len(drifted) >= MANY * scene.features:
        said = f"another population: {len(drifted)} of {scene.features} features moved at once"
        yield Cause(said, drifted)


def _burst(seen: Seen, scene: Scene) -> Iterable[Cause]:
    if "outliers" in seen:
        yield Cause("a client that sends what no other does: a test, a new market, or an attack")


def _skew(seen: Seen, scene: Scene) -> Iterable[Cause]:
    if columns := _columns(seen, "skew"):
        said = f"two codes for one feature: requests and training rows differ in {listed(columns)}"
        yield Cause(said, columns)


def _concept(seen: Seen, scene: Scene) -> Iterable[Cause]:
    if "concept" in seen and not any(kind in seen for kind in (*SHIFTED, "missing", "unseen")):
        yield Cause("the world changed: what comes in is the same, and its outcomes are others")


def _shift(seen: Seen, scene: Scene) -> Iterable[Cause]:
    told = {*_columns(seen, "unseen"), *_scaled(seen), *_columns(seen, "skew")}
    if moved := [name for name in _columns(seen, "drift") if name not in told]:
        said = f"the world, or a source, moved: ask who changed {listed(moved)} upstream on that day"
        yield Cause(said, moved)


RULES: tuple[Rule, ...] = (
    _promotion, _feed, _recoding, _unit, _join, _traffic, _burst, _skew, _population, _concept,
    _shift,
)  # fmt: skip


def _scaled(seen: Seen) -> list[str]:
    return list(dict.fromkeys(name for kind in SCALED for name in _columns(seen, kind)))


def _columns(seen: Seen, kind: str) -> list[str]:
    return [symptom.column for symptom in seen.get(kind, ()) if symptom.column]
