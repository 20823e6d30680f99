"""The licence of an installed package, as CycloneDX writes it."""

from __future__ import annotations

from importlib.metadata import PackageMetadata
from typing import Any

LONGEST = 100
"""Characters of a name: some packages put the whole text of their licence into that field."""


def licences(metadata: PackageMetadata) -> list[dict[str, Any]]:
    """Return an SPDX expression where the package states one (PEP 639), else what it calls its licences."""
    if expressions := metadata.get_all("License-Expression"):
        return [{"expression": expressions[0]}]
    classifiers = [each for each in metadata.get_all("Classifier") or [] if each.startswith("License ::")]
    names = [each.rpartition(" :: ")[2] for each in classifiers] or metadata.get_all("License") or []
    return [
        {"license": {"name": name}} for name in names if name and len(name) <= LONGEST and "\n" not in name
    ]
