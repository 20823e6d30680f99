import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from noria.artifact import manifest
from noria.core.gates import Outcome
from noria.gates.artifact import artifact
from noria.gates.subject import Subject


def test_a_whole_artifact_without_code_passes(honest: Subject) -> None:
    assert artifact(honest).outcome is Outcome.PASSED


def test_a_changed_file_is_named(changed: Callable[..., Subject], honest: Subject, tmp_path: Path) -> None:
    shipped = shutil.copytree(honest.shipped, tmp_path / "shipped")
    (shipped / "data" / "spec.json").write_text("{}")
    found = artifact(changed(shipped=shipped))
    assert found.outcome is Outcome.FAILED
    assert "data/spec.json was changed" in found.reason


def test_a_pickle_needs_the_project_s_word(
    changed: Callable[..., Subject], honest: Subject, tmp_path: Path
) -> None:
    shipped = shutil.copytree(honest.shipped, tmp_path / "shipped")
    (shipped / "data" / "model.pkl").write_bytes(b"")
    manifest.write(shipped)
    subject = changed(shipped=shipped)
    assert "model.pkl runs code of its own" in artifact(subject).reason
    assert artifact(replace(subject, project=replace(honest.project, pickle=True))).outcome is Outcome.PASSED
