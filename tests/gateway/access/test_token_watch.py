import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noria.gateway.access import token_watch
from noria.gateway.access.token_file import TokenFile
from noria.gateway.access.token_watch import TokenWatch
from noria.gateway.access.tokens import Scope, Token, digest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADERS = {b"authorization": b"Bearer secret"}
TOKEN = Token(
    name="shop",
    digest=digest(b"secret"),
    scopes=(Scope.ALL,),
    created=NOON,
    expires=NOON + timedelta(days=1),
)


async def soon(watch: TokenWatch, known: bool) -> bool:
    """Return whether within two seconds the token is known, or is not."""
    for _ in range(200):
        if bool(watch.tokens.find(HEADERS, NOON)) == known:
            return True
        await asyncio.sleep(0.01)
    return False


def test_what_the_file_says_is_known_soon(tmp_path: Path) -> None:
    file = TokenFile(tmp_path)

    async def main() -> list[bool]:
        watch = TokenWatch(file, 0)
        task = asyncio.create_task(watch.follow())
        found = [await soon(watch, False)]
        file.add(TOKEN)
        found.append(await soon(watch, True))
        file.remove("shop")
        found.append(await soon(watch, False))
        file.add(TOKEN)
        found.append(await soon(watch, True))
        file.path.unlink()
        found.append(await soon(watch, False))
        task.cancel()
        await asyncio.wait([task])
        return found

    assert asyncio.run(main()) == [True] * 5


def test_a_spoilt_file_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = TokenFile(tmp_path)
    file.add(TOKEN)
    watch = TokenWatch(file, 0)
    file.path.write_text("[{")
    watch._look()
    assert watch.tokens.find(HEADERS, NOON)
    assert "the tokens known so far stay" in caplog.text


def test_when_a_token_was_used_is_written_now_and_then_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_watch, "NOTE_EVERY", 0.0)
    file = TokenFile(tmp_path)
    file.add(TOKEN)

    async def main() -> None:
        watch = TokenWatch(file, 3)
        task = asyncio.create_task(watch.follow())
        watch.used["shop"] = NOON
        await asyncio.sleep(3 * token_watch.POLL)
        assert file.last_used() == {"shop": NOON}
        watch.used["shop"] = NOON + timedelta(hours=1)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    assert (tmp_path / "gateway/tokens-used-3.json").exists()
    assert file.last_used() == {"shop": NOON + timedelta(hours=1)}
