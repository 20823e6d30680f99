import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria import segment

VALUES = st.none() | st.floats(allow_nan=False) | st.text(max_size=5) | st.booleans()
RECORDS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=5)


@given(RECORDS)
def test_what_was_encoded_is_decoded(records: list[dict]) -> None:
    chunk = segment.decode(b"".join(map(segment.encode, records)))
    assert (chunk.records, chunk.damaged, chunk.tail) == (records, 0, 0)


FRAMES = [segment.encode({"n": n, "text": "x" * n}) for n in (1, 40, 7)]
ENDS = [sum(map(len, FRAMES[:count])) for count in range(4)]


@pytest.mark.parametrize("left", [b"", bytes(9), bytes(4096)], ids=["nothing", "9 zeros", "a page of zeros"])
def test_wherever_a_tail_is_torn_the_records_before_it_are_read(left: bytes) -> None:
    whole = b"".join(FRAMES)
    for cut in range(len(whole)):
        found = segment.decode(whole[:cut] + left)
        kept = sum(end <= cut for end in ENDS) - 1
        assert [record["n"] for record in found.records] == [1, 40, 7][:kept]
        # Zeros that complete the length of a frame make it a damaged one, which is stepped over.
        assert found.offset == ENDS[kept] or found.damaged == 1


@given(st.integers(min_value=0, max_value=ENDS[-1] - 1), st.integers(min_value=1, max_value=255))
def test_wherever_a_byte_is_flipped_no_record_is_made_up(place: int, mask: int) -> None:
    content = bytearray(b"".join(FRAMES))
    content[place] ^= mask
    assert {record["n"] for record in segment.decode(bytes(content)).records} <= {1, 40, 7}


def test_a_damaged_frame_is_counted_and_stepped_over() -> None:
    frames = [segment.encode({"n": n}) for n in range(3)]
    flipped = frames[1][:-1] + bytes([frames[1][-1] ^ 1])
    chunk = segment.decode(frames[0] + flipped + frames[2])
    assert (chunk.records, chunk.damaged) == ([{"n": 0}, {"n": 2}], 1)


@pytest.mark.parametrize("payload", [b"\xc1", b"\x93\x01\x02\x03"])  # no msgpack at all; a list
def test_a_payload_that_is_no_record_is_damaged(payload: bytes) -> None:
    frame = struct.pack("<II", len(payload), zlib.crc32(payload)) + payload
    assert segment.decode(frame).damaged == 1


def test_zeros_left_by_a_power_cut_are_a_tail() -> None:
    frame = segment.encode({"n": 1})
    chunk = segment.decode(frame + bytes(4096))
    assert (len(chunk.records), chunk.offset, chunk.tail) == (1, len(frame), 4096)


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "0.seg"
    path.write_bytes(segment.encode({"n": 1}) + segment.encode({"n": 2})[:9])
    first = segment.read(path)
    path.write_bytes(segment.encode({"n": 1}) + segment.encode({"n": 2}))
    second = segment.read(path, first.offset)
    assert [first.records, second.records] == [[{"n": 1}], [{"n": 2}]]
    assert segment.read(path, second.offset).records == []
