"""The files of a project's sources, read into one frame, unchecked; `contract` gives them their types."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

import polars as pl
from deltalake import DeltaTable
from polars.exceptions import PolarsError

from noria.delta import files_of
from noria.errors import DataError
from noria.project.samples import separator


def files(root: Path, globs: Sequence[str]) -> list[Path]:
    """Return the files and Delta tables that the globs match, each once, sorted by path.

    Raises:
        DataError: a glob matches nothing.
    """
    found: set[Path] = set()
    for glob in globs:
        matches = [path for path in root.glob(glob) if path.is_file() or DeltaTable.is_deltatable(str(path))]
        if not matches:
            raise DataError(f"data.source: no file matches {glob} in {root}", hint="noria doctor")
        found.update(matches)
    return sorted(found)


def fingerprint(path: Path, known: Sequence[object] | None) -> list[object]:
    """Return size, time of change (ns) and SHA-256 of a file, or the version of a Delta table.

    `known` is the fingerprint from before: the content is not read again while size and time are the same.
    """
    if path.is_dir():
        return ["delta", DeltaTable(path).version()]
    stat = path.stat()
    if known and list(known[:2]) == [stat.st_size, stat.st_mtime_ns]:
        return list(known)
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(2**20):
            digest.update(block)
    return [stat.st_size, stat.st_mtime_ns, digest.hexdigest()]


def read(paths: Sequence[Path], columns: Sequence[str], *, name: str = "") -> pl.DataFrame:
    """Return these columns of all files, one after the other; the columns of a CSV file are texts.

    With a `name`, there is a column of that name, in which each row has the name of its file.

    Raises:
        DataError: a file cannot be read or lacks a column, or there is no row at all.
    """
    frames = [_read(path, columns) for path in paths]
    if name:
        pairs = zip(frames, paths, strict=True)
        frames = [frame.with_columns(pl.lit(path.name).alias(name)) for frame, path in pairs]
    frame = pl.concat(frames, how="vertical_relaxed") if _alike(frames) else pl.concat(map(_as_text, frames))
    if frame.is_empty():
        raise DataError(
            f"the sources have no rows: {', '.join(path.name for path in paths)}", hint="noria doctor"
        )
    return frame


def scan(path: Path) -> pl.LazyFrame:
    """Return the rows of a file or Delta table, unread; the columns of a CSV file are texts.

    Raises:
        DataError: it is none of these.
    """
    if path.is_dir():
        return pl.scan_parquet(files_of(DeltaTable(path)), missing_columns="insert")
    if path.suffix.lower() == ".parquet":
        return pl.scan_parquet(path)
    if path.suffix.lower() in (".csv", ".gz"):
        return _scan_csv(path)
    raise DataError(f"{path}: a source is .csv, .csv.gz, .parquet or a Delta table", hint="noria doctor")


def _read(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    try:
        lazy = scan(path)
        present = lazy.collect_schema().names()
        missing = [_missing(name, present) for name in columns if name not in present]
        if missing:
            raise DataError(f"{path}: {'; '.join(missing)}", hint="noria doctor")
        return lazy.select(columns).collect()
    except (PolarsError, OSError, UnicodeDecodeError) as error:
        reason = str(error).strip().split("\n")[0]
        raise DataError(f"{path}: cannot be read: {reason}", hint="noria doctor") from error


def _scan_csv(path: Path) -> pl.LazyFrame:
    """Return the texts of a CSV file; those of numbers with a decimal comma get a point."""
    mark = separator(path)
    texts = pl.scan_csv(path, separator=mark, infer_schema=False)
    if mark != ";":
        return texts
    comma = pl.all().str.contains(r"^\s*[+-]?\d*,\d+\s*$")
    return texts.with_columns(pl.when(comma).then(pl.all().str.replace(",", ".")).otherwise(pl.all()))


def _missing(name: str, present: Sequence[str]) -> str:
    close = get_close_matches(name, present, n=3)
    return f"has no column {name}" + (f"; the nearest: {', '.join(close)}" if close else "")


def _alike(frames: Sequence[pl.DataFrame]) -> bool:
    """Tell whether each column has one type, or is a number in every file."""
    kinds = [["number" if dtype.is_numeric() else dtype for dtype in frame.dtypes] for frame in frames]
    return all(kind == kinds[0] for kind in kinds)


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.cast(pl.String, strict=False)
