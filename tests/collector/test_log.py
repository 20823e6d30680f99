import pytest

from noria.collector.log import Log
from noria.segment import encode


@pytest.fixture
def directory(project):
    return project.home / "log"


def ids(slices):
    return [each for slice_ in slices for record in slice_.records for each in record["ids"]]


def test_what_is_new_is_read_once(directory, write, prediction):
    log = Log(directory, lambda _: [0])
    write(prediction(["a"]))
    assert ids(log.slices()) == ["a"]
    assert list(log.slices()) == []
    write(prediction(["b"]))
    assert log.backlog() > 0
    assert ids(log.slices()) == ["b"]
    assert log.backlog() == 0


def test_a_slice_ends_where_one_of_the_places_did(directory, write, prediction):
    frames = [len(encode(prediction([name]))) for name in "abc"]
    write(*(prediction([name]) for name in "abc"))
    marks = [sum(frames[:2]), frames[0], sum(frames[:2])]
    slices = list(Log(directory, lambda _: marks).slices())
    assert [ids([slice_]) for slice_ in slices] == [["b"], ["c"]]
    assert [slice_.stop for slice_ in slices] == [sum(frames[:2]), sum(frames)]


def test_a_frame_that_is_being_written_waits(directory, write, prediction):
    log = Log(directory, lambda _: [0])
    path = write(prediction(["a"]))
    frame = encode(prediction(["b"]))
    with path.open("ab") as file:
        file.write(frame[:20])
    assert ids(log.slices()) == ["a"]
    assert ids(log.slices()) == []
    with path.open("ab") as file:
        file.write(frame[20:])
    assert ids(log.slices()) == ["b"]


def test_a_closed_segment_is_deleted_after_its_end_was_read(directory, write, prediction):
    log = Log(directory, lambda _: [0])
    old = write(prediction(["a"]), name="0-1000-0.seg")
    new = write(prediction(["b"]), name="0-1000-1.seg")
    other = write(prediction(["c"]), name="1-2000-0.seg")  # the only one of its worker: still open
    log.drop_consumed()
    assert old.exists()  # nobody has read it
    list(log.slices())
    write(prediction(["d"]), name="0-1000-0.seg")
    log.drop_consumed()
    assert old.exists()  # its last record is unread
    assert ids(log.slices()) == ["d"]
    log.drop_consumed()
    assert [path.exists() for path in (old, new, other)] == [False, True, True]


def test_a_segment_that_was_taken_over_before_a_restart_is_deleted(directory, write, prediction):
    old = write(prediction(["a"]), name="0-1000-0.seg")
    write(prediction(["b"]), name="0-1000-1.seg")
    log = Log(directory, lambda name: [old.stat().st_size if name == old.name else 0])
    assert ids(log.slices()) == ["b"]
    log.drop_consumed()
    assert not old.exists()


def test_a_torn_tail_is_kept_aside(directory, write, prediction):
    log = Log(directory, lambda _: [0])
    path = write(prediction(["a"]), name="0-1000-0.seg")
    with path.open("ab") as file:
        file.write(b"torn")
    write(name="0-1000-1.seg")
    assert ids(log.slices()) == ["a"]
    log.drop_consumed()
    assert not path.exists()
    assert log.quarantined == 1
    assert [file.read_bytes() for file in (directory / "quarantine").iterdir()] == [b"torn"]


def test_a_damaged_frame_is_kept_aside_and_the_next_is_read(directory, write, prediction):
    path = write(prediction(["a"]), prediction(["b"]))
    data = bytearray(path.read_bytes())
    data[30] ^= 0xFF
    path.write_bytes(data)
    log = Log(directory, lambda _: [0])
    assert ids(log.slices()) == ["b"]
    assert log.quarantined == 1
