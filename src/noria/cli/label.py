"""`noria label FILE`: tell the running gateway what became of predictions."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from noria.cli.session import find_project
from noria.errors import DataError, NoriaError, Unavailable

BATCH = 5_000
"""Labels in one request."""
TIMEOUT = 30.0
"""Seconds to wait for the gateway's answer."""
Row = dict[str, Any]


def command(
    file: Annotated[
        Path, typer.Argument(help="CSV or Parquet with the columns id and label, and maybe source.")
    ],
) -> None:
    """Send labels by prediction id; it may be repeated, and may come before the predictions are seen."""
    project = find_project()
    sent = blank = 0
    with closing(HTTPConnection(project.serve.host, project.serve.port, timeout=TIMEOUT)) as connection:
        for source, rows in _batches(_rows(file)):
            batch = [row for row in rows if row["label"] not in (None, "")]
            if batch:
                _post(connection, batch, source)
            sent, blank = sent + len(batch), blank + len(rows) - len(batch)
    print(f"{sent} labels sent" + (f"; {blank} rows have none" if blank else ""))


def _rows(file: Path) -> Iterator[Row]:
    """Yield the rows; a CSV file's numbers are numbers.

    Raises:
        DataError: the file cannot be read or lacks a column, or a row has no id.
    """
    read = _parquet if file.suffix == ".parquet" else _csv
    try:
        for number, row in enumerate(read(file), start=1):
            if row.get("id") in (None, "") or "label" not in row:
                raise DataError(f"{file}, row {number}: found {row}; allowed: a row with an id and a label")
            yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: cannot be read: {error}", hint="noria label --help") from error


def _csv(file: Path) -> Iterator[Row]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            yield {**row, "label": _number(row["label"])} if "label" in row else row


def _parquet(file: Path) -> Iterator[Row]:
    import polars as pl

    try:
        for rows in pl.scan_parquet(file).collect_batches(chunk_size=BATCH):
            yield from rows.iter_rows(named=True)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{file}: cannot be read: {error}", hint="noria label --help") from error


def _number(text: str | None) -> float | str | None:
    try:
        return float(text) if text else text
    except ValueError:
        return text


def _batches(rows: Iterator[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rows of one source each, at most BATCH at a time."""
    while batch := list(islice(rows, BATCH)):
        for source in dict.fromkeys(row.get("source") for row in batch):
            yield str(source or "file"), [row for row in batch if row.get("source") == source]


def _post(connection: HTTPConnection, batch: list[Row], source: str) -> None:
    """Send one batch, with the token in NORIA_TOKEN if there is one.

    Raises:
        Unavailable: no gateway answers. NoriaError: it refuses the labels.
    """
    body = msgspec.json.encode(
        {"ids": [str(row["id"]) for row in batch], "labels": [row["label"] for row in batch]}
    )
    headers = {"Content-Type": "application/json", "X-Noria-Source": source}
    if token := os.environ.get("NORIA_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", "/feedback", body, headers)
        answer = connection.getresponse()
        said = answer.read()
    except (OSError, HTTPException) as error:
        where = f"{connection.host}:{connection.port}"
        raise Unavailable(f"no gateway answers at {where}: {error}", hint="noria up") from error
    if answer.status != 200:
        hint = "noria token create --name labels --scope feedback" if answer.status in (401, 403) else ""
        fault = f"the gateway refused the labels ({answer.status}): {said.decode(errors='replace')}"
        raise NoriaError(fault, hint=hint)
