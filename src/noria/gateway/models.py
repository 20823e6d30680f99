"""The models of a gateway: for each, who answers its rows and where they are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from noria.errors import RequestError
from noria.gateway.log.record import Recorder
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


class Models:
    """The models by name; `default` is meant where a request names none."""

    def __init__(self, models: Mapping[str, Model], default: str) -> None:
        self._models = models
        self.default = models[default]

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._models)

    def named(self, name: str) -> Model:
        """Return a model.

        Raises:
            RequestError: 404, there is none of this name.
        """
        if name not in self._models:
            known = ", ".join(self._models)
            raise RequestError(404, f"there is no model {name[:80]!r}; this gateway serves {known}")
        return self._models[name]

    def meant(self, headers: Mapping[bytes, bytes]) -> Model:
        """Return the model of a request whose path names none: a header says which, or it is the default.

        Raises:
            RequestError: 404, there is none of the name that the header says.
        """
        return self.named(self.meant_name(headers))

    def meant_name(self, headers: Mapping[bytes, bytes]) -> str:
        """Return the name of the model that `meant` looks for, whether there is one or not."""
        return headers.get(b"x-noria-model", b"").decode("latin-1") or self.default.name
