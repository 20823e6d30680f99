"""The gateways behind a file: the plan that they poll, and what each of them says it has loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from noria.core.traffic import Plan
from noria.rows import VersionRow


class PlanFile:
    """Writes `gateway/plan.json` and reads the gateways' `ready-*.json` in a project's home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "gateway"

    def publish(self, plan: Plan, versions: Mapping[int, VersionRow]) -> None:
        """Replace the plan in one rename, so that a gateway reads the old one or the new one, whole."""
        where = {str(n): {"artifact": row.artifact, "digest": row.digest} for n, row in versions.items()}
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / "plan.draft"
        draft.write_bytes(msgspec.json.encode({"plan": plan, "versions": where}))
        draft.replace(self._folder / "plan.json")

    def loaded(self, version: int) -> bool:
        """Return whether there is a gateway, and every worker has verified and loaded the version."""
        said = list(self._ready())
        return bool(said) and all(version in ready["loaded"] for ready in said)

    def failed(self, version: int) -> str:
        """Return why some gateway could not load the version, or has given it up since, or ""."""
        return next((fault for ready in self._ready() if (fault := ready["failed"].get(str(version)))), "")

    def trouble(self, version: int) -> str:
        """Return what went wrong last with the version's process, or ""."""
        try:
            hosts = json.loads((self._folder / "hosts.json").read_bytes()).values()
        except FileNotFoundError:  # no gateway was ever started
            return ""
        return next((host["why"] for host in hosts if host["version"] == version and host["why"]), "")

    def _ready(self) -> Iterator[dict[str, Any]]:
        for path in self._folder.glob("ready-*.json"):
            yield json.loads(path.read_text())
