from __future__ import annotations

import json

from typer.testing import CliRunner

from noria.cli import app
from noria.project.json_schema import json_schema


def test_the_schema_is_printed_as_json() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.output) == json_schema()
