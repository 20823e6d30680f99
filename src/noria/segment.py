"""The frame format of the segments: what a gateway acknowledged, until the collector has it in Delta.

A segment is a file of frames: length of the payload (u32, little-endian), CRC-32 of the payload (u32,
little-endian), payload (a msgpack map). A frame is appended by one write, so a killed gateway leaves whole
frames; a power cut may leave a torn tail, which is never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any
from zlib import crc32

import msgspec

ROTATE_AT = 16 * 2**20
"""Size in bytes from which a gateway begins a new segment."""

_HEADER = Struct("<II")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What was read: the records, the offset behind the last whole frame, and the number of damaged frames.

    `tail` are the bytes behind `offset`: a frame that is being written, or, in a segment to which nobody
    writes any more, a torn one.
    """

    records: list[dict[str, Any]]
    offset: int
    damaged: int
    tail: int


def encode(record: Mapping[str, Any]) -> bytes:
    """Return the frame of a record, ready to be appended."""
    payload = _encoder.encode(record)
    return _HEADER.pack(len(payload), crc32(payload)) + payload


def decode(data: bytes) -> Chunk:
    """Return the records of the whole frames in `data`.

    A whole frame with a wrong CRC or payload is counted as damaged and stepped over.
    """
    records: list[dict[str, Any]] = []
    position, damaged = 0, 0
    while position + _HEADER.size <= len(data):
        length, checksum = _HEADER.unpack_from(data, position)
        end = position + _HEADER.size + length
        if length == 0 or end > len(data):  # zeros are what a power cut leaves behind
            break
        record = _payload(data[position + _HEADER.size : end], checksum)
        if record is None:
            damaged += 1
        else:
            records.append(record)
        position = end
    return Chunk(records=records, offset=position, damaged=damaged, tail=len(data) - position)


def read(path: Path, offset: int = 0) -> Chunk:
    """Return what stands in the segment at `path` from byte `offset` on; continue at the chunk's offset."""
    with path.open("rb") as file:
        file.seek(offset)
        chunk = decode(file.read())
    return Chunk(records=chunk.records, offset=offset + chunk.offset, damaged=chunk.damaged, tail=chunk.tail)


def _payload(payload: bytes, checksum: int) -> dict[str, Any] | None:
    if crc32(payload) != checksum:
        return None
    try:
        record = _decoder.decode(payload)
    except msgspec.DecodeError:
        return None
    return record if isinstance(record, dict) else None
