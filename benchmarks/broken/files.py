"""Artifacts that hold what no artifact may hold, or that were changed after they were written."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

from benchmarks.broken.entry import Entry, Make
from noria.artifact import manifest
from noria.gates.subject import Subject


def pickled(artifact: Path) -> None:
    (artifact / "data" / "extra.pkl").write_bytes(pickle.dumps({"a": 1}))
    manifest.write(artifact)


def pickled_in_disguise(artifact: Path) -> None:
    (artifact / "data" / "notes.txt").write_bytes(pickle.dumps(print))
    manifest.write(artifact)


def changed(artifact: Path) -> None:
    model = artifact / "data" / "model.txt"
    model.write_text(model.read_text() + "\n")


def added(artifact: Path) -> None:
    (artifact / "data" / "hook.py").write_text("print('hello')\n")


def removed(artifact: Path) -> None:
    (artifact / "data" / "golden.json").unlink()


def linked(artifact: Path) -> None:
    (artifact / "data" / "secret").symlink_to("/etc/hostname")


def _altered(change: Callable[[Path], None]) -> Make:
    def make(subject: Subject, folder: Path) -> Subject:
        shipped = Path(copytree(subject.shipped, folder / "shipped"))
        change(shipped)
        project = replace(subject.project, pickle=False)
        return replace(subject, folder=folder, shipped=shipped, project=project)

    return make


def untrusted(subject: Subject, folder: Path) -> Subject:
    """Put a scikit-learn model of an unknown type where the booster was."""
    import json

    import skops.io
    from sklearn.base import BaseEstimator

    class Surprise(BaseEstimator):
        """Nothing that anybody has looked at."""

    def change(artifact: Path) -> None:
        file = artifact / "data" / "spec.json"
        spec = json.loads(file.read_text())
        skops.io.dump(Surprise(), artifact / "data" / "model.skops")
        file.write_text(json.dumps({**spec, "kind": "sklearn", "file": "model.skops", "table": "frame"}))
        manifest.write(artifact)

    return _altered(change)(subject, folder)


ENTRIES = (
    Entry(name="a pickle in the artifact", make=_altered(pickled), gate="artifact", word="extra.pkl"),
    Entry(name="a pickle in disguise", make=_altered(pickled_in_disguise), gate="artifact", word="notes.txt"),
    Entry(name="a changed file", make=_altered(changed), gate="artifact", word="model.txt was changed"),
    Entry(name="a file too many", make=_altered(added), gate="artifact", word="hook.py"),
    Entry(name="a lost file", make=_altered(removed), gate="artifact", word="golden.json is missing"),
    Entry(name="a symbolic link", make=_altered(linked), gate="artifact", word="symbolic link"),
    Entry(name="a type that nobody trusts", make=untrusted, gate="artifact", word="Surprise"),
)
