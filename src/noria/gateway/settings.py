"""What a gateway is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from noria.core.policy import Rate
from noria.gateway.http.messages import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What a gateway is told of one model. `home` is its project's `.noria`.

    `columns` are those that a request may carry beside the features of the versions that serve, such as the
    time: what another version needs, or needed, is no mistake of the client's. `deadline` is in seconds per
    call, `memory` in bytes per version. The other fields are those of `noria.project.model.Serve`, and
    `outliers` and `coverage` those of its `Monitor`.
    """

    home: Path
    name: str
    entity: str | None = None
    columns: tuple[str, ...] = ()
    deadline: float = 5.0
    memory: int = 4 * 2**30
    log: str = "buffered"
    full: str = "serve"
    fallback: float | None = None
    nan: str = "missing"
    rate: Rate | None = None
    outliers: str = "pass"
    coverage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a gateway is told. The first model is meant where a path names none.

    `home` is the `.noria` of the project that the gateway belongs to: its tokens and its logs lie there.
    """

    models: tuple[ModelSettings, ...]
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    tokens: bool = False
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False
    access_log: bool = False

    @property
    def home(self) -> Path:
        return self.models[0].home
