from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noria.errors import ProjectError
from noria.project.table import KINDS, Column, TableSchema, difference, read_schema, write_schema

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
FLOATS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
COLUMNS = st.builds(
    Column,
    name=NAMES,
    kind=st.sampled_from(KINDS),
    nullable=st.booleans(),
    categories=st.none() | st.lists(NAMES, max_size=4).map(tuple),
    low=FLOATS,
    high=FLOATS,
)
SCHEMAS = st.lists(COLUMNS, min_size=1, max_size=5, unique_by=lambda column: column.name).map(
    lambda columns: TableSchema(columns=tuple(columns))
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCHEMAS, st.text(string.printable.replace("\n", "").replace("\r", "")[:90]))
def test_what_was_written_reads_as_itself(tmp_path: Path, schema: TableSchema, note: str) -> None:
    write_schema(schema, tmp_path, {schema.names[0]: note})
    assert read_schema(tmp_path) == schema


def test_the_file_has_a_line_per_column_with_its_note(tmp_path: Path) -> None:
    columns = (
        Column(name="carrier", kind="category", categories=("AA", "UA")),
        Column(name="wind gust", kind="number", nullable=True, low=1.5, high=40.0),
    )
    write_schema(TableSchema(columns=columns), tmp_path, {"carrier": "left out: constant"})
    lines = (tmp_path / "schema.toml").read_text().splitlines()
    assert 'carrier = { kind = "category", categories = ["AA", "UA"] }  # left out: constant' in lines
    assert '"wind gust" = { kind = "number", nullable = true, low = 1.5, high = 40.0 }' in lines


def test_faults_of_the_file_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "schema.toml").write_text(
        '[columns]\na = { kind = "float" }\nb = { nullable = true }\nc = { kind = "text", nulable = true }\n'
    )
    with pytest.raises(ProjectError) as caught:
        read_schema(tmp_path)
    kind, missing, unknown = caught.value.faults
    assert kind.startswith('schema.toml: columns.a.kind: found "float"; allowed: one of number, integer')
    assert missing.startswith("schema.toml: columns.b.kind: found nothing")
    assert "did you mean nullable?" in unknown


@pytest.mark.parametrize("text", ["", "[columns]", "columns = 3", "[columns]\na = 1\n[more]", "[columns"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "schema.toml").write_text(text)
    with pytest.raises(ProjectError, match=r"schema\.toml: "):
        read_schema(tmp_path)


def test_a_missing_file_leads_to_init(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        read_schema(tmp_path)
    assert caught.value.hint.startswith("noria init")


@pytest.mark.parametrize(
    ("kind", "feature"),
    [
        ("number", "number"),
        ("integer", "number"),
        ("boolean", "number"),
        ("category", "category"),
        ("text", None),
        ("timestamp", None),
    ],
)
def test_what_a_model_sees_of_a_kind(kind: str, feature: str | None) -> None:
    assert Column(name="a", kind=kind).feature == feature


def test_an_unknown_column_names_the_nearest() -> None:
    schema = TableSchema(columns=(Column(name="carrier", kind="category"),))
    with pytest.raises(KeyError, match=r"carier: no such column; did you mean carrier\?"):
        schema.column("carier")


def test_a_difference_has_a_sentence_per_change() -> None:
    old = (
        Column(name="carrier", kind="category", categories=("AA", "UA")),
        Column(name="temp", kind="integer", low=1, high=9),
        Column(name="gone", kind="text"),
    )
    new = (
        Column(name="carrier", kind="category", categories=("AA", "WN"), nullable=True),
        Column(name="temp", kind="number", low=1, high=12.5),
        Column(name="fresh", kind="boolean"),
    )
    assert difference(TableSchema(columns=old), TableSchema(columns=new)) == [
        "carrier: may now be missing",
        "carrier: new categories WN",
        "carrier: categories gone UA",
        "temp: was integer, is number",
        "temp: highest was 9, is 12.5",
        "fresh: new, boolean",
        "gone: removed",
    ]


@given(SCHEMAS)
def test_equal_schemas_do_not_differ(schema: TableSchema) -> None:
    assert difference(schema, schema) == []
