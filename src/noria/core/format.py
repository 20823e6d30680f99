"""What is stored carries the number of its format, so that no release misreads what a later one wrote."""

from __future__ import annotations

import msgspec

from noria.errors import ProfileError


class _Stamped(msgspec.Struct):
    format: int


def check_format(stored: bytes, what: str, known: int) -> None:
    """Raise an error unless MessagePack is of the format that is known; `what` begins the sentence.

    Raises:
        ProfileError: it is of another format.
        msgspec.DecodeError: it is damaged, or carries no format.
    """
    found = msgspec.msgpack.decode(stored, type=_Stamped).format
    if found != known:
        raise ProfileError(
            f"{what} of format {found}, and this release of noria reads format {known}",
            hint="pip install --upgrade noria",
        )
