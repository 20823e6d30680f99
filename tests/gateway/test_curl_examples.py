"""The commands of the page on curl, run against a gateway with a model of the same columns."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs/how-to/serve-with-curl.md").read_text()
EXAMPLES = re.findall(r"(?s)```sh\n(.*?)```\s+(?:```json\n(.*?)```)", PAGE)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, artifacts: list[Any], run: Any) -> Any:
    directory = tmp_path_factory.mktemp("churn")
    command = [sys.executable, str(HERE / "make_churn.py"), str(directory / "artifact")]
    path, digest = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    columns = ["customer_id", "support_calls"]
    with run(directory, columns=columns) as gateway:
        gateway.serve(1, {1: 100}, {1: type(artifacts[0])(path=Path(path), digest=digest)})
        yield gateway.port


def without_values(text: str) -> str:
    """An answer without its probabilities, and with the name of this gateway's model."""
    return re.sub(r"0\.\d+", "0.5", text.strip().replace("churn", "m"))


def test_every_example_has_its_answer() -> None:
    assert len(EXAMPLES) == PAGE.count("```sh") == PAGE.count("```json") == 8


@pytest.mark.parametrize(("command", "shown"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_example_works(port: int, command: str, shown: str) -> None:
    command = command.replace("localhost:8080", f"127.0.0.1:{port}").replace("churn", "m")
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=20, check=True)
    assert without_values(ran.stdout) == without_values(shown)
