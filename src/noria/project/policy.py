"""The digest of a policy: of what the project file says on triggers, brakes, gates and rollout."""

from __future__ import annotations

import json
from hashlib import sha256

import msgspec

from noria.project.model import Project

DECIDES = ("triggers", "brakes", "gates", "rollout")


def policy_digest(project: Project) -> str:
    """Return the SHA-256 (hex) of the policy: the same for the same values, however they were written."""
    policy = msgspec.to_builtins({name: getattr(project, name) for name in DECIDES})
    return sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()
