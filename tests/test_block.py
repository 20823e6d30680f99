import msgspec
import numpy as np
import pytest

from noria.block import FLOAT, Block

BLOCK = Block(2, ("x", "y"), np.array([1, 2, 3, np.nan], FLOAT).tobytes(), {"z": ["a", None]})


def test_columns_stand_one_after_the_other() -> None:
    columns = BLOCK.columns()
    assert list(columns) == ["x", "y", "z"]
    assert list(columns["x"]) == [1, 2]
    assert np.array_equal(columns["y"], [3, np.nan], equal_nan=True)
    assert columns["z"] == ["a", None]


def test_nothing_but_lists_is_a_block_too() -> None:
    assert Block(1, (), b"", {"z": ["a"]}).columns() == {"z": ["a"]}


def test_it_comes_through_bytes_unchanged() -> None:
    sent = msgspec.msgpack.encode(BLOCK)
    assert msgspec.msgpack.decode(sent, type=Block) == BLOCK


@pytest.mark.parametrize(
    "change",
    [{"rows": 1}, {"numbers": ["x"]}, {"values": bytes(31)}, {"others": {"z": ["a"]}}, {"rows": -2}],
)
def test_columns_of_other_lengths_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(BLOCK) | change, Block, builtin_types=(bytes,))
