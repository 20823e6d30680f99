import numpy as np

from noria.block import FLOAT
from noria.gateway.hosting import frames


def test_a_reply_comes_through_its_frame() -> None:
    reply = frames.Reply(np.array([0.25, 0.5], FLOAT).tobytes(), 0, {1: "why"})
    framed = frames.encode_reply(reply)
    (size,) = frames.HEADER.unpack_from(framed)
    assert frames.decode_reply(framed[frames.HEADER.size :]) == reply
    assert size == len(framed) - frames.HEADER.size


def test_a_number_per_row_or_a_list_of_them() -> None:
    outputs = np.arange(6, dtype=FLOAT).tobytes()
    alone, wide = frames.Reply(outputs, 0, {}), frames.Reply(outputs, 3, {})
    assert (alone.values(), wide.values()) == ([0, 1, 2, 3, 4, 5], [[0, 1, 2], [3, 4, 5]])
    assert (alone.part(1, 3), wide.part(1, 2)) == (outputs[8:24], outputs[24:])
