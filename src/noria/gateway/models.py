"""The models of a gateway: for each, who answers its rows and where they are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from noria.gateway.record import Recorder
from noria.gateway.route import Router
from noria.gateway.settings import ModelSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model that a gateway serves."""

    settings: ModelSettings
    router: Router
    recorder: Recorder

    @property
    def name(self) -> str:
        return self.settings.name
