"""The files through which controller, keeper and workers speak: `gateway/` in a project's `.noria`.

`plan.json` is the controller's: which version gets which share. `hosts.json` is the keeper's: where each
version's process listens, and how it is. `ready-<worker>.json` is a worker's: what it made of the plan.
`coverage.json` is the collector's: at which level margins are taken. Each is replaced in one rename, so
nobody reads half of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from noria.artifact.lineage import BOUNDS, place
from noria.core.bounds import Bounds, unpack
from noria.core.traffic import Plan


class Release(msgspec.Struct, frozen=True):
    """A version's artifact: where the registry keeps it, and its digest."""

    artifact: str
    digest: str


class PlanFile(msgspec.Struct, frozen=True):
    """The content of plan.json; `versions` holds every version of the plan."""

    plan: Plan
    versions: dict[int, Release]

    def hosts(self) -> dict[int, str]:
        """Return for each version of the plan the name of its host."""
        return {version: host_name(version, self.versions[version].digest) for version in self.plan.versions}


class HostState(msgspec.Struct, frozen=True, kw_only=True):
    """How the process of a version is.

    `state` is starting, up, down (it died, and is started again), open (it died so often that it is left
    alone for a while) or failed (it could not be started); `why` says what went wrong last. `spec` is the
    artifact's, once the process is up. `recycled` counts the processes that were replaced for their memory.
    """

    version: int
    state: str = "starting"
    socket: str = ""
    pid: int = 0
    spec: dict[str, Any] = {}
    restarts: int = 0
    recycled: int = 0
    why: str = ""

    @property
    def hopeless(self) -> bool:
        """Whether there is no process, and for a while there will be none."""
        return self.state in ("open", "failed")

    @property
    def unfit(self) -> bool:
        """Whether the version should not go on to answer: it has no process, or one that leaks memory."""
        return self.hopeless or self.recycled > 0


class Level(msgspec.Struct, frozen=True):
    """What a worker takes from coverage.json."""

    level: float


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker serves: the plan's number, its versions, the names of their hosts, and who failed why."""

    pid: int
    plan: int | None
    loaded: list[int]
    hosts: list[str]
    failed: dict[int, str]


def host_name(version: int, digest: str) -> str:
    return f"{version}-{digest[:12]}"


def read_plan(directory: Path) -> PlanFile:
    """Return the plan.

    Raises:
        FileNotFoundError: there is none yet.
        ValueError: the file holds no plan.
    """
    file = msgspec.json.decode((directory / "plan.json").read_bytes(), type=PlanFile)
    if missing := set(file.plan.versions) - set(file.versions):
        raise ValueError(f"it does not say where version {min(missing)} lies")
    return file


def read_hosts(directory: Path) -> dict[str, HostState]:
    """Return the state of each host by its name; nothing when no keeper has written any."""
    try:
        return msgspec.json.decode((directory / "hosts.json").read_bytes(), type=dict[str, HostState])
    except FileNotFoundError:
        return {}


def read_bounds(release: Release) -> Bounds | None:
    """Return the bounds of a version, which lie beside its artifact; None where it has none.

    Raises:
        ProfileError: they are damaged.
    """
    try:
        return unpack(place(release.artifact, BOUNDS).read_bytes())
    except FileNotFoundError:
        return None


def read_level(directory: Path) -> float | None:
    """Return the level at which margins are taken; None as long as no day has moved it."""
    try:
        return msgspec.json.decode((directory / "coverage.json").read_bytes(), type=Level).level
    except FileNotFoundError:
        return None


def write_hosts(directory: Path, hosts: Mapping[str, HostState]) -> None:
    _replace(directory / "hosts.json", msgspec.json.encode(hosts))


def ready_path(directory: Path, worker: int) -> Path:
    return directory / f"ready-{worker}.json"


def read_ready(directory: Path) -> list[Ready]:
    """Return what the workers say that run now."""
    return [msgspec.json.decode(path.read_bytes(), type=Ready) for path in directory.glob("ready-*.json")]


def write_ready(directory: Path, worker: int, ready: Ready) -> None:
    _replace(ready_path(directory, worker), msgspec.json.encode(ready))


def stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes whenever the file at `path` is replaced; None when there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino  # two files may be of the same tick of the system's clock


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".tmp")
    fresh.write_bytes(content)
    fresh.rename(path)
