import json
import stat
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.clock import FileClock
from noria.errors import NoriaError, StateError
from noria.gateway.access.token_file import TokenFile
from noria.gateway.access.tokens import Scope, digest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROJECT = """
[model]
name = "churn"
task = "binary"
pipeline = "pipeline.py"
[data]
source = "customers.csv"
label = "churned"
features = ["age"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The `.noria` of a project, in which it is noon."""
    (tmp_path / "noria.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    FileClock.create(tmp_path / ".noria/clock", NOON)
    return tmp_path / ".noria"


def token(*args):
    return CliRunner().invoke(app, ["token", *args])


def test_a_secret_is_shown_once_and_kept_as_a_hash(home):
    result = token("create", "--name", "shop")
    secret = result.stdout.strip()
    (kept,) = TokenFile(home).read()
    assert kept.digest == digest(secret.encode())
    assert (kept.name, kept.scopes, kept.models) == ("shop", (Scope.PREDICT,), ())
    assert (kept.created, kept.expires) == (NOON, NOON + timedelta(days=90))
    assert "predict for all models, until 2026-05-30" in result.stderr
    file = home / "gateway/tokens.json"
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in token().output


def test_a_token_is_for_what_was_said(home):
    options = ["--scope", "feedback", "--scope", "observe", "--model", "churn", "--model", "value"]
    made = json.loads(token("create", "--name", "a", *options, "--expires", "1h", "--json").stdout)
    (kept,) = TokenFile(home).read()
    assert kept.scopes == (Scope.FEEDBACK, Scope.OBSERVE)
    assert kept.models == ("churn", "value")
    assert kept.expires == NOON + timedelta(hours=1)
    assert kept.digest == digest(made["token"].encode())


def test_the_list_says_when_each_was_used(home):
    for name in ("shop", "never-used"):
        token("create", "--name", name)
    TokenFile(home).note_use(0, {"shop": NOON + timedelta(minutes=5)})
    lines = token("list").output.splitlines()
    assert lines[1].split() == [
        "shop",
        "predict",
        "for",
        "all",
        "models",
        "2026-05-30",
        "2026-03-01",
        "12:05",
    ]
    assert lines[2].split()[-1] == "never"
    listed = json.loads(token("list", "--json").output)
    assert [(each["name"], each["used"]) for each in listed] == [
        ("shop", "2026-03-01T12:05:00Z"),
        ("never-used", None),
    ]
    assert "digest" not in listed[0]


def test_a_revoked_token_is_gone(home):
    token("create", "--name", "shop")
    assert token("revoke", "--name", "shop").output == "the token shop is revoked\n"
    assert TokenFile(home).read() == []
    assert isinstance(token("revoke", "--name", "shop").exception, StateError)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--name: found ''"),
        (["--name", "a b"], "--name: found 'a b'"),
        (["--name", "x" * 64], "--name"),
        (["--name", "a", "--model", "../b"], "--model: found '../b'"),
        (["--name", "a", "--expires", "366d"], "up to 365d"),
        (["--name", "a", "--expires", "0s"], "above 0s"),
        (["--name", "a", "--expires", "soon"], "found 'soon'"),
    ],
)
def test_what_cannot_be_made_is_said(home, options, said):
    result = token("create", *options)
    assert isinstance(result.exception, NoriaError)
    assert said in result.exception.message
    assert TokenFile(home).read() == []
