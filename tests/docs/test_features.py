"""The list of features: complete, and every proof that it names is there."""

import re
from pathlib import Path

import pytest

from noria.cli import VERBS

ROOT = Path(__file__).parents[2]
COUNTS = {
    "P": 9, "T": 9, "V": 4, "R": 7, "G": 5, "D": 8, "M": 8, "F": 5, "A": 6,
    "S": 6, "O": 4, "X": 5, "I": 5, "N": 6, "C": 4, "L": 5, "U": 9, "W": 4,
}  # fmt: skip
LINES = re.findall(r"(?m)^\| ([A-Z]\d) \| (.+) \| (.+) \|$", (ROOT / "docs/features.md").read_text())


def test_every_feature_has_a_line() -> None:
    assert [name for name, *_ in LINES] == [
        f"{area}{number}" for area, count in COUNTS.items() for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(("name", "proof"), [(name, proof) for name, _, proof in LINES])
def test_every_proof_is_there(name: str, proof: str) -> None:
    named = re.findall(r"`([^`]+)`", proof)
    tests = [text for text in named if text.startswith("tests/")]
    verbs = [text for text in named if text.startswith("noria ")]
    assert tests or verbs or proof.startswith("not yet"), f"{name} has neither a proof nor a 'not yet'"
    for test in tests:
        file, _, function = test.partition("::")
        assert (ROOT / file).is_file(), f"{name}: there is no {file}"
        assert re.search(rf"def {function}\(", (ROOT / file).read_text()), f"{name}: there is no {test}"
    for verb in verbs:
        assert verb.split()[1] in VERBS, f"{name}: there is no {verb}"
