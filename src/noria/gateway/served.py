"""What a model is served from: a plan with its versions, ready to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from noria.core.bounds import Bounds
from noria.core.outliers import Detector
from noria.core.traffic import Plan
from noria.gateway.answer import FALLBACK, Answer
from noria.gateway.batching import Lane
from noria.gateway.schema import Schema
from noria.gateway.settings import ModelSettings


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway serves from: one immutable value, swapped by reference.

    `lanes` holds every version of the plan, loaded and warm; `beyond` the features of each that the champion
    lacks, so that a request need not have them. `detector` tells rows unlike those that the champion learnt
    from. `margins` hold how far the truth may lie from an answer of each version, so that `coverage` of the
    truths do not lie farther; none where that is not asked for.
    """

    plan: Plan
    lanes: Mapping[int, Lane]
    schema: Schema
    beyond: Mapping[int, frozenset[str]]
    detector: Detector | None = None
    coverage: float | None = None
    margins: Mapping[int, float] = {}

    @classmethod
    def of(
        cls,
        plan: Plan,
        lanes: Mapping[int, Lane],
        settings: ModelSettings,
        bounds: Mapping[int, Bounds],
        level: float | None = None,
    ) -> Self:
        """Return what serves under `plan`; its versions are all in `lanes`, and in `bounds` if they have any.

        Margins are taken at `level`, or else at what the settings ask for.
        """
        lanes = {version: lanes[version] for version in reversed(plan.versions)}
        champion = plan.champion if plan.champion is not None else next(iter(lanes))
        specs = [lanes[champion].link.spec, *(lane.link.spec for lane in lanes.values())]
        features = lanes[champion].features
        return cls(
            plan=plan,
            lanes=lanes,
            schema=Schema.of(specs, settings.columns, settings.nan),
            beyond={version: lane.features - features for version, lane in lanes.items()},
            detector=bounds[champion].detector if champion in bounds else None,
            coverage=settings.coverage,
            margins=_margins(bounds, settings.coverage if level is None else level)
            if settings.coverage
            else {},
        )

    def margin(self, answer: Answer) -> bytes:
        """Return the lines that tell how far the truth may lie from an answer; b"" where nobody knows.

        Of several versions' margins it is the largest.
        """
        known = self.margins.keys() >= set(answer.versions)
        if self.coverage is None or FALLBACK in answer.roles or not known:
            return b""
        margin = max(self.margins[version] for version in answer.versions)
        return b"x-noria-coverage: %g\r\nx-noria-margin: %.6g\r\n" % (self.coverage, margin)


def _margins(bounds: Mapping[int, Bounds], level: float) -> dict[int, float]:
    return {version: each.misfits.margin(level) for version, each in bounds.items() if each.misfits}
