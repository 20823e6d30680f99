"""`noria schema`: print the JSON Schema of noria.toml."""

from __future__ import annotations

import json

import typer

from noria.project.json_schema import json_schema


def command() -> None:
    """Print the JSON Schema of noria.toml, for editors and for CI."""
    typer.echo(json.dumps(json_schema(), indent=2))
