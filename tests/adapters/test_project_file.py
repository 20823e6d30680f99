import os
from pathlib import Path

import pytest

from noria.adapters.project_file import ProjectFile
from noria.errors import ProjectError

GOOD = """
[model]
name = "m"
task = "binary"
[data]
source = "*.csv"
label = "y"
features = ["x"]
[train]
seed = {seed}
"""


def write(root: Path, text: str, moment: int) -> None:
    (root / "noria.toml").write_text(text)
    os.utime(root / "noria.toml", (moment, moment))


def test_a_change_takes_effect_and_a_faulty_one_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, GOOD.format(seed=1), 1)
    file = ProjectFile(tmp_path)
    assert file.current().train.seed == 1
    write(tmp_path, GOOD.format(seed=2), 2)
    assert file.current().train.seed == 2
    write(tmp_path, GOOD.format(seed=-1), 3)
    assert file.current().train.seed == 2
    assert "train.seed" in capsys.readouterr().err
    assert file.current().train.seed == 2
    assert capsys.readouterr().err == ""  # told once
    write(tmp_path, GOOD.format(seed=3), 4)
    assert file.current().train.seed == 3


def test_at_the_start_a_faulty_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "[model]\n", 1)
    with pytest.raises(ProjectError, match=r"model\.name"):
        ProjectFile(tmp_path)
