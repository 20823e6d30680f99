"""The reference against the code: whoever adds a key, a gate, a verb or an error is told to describe it."""

import ast
import inspect
import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from noria import errors
from noria.cli import VERBS
from noria.core import gates
from noria.core.policy import Brakes, Triggers
from noria.core.quality import METRICS
from noria.gates.examine import check_of
from noria.project import layout
from noria.project.checks import CHECKS
from noria.project.kinds import Key, ListOf, Table
from noria.project.model import Alerts, Data, Explain, Feedback, Monitor, Project, RolloutPolicy, Serve, Train
from noria.project.parse import load

VALUES = {
    "model": Project,
    "data": Data,
    "train": Train,
    "triggers": Triggers,
    "brakes": Brakes,
    "rollout": RolloutPolicy,
    "serve": Serve,
    "monitor": Monitor,
    "alerts": Alerts,
    "feedback": Feedback,
    "explain": Explain,
}


def tables() -> dict[str, Table]:
    """Every table of noria.toml by its path, tables in tables too."""
    found, waiting = {}, [(key.name, key.kind) for key in layout.FILE.keys]
    while waiting:
        path, kind = waiting.pop()
        kind = kind.item if isinstance(kind, ListOf) else kind
        if isinstance(kind, Table):
            found[path] = kind
            waiting += [(f"{path}.{key.name}", key.kind) for key in kind.keys]
    return found


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next one."""
    match = re.search(rf"(?ms)^#+ \[*{re.escape(title)}\]*$(.*?)(?=^#+ |\Z)", page)
    assert match, f"there is no section on {title}"
    return match[1]


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a Markdown table, by their first cell."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {name.strip("` "): [first.strip() for first in rest] for name, *rest in cells}


KEYS = [(path, key) for path, table in tables().items() for key in table.keys]


@pytest.mark.parametrize(("path", "key"), KEYS, ids=[f"{path}.{key.name}" for path, key in KEYS])
def test_every_key_is_there_with_its_default(reference: dict[str, str], path: str, key: Key) -> None:
    found = rows(section(reference["noria-toml"], path))
    assert key.name in found, f"noria-toml.md lacks {path}.{key.name}"
    _, default, about = found[key.name]
    assert about
    if key.required:
        assert default == "required"
    elif path in VALUES and (field := {field.name: field for field in fields(VALUES[path])}[key.name]):
        assert _read(key, default) == (field.default if field.default is not MISSING else _made(field))


def _read(key: Key, default: str) -> object:
    """A default as the page has it, read as the parser would."""
    if default == "none" or default.startswith("from "):
        return None
    faults: list[str] = []
    value = key.kind.read(tomllib.loads(f"value = {default.strip('`')}")["value"], "", faults)
    assert not faults
    return value


def _made(field: object) -> object:
    factory = field.default_factory
    return None if factory is MISSING else factory()


def test_nothing_else_stands_there(reference: dict[str, str]) -> None:
    known = {path: {key.name for key in table.keys} for path, table in tables().items()}
    found = {path: set(rows(section(reference["noria-toml"], path))) for path in known}
    assert found == known


def test_every_example_of_a_project_file_is_right(reference: dict[str, str], tmp_path: Path) -> None:
    examples = re.findall(r"(?s)```toml\n(.*?)```", reference["noria-toml"])
    assert len(examples) > 5
    for example in examples:
        (tmp_path / "noria.toml").write_text(example)
        load(tmp_path)


def test_every_gate_is_there_with_its_options(reference: dict[str, str]) -> None:
    for check, keys in CHECKS.items():
        text = section(reference["gates"], check)
        found = rows(text)
        assert set(found) == {key.name for key in keys}, check
        for key in keys:
            default = found[key.name][0]
            assert default == "by task" or (
                default == "required" if key.required else _read(key, default) == key.default
            )
        function = gates.CHECKS.get(check) or check_of(check)
        first = inspect.getdoc(function).split("\n")[0]
        assert first.rstrip(".") in text.replace("\n", " "), f"gates.md says something else on {check}"


def test_every_metric_is_there(reference: dict[str, str]) -> None:
    found = rows(reference["metrics"])
    assert list(found) == list(METRICS)
    for name, metric in METRICS.items():
        tasks, better, by_row, _ = found[name]
        assert tasks == ", ".join(metric.tasks)
        assert better == ("lower" if metric.lower_is_better else "higher")
        assert by_row.startswith("yes") == (metric.per_row is not None)


def test_every_verb_is_there_with_its_options(root: Path, reference: dict[str, str]) -> None:
    page = reference["command-line"]
    assert sorted(re.findall(r"(?m)^### noria (\w+)$", page)) == sorted(VERBS)
    for verb in VERBS:
        text = section(page, f"noria {verb}")
        for option in _options(root / f"src/noria/cli/{verb}.py"):
            assert option in text, f"command-line.md lacks {option} of noria {verb}"


def _options(module: Path) -> list[str]:
    """The options that a verb's command takes, or its sub-verbs, from their signatures."""
    functions = [n for n in ast.parse(module.read_text()).body if isinstance(n, ast.FunctionDef)]
    commands = [n for n in functions if n.name == "command" or n.decorator_list]
    return [option for command in commands for option in _options_of(command)]


def _options_of(command: ast.FunctionDef) -> list[str]:
    shared = {"AsJson": "--json", "Yes": "--yes", "DryRun": "--dry-run", "Message": "--message"}
    found = []
    for argument in command.args.args:
        kind = ast.unparse(argument.annotation)
        if kind in shared:
            found.append(shared[kind])
        elif "Option" in kind:
            named = re.search(r"'(--[\w-]+)'", kind)
            found.append(named[1] if named else f"--{argument.arg.replace('_', '-')}")
    return found


def test_every_error_is_there_and_the_tree_is_the_codes(reference: dict[str, str]) -> None:
    tree = re.search(r"(?s)```text\n(.*?)\n```", reference["errors"])[1]
    assert tree in inspect.getdoc(errors)
    defined = [name for name, kind in vars(errors).items() if inspect.isclass(kind)]
    assert list(rows(reference["errors"])) == [name for name in defined if name != "NoriaError"]
