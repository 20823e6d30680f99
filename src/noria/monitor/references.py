"""The references of the versions that serve, each read once."""

from __future__ import annotations

from pathlib import Path

from noria.core.outliers import Detector
from noria.core.profile.grid import Grid
from noria.core.profile.reference import Reference
from noria.errors import ProfileError
from noria.monitor import outliers, reference
from noria.ports import State


class References:
    """What the versions of a model learnt from; `faults` says, by version, what of it cannot be read."""

    def __init__(self, state: State, model: str) -> None:
        self.faults: dict[int, str] = {}
        self._state = state
        self._model = model
        self._known: dict[int, Reference | None] = {}
        self._detectors: dict[int, Detector | None] = {}

    def of(self, version: int) -> Reference | None:
        """Return a version's reference, None where there is none that can be read."""
        if version not in self._known:
            self._known[version] = self._read(version)
        return self._known[version]

    def grid(self, version: int) -> Grid | None:
        """Return the grid on which a version's traffic is counted, None where it is not."""
        found = self.of(version)
        return found.grid if found else None

    def detector(self, version: int) -> Detector | None:
        """Return what tells the outliers of a version, None where there is none that can be read."""
        if version not in self._detectors:
            row = self._state.version(self._model, version)
            try:
                self._detectors[version] = outliers.load(Path(row.artifact)).detector if row else None
            except (OSError, ProfileError) as error:
                self._detectors[version] = None
                self.faults[version] = str(error)
        return self._detectors[version]

    def _read(self, version: int) -> Reference | None:
        row = self._state.version(self._model, version)
        if row is None:
            return None
        try:
            return reference.load(Path(row.artifact))
        except (OSError, ProfileError) as error:
            self.faults[version] = str(error)
            return None
