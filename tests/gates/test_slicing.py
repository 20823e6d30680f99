import polars as pl

from noria.gates.slicing import crossed, slicing


def test_values_are_slices_the_most_frequent_first_and_what_is_missing_is_one() -> None:
    found = slicing(pl.Series("city", ["Bern", None, "Chur", "Bern"]))
    assert set(found.names) == {"city = Bern", "city = Chur", "city = missing"}
    assert [found.names[code] for code in found.codes] == [
        "city = Bern",
        "city = missing",
        "city = Chur",
        "city = Bern",
    ]


def test_many_numbers_are_cut_into_ranges_of_as_many_rows() -> None:
    found = slicing(pl.Series("age", [float(age) for age in range(100)] + [None] * 5))
    assert found.names[0] == "age 0 to 19.8"
    sizes = {name: int((found.codes == number).sum()) for number, name in enumerate(found.names)}
    assert list(sizes.values()) == [20, 20, 20, 20, 20, 5]
    assert found.names[-1] == "age = missing"


def test_a_column_without_a_number_is_one_slice() -> None:
    empty = pl.Series("age", [None] * 3, dtype=pl.Float64)
    assert slicing(empty).names == ("age = missing",)


def test_rare_values_may_be_in_no_slice() -> None:
    found = slicing(pl.Series("city", ["Bern", "Bern", "Chur"]), most=1)
    assert (found.names, found.codes.tolist()) == (("city = Bern",), [0, 0, -1])


def test_two_columns_make_slices_together() -> None:
    one = slicing(pl.Series("a", ["x", "x", "y"]), most=1)
    found = crossed(one, slicing(pl.Series("b", [1, 1, 1])))
    assert (found.names, found.codes.tolist()) == (("a = x and b = 1",), [0, 0, -1])
