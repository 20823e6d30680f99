"""Entities of a plan, each counted once, for the version that it met first: the unit of a sample ratio.

An entity that asks a thousand times is drawn to a version once; its thousand requests say nothing more of
the draw. To count it once in bounded space, entities are hashed to cells, and of each cell only the first one
counts. It is drawn like any other, so the counts are those of independent draws, only of fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

CELLS = 2**14
NOBODY = bytes(CELLS // 8)


def cell(entity: str) -> int:
    """Return the cell of an entity; this hash has nothing to do with the one that draws its version."""
    return crc32(entity.encode()) % CELLS


def marked(cells: Iterable[int]) -> bytes:
    """Return the bitmap in which these cells are set."""
    bitmap = bytearray(NOBODY)
    for number in cells:
        bitmap[number // 8] |= 1 << number % 8
    return bytes(bitmap)


def union(bitmaps: Iterable[bytes]) -> bytes:
    """Return the bitmap of the cells that are set in any of these."""
    total = 0
    for bitmap in bitmaps:
        total |= int.from_bytes(bitmap)
    return total.to_bytes(len(NOBODY))


def without(fresh: bytes, taken: bytes) -> bytes:
    """Return the bitmap of the cells that are set in `fresh` and not in `taken`."""
    return (int.from_bytes(fresh) & ~int.from_bytes(taken)).to_bytes(len(NOBODY))


def count(bitmap: bytes) -> int:
    """Return how many cells are set."""
    return int.from_bytes(bitmap).bit_count()
