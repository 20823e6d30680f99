import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noria.errors import StateError
from noria.gateway.access.token_file import TokenFile
from noria.gateway.access.tokens import Scope, Token

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def token(name: str) -> Token:
    return Token(
        name=name, digest=f"{name}'s", scopes=(Scope.ALL,), created=NOON, expires=NOON + timedelta(days=1)
    )


def test_tokens_are_kept_in_their_order(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    assert file.read() == []
    for name in "bac":
        file.add(token(name))
    file.remove("a")
    assert file.read() == [token("b"), token("c")]


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(token("a"))
    with pytest.raises(StateError, match="'a' already"):
        file.add(token("a"))
    with pytest.raises(StateError, match="no token 'b'"):
        file.remove("b")
    assert file.read() == [token("a")]


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        TokenFile(tmp_path).add(token("a"))
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "gateway/tokens.json").stat().st_mode) == 0o600


def test_who_writes_at_the_same_time_loses_nothing(tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: TokenFile(tmp_path).add(token(name)), names))
    assert sorted(each.name for each in TokenFile(tmp_path).read()) == sorted(names)


def test_a_spoilt_file_is_said(tmp_path: Path) -> None:
    TokenFile(tmp_path).add(token("a"))
    (tmp_path / "gateway/tokens.json").write_text("[{")
    with pytest.raises(StateError, match=r"tokens\.json cannot be read"):
        TokenFile(tmp_path).read()


def test_the_last_use_is_that_of_any_worker(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    file.add(token("a"))
    later = NOON + timedelta(hours=1)
    file.note_use(0, {"a": NOON, "b": later})
    file.note_use(1, {"a": later})
    assert file.last_used() == {"a": later, "b": later}
