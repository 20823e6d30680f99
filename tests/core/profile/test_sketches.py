import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.profile.sketches import Part, Sketches, different, frequent, ranks
from noria.errors import ProfileError


def of(*parts: Part) -> Sketches:
    return Sketches(parts)


def test_quantiles_are_known_by_their_rank_however_many_stretches_are_added_up() -> None:
    values = np.random.default_rng(1).lognormal(size=240_000)
    hours = [of(Part(ranks={"x": ranks(hour)})) for hour in np.array_split(values, 24)]
    day = sum(hours[1:], hours[0])
    wanted = [0.01, 0.5, 0.99]
    for found in (day, of(day.merged())):
        places = np.searchsorted(np.sort(values), found.quantiles("x", wanted)) / len(values)
        assert places == pytest.approx(wanted, abs=0.02)
    assert len(day.merged().ranks["x"]) < 3_000


def test_few_numbers_are_known_exactly_and_none_are_nan() -> None:
    assert of(Part(ranks={"x": ranks(np.arange(1.0, 102.0))})).quantiles("x", [0, 0.5, 1]) == [1, 51, 101]
    assert np.isnan(of().quantiles("x", [0.5])).all()
    assert np.isnan(of(Part(ranks={"x": ranks(np.array([]))})).quantiles("x", [0.5])).all()


def test_a_number_too_large_for_a_sketch_is_infinite() -> None:
    assert of(Part(ranks={"x": ranks(np.array([1e300]))})).quantiles("x", [0.5]) == [np.inf]


@pytest.mark.parametrize(("count", "error"), [(250, 0.001), (5_000, 0.03), (200_000, 0.03)])
def test_how_many_are_different_is_known_nearly(count: int, error: float) -> None:
    hashes = np.random.default_rng(count).integers(-(2**63), 2**63, count).tolist()
    halves = [of(Part(different={"": different(part)})) for part in (hashes, hashes[count // 2 :])]
    assert (halves[0] + halves[1]).different("") == pytest.approx(count, rel=error)
    assert of().different("") == 0


@pytest.mark.parametrize(
    "part", [Part(ranks={"x": b"no"}), Part(different={"x": b""}), Part(frequent={"x": b"no"})]
)
def test_a_damaged_sketch_is_told(part: Part) -> None:
    with pytest.raises(ProfileError, match="a sketch of x is damaged"):
        (of(part) + of(Part())).merged()


def test_numbers_that_differ_by_their_sign_are_different() -> None:
    assert round(of(Part(different={"": different([-1, 1, 2**62, -(2**62)])})).different("")) == 4


def test_what_comes_often_is_found_among_thousands() -> None:
    rare = [of(Part(frequent={"c": frequent({f"{n}-{hour}": 1 for n in range(500)})})) for hour in range(4)]
    often = of(Part(frequent={"c": frequent({"XX": 300, "YY": 200})}))
    found = (sum(rare, often)).frequent("c", 2)
    assert list(found) == ["XX", "YY"]
    assert found["XX"] == pytest.approx(300, abs=0.03 * 2_500)


@given(st.lists(st.sampled_from("abcdef"), max_size=50), st.integers(0, 50))
def test_few_values_are_counted_exactly_in_any_parts(values: list[str], cut: int) -> None:
    parts = [values[:cut], values[cut:]]
    counts = [{name: part.count(name) for name in sorted(set(part))} for part in parts]
    found = of(*(Part(frequent={"c": frequent(each)}) for each in counts))
    expected = {name: values.count(name) for name in set(values)}
    assert found.frequent("c", 9) == expected
    assert of(found.merged()).frequent("c", 9) == expected
