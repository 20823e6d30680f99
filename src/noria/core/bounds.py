"""How far a version may be trusted: what it has not seen the like of, and how far its answers are off."""

from __future__ import annotations

import msgspec

from noria.core.conformal import Misfits
from noria.core.format import check_format
from noria.core.outliers import Detector
from noria.errors import ProfileError

FORMAT = 1


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """`detector` knows the rows that a version learnt from; `misfits` are of rows that it did not learn from.

    They are None where nothing was held out.
    """

    detector: Detector
    misfits: Misfits | None = None
    format: int = FORMAT


def pack(bounds: Bounds) -> bytes:
    """Return the bounds as they are stored."""
    return msgspec.msgpack.encode(bounds)


def unpack(stored: bytes) -> Bounds:
    """Return the bounds that `pack` stored.

    Raises:
        ProfileError: they are damaged, or of a format that this release does not know.
    """
    try:
        check_format(stored, "the bounds of a version are", FORMAT)
        return msgspec.msgpack.decode(stored, type=Bounds)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ProfileError(f"the bounds of a version are damaged: {error}", hint="noria run") from None
