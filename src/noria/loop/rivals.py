"""Whom a model is held against: the champion, or, where it is the champion itself, the one before it."""

from __future__ import annotations

from datetime import datetime

from noria.loop.forerunner import Forerunner
from noria.loop.parts import Parts
from noria.rows import Rival, VersionRow


def opponent(parts: Parts, champion: int | None, before: Forerunner | None) -> tuple[Rival | None, bool]:
    """Return whom the judged model is held against, None without a champion; and whether it is the champion.

    If it is, its opponent is the one before it: what that one lacks is what retraining gained.
    """
    version = parts.version(champion)
    if version is None:
        return None, False
    if before is None or before.version != champion:
        return rival_of(version), False
    older = parts.version(before.rival)
    return rival_of(older) if older else _twin_of(version), True


def rival_of(version: VersionRow) -> Rival:
    """Return a version as one that a candidate has to beat."""
    return Rival(
        name=f"version {version.version}",
        shipped=version.artifact,
        twin=version.facts["twin"],
        refit=version.facts["refit"],
        data_version=version.facts["data_version"],
        holdout_from=version.facts["holdout_from"],
        learnt=learnt(version.facts["learnt"], version.registered),
    )


def learnt(newest: str, made: datetime) -> datetime:
    """Return up to when a model knows the world: its newest row; when it was made, without times."""
    return datetime.fromisoformat(newest) if "-" in newest else made


def _twin_of(champion: VersionRow) -> Rival:
    """Return the first champion as it was judged, with no version before it: it knows fewer rows."""
    return Rival(
        name=f"version {champion.version} as it was before its refit",
        shipped=champion.facts["twin"],
        twin="",
        refit=False,
        data_version=champion.facts["data_version"],
        holdout_from=champion.facts["holdout_from"],
        learnt=learnt(champion.facts["holdout_from"], champion.registered),
    )
