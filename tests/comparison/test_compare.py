import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from noria.artifact import manifest
from noria.comparison.compare import compare
from noria.comparison.result import Comparison
from noria.comparison.untouched import known, untouched
from noria.errors import ArtifactError, DataError, StateError
from tests.comparison.conftest import BEGIN, HALF, MOST, NOW, ROWS, Lived
from tests.gates.conftest import fitted, rows


def compared(lived: Lived, a: int, b: int) -> Comparison:
    return compare(lived.project, lived.schema, lived.state, a, b, NOW)


@pytest.fixture(scope="module")
def found(lived: Lived) -> Comparison:
    return compared(lived, 1, 2)


def test_only_rows_that_are_new_to_both_count(found: Comparison) -> None:
    assert found.rows.count == ROWS - MOST
    assert found.rows.begin == f"{BEGIN + timedelta(hours=MOST):%Y-%m-%d %H:%M}"
    assert found.rows.told == "new to version 1 and to version 2"


def test_the_better_version_gains_and_its_slice_shows_it(found: Comparison) -> None:
    gain = next(each for each in found.metrics if each.metric == "log_loss")
    assert gain.a - gain.b == pytest.approx(gain.gain.value)  # a mean of losses a row
    assert 0 < gain.gain.low < gain.gain.value < gain.gain.high
    assert {each.value for each in found.slices} == {"Basel", "Bern", "Chur"}
    assert sum(each.rows for each in found.slices) == found.rows.count
    assert found.a.asked == found.b.asked == "as it ships"


def test_flips_are_counted_with_who_is_right(found: Comparison) -> None:
    assert found.flipped > 0
    assert all(flip.to_right + flip.to_wrong == flip.rows for flip in found.flips)
    first = found.examples[0]
    assert (first.a > 0.5) != (first.b > 0.5)
    assert 0 < found.agreement < 1
    right = sum(flip.to_right - flip.to_wrong for flip in found.flips) / found.rows.count
    accuracy = next(each for each in found.metrics if each.metric == "accuracy")
    assert accuracy.b - accuracy.a == pytest.approx(right)


def test_importance_cost_and_training_are_told_of_both(found: Comparison) -> None:
    assert found.b.importance["age"] > found.b.importance["income"]
    assert sum(found.b.importance.values()) == pytest.approx(1)
    assert next(iter(found.moved)) == max(
        found.moved, key=lambda name: abs(found.moved[name][1] - found.moved[name][0])
    )
    assert 0 < found.a.cost.median <= found.a.cost.p99
    assert found.a.cost.size < found.b.cost.size
    assert found.trained["rows"] == (HALF, MOST)
    assert "data_version" not in found.trained


def test_a_version_that_knows_all_rows_is_spoken_for_by_its_twin(lived: Lived) -> None:
    found = compared(lived, 1, 3)
    assert found.rows.count == 400
    assert (found.a.asked, found.b.asked) == ("as it ships", "before its refit")
    assert "version 3, before its refit" in found.rows.told


def test_where_a_knows_the_rows_it_is_said(lived: Lived) -> None:
    lived.save(4, ROWS, lived_folder(lived, 3), holdout_from="")
    found = compared(lived, 4, 2)
    assert found.rows.count == ROWS - MOST
    assert "version 4 knows some, and looks better than it is" in found.rows.told


def test_rows_whose_label_is_not_due_do_not_count(lived: Lived) -> None:
    early = NOW - timedelta(hours=100)
    assert known(lived.project, lived.schema, early)["_time"].max() <= early - timedelta(hours=1)
    with pytest.raises(DataError, match="known and due"):
        known(lived.project, lived.schema, BEGIN)


def test_without_a_row_that_b_did_not_learn_from_there_is_no_comparison(lived: Lived) -> None:
    lived.save(5, ROWS, lived_folder(lived, 3), holdout_from="")
    all_rows = known(lived.project, lived.schema, NOW)
    a, b = (lived.state.version("delay", number) for number in (1, 5))
    with pytest.raises(DataError, match="version 5 has learnt from all"):
        untouched(all_rows, a, b, 2)


def test_the_same_artifact_under_two_numbers_is_said(lived: Lived) -> None:
    lived.save(6, MOST, lived_folder(lived, 2))
    found = compared(lived, 2, 6)
    assert found.notes == ("both have the same artifact, byte by byte",)
    assert (found.flipped, found.agreement, found.apart) == (0, 1.0, 0.0)


@pytest.mark.parametrize(("a", "b", "said"), [(1, 9, "has no version 9"), (2, 2, "the same version")])
def test_a_wrong_number_is_told(lived: Lived, a: int, b: int, said: str) -> None:
    with pytest.raises(StateError, match=said):
        compared(lived, a, b)


def test_an_altered_and_a_lost_artifact_are_told(lived: Lived, tmp_path: Path) -> None:
    folder = shutil.copytree(lived_folder(lived, 2), tmp_path / "copy")
    lived.save(7, MOST, folder)
    (folder / "model" / "data" / "spec.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"spec\.json was changed"):
        compared(lived, 1, 7)
    shutil.rmtree(folder)
    with pytest.raises(ArtifactError, match="delay/7 is gone"):
        compared(lived, 1, 7)


def test_versions_of_two_tasks_are_not_compared(lived: Lived, tmp_path: Path) -> None:
    fitted(rows(600, 1), tmp_path / "other" / "model")
    spec = tmp_path / "other" / "model" / "data" / "spec.json"
    spec.write_text(spec.read_text().replace('"binary"', '"regression"'))
    manifest.write(tmp_path / "other" / "model")
    lived.save(8, HALF, tmp_path / "other")
    with pytest.raises(StateError, match="version 1 is binary and version 8 is regression"):
        compared(lived, 1, 8)


def test_a_feature_that_the_dataset_lacks_is_named(lived: Lived, tmp_path: Path) -> None:
    fitted(rows(600, 1), tmp_path / "other" / "model")
    spec = tmp_path / "other" / "model" / "data" / "spec.json"
    spec.write_text(spec.read_text().replace('"income"', '"wealth"'))
    manifest.write(tmp_path / "other" / "model")
    lived.save(20, HALF, tmp_path / "other")
    with pytest.raises(DataError, match="version 20 needs wealth"):
        compared(lived, 1, 20)


def lived_folder(lived: Lived, number: int) -> Path:
    """Where the artifacts of a version lie."""
    return Path(lived.state.version("delay", number).artifact).parent
