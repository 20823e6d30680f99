"""Which windows of the past a run trains on."""

from __future__ import annotations

ALL = "all"
RECENT = "recent"
AUTO = "auto"
NAMED = (ALL, RECENT, AUTO)
"""Windows by name; others are durations, such as "60d". `auto` lets matured blocks choose between the two."""
