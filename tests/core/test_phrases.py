from datetime import timedelta

import pytest

from noria.core.phrases import length, listed


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c", "d"], "a, b, c and d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_names_in_a_sentence(names: list[str], said: str) -> None:
    assert listed(names) == said


@pytest.mark.parametrize(
    ("hours", "said"), [(24, "1 day"), (36, "1.5 days"), (1, "1 hour"), (0.5, "0.5 hours"), (336, "14 days")]
)
def test_durations_in_words(hours: float, said: str) -> None:
    assert length(timedelta(hours=hours)) == said
