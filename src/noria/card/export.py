"""A version as a folder or a zip file, for somebody without noria: model, signature, card and the rest."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jinja2 import Environment, PackageLoader

from noria.artifact import lineage, manifest, signature
from noria.card import provenance
from noria.card.annex_iv import annex_iv
from noria.card.bom import bill
from noria.card.document import markdown
from noria.card.page import page
from noria.card.record import Record
from noria.card.sections import sections
from noria.errors import ArtifactError, DataError

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip file: the same version makes the same bytes."""


def export(record: Record, out: Path) -> None:
    """Write the version into a new folder, or into a new file where `out` ends with .zip.

    Raises:
        DataError: there is something already, or no folder to write into.
        ArtifactError: the version is not what was registered and signed.
    """
    if out.exists() or not out.absolute().parent.is_dir():
        raise DataError(f"{out}: allowed: a new name in a folder that is there", hint="noria export --help")
    key = signature.public_key(record.project.home)
    if not key.exists():
        raise ArtifactError(f"{record.name} was never signed", hint="noria run --again")
    signature.verify(record.artifact, record.row.digest, key)
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".export-") as folder:
        draft = Path(folder) / "export"
        _fill(draft, record, key)
        if out.suffix == ".zip":
            draft = _zipped(draft)
        draft.rename(out)


def _fill(folder: Path, record: Record, key: Path) -> None:
    left_behind = shutil.ignore_patterns(*manifest.LEFT_BEHIND)
    shutil.copytree(record.artifact, folder / "model", ignore=left_behind)
    (folder / lineage.FOLDER).mkdir()
    for name in (signature.NAME, provenance.NAME):
        shutil.copyfile(lineage.place(record.artifact, name), folder / lineage.FOLDER / name)
    (folder / "keys").mkdir()
    shutil.copyfile(key, folder / "keys" / key.name)
    template = Environment(loader=PackageLoader("noria.card", ".")).get_template("export.md.jinja")
    said = {
        "README.md": template.render(record=record),
        "card.md": markdown(record.name, sections(record)),
        "card.html": page(record),
        "bom.json": bill(record),
        "annex-iv.md": markdown(f"{record.name}: technical documentation", annex_iv(record)),
    }
    for name, text in said.items():
        (folder / name).write_text(text)


def _zipped(folder: Path) -> Path:
    """Return a zip file of the folder, with its names in order and without times."""
    made = folder.with_suffix(".zip")
    with ZipFile(made, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED)
    return made
