"""`noria token create|list|revoke`: who may ask the gateway, for what, and until when."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import NoriaError
from noria.gateway.access.tokens import Scope

if TYPE_CHECKING:
    from noria.gateway.access.token_file import TokenFile
    from noria.gateway.access.tokens import Token

LONGEST = timedelta(days=365)
NAMES = "a to z, 0 to 9 and . _ -, up to 63 of them, the first a letter or a digit"


class What(StrEnum):
    CREATE = "create"
    LIST = "list"
    REVOKE = "revoke"


def command(
    what: Annotated[What, typer.Argument(help="Make a token, list all, or end one.")] = What.LIST,
    name: Annotated[str, typer.Option(help="The client that it is for.")] = "",
    scope: Annotated[list[Scope] | None, typer.Option(help="What it allows; may be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="For this model alone; may be repeated.")] = None,
    expires: Annotated[str, typer.Option(help="How long it is valid, up to 365d.")] = "90d",
    as_json: AsJson = False,
) -> None:
    """Say who may ask a gateway that wants tokens (`serve.tokens`).

    A new token is shown once, and only its hash is kept. A revoked one is refused within a second.
    """
    from noria.clock import open_clock
    from noria.gateway.access.token_file import TokenFile

    home = find_project().home
    file = TokenFile(home)
    if what is What.LIST:
        _list(file, as_json=as_json)
    elif what is What.REVOKE:
        file.remove(name)
        print(f"the token {name} is revoked")
    else:
        now = open_clock(home).now()
        until = now + _duration(expires)
        secret, token = _make(name, scope or [Scope.PREDICT], model or [], now, until)
        file.add(token)
        _show(secret, token, as_json=as_json)


def _make(
    name: str, scopes: list[Scope], models: list[str], now: datetime, until: datetime
) -> tuple[str, Token]:
    """Return a secret, and what is kept of it.

    Raises:
        NoriaError: a name is none that is safe to print and to log.
    """
    from noria.gateway.access.tokens import Token, digest, mint
    from noria.project.scalars import MODEL_NAME

    for option, text in (("--name", name), *(("--model", each) for each in models)):
        if not re.fullmatch(MODEL_NAME, text):
            raise NoriaError(f"{option}: found {text!r}; allowed: {NAMES}", hint="noria token --help")
    secret = mint()
    token = Token(
        name=name,
        digest=digest(secret.encode()),
        scopes=tuple(dict.fromkeys(scopes)),
        models=tuple(models),
        created=now,
        expires=until,
    )
    return secret, token


def _duration(text: str) -> timedelta:
    """Return how long a token is to be valid.

    Raises:
        NoriaError: it is no duration, or too long.
    """
    from noria.project.units import DURATION_ALLOWED, parse_duration

    allowed = f"{DURATION_ALLOWED}, above 0s and up to {LONGEST.days}d"
    try:
        duration = parse_duration(text)
    except ValueError:
        duration = timedelta()
    if not timedelta() < duration <= LONGEST:
        raise NoriaError(f"--expires: found {text!r}; allowed: {allowed}", hint="noria token --help")
    return duration


def _show(secret: str, token: Token, *, as_json: bool) -> None:
    """Print a new secret alone, so that a shell can take it; the rest goes to standard error."""
    if as_json:
        print_json({"token": secret, **_facts(token)})
        return
    print(secret)
    typer.echo(f"shown this once; it allows {_allowed(token)}, until {token.expires:%F}", err=True)


def _list(file: TokenFile, *, as_json: bool) -> None:
    used = file.last_used()
    tokens = file.read()
    if as_json:
        print_json([{**_facts(token), "used": used.get(token.name)} for token in tokens])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("token", "allows", "until", "last used", box=None)
    for token in tokens:
        last = f"{used[token.name]:%F %H:%M}" if token.name in used else "never"
        table.add_row(token.name, _allowed(token), f"{token.expires:%F}", last)
    Console().print(table)


def _facts(token: Token) -> dict[str, Any]:
    return {key: getattr(token, key) for key in ("name", "scopes", "models", "created", "expires")}


def _allowed(token: Token) -> str:
    return f"{', '.join(token.scopes)} for {', '.join(token.models) or 'all models'}"
