"""The JSON Schema of noria.toml, from the table that the parser reads by."""

from __future__ import annotations

from typing import Any

from noria.project.layout import FILE


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12), for editors and for CI."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "noria.toml",
        "description": "A project of noria: a model, its data, and the policy that keeps it good.",
        **FILE.json_schema(),
    }
