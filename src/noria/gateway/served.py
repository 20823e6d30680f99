"""What a model is served from: a plan with its versions, ready to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from noria.core.traffic import Plan
from noria.gateway.batching import Lane
from noria.gateway.schema import Schema
from noria.gateway.settings import ModelSettings


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway serves from: one immutable value, swapped by reference.

    `lanes` holds every version of the plan, loaded and warm; `beyond` the features of each that the champion
    lacks, so that a request need not have them.
    """

    plan: Plan
    lanes: Mapping[int, Lane]
    schema: Schema
    beyond: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, plan: Plan, lanes: Mapping[int, Lane], settings: ModelSettings) -> Self:
        """Return what serves under `plan`; its versions are all in `lanes`."""
        lanes = {version: lanes[version] for version in reversed(plan.versions)}
        champion = plan.champion if plan.champion is not None else next(iter(lanes))
        specs = [lanes[champion].link.spec, *(lane.link.spec for lane in lanes.values())]
        features = lanes[champion].features
        return cls(
            plan=plan,
            lanes=lanes,
            schema=Schema.of(specs, settings.columns, settings.nan),
            beyond={version: lane.features - features for version, lane in lanes.items()},
        )
