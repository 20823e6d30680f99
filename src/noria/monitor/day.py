"""A version's day, as the monitors get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.project.model import Project
from noria.rows import CohortRow, SignalRow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """What came in and went out of a `version` on a whole `day` (UTC), and what is known to hold it against.

    `hours` are its profiles by hour, `profile` is all of them together; `past` are those of its days before,
    by day, eight weeks of them at most, the oldest first. `before` are the signals of the model on earlier
    days, the newest last; `matured` is what is known of its days whose labels were due when this one ended.
    `traffic` is what all versions together answered, by hour: given with the champion's day alone.
    """

    project: Project
    version: int
    day: date
    reference: Reference
    hours: Mapping[str, Profile]
    profile: Profile
    before: Sequence[SignalRow]
    past: Mapping[str, Profile] = field(default_factory=dict)
    matured: Sequence[CohortRow] = ()
    traffic: Mapping[str, Profile] | None = None

    def signal(
        self,
        monitor: str,
        subject: str,
        level: str,
        value: float,
        limit: float,
        reason: str,
        **numbers: object,
    ) -> SignalRow:
        """Return what a monitor says of this day."""
        return SignalRow(
            model=self.project.name,
            day=self.day.isoformat(),
            version=self.version,
            monitor=monitor,
            subject=subject,
            level=level,
            value=value,
            limit=limit,
            reason=reason,
            numbers=numbers,
        )
