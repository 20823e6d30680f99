"""The command line: one verb per module, imported when it is called, so that it starts at once."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from noria.errors import NoriaError

VERBS = (
    "init", "doctor", "up", "run", "runs", "why", "status", "models", "predict", "plan", "promote", "abort",
    "rollback", "hold", "release", "pause", "resume", "label", "feedback", "queue", "token", "ledger",
    "replay", "hook", "schema", "demo", "gateway", "controller", "collector", "conformance", "drift",
    "outliers", "alerts", "report", "quality", "data",
    "card", "lineage", "export", "compare", "test", "incident", "explain",
)  # fmt: skip


class Verbs(TyperGroup):
    """Finds a verb's module by its name."""

    def list_commands(self, context: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, context: Any, name: str) -> Any:
        if name not in VERBS:
            return None
        module = import_module(f"noria.cli.{name}")
        verb = getattr(module, "app", None)
        if verb is None:
            verb = typer.Typer(add_completion=False, rich_markup_mode=None)
            verb.command(name)(module.command)
        return typer.main.get_command(verb)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # to load what draws frames around the help takes longer than all the rest
    help="Keeps machine-learning models in production good, by itself.",
)


@app.callback()
def _noria() -> None:
    """Keeps machine-learning models in production good, by itself."""


def main() -> None:
    """Run a verb; an error is told in a sentence with the next command to try."""
    try:
        app()
    except NoriaError as error:
        print(f"noria: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
