"""The contract: each row of a batch is given the schema's types, or refused with a reason.

Plain Polars expressions from the schema: they say for each row which column broke which rule, in one pass.
Unknown categories are counted, not refused: new carriers appear in life. Ranges were seen, and bind nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from noria.delta import DTYPES
from noria.project.model import Data
from noria.project.table import Column, TableSchema

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")
"""The texts that mean "no value"; in a column of texts or categories, only the empty one does."""
TRUTH = {
    "true": True,
    "1": True,
    "1.0": True,
    "yes": True,
    "false": False,
    "0": False,
    "0.0": False,
    "no": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A batch after the check.

    `rows` have the schema's types and keep columns that the schema does not know. `refused` has two texts per
    row: `reason`, and `row`, the row as JSON. `unseen` counts, per column, the rows with an unknown category.
    """

    rows: pl.DataFrame
    refused: pl.DataFrame
    unseen: dict[str, int]


def check(batch: pl.DataFrame, schema: TableSchema, data: Data, *, labelled: bool = True) -> Checked:
    """Return the batch's good rows with the schema's types, and the refused ones with their reasons.

    Unless `labelled`, a row may lack its label and label time: a request that nobody has answered yet.
    """
    raw = [_blank_to_null(column, batch.schema[column.name]) for column in schema.columns]
    batch = batch.with_columns(raw)
    typed = batch.with_columns(_typed(column, batch.schema[column.name]) for column in schema.columns)
    needed = _needed(schema, data, labelled)
    reasons = pl.DataFrame(
        [
            _reasons(column, batch[column.name], typed[column.name], column.name in needed)
            for column in schema.columns
        ]
    )
    reason = reasons.select(pl.coalesce(pl.all())).to_series().rename("reason")
    if data.identity:
        reason = _refuse_repeated(typed.select(data.identity), typed[data.label].is_null(), reason)
    good = typed.filter(reason.is_null())
    return Checked(rows=good, refused=_refused(batch, reason), unseen=_unseen(good, schema))


def _needed(schema: TableSchema, data: Data, labelled: bool) -> set[str | None]:
    outcome = {data.label, data.label_time}
    needed = {column.name for column in schema.columns if not column.nullable} | {data.time, data.entity}
    return needed | outcome if labelled else needed - outcome


def _blank_to_null(column: Column, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(column.name)
    if dtype == pl.String:
        blanks = [""] if column.kind in ("text", "category") else list(MISSING)
        return pl.when(value.is_in(blanks)).then(None).otherwise(value).alias(column.name)
    return value.fill_nan(None) if dtype.is_float() else value


def _typed(column: Column, dtype: pl.DataType) -> pl.Expr:
    """Return the column with its type; what cannot have it becomes null."""
    value, target = pl.col(column.name), DTYPES[column.kind]
    if column.kind == "timestamp":
        return _timestamp(value, dtype)
    if column.kind == "boolean" and dtype != pl.Boolean:
        text = value.cast(pl.String, strict=False).str.to_lowercase()
        return text.replace_strict(TRUTH, default=None, return_dtype=pl.Boolean)
    if column.kind == "integer" and (dtype == pl.String or dtype.is_float()):
        number = value.cast(pl.Float64, strict=False)
        return pl.when(number == number.round()).then(number).cast(pl.Int64, strict=False)
    number = value.cast(target, strict=False)
    return pl.when(number.is_finite()).then(number) if column.kind == "number" else number


def _timestamp(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Read ISO 8601 texts, dates, and numbers as seconds since 1970; a time without a zone is in UTC."""
    if dtype == pl.String:
        return value.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    if dtype.is_numeric():
        return (value * 1e6).cast(pl.Int64).cast(pl.Datetime("us", "UTC"))
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return value.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return value.cast(pl.Datetime("us"), strict=False).dt.replace_time_zone("UTC")


def _reasons(column: Column, raw: pl.Series, typed: pl.Series, required: bool) -> pl.Series:
    wrong = typed.is_null() & raw.is_not_null()
    missing = raw.is_null() & required
    if not (wrong.any() or missing.any()):  # spares the texts of a column that is all right
        return pl.repeat(None, len(raw), dtype=pl.String, eager=True).alias(column.name)
    shown = pl.col("raw").cast(pl.String, strict=False).str.slice(0, 60)
    found = pl.format(f"{_braced(column.name)}: found {{}}, allowed: {column.kind}", shown)
    reason = pl.when(wrong).then(found).when(missing).then(pl.lit(f"{column.name}: is missing"))
    return raw.alias("raw").to_frame().select(reason.alias(column.name)).to_series()


def _braced(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}")


def _refuse_repeated(identity: pl.DataFrame, unlabelled: pl.Series, reason: pl.Series) -> pl.Series:
    """Refuse all rows of an entity (at a time) but the first good one; one with a label goes before."""
    good = pl.col("reason").is_null()
    repeated = good & (good.cum_sum().over(identity.columns, order_by="_unlabelled") > 1)
    text = pl.lit(f"{', '.join(identity.columns)}: occurs before in this batch; the first row counts")
    marked = pl.when(repeated).then(text).otherwise("reason").alias("reason")
    return identity.with_columns(reason=reason, _unlabelled=unlabelled).select(marked).to_series()


def _refused(batch: pl.DataFrame, reason: pl.Series) -> pl.DataFrame:
    rows = batch.with_columns(reason).filter(pl.col("reason").is_not_null())
    return rows.select("reason", row=pl.struct(batch.columns).struct.json_encode())


def _unseen(good: pl.DataFrame, schema: TableSchema) -> dict[str, int]:
    counts = {
        column.name: good[column.name].drop_nulls().is_in(list(column.categories)).not_().sum()
        for column in schema.columns
        if column.categories is not None
    }
    return {name: int(count) for name, count in counts.items() if count}
