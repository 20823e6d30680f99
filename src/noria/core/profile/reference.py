"""What a version learnt from, profiled: the grid on which its traffic is counted, and its own blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from noria.core.format import check_format
from noria.core.profile.grid import Grid
from noria.core.profile.profile import Profile, decode, encode, total
from noria.errors import ProfileError

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """The rows that a version learnt from: their `grid`, and a profile for each of their `blocks`.

    A block is a day (UTC, ISO 8601), so that what differs from day to day by itself is known; where rows have
    no time, it is a stretch of their order, by its number. `importance` is each feature's share of what moves
    the version's answers, where that is known.
    """

    grid: Grid
    blocks: Mapping[str, Profile]
    importance: Mapping[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> Profile:
        return total(self.blocks.values(), self.grid)


def pack(reference: Reference) -> bytes:
    """Return the reference as it is stored."""
    blocks = {block: encode(profile) for block, profile in reference.blocks.items()}
    return msgspec.msgpack.encode(
        {"format": FORMAT, "grid": reference.grid, "blocks": blocks, "importance": reference.importance}
    )


def unpack(stored: bytes) -> Reference:
    """Return the reference that `pack` stored.

    Raises:
        ProfileError: it is damaged, or of a format that this release does not know.
    """
    try:
        check_format(stored, "a reference is", FORMAT)
        body: dict[str, Any] = msgspec.msgpack.decode(stored)
        return Reference(
            grid=msgspec.convert(body["grid"], Grid),
            blocks={block: decode(profile) for block, profile in body["blocks"].items()},
            importance=body["importance"],
        )
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError) as error:
        raise ProfileError(f"a reference is damaged: {error}", hint="noria run") from None
