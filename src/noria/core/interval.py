"""A figure, and how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with the ends of its two-sided interval, which are infinite where too little is known."""

    value: float
    low: float
    high: float
