"""What is to be predicted, by whom, and where to."""

from __future__ import annotations

from pathlib import Path

import msgspec

from noria.errors import DataError


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of `file` (CSV, Parquet or a Delta table), for the version with this artifact, into `out`.

    `out` is a Parquet file, or the directory of a Delta table; all three are paths. `id` is the column of the
    file that tells the rows apart, None where no column is to be kept. `key` is the path of the public key
    that has signed the artifact, if there is such a file.
    """

    artifact: str
    digest: str
    key: str
    version: int
    file: str
    out: str
    id: str | None = None

    @property
    def delta(self) -> bool:
        return Path(self.out).suffix == ""

    def check(self) -> None:
        """Raise DataError when the rows are not there, or the predictions can go nowhere."""
        out = Path(self.out)
        if not Path(self.file).exists():
            raise DataError(f"{self.file}: there is no such file", hint="ls")
        taken = out == Path(self.file) or (out.is_file() if self.delta else out.is_dir())
        if taken or out.suffix not in (".parquet", ""):
            raise DataError(
                f"--out {out}: allowed: another .parquet file, or a directory for a Delta table",
                hint="noria predict --help",
            )
        if self.delta and not self.id:
            raise DataError(
                f"--out {out}: the rows of a Delta table have no order; name by --id what tells them apart",
                hint="noria predict --help",
            )
