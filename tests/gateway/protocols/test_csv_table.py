import pytest

from noria.errors import RequestError
from noria.gateway.protocols import csv_table
from noria.gateway.schema import Schema

SPEC = {
    "task": "binary",
    "features": [{"name": "age", "kind": "number"}, {"name": "town", "kind": "category"}],
}
SCHEMA = Schema.of([SPEC], ["customer"])


def test_cells_are_what_the_schema_says_and_empty_ones_are_missing() -> None:
    text = 'town,age,customer\r\n"Bonn, Rhein",30,7\r\n,,\r\nx,nan,8\r\n"a\nb",true,9\r\n'
    batch = csv_table.decode(text.encode(), SCHEMA)
    assert batch.names == ("age", "town", "customer")
    assert batch.columns == [
        [30.0, None, None, 1.0],
        ["Bonn, Rhein", None, "x", "a\nb"],
        ["7", None, "8", "9"],
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "'age': the column is missing"),
        (b"age,town", "no rows"),
        (b"age,town\n", "no rows"),
        (b"age,town\n1\n", "row 0 has 1 values, and there are 2 columns"),
        (b"age,age\n1,2\n", "twice"),
        (b"age,town\n1,x\nold,x\n", "'age': row 1 has 'old', and it is a number"),
        (b"age,town\n1e999,x\n", "'age': row 0 has '1e999'"),
        (b"age,town\ninf,x\n", "'age': row 0 has 'inf'"),
        (b"age,town,hue\n1,x,2\n", "'hue': there is no such column"),
        (b"\xef\xbb\xbfage,town\n1,x\n", "'age': the column is missing"),
        (b"age,town\n1,\xff\n", "utf-8"),
        (b'age,town\n1,"x', "unexpected end of data"),
        (b"age,town\n1," + b"x" * 200_000, "field larger than field limit"),
    ],
)
def test_a_bad_table_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        csv_table.decode(content, SCHEMA)
    assert refused.value.status == 400
    assert said in refused.value.message
