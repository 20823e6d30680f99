"""What the tests are about: a model, its rows and its champion, found by version or told by a gate."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noria.errors import DataError

if TYPE_CHECKING:
    from noria.project.model import Project
    from noria.rows import VersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderTest:
    """Paths, all of them: the project's code in `root`, artifacts, and Parquet files of rows.

    `shipped` is the model that ships, `judged` its twin that has not seen the holdout; `champion` is None
    where there is none. `name` is how reports call it, such as "version 3".
    """

    name: str
    root: str
    shipped: str
    judged: str
    champion: str | None
    train: str
    holdout: str

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)))


def read(file: Path) -> UnderTest:
    return UnderTest(**json.loads(file.read_text()))


def of_version(project: Project, number: int | None) -> UnderTest:
    """Return what is known of a version, by default of the champion.

    Raises:
        StateError: there is no such version.
        ArtifactError: its artifact is gone, or was changed.
        DataError: the rows of its run are gone.
    """
    from noria.registered import find, verified
    from noria.wiring import state

    store = state(project)
    row = find(store, project.name, number)
    rival = find(store, project.name) if store.model(project.name).champion else None
    train, holdout = _rows(project, row)
    return UnderTest(
        name=f"version {row.version}",
        root=str(project.root),
        shipped=str(verified(row, project.home)),
        judged=_twin(row),
        champion=str(verified(rival, project.home)) if rival else None,
        train=str(train),
        holdout=str(holdout),
    )


def _twin(row: VersionRow) -> str:
    twin = row.facts.get("twin", row.artifact)
    return twin if Path(twin).is_dir() else row.artifact


def _rows(project: Project, row: VersionRow) -> tuple[Path, Path]:
    folder = project.home / "runs" / row.run / "rows"
    files = folder / f"train-{row.facts['window']}.parquet", folder / "holdout.parquet"
    for file in files:
        if not file.exists():
            raise DataError(
                f"the rows of run {row.run}, which made {row.model}/{row.version}, are gone: "
                f"there is no {file}",
                hint="noria run",
            )
    return files
